"""Progress and recommendations as they were derived, read from this service's own rows."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from kernel.store.store import Transaction
from services.plans.adapters.subscriptions import (
    PROGRESS,
    RECOMMENDATION,
    SUBSCRIPTIONS,
    derive,
    trend_in,
)
from services.plans.app.ports import MeasuredWeek, RecommendedWeek
from services.plans.app.streams import client_subject


class SqlDerived:
    """The Derived port on the derived rows."""

    def weeks(self, tx: Transaction, client_id: str) -> Sequence[MeasuredWeek]:
        return [
            _measured_in(row.content, row.revision)
            for row in _current(tx, client_id, PROGRESS)
            if not row.withdrawn
        ]

    def weeks_as_of(
        self, tx: Transaction, client_id: str, until: datetime
    ) -> Sequence[MeasuredWeek]:
        client = client_subject(client_id)
        rows = derive(client, SUBSCRIPTIONS.read_history(tx.connection, client, until))
        weeks = [_measured_in(row.content, 0) for row in rows if row.kind == PROGRESS]
        return sorted(weeks, key=lambda each: (each.week_start, each.episode_id))

    def recommendations(self, tx: Transaction, client_id: str) -> Sequence[RecommendedWeek]:
        rows = _current(tx, client_id, RECOMMENDATION)
        return [_recommended(row) for row in rows if not row.withdrawn]

    def recommendation(
        self, tx: Transaction, client_id: str, recommendation_id: str
    ) -> RecommendedWeek | None:
        rows = _current(tx, client_id, RECOMMENDATION)
        found = (_recommended(row) for row in rows if str(row.id) == recommendation_id)
        return next(found, None)


def episode_recommended(tx: Transaction, recommendation_id: str) -> tuple[str, str] | None:
    """The client and the episode that a recommendation is about; None: there never was one."""
    row = tx.connection.execute(
        text(
            "SELECT content->>'client_id' AS client_id, content->>'episode_id' AS episode_id"
            " FROM derived WHERE id = :id AND kind = :kind AND current"
        ),
        {"id": recommendation_id, "kind": RECOMMENDATION},
    ).one_or_none()
    return None if row is None else (row.client_id, row.episode_id)


def _current(tx: Transaction, client_id: str, kind: str) -> Sequence[Any]:
    """The client's current rows of a kind, oldest week first."""
    return tx.connection.execute(
        text(
            "SELECT id, revision, content, provenance, withdrawn FROM derived"
            " WHERE derivation = :derivation AND key = :client AND kind = :kind AND current"
            " ORDER BY content->>'week_start', row_key"
        ),
        {"derivation": PROGRESS, "client": client_subject(client_id), "kind": kind},
    ).all()


def _measured_in(content: Mapping[str, Any], revision: int) -> MeasuredWeek:
    return MeasuredWeek(
        episode_id=content["episode_id"],
        week_start=date.fromisoformat(content["week_start"]),
        planned_minutes=content["planned_minutes"],
        delivered_minutes=content["delivered_minutes"],
        attended=content["attended"],
        missed=content["missed"],
        complete=content["complete"],
        reaches_band=content["reaches_band"],
        revision=revision,
        consecutive_missed=content.get("consecutive_missed", 0),
        objectives=content.get("objectives", 0),
        objectives_met=content.get("objectives_met", 0),
        phq9=trend_in(content),
        cancelled_minutes=content.get("cancelled_minutes", 0),
    )


def _recommended(row: Any) -> RecommendedWeek:
    content = row.content
    return RecommendedWeek(
        recommendation_id=content["recommendation_id"],
        episode_id=content["episode_id"],
        week_start=date.fromisoformat(content["week_start"]),
        kind=content["kind"],
        reasons=tuple(content["reasons"]),
        rules_version=content["rules_version"],
        facts=tuple(row.provenance["facts"]),
        revision=row.revision,
        withdrawn=row.withdrawn,
    )

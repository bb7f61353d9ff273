"""Progress and recommendations as they were projected, read from this service's own rows."""

from datetime import datetime
from typing import Any

from kernel.messaging.persons import survivor_of
from kernel.store.store import Transaction
from services.plans.adapters.stored import ROWS
from services.plans.adapters.subscriptions import SUBSCRIPTIONS, derive
from services.plans.app.ports import ProjectedRow
from services.plans.app.streams import PROGRESS, RECOMMENDATION, client_subject
from services.plans.domain.progress import WeekOfProgress
from services.plans.domain.recommendation import Recommendation


def weeks(tx: Transaction, client_id: str) -> list[ProjectedRow[WeekOfProgress]]:
    """The client's current weeks, oldest first; withdrawn ones are not among them."""
    return [row for row in _current(tx, client_id, PROGRESS) if not row.withdrawn]


def weeks_as_of(tx: Transaction, client_id: str, until: datetime) -> list[WeekOfProgress]:
    """The same, measured anew from the facts signed by then."""
    client = survivor_of(tx.connection, client_subject(client_id), until)
    rows = derive(client, SUBSCRIPTIONS.read_history(tx.connection, client, until))
    found = [row.content for row in rows if row.kind == PROGRESS]
    return sorted(found, key=lambda week: (week.week_start, week.episode_id))


def recommendations(tx: Transaction, client_id: str) -> list[ProjectedRow[Recommendation]]:
    """The client's current recommendations, oldest first, without withdrawn ones."""
    return [row for row in _current(tx, client_id, RECOMMENDATION) if not row.withdrawn]


def recommendation(
    tx: Transaction, client_id: str, recommendation_id: str
) -> ProjectedRow[Recommendation] | None:
    """One of this client's, withdrawn or not; None when there never was one."""
    rows = _current(tx, client_id, RECOMMENDATION)
    return next((row for row in rows if row.row_id == recommendation_id), None)


def episode_recommended(tx: Transaction, recommendation_id: str) -> tuple[str, str] | None:
    """The client and the episode that a recommendation is about; None: there never was one."""
    row = tx.execute(
        "SELECT content->>'client_id' AS client_id, content->>'episode_id' AS episode_id"
        " FROM derived WHERE id = :id AND kind = :kind AND current",
        id=recommendation_id,
        kind=RECOMMENDATION,
    ).one_or_none()
    return None if row is None else (row.client_id, row.episode_id)


def _current(tx: Transaction, client_id: str, kind: str) -> list[ProjectedRow[Any]]:
    """The client's current rows of a kind, oldest week first."""
    rows = tx.execute(
        "SELECT id, revision, content, provenance, withdrawn FROM derived"
        " WHERE derivation = :derivation AND key = :client AND kind = :kind AND current"
        " ORDER BY content->>'week_start', row_key",
        derivation=PROGRESS,
        client=survivor_of(tx.connection, client_subject(client_id)),
        kind=kind,
    )
    return [
        ProjectedRow(
            row_id=str(row.id),
            content=ROWS.decode(kind, row.content),
            revision=row.revision,
            withdrawn=row.withdrawn,
            facts=tuple(row.provenance["facts"]),
        )
        for row in rows
    ]

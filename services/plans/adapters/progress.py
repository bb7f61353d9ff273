"""Progress as it was derived, read from this service's own rows."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text

from kernel.store.store import Transaction
from services.plans.adapters.heard import PROGRESS
from services.plans.app.ports import MeasuredWeek


class SqlProgress:
    """The Progress port on the derived rows."""

    def weeks(self, tx: Transaction, client_id: str) -> Sequence[MeasuredWeek]:
        rows = tx.connection.execute(
            text(
                "SELECT revision, content FROM derived WHERE derivation = :progress"
                " AND key = :client AND kind = :progress AND current AND NOT withdrawn"
                " ORDER BY content->>'week_start', row_key"
            ),
            {"progress": PROGRESS, "client": f"client/{client_id}"},
        )
        return [
            MeasuredWeek(
                episode_id=row.content["episode_id"],
                week_start=date.fromisoformat(row.content["week_start"]),
                planned_minutes=row.content["planned_minutes"],
                delivered_minutes=row.content["delivered_minutes"],
                attended=row.content["attended"],
                missed=row.content["missed"],
                complete=row.content["complete"],
                reaches_band=row.content["reaches_band"],
                revision=row.revision,
            )
            for row in rows
        ]

"""What deadlines and accounts rest on: heard facts as of a moment, and drafts."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from sqlalchemy import text

from kernel.due import DueAsked
from kernel.facts import id_of
from kernel.messaging.public_facts import clocks_of
from kernel.store.store import Transaction
from services.billing.adapters import messages
from services.billing.adapters.history import history_of
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from services.billing.app.deadlines import Unissued
from services.billing.domain.claims.disclosure import filed_from
from services.billing.domain.history.history import BillingHistory
from services.billing.domain.projection import DRAFT_CLAIM


class SqlDeadlines:
    """The Deadlines port on the kernel's tables."""

    def authorized(self, tx: Transaction, asked: DueAsked) -> Sequence[BillingHistory]:
        rows = tx.connection.execute(
            text(
                "SELECT DISTINCT body->>'client_id' AS client_id FROM fact"
                " WHERE type = 'billing.authorization_recorded.v1' AND at <= :moment"
                " AND body->>'effective_from' <= :on AND body->>'effective_to' >= :on ORDER BY 1"
            ),
            {"moment": asked.moment, "on": asked.on.isoformat()},
        ).all()
        return [history_by(tx, row.client_id, asked.moment) for row in rows]

    def clocks(self, tx: Transaction) -> Mapping[str, str]:
        return clocks_of(tx.connection, attendance.SiteOpened)

    def unissued(self, tx: Transaction) -> Sequence[Unissued]:
        rows = tx.connection.execute(
            text(
                "SELECT key, content FROM derived"
                " WHERE kind = :kind AND current AND NOT withdrawn ORDER BY row_key"
            ),
            {"kind": DRAFT_CLAIM},
        )
        return [
            Unissued(
                draft_id=messages.draft_id(row.content),
                client_id=id_of(row.key),
                site_id=row.content["site_id"],
                counts_from=filed_from(
                    [date.fromisoformat(line["service_date"]) for line in row.content["lines"]],
                    row.content["claim_form"],
                ),
                filing_limit_days=row.content["filing_limit_days"],
            )
            for row in rows
        ]


def history_by(tx: Transaction, client_id: str, until: datetime | None) -> BillingHistory:
    """All that was heard of a client by then, or (None) until now."""
    client = f"client/{client_id}"
    return history_of(client, SUBSCRIPTIONS.read_history(tx.connection, client, until))

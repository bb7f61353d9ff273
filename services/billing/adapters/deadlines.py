"""What deadlines and accounts rest on: heard facts as of a moment, and drafts."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from sqlalchemy import text

from kernel.due import DueAsked
from kernel.messaging.public_facts import clocks_of
from kernel.store.store import Transaction
from services.billing.adapters.history import history_of
from services.billing.adapters.rows import current_rows
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from services.billing.app.deadlines import Unissued
from services.billing.app.draft_id import draft_id
from services.billing.domain.claims.disclosure import filed_from
from services.billing.domain.claims.rows import DraftRow
from services.billing.domain.history.history import BillingHistory


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
        return [
            Unissued(
                draft_id=draft_id(draft.key),
                client_id=draft.client_id,
                site_id=draft.site_id,
                counts_from=filed_from(
                    [line.service_date for line in draft.lines], draft.claim_form
                ),
                filing_limit_days=draft.filing_limit_days,
            )
            for draft in (row.content for row in current_rows(tx, DraftRow))
        ]


def history_by(tx: Transaction, client_id: str, until: datetime | None) -> BillingHistory:
    """All that was heard of a client by then, or (None) until now."""
    client = f"client/{client_id}"
    return history_of(client, SUBSCRIPTIONS.read_history(tx.connection, client, until))

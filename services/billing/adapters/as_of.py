"""What billing knew by a moment, in SQL on the kernel's tables."""

from collections.abc import Sequence
from datetime import datetime

from ninehours.billing.v1 import billing_events_pb2 as billing

from kernel.messaging.caught_up import clients_not_caught_up
from kernel.store.store import Transaction
from operations import explaining
from operations.explaining import Revision
from services.billing.adapters.history import history_of
from services.billing.adapters.rows import content_of, draft_with
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.history.history import BillingHistory

ISSUED = billing.ClaimIssued.DESCRIPTOR.full_name


class SqlHistoryAsOf:
    """The HistoryAsOf port."""

    def history(
        self, tx: Transaction, client_id: str, until: datetime | None, *, issuing: bool = False
    ) -> BillingHistory:
        client = f"client/{client_id}"
        facts = SUBSCRIPTIONS.read_history(tx.connection, client, until)
        if issuing:
            facts[client] = [
                fact for fact in facts[client] if fact.type != ISSUED or fact.signed_at != until
            ]
        return history_of(client, facts)

    def revisions(
        self, tx: Transaction, row_id: str, until: datetime | None
    ) -> Sequence[tuple[Revision, DayRow]]:
        found = explaining.revisions(tx.connection, [row_id])
        told = explaining.explain(tx.connection, [revision.fact_id for revision in found], until)
        by_then = {explained.id for explained in told}
        return [
            (revision, content_of(DayRow, revision.content))
            for revision in found
            if revision.fact_id in by_then
        ]

    def client_of_draft(self, tx: Transaction, draft_id: str) -> str | None:
        draft = draft_with(tx, draft_id)
        return None if draft is None else draft.client_id

    def unsettled(self, tx: Transaction, client_id: str) -> bool:
        return bool(clients_not_caught_up(tx.connection, [f"client/{client_id}"]))

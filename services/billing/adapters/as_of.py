"""What billing knew by a moment, in SQL on the kernel's tables."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ninehours.billing.v1 import billing_events_pb2 as billing
from sqlalchemy import text

from kernel.facts import id_of
from kernel.messaging.caught_up import clients_not_caught_up
from kernel.store.store import Transaction
from operations import explaining
from operations.explaining import Revision
from services.billing.adapters.history import history_of
from services.billing.adapters.messages import draft_id as id_of_draft
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from services.billing.domain.history.history import BillingHistory
from services.billing.domain.projection import DRAFT_CLAIM

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
                each for each in facts[client] if each.type != ISSUED or each.signed_at != until
            ]
        return history_of(client, facts)

    def revisions(self, tx: Transaction, row_id: str, until: datetime | None) -> Sequence[Revision]:
        found = explaining.revisions(tx.connection, [row_id])
        told = explaining.explain(tx.connection, [each.fact_id for each in found], until)
        by_then = {each.id for each in told}
        return [each for each in found if each.fact_id in by_then]

    def client_of_draft(self, tx: Transaction, draft_id: str) -> str | None:
        rows = tx.connection.execute(
            text("SELECT key, content FROM derived WHERE kind = :kind AND current"),
            {"kind": DRAFT_CLAIM},
        )
        wanted = UUID(draft_id)
        found = (id_of(row.key) for row in rows if UUID(id_of_draft(row.content)) == wanted)
        return next(found, None)

    def unsettled(self, tx: Transaction, client_id: str) -> bool:
        return bool(clients_not_caught_up(tx.connection, [f"client/{client_id}"]))

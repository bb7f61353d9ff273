"""What plans knew by a moment, in SQL on the kernel's tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from kernel.store.store import Transaction
from services.plans.adapters.history import history_of
from services.plans.adapters.subscriptions import SUBSCRIPTIONS
from services.plans.app.streams import client_subject
from services.plans.domain.history import CareHistory


class SqlHistoryAsOf:
    """The HistoryAsOf port."""

    def history(self, tx: Transaction, client_id: str, until: datetime | None) -> CareHistory:
        client = client_subject(client_id)
        return history_of(client, SUBSCRIPTIONS.read_history(tx.connection, client, until))

    def revisions(self, tx: Transaction, row_ids: Sequence[str]) -> Mapping[str, int]:
        rows = tx.execute(
            "SELECT id, revision FROM derived WHERE current AND id = ANY(CAST(:ids AS uuid[]))",
            ids=list(row_ids),
        )
        return {str(row.id): row.revision for row in rows}

    def commands(self, tx: Transaction, facts: Sequence[UUID]) -> Mapping[UUID, UUID]:
        rows = tx.execute(
            "SELECT id, command_id FROM fact WHERE id = ANY(CAST(:ids AS uuid[]))", ids=list(facts)
        )
        return {row.id: row.command_id for row in rows}

"""Billing's own record in SQL: the drafts that may be issued, and pages of what is derived."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text

from kernel.facts import id_of
from kernel.messaging.standing import unsettled_clients
from kernel.store.store import Transaction
from services.billing.app.ports import DerivedRow, Wanted
from services.billing.domain.derive import DRAFT_CLAIM
from services.billing.domain.issue import ClaimIssued, Draft


class SqlDrafts:
    """The Drafts port on the kernel's tables."""

    def of_payer(self, tx: Transaction, payer_id: str, through: date) -> list[Draft]:
        rows = tx.connection.execute(
            text(
                "SELECT key, content FROM derived WHERE kind = :kind AND current AND NOT withdrawn"
                " AND content->>'payer_id' = :payer AND content->>'period_end' <= :through"
                " ORDER BY row_key"
            ),
            {"kind": DRAFT_CLAIM, "payer": payer_id, "through": through.isoformat()},
        )
        return [
            Draft(key=row.content["key"], client_id=id_of(row.key), content=row.content)
            for row in rows
        ]

    def unsettled(self, tx: Transaction, clients: Sequence[str]) -> set[str]:
        subjects = [f"client/{client_id}" for client_id in clients]
        return {id_of(subject) for subject in unsettled_clients(tx.connection, subjects)}

    def batches_to(self, tx: Transaction, payer_id: str) -> int:
        return int(
            tx.connection.execute(
                text(
                    "SELECT count(*) FROM fact WHERE type = 'billing.batch_issued.v1'"
                    " AND body->>'payer_id' = :payer"
                ),
                {"payer": payer_id},
            ).scalar_one()
        )


class SqlPages:
    """The Pages port on the kernel's tables."""

    def derived(self, tx: Transaction, wanted: Wanted) -> list[DerivedRow]:
        rows = tx.connection.execute(
            text(
                "SELECT row_key, content, revision FROM derived"
                " WHERE kind = :kind AND current AND NOT withdrawn"
                " AND (:client = '' OR key = 'client/' || :client)"
                " AND (:outcome = '' OR content->>'outcome' = :outcome)"
                ' AND row_key > :after COLLATE "C" ORDER BY row_key COLLATE "C" LIMIT :limit'
            ),
            {
                "kind": wanted.kind,
                "client": wanted.client_id,
                "outcome": wanted.outcome,
                "after": wanted.after_key,
                "limit": wanted.limit,
            },
        )
        return [DerivedRow(row.row_key, row.content, row.revision) for row in rows]

    def issued(
        self, tx: Transaction, client_id: str, after_claim: str, limit: int
    ) -> list[ClaimIssued]:
        return [
            recorded.fact
            for recorded in tx.load_where(
                "type = 'billing.claim_issued.v1'"
                " AND (:client = '' OR body->>'client_id' = :client)"
                " AND body->>'claim_id' IN (SELECT body->>'claim_id' FROM fact"
                "   WHERE type = 'billing.claim_issued.v1'"
                "   AND (:client = '' OR body->>'client_id' = :client)"
                "   AND body->>'claim_id' > :after ORDER BY body->>'claim_id' LIMIT :limit)",
                client=client_id,
                after=after_claim,
                limit=limit,
            )
        ]

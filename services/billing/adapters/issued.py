"""Issued claims, with what became of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kernel.facts import Recorded, id_of
from kernel.store.statements import text
from kernel.store.store import Transaction
from services.billing.domain.claims.claim import CLAIM, IssuedClaimState

BATCHES_OF_FORGOTTEN_ALONE = """
SELECT DISTINCT claim.body->>'batch_id' AS batch_id FROM fact claim
WHERE claim.type = 'billing.claim_issued.v1'
  AND claim.body->>'client_id' = ANY(CAST(:clients AS text[]))
  AND NOT EXISTS (
      SELECT FROM fact other
      WHERE other.type = 'billing.claim_issued.v1'
        AND other.body->>'batch_id' = claim.body->>'batch_id'
        AND NOT other.body->>'client_id' = ANY(CAST(:clients AS text[]))
        AND NOT EXISTS (SELECT FROM forgotten_owner
            WHERE owner = 'client/' || (other.body->>'client_id')))
"""


def batches_of_forgotten_alone(tx: Transaction, client_ids: Sequence[str]) -> Sequence[str]:
    """Batches with claims of these clients, and of nobody else who isn't forgotten."""
    rows = tx.connection.execute(text(BATCHES_OF_FORGOTTEN_ALONE), {"clients": list(client_ids)})
    return [row.batch_id for row in rows]


def claims_of(
    tx: Transaction, ids: Sequence[str], until: datetime | None = None
) -> Mapping[str, IssuedClaimState]:
    """What became of these claims, in their order; with `until`, by then."""
    streams: Mapping[str, list[Recorded]] = tx.load_many([f"claim/{claim_id}" for claim_id in ids])
    return {
        id_of(stream): CLAIM.after([fact for fact in facts if not until or fact.at <= until])
        for stream, facts in streams.items()
    }


def claims_to(
    tx: Transaction, payer_id: str, clients: Sequence[str]
) -> Mapping[str, IssuedClaimState]:
    """The claims of these clients to the payer."""
    ids = tx.connection.execute(
        text(
            "SELECT body->>'claim_id' FROM fact WHERE type = 'billing.claim_issued.v1'"
            " AND body->>'payer_id' = :payer"
            " AND body->>'client_id' = ANY(CAST(:clients AS text[]))"
        ),
        {"payer": payer_id, "clients": list(clients)},
    )
    return claims_of(tx, [claim_id for (claim_id,) in ids])

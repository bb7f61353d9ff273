"""Issued claims, with what became of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text

from kernel.facts import Recorded, id_of
from kernel.store.store import Transaction
from services.billing.domain.claims.claim import CLAIM, IssuedClaimState


def claims_of(
    tx: Transaction, ids: Sequence[str], until: datetime | None = None
) -> Mapping[str, IssuedClaimState]:
    """What became of these claims, in their order; with `until`, by then."""
    streams: Mapping[str, list[Recorded]] = tx.load_many([f"claim/{claim_id}" for claim_id in ids])
    return {
        id_of(stream): CLAIM.fold(fact.fact for fact in facts if not until or fact.at <= until)
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

"""Issued claims, with what became of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

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

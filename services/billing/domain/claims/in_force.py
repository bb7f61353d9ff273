"""Which issued claims are in force: what the payer has of us now."""

from collections.abc import Sequence

from services.billing.domain.history.history import Adjudication, AdjudicationStatus, IssuedClaim
from services.billing.domain.x12.t837.claim import ClaimFrequency


def in_force(issued: Sequence[IssuedClaim]) -> list[IssuedClaim]:
    """Issued claims not replaced or voided since, whatever became of the correction.

    A void never is, and a claim that another corrects isn't.
    """
    corrected = {claim.corrects_claim_id for claim in issued if claim.corrects_claim_id}
    return [
        claim
        for claim in issued
        if claim.frequency != ClaimFrequency.VOID and claim.claim_id not in corrected
    ]


def voids_unanswered(
    issued: Sequence[IssuedClaim], adjudications: Sequence[Adjudication]
) -> list[IssuedClaim]:
    """Voids that the payer hasn't processed; its answer names the void, or the claim reversed."""
    reversed_ = {
        adjudication.claim_id
        for adjudication in adjudications
        if adjudication.status == AdjudicationStatus.REVERSED
    }
    return sorted(
        (
            claim
            for claim in issued
            if claim.frequency == ClaimFrequency.VOID
            and not {claim.claim_id, claim.corrects_claim_id} & reversed_
        ),
        key=lambda claim: claim.claim_id,
    )

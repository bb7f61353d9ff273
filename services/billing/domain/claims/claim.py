"""One claim after it left the house: what the payer answered, and what followed it.

What was issued is never changed: a replacement and a void are claims of their own, that name the
payer's number of the claim they correct (domain guide 5.10).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import assert_never

from kernel.decider import Decider, filled
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.history.history import AdjudicationStatus
from services.billing.domain.x12.t837.claim import ClaimFrequency

ELSEWHERE = timedelta(days=1)
"""It may be yesterday still where somebody writes a date."""


class AdjudicationOverride(StrEnum):
    """Why a payer's answer is recorded though it contradicts what is known."""

    PAYER_ANSWERED_ANEW = "PAYER_ANSWERED_ANEW"
    ENTERED_WRONG = "ENTERED_WRONG"
    PAYER_PAID_MORE = "PAYER_PAID_MORE"


ANOTHER_ANSWER = {AdjudicationOverride.PAYER_ANSWERED_ANEW, AdjudicationOverride.ENTERED_WRONG}
"""Those that say why an earlier answer no longer holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAdjudication:
    """What the payer answered.

    `overrides`: why it is recorded though it contradicts an earlier answer, or the charge.
    `issued_on`: when the claim was, in UTC.
    """

    claim_id: str
    payer_control_number: str
    status: AdjudicationStatus
    paid_minor: int
    adjudicated_on: date
    overrides: frozenset[AdjudicationOverride] = frozenset()
    issued_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowClaim:
    """A replacement or a void of the claim is issued."""

    claim_id: str
    following: ClaimIssued


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAdjudicated:
    """`payer_control_number` is the payer's own of this claim: CLP07 of a remittance.

    `overrides`: which contradictions whoever recorded it knew of, and why it stands.
    """

    claim_id: str
    client_id: str
    payer_control_number: str
    status: AdjudicationStatus
    paid_minor: int
    adjudicated_on: date
    under_part2: bool
    overrides: tuple[AdjudicationOverride, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReplaced:
    claim_id: str
    client_id: str
    replaced_by_claim_id: str
    under_part2: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimVoided:
    claim_id: str
    client_id: str
    voided_by_claim_id: str
    under_part2: bool


ClaimCommand = RecordAdjudication | FollowClaim
ClaimFact = ClaimIssued | ClaimAdjudicated | ClaimReplaced | ClaimVoided


@dataclass(frozen=True, slots=True)
class IssuedClaimState:
    """What later decisions and lists need to know of an issued claim."""

    issued: ClaimIssued | None = None
    adjudicated: ClaimAdjudicated | None = None
    followed_by: str = ""

    @property
    def payer_control_number(self) -> str:
        return self.adjudicated.payer_control_number if self.adjudicated else ""

    @property
    def stands(self) -> bool:
        """Whether it is what the payer has: no void, and nothing followed it."""
        return (
            self.issued is not None
            and self.issued.frequency != ClaimFrequency.VOID
            and not self.followed_by
        )

    @property
    def awaits_processing(self) -> bool:
        """Whether it is a void that the payer hasn't processed."""
        is_void = self.issued is not None and self.issued.frequency == ClaimFrequency.VOID
        return is_void and not (
            self.adjudicated and self.adjudicated.status == AdjudicationStatus.REVERSED
        )


def decide(command: ClaimCommand, claim: IssuedClaimState) -> Iterator[ClaimFact]:
    issued = claim.issued
    if issued is None:
        raise Unknown("claim", command.claim_id)
    match command:
        case RecordAdjudication():
            _must_fit(command, issued)
            adjudicated = filled(ClaimAdjudicated, command, issued, overrides=())
            if claim.adjudicated and adjudicated == replace(claim.adjudicated, overrides=()):
                return
            _must_be_meant(command, claim.adjudicated, issued)
            yield replace(adjudicated, overrides=tuple(sorted(command.overrides)))
        case FollowClaim(following=following):
            if claim.followed_by == following.claim_id:
                return
            if not claim.stands:
                raise AgainstTheRules(
                    "CLAIM_FOLLOWED",
                    "the claim was replaced or voided before; correct the one that stands",
                    id=command.claim_id,
                )
            yield _follow(issued, following)
        case _:
            assert_never(command)


def evolve(claim: IssuedClaimState, fact: ClaimFact) -> IssuedClaimState:
    match fact:
        case ClaimIssued():
            return replace(claim, issued=fact)
        case ClaimAdjudicated():
            return replace(claim, adjudicated=fact)
        case ClaimReplaced():
            return replace(claim, followed_by=fact.replaced_by_claim_id)
        case ClaimVoided():
            return replace(claim, followed_by=fact.voided_by_claim_id)
        case _:
            assert_never(fact)


CLAIM = Decider(decide, evolve, IssuedClaimState())


def _must_fit(command: RecordAdjudication, issued: ClaimIssued) -> None:
    if (command.status == AdjudicationStatus.REVERSED) != (issued.frequency == ClaimFrequency.VOID):
        raise AgainstTheRules(
            "STATUS_NOT_OF_FREQUENCY",
            "a void is reversed; an original or a replacement is paid or denied",
            frequency=issued.frequency,
        )
    if command.issued_on and command.adjudicated_on < command.issued_on - ELSEWHERE:
        raise Malformed(adjudicated_on="is before the claim was issued")
    if command.status != AdjudicationStatus.PAID and command.paid_minor:
        raise Malformed(paid="is for claims that were paid")


def _must_be_meant(
    command: RecordAdjudication, earlier: ClaimAdjudicated | None, issued: ClaimIssued
) -> None:
    """Two answers, or more than was asked for, are a slip of the hand unless somebody says why."""
    if earlier is not None and not command.overrides & ANOTHER_ANSWER:
        raise AgainstTheRules(
            "ADJUDICATED_OTHERWISE",
            "the payer's answer is recorded, and another one; say why this one holds, in overrides",
            status=earlier.status,
        )
    if (
        command.paid_minor > issued.charge_minor
        and AdjudicationOverride.PAYER_PAID_MORE not in command.overrides
    ):
        raise AgainstTheRules(
            "PAID_ABOVE_CHARGE",
            "more than the claim's charge; correct the amount, or say why in overrides",
            charge_minor=str(issued.charge_minor),
        )


def _follow(issued: ClaimIssued, following: ClaimIssued) -> ClaimReplaced | ClaimVoided:
    if following.frequency == ClaimFrequency.VOID:
        return filled(ClaimVoided, issued, voided_by_claim_id=following.claim_id)
    return filled(ClaimReplaced, issued, replaced_by_claim_id=following.claim_id)

"""Whom claims named: what of it was put right since, by the versions that they left with.

Names and numbers are intake's alone. Its facts tell which versions of them say the same, part by
part, and nothing of what they say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.billing.domain.history.history import (
    BillingHistory,
    IdentityAmended,
    IdentityPeriod,
    IssuedClaim,
    MembershipAmended,
)
from services.billing.domain.payers.rules import AmendedParty, RuleSet

FIRST = 1


class ClaimParty(StrEnum):
    """What of the client a payer knows them by."""

    NAME = "NAME"
    BIRTH_DATE = "BIRTH_DATE"
    SEX = "SEX"
    MEMBER_NUMBER = "MEMBER_NUMBER"
    GROUP_NUMBER = "GROUP_NUMBER"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyAmended:
    """A part that the claim says otherwise than it is; `fact` says so."""

    party: ClaimParty
    fact: str


def amended_since(claim: IssuedClaim, history: BillingHistory) -> list[PartyAmended]:
    """Parts of whom the claim named that aren't so, whatever its payer makes of them.

    It may say who the client was on its last day, or is since: a payer is told of nobody as they
    were, and a change after its dates is none of its. Back to what it said, it says what is so.
    """
    return [*_of_identity(claim, history), *_of_membership(claim, history)]


def asked_for(amended: Sequence[PartyAmended], rules: RuleSet) -> AmendedParty:
    """What the payer wants where these were put right: of several the strongest."""
    wanted = {
        rules.amended_member if part.party == ClaimParty.MEMBER_NUMBER else rules.amended_identity
        for part in amended
    }
    for action in (AmendedParty.VOID, AmendedParty.CHANGED):
        if action in wanted:
            return action
    return AmendedParty.NOTHING


def _of_identity(claim: IssuedClaim, history: BillingHistory) -> Iterator[PartyAmended]:
    told = sorted(
        (said for said in history.identities if said.client_id == claim.client_id),
        key=lambda amended: amended.sequence,
    )
    if not told:
        return
    left_with = _identity_left_with(claim, told)
    true = _from(told[-1].periods, max(line.service_date for line in claim.lines))
    if left_with in [_parts(period) for period in true]:
        return
    parties = (ClaimParty.NAME, ClaimParty.BIRTH_DATE, ClaimParty.SEX)
    for party, was, is_ in zip(parties, left_with, _parts(true[0]), strict=True):
        if was != is_:
            yield PartyAmended(party=party, fact=told[-1].fact)


def _of_membership(claim: IssuedClaim, history: BillingHistory) -> Iterator[PartyAmended]:
    told = sorted(
        (said for said in history.memberships if said.coverage_id == claim.left_under),
        key=lambda amended: amended.sequence,
    )
    if not told:
        return
    now = told[-1]
    of_version = {said.version: said for said in told}
    left_with = of_version.get(claim.membership_version)
    for party, part in (
        (ClaimParty.MEMBER_NUMBER, _member_number),
        (ClaimParty.GROUP_NUMBER, _group_number),
    ):
        if part(now) != (part(left_with) if left_with else FIRST):
            yield PartyAmended(party=party, fact=now.fact)


def _identity_left_with(
    claim: IssuedClaim, told: Sequence[IdentityAmended]
) -> tuple[int, int, int]:
    """What was disclosed: who the client was by then; of before any was put right, the first."""
    of_version = {amended.version: amended for amended in told}
    found = of_version.get(claim.identity_version)
    return _parts(found.periods[-1]) if found else (FIRST, FIRST, FIRST)


def _parts(period: IdentityPeriod) -> tuple[int, int, int]:
    return period.name, period.birth_date, period.sex


def _member_number(amended: MembershipAmended) -> int:
    return amended.member_number


def _group_number(amended: MembershipAmended) -> int:
    return amended.group_number


def _from(periods: Sequence[IdentityPeriod], on: date) -> Sequence[IdentityPeriod]:
    """Those that hold on some day from this one on."""
    begun = [n for n, period in enumerate(periods) if period.since is None or period.since <= on]
    return periods[begun[-1] :]

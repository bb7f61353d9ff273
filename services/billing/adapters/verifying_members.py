"""Whether one person is billed twice for a day, under two registrations."""

from collections.abc import Iterator
from datetime import date
from itertools import combinations

from kernel.verifying.looking import Finding, Looking
from services.billing.adapters.members import apart_of, keys_of
from services.billing.domain.claim import ClaimReplaced, ClaimVoided
from services.billing.domain.issue import VOID, ClaimIssued
from services.billing.domain.members import Members, dates_of

TYPES = ["billing.claim_issued.v1", "billing.claim_replaced.v1", "billing.claim_voided.v1"]


def a_member_is_billed_once(looking: Looking) -> Iterator[Finding]:
    """Claims that stand are joined by payer, member and date; two clients of one are one too many.

    Unless a named person judged that they are two people.
    """
    members = Members(
        keys=keys_of(looking.connection, None), apart=apart_of(looking.connection, None)
    )
    billed: dict[tuple[str, date], dict[str, str]] = {}
    for claim in _standing(looking):
        if key := members.key_of(claim):
            for on in dates_of(claim):
                billed.setdefault((key, on), {}).setdefault(claim.client_id, claim.claim_id)
    for (_, on), claims in sorted(billed.items()):
        for one, other in combinations(sorted(claims), 2):
            if members.are_one(one, other):
                says = f"{on} is billed of client {other} too, who is the same member: "
                says += f"claims {claims[one]}, {claims[other]}"
                yield Finding("MEMBER_BILLED_TWICE", f"client/{one}", says)


def _standing(looking: Looking) -> list[ClaimIssued]:
    issued: list[ClaimIssued] = []
    followed: set[str] = set()
    rows = looking.each(
        "SELECT id, stream, version, type, body, at, actor FROM fact"
        " WHERE type = ANY(CAST(:types AS text[])) ORDER BY stream, version",
        types=TYPES,
    )
    for recorded in looking.recorded(rows):
        match recorded.fact:
            case ClaimIssued() as claim:
                looking.look()
                issued.append(claim)
            case ClaimReplaced() | ClaimVoided() as follows:
                followed.add(follows.claim_id)
    return [each for each in issued if each.frequency != VOID and each.claim_id not in followed]

"""Whether one person is billed twice for a day, under two registrations."""

from collections.abc import Iterator
from datetime import date
from itertools import combinations

from operations.verifying.examination import Examination, Finding
from services.billing.adapters.members import apart_of, keys_of
from services.billing.domain.claims.claim import ClaimReplaced, ClaimVoided
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.claims.members import Members, dates_of
from services.billing.domain.x12.t837.claim import VOID

TYPES = ["billing.claim_issued.v1", "billing.claim_replaced.v1", "billing.claim_voided.v1"]


def a_member_is_billed_once(examination: Examination) -> Iterator[Finding]:
    """Claims that stand are joined by payer, member and date; two clients of one are one too many.

    A claim is every key's that its client was recognised by: its number may have been corrected
    since. Two clients are two people where a named person judged so.
    """
    members = Members(
        keys=keys_of(examination.connection, None), apart=apart_of(examination.connection, None)
    )
    billed: dict[tuple[str, str, date], dict[str, str]] = {}
    for claim in _standing(examination):
        for key in members.keys_of(claim.client_id):
            for on in dates_of(claim):
                of_member = billed.setdefault((claim.payer_id, key, on), {})
                of_member.setdefault(claim.client_id, claim.claim_id)
    twice: dict[tuple[date, str, str], str] = {}  # once, of however many keys they share
    for (_, _, on), claims in sorted(billed.items()):
        for one, other in combinations(sorted(claims), 2):
            if members.are_one(one, other):
                twice[on, one, other] = f"claims {claims[one]}, {claims[other]}"
    for (on, one, other), both in sorted(twice.items()):
        says = f"{on} is billed of client {other} too, who is the same member: {both}"
        yield Finding("MEMBER_BILLED_TWICE", f"client/{one}", says)


def _standing(examination: Examination) -> list[ClaimIssued]:
    issued: list[ClaimIssued] = []
    followed: set[str] = set()
    rows = examination.paged(
        "SELECT id, stream, version, type, body, at, actor FROM fact"
        " WHERE type = ANY(CAST(:types AS text[])) ORDER BY stream, version",
        types=TYPES,
    )
    for recorded in examination.recorded(rows):
        match recorded.fact:
            case ClaimIssued() as claim:
                examination.count()
                issued.append(claim)
            case ClaimReplaced() | ClaimVoided() as follows:
                followed.add(follows.claim_id)
    return [claim for claim in issued if claim.frequency != VOID and claim.claim_id not in followed]

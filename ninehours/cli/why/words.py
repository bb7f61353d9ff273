"""Parts of every answer: dates, times, money, enums, and a fact with who signed it when."""

from datetime import UTC
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.common.v1 import common_pb2 as common

from ninehours.cli.output import dollars
from ninehours.cli.why.answer import Mark, Point
from ninehours.cli.why.questions import Facts

ROLES = {
    "front_desk": "the front desk",
    "clinician": "a clinician",
    "biller": "a biller",
    "administrator": "an administrator",
}


def moment(stamp: Timestamp) -> str:
    """2026-03-02 18:05Z."""
    return f"{stamp.ToDatetime(tzinfo=UTC):%Y-%m-%d %H:%MZ}"


def money(amount: common.Money) -> str:
    return dollars(amount.minor_units)


def signed(fact_id: str, facts: Facts) -> str:
    """The fact's type and id, when it was signed, and by whom."""
    fact = facts.get(fact_id)
    if fact is None:
        return fact_id
    kind = fact.type.rpartition(".")[2]
    by = f"by {fact.actor}" if fact.actor else "derived"
    return f"{kind} {fact.id}, signed {moment(fact.signed_at)} {by}"


def cited(fact_id: str, says: str, facts: Facts) -> Point:
    """A fact, and what it says."""
    return Point(kind=Mark.FACT, says=says, small=signed(fact_id, facts))


def by_time(evidence: Any, facts: Facts) -> list[Any]:
    """In the order in which they were signed."""

    def signing(cited: Any) -> tuple[int, str]:
        fact = facts.get(cited.fact_id)
        return (fact.signed_at.ToNanoseconds() if fact else 0), cited.fact_id

    return sorted(evidence, key=signing)


def whoever(roles: Any) -> str:
    """`a clinician or the front desk`."""
    return " or ".join(ROLES.get(role, role) for role in roles)


def joined(*parts: str) -> str:
    """Those that say something."""
    return ", ".join(part for part in parts if part)

"""An answer in words, whatever it is shown on: a sentence that answers, then what it rests on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC
from enum import StrEnum
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.common.v1 import common_pb2 as common
from ninehours.exchange.v1 import fact_service_pb2 as facts_pb

from ninehours.told.amounts import dollars

ROLES = {
    "front_desk": "the front desk",
    "clinician": "a clinician",
    "biller": "a biller",
    "administrator": "an administrator",
}


@dataclass(frozen=True, slots=True)
class NamedFacts:
    """Those that an answer names, by their ids and by those of derived rows. `names`: of payers,
    sites, staff and who else an answer names by id, where whoever shows it knows them. `commands`:
    what opens a gate is told with its command's name, for who gives it by that."""

    by_id: Mapping[str, facts_pb.ExplainedFact] = field(default_factory=dict)
    names: Mapping[str, str] = field(repr=False, default_factory=dict)
    commands: bool = True

    def get(self, fact_id: str) -> facts_pb.ExplainedFact | None:
        return self.by_id.get(fact_id)

    def named(self, named_id: str) -> str:
        """With its name before it, where there is one: of `staff/<id>`, too."""
        name = self.names.get(named_id) or self.names.get(named_id.rpartition("/")[2])
        return f"{name} ({named_id})" if name else named_id


class Mark(StrEnum):
    """What a point is; a medium marks each in its own way."""

    PASS = "pass"  # noqa: S105 - a verdict
    HOLD = "hold"
    REFUSE = "refuse"
    FACT = "fact"
    RULE = "rule"
    RELEASE = "release"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Point:
    """`code` beside the words; `small`: what only who checks reads (ids, times, persons), of the
    fact that it rests on."""

    kind: Mark
    says: str
    _: KW_ONLY
    code: str = ""
    small: str = ""
    fact_id: str = ""
    points: tuple["Point", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`outcome`: a code that marks a whole section of gates. `about`: label → value, in order.
    `folds`: only who checks reads it, and the first of `about` is the gist of it."""

    title: str
    outcome: str = ""
    about: tuple[tuple[str, str], ...] = ()
    points: tuple[Point, ...] = ()
    folds: bool = False

    @property
    def closed(self) -> tuple[Point, ...]:
        """Of gates those that aren't open, for now or for good."""
        if not self.outcome:
            return ()
        return tuple(point for point in self.points if point.kind in (Mark.HOLD, Mark.REFUSE))

    @property
    def others(self) -> tuple[Point, ...]:
        """All points but those."""
        return tuple(point for point in self.points if point not in self.closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The whole answer. `asked`: the command that asks it again."""

    asked: str
    title: str
    answer: str
    about: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()

    def without(self, title: str) -> "Explanation":
        """Leaving out the sections of that title."""
        kept = tuple(section for section in self.sections if section.title != title)
        return replace(self, sections=kept)


def mark_of(outcome: str) -> Mark:
    """The kind of point an outcome is like."""
    if outcome in ("PER_DIEM", "DISCRETE", "ISSUED", "PAID", "ACCEPTED"):
        return Mark.PASS
    if outcome in ("HOLD", "DRAFTED"):
        return Mark.HOLD
    return Mark.REFUSE if outcome else Mark.NOTE


def every_point(points: tuple[Point, ...]) -> Iterator[Point]:
    """These and all below them."""
    for point in points:
        yield point
        yield from every_point(point.points)


def moment(stamp: Timestamp) -> str:
    """2026-03-02 18:05Z."""
    return f"{stamp.ToDatetime(tzinfo=UTC):%Y-%m-%d %H:%MZ}"


def money(amount: common.Money) -> str:
    return dollars(amount.minor_units)


def signed(fact_id: str, facts: NamedFacts) -> str:
    """The fact's type and id, when it was signed, and by whom."""
    fact = facts.get(fact_id)
    if fact is None:
        return fact_id
    kind = fact.type.rpartition(".")[2]
    by = f"by {facts.named(fact.actor)}" if fact.actor else "derived"
    return f"{kind} {fact.id}, signed {moment(fact.signed_at)} {by}"


def cited(
    kind: Mark,
    says: str,
    fact_id: str,
    facts: NamedFacts,
    *,
    code: str = "",
    points: Iterable[Point] = (),
) -> Point:
    """A point that rests on a fact: who signed it stands below."""
    small = signed(fact_id, facts)
    return Point(kind, says, code=code, small=small, fact_id=fact_id, points=tuple(points))


def by_time(evidence: Any, facts: NamedFacts) -> list[Any]:
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

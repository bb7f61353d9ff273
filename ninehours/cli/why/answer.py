"""An answer in words, whatever it is shown on: a sentence that answers, then what it rests on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class Mark(StrEnum):
    """What a point is; a medium marks each in its own way."""

    PASS = "pass"  # noqa: S105 - a verdict
    HOLD = "hold"
    REFUSE = "refuse"
    FACT = "fact"
    RULE = "rule"
    RELEASE = "release"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """`code` beside the words; `small`: what only who checks reads (ids, times, persons)."""

    kind: Mark
    says: str
    code: str = ""
    small: str = ""
    points: tuple["Point", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`outcome`: a code that marks the whole section. `about`: label → value, in order."""

    title: str
    outcome: str = ""
    about: tuple[tuple[str, str], ...] = ()
    points: tuple[Point, ...] = ()


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

"""An answer in words, whatever it is shown on: a sentence that answers, then what it rests on."""

from collections.abc import Iterator
from dataclasses import dataclass, field

PASS, HOLD, REFUSE, FACT, RULE, RELEASE, NOTE = (
    "pass",
    "hold",
    "refuse",
    "fact",
    "rule",
    "release",
    "note",
)
"""What a point is; a medium marks each in its own way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """`code` beside the words; `small`: what only who checks reads (ids, times, persons)."""

    kind: str
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
    notes: tuple[str, ...] = field(default=())

    def without(self, title: str) -> "Explanation":
        """Leaving out the sections of that title."""
        kept = tuple(each for each in self.sections if each.title != title)
        return Explanation(
            asked=self.asked,
            title=self.title,
            answer=self.answer,
            about=self.about,
            sections=kept,
            notes=self.notes,
        )


def mark_of(outcome: str) -> str:
    """The kind of point an outcome is like."""
    if outcome in ("PER_DIEM", "DISCRETE", "ISSUED", "PAID", "ACCEPTED"):
        return PASS
    return HOLD if outcome in ("HOLD", "DRAFTED") else REFUSE if outcome else NOTE


def every_point(points: tuple[Point, ...]) -> Iterator[Point]:
    """These and all below them."""
    for point in points:
        yield point
        yield from every_point(point.points)

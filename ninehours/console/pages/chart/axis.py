"""The one axis of weeks, and the shapes that lie along it.

Lengths are those of the SVG's own units, one a pixel on a screen that shows it at its size.
"""

from dataclasses import dataclass
from datetime import date, timedelta

NARROW, WIDE, PAGE = 52, 110, 1110  # a week, at least and at most; what they share
DAYS = 7
GUTTER, EDGE = 128, 4  # left of the first week, for what bands are called; right of the last
TITLE = 16  # the line over each band that says what it is
NOTE = 11  # less is too low for words
MOST_WEEKS = 104
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """`kind`: bar, point, line or text; `look`: the class that it is drawn by. `text_x`: where the
    text of a bar begins."""

    kind: str
    look: str
    x: float
    y: float
    width: float = 0
    height: float = 0
    text: str = ""
    text_x: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Weeks from a Monday on."""

    monday: date
    weeks: int

    @property
    def week(self) -> float:
        """How wide one is: they fill a page, as far as they can be read and take no more."""
        return min(max(PAGE // self.weeks, NARROW), WIDE)

    @property
    def width(self) -> float:
        return GUTTER + self.weeks * self.week + EDGE

    @property
    def last(self) -> date:
        return self.monday + self.weeks * DAYS * DAY - DAY

    def x(self, day: date) -> float:
        """Where a day begins; the edge for what lies beyond it."""
        days = min(max((day - self.monday).days, 0), self.weeks * DAYS)
        return round(GUTTER + days * self.week / DAYS, 1)

    def noon(self, day: date) -> float:
        """In the middle of a day."""
        return round(self.x(day) + self.week / DAYS / 2, 1)

    def span(self, first: date, last: date | None) -> tuple[float, float]:
        """Where days begin that are both included, and how wide they are."""
        x = self.x(first)
        return x, round(self.x(min(last or self.last, self.last) + DAY) - x, 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Each week's Monday, `2 Mar`."""
        mondays = (self.monday + week * DAYS * DAY for week in range(self.weeks))
        return [(self.x(day), f"{day.day} {day:%b}") for day in mondays]


def axis_of(first: date, last: date) -> Axis:
    """Whole weeks from the first day to the last; of very many the newest."""
    monday = first - first.weekday() * DAY
    weeks = (last - monday).days // DAYS + 1
    left_out = max(weeks - MOST_WEEKS, 0)
    return Axis(monday=monday + left_out * DAYS * DAY, weeks=weeks - left_out)

"""The bands on one axis of weeks: shapes with places and looks, for the template to write as SVG.

Lengths are those of the SVG's own units, one a pixel on a screen that shows it at its size.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ninehours.intake.v1 import chart_service_pb2 as intake

from ninehours.console.pages.chart.bands import Bands, LevelRow, PlanRow, ScoreRow, WeekRow
from ninehours.console.pages.chart.telling import dollars, hours, name_of, severity
from ninehours.console.texts import words

NARROW, WIDE, PAGE = 52, 110, 1110  # a week, at least and at most; what they share
DAYS = 7
GUTTER, EDGE = 112, 4  # left of the first week, for what bands are called; right of the last
TITLE = 16  # the line over each band that says what it is
AXIS = 20
GAP = 12
BAR = 20
HOURS_HIGH = 88
MOST_HOURS = 20
SCORES_HIGH = 108
NOTE = 11  # less is too low for words
MOST_WEEKS = 104
DAY = timedelta(days=1)
CHANGE_OF = "PHQ-9"  # whose change plans measures


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """`kind`: bar, point, line or text; `look`: the class that it is drawn by."""

    kind: str
    look: str
    x: float
    y: float
    width: float = 0
    height: float = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One band from `y` on; its shapes count from there, too."""

    title: str
    y: float
    height: float
    shapes: Sequence[Shape]


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


@dataclass(frozen=True, slots=True)
class Span:
    """Days, both included, `last` None: it goes on; what is written on them, and their look."""

    first: date
    last: date | None
    text: str
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """`height`: of all of it, the axis above it."""

    axis: Axis
    lanes: Sequence[Lane]

    @property
    def height(self) -> float:
        return self.lanes[-1].y + self.lanes[-1].height + EDGE


def drawn(bands: Bands) -> Drawing | None:
    """Those that have anything; None where none has."""
    days = list(_days(bands))
    if not days:
        return None
    axis = axis_of(min(days), max(days))
    lanes: list[Lane] = []
    y: float = AXIS
    for title, height, shapes in _lanes(bands, axis):
        lanes.append(Lane(title=title, y=y, height=height, shapes=shapes))
        y += height + GAP
    return Drawing(axis=axis, lanes=lanes) if lanes else None


def axis_of(first: date, last: date) -> Axis:
    """Whole weeks from the first day to the last; of very many the newest."""
    monday = first - first.weekday() * DAY
    weeks = (last - monday).days // DAYS + 1
    left_out = max(weeks - MOST_WEEKS, 0)
    return Axis(monday=monday + left_out * DAYS * DAY, weeks=weeks - left_out)


def _days(bands: Bands) -> Iterator[date]:
    for spans in (bands.levels, bands.plans, bands.authorizations, bands.claims):
        for row in spans:
            yield from filter(None, (row.first, row.last))
    yield from (row.monday for row in bands.weeks)
    yield from (row.on for row in bands.scores)
    yield from (on for plan in bands.plans for on, _ in plan.reviewed)


def _lanes(bands: Bands, axis: Axis) -> Iterator[tuple[str, float, list[Shape]]]:
    """The title of each, how high it is, and its shapes."""
    text = words().chart.lanes
    levels = [Span(row.first, row.last, row.level, "level") for row in bands.levels]
    yield from _spans(text.levels, levels, axis)
    if bands.weeks:
        yield text.hours, TITLE + HOURS_HIGH, list(_hours(bands, axis))
    for instrument in dict.fromkeys(row.instrument for row in bands.scores):
        described = bands.instruments.get(instrument)
        if described is not None and described.highest_score:
            rows = [row for row in bands.scores if row.instrument == instrument]
            shapes = list(_scores(rows, described, axis))
            if name_of(instrument) == CHANGE_OF:
                shapes += _changes(bands.changes, axis)
            yield name_of(instrument), TITLE + SCORES_HIGH, shapes
    plans = [
        Span(
            row.first,
            row.last,
            text.plan.format(version=row.version, hours=hours(row.minutes)),
            "plan",
        )
        for row in bands.plans
        if row.first
    ]
    for title, height, shapes in _spans(text.plans, plans, axis):
        yield title, height, [*shapes, *_reviews(bands.plans, axis)]
    allowed = [
        Span(
            row.first, row.last, f"{row.payer}: {row.left}/{row.units} {row.unit}", "authorization"
        )
        for row in bands.authorizations
    ]
    yield from _spans(text.authorizations, allowed, axis)
    claims = [
        Span(row.first, row.last, dollars(row.charge), "claim" if row.stands else "fallen")
        for row in bands.claims
    ]
    yield from _spans(text.claims, claims, axis)


def _spans(
    title: str, spans: Sequence[Span], axis: Axis
) -> Iterator[tuple[str, float, list[Shape]]]:
    """A lane of bars, one below the other where they overlap; none where there are none."""
    if spans:
        lines = _lines(spans)
        shapes = [_bar(axis, span, line) for span, line in zip(spans, lines, strict=True)]
        yield title, TITLE + BAR * (1 + max(lines)), shapes


def _bar(axis: Axis, span: Span, line: int = 0) -> Shape:
    x, width = axis.span(span.first, span.last)
    return Shape(
        kind="bar",
        look=span.look,
        x=x,
        y=TITLE + line * BAR,
        width=max(round(width - 1, 1), 1),
        height=BAR - 2,
        text=span.text,
    )


def _lines(spans: Sequence[Span]) -> list[int]:
    """On which line each stands, so that none covers another one."""
    taken: list[date] = []
    lines = []
    for span in spans:
        line = next((line for line, until in enumerate(taken) if until < span.first), len(taken))
        taken[line : line + 1] = [span.last or date.max]
        lines.append(line)
    return lines


def _hours(bands: Bands, axis: Axis) -> Iterator[Shape]:
    most = max(MOST_HOURS * 60, *(week.delivered for week in bands.weeks))

    def y(minutes: float) -> float:
        return round(TITLE + HOURS_HIGH * (1 - minutes / most), 1)

    for level in bands.levels:
        if level.floor and level.ceiling:
            yield from _asked(level, axis, y(level.floor), y(level.ceiling))
    base = y(0)
    for week in bands.weeks:
        x, width = axis.span(week.monday, week.monday + (DAYS - 1) * DAY)
        top = y(week.delivered)
        look = "short" if week.short else "hours" if week.complete else "open"
        yield Shape(
            kind="bar", look=look, x=x + 12, y=top, width=width - 24, height=base - top, text=""
        )
        if week.attended or week.missed or week.delivered:
            at = x + width / 2
            yield Shape(kind="text", look="value", x=at, y=top - 3, text=hours(week.delivered))
    yield Shape(kind="line", look="base", x=GUTTER, y=base, width=axis.width - GUTTER - EDGE)


def _asked(level: LevelRow, axis: Axis, floor: float, ceiling: float) -> Iterator[Shape]:
    x, width = axis.span(level.first, level.last)
    text = words().chart.lanes.asked.format(floor=level.floor // 60, ceiling=level.ceiling // 60)
    yield Shape(
        kind="bar", look="asked", x=x, y=ceiling, width=width, height=floor - ceiling, text=""
    )
    yield Shape(kind="text", look="note", x=EDGE, y=(floor + ceiling) / 2 + 4, text=text)


def _scores(rows: Sequence[ScoreRow], described: intake.Instrument, axis: Axis) -> Iterator[Shape]:
    highest, bands = described.highest_score, list(described.bands)

    def y(score: float) -> float:
        return round(TITLE + SCORES_HIGH * (1 - score / highest), 1)

    tops = [*(band.lowest_score for band in bands[1:]), highest]
    for index, (band, top) in enumerate(zip(bands, tops, strict=True)):
        yield Shape(
            kind="bar",
            look=f"severity-{index % 2}",
            x=GUTTER,
            y=y(top),
            width=axis.width - GUTTER - EDGE,
            height=round(y(band.lowest_score) - y(top), 1),
        )
        if y(band.lowest_score) - y(top) >= NOTE:
            yield Shape(
                kind="text",
                look="note",
                x=EDGE,
                y=y((band.lowest_score + top) / 2) + 4,
                text=severity(band.band),
            )
    before: tuple[float, float] | None = None
    for row in rows:
        here = axis.noon(row.on), y(row.score)
        if before:
            yield Shape(
                kind="line",
                look="course",
                x=before[0],
                y=before[1],
                width=here[0] - before[0],
                height=here[1] - before[1],
            )
        before = here
        yield Shape(kind="point", look="flagged" if row.safety else "score", x=here[0], y=here[1])
        yield Shape(kind="text", look="value", x=here[0] + 10, y=here[1] - 5, text=str(row.score))


def _changes(weeks: Sequence[WeekRow], axis: Axis) -> Iterator[Shape]:
    """Over the scores, where a change is more than noise."""
    for week in weeks:
        if week.reliable:
            x, _ = axis.span(week.monday, None)
            yield Shape(kind="text", look="change", x=x, y=TITLE - 5, text=week.change)


def _reviews(plans: Sequence[PlanRow], axis: Axis) -> Iterator[Shape]:
    for plan in plans:
        for on, _ in plan.reviewed:
            yield Shape(kind="point", look="review", x=axis.noon(on), y=TITLE - 5)

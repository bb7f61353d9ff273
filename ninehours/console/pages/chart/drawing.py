"""The bands on one axis of weeks: shapes for the template to write as SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ninehours.console.pages.chart.axis import (
    DAY,
    DAYS,
    EDGE,
    GUTTER,
    TITLE,
    Axis,
    Shape,
    axis_of,
)
from ninehours.console.pages.chart.bands import Bands, LevelRow, PlanRow, WeekRow
from ninehours.console.pages.chart.scales import drawn_scale, scales_of
from ninehours.console.pages.chart.telling import dollars, hours
from ninehours.console.texts import words

AXIS = 20
GAP = 12
BAR = 20
PAD, LETTER = 4, 6  # before what is written on a bar, and how wide a letter of it is
HOURS_HIGH = 88
MOST_HOURS = 20
CHANGE_OF = "PHQ-9"  # whose change plans measures


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One band from `y` on; its shapes count from there, too."""

    title: str
    y: float
    height: float
    shapes: Sequence[Shape]


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
        if (described := bands.instruments.get(instrument)) is not None:
            rows = [row for row in bands.scores if row.instrument == instrument]
            for scale in scales_of(rows, described):
                shapes = list(drawn_scale(scale, axis))
                if scale.title == CHANGE_OF:
                    shapes += _changes(bands.changes, axis)
                yield scale.title, TITLE + scale.height, shapes
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
        lines = _lines(spans, axis)
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
        text_x=_text_x(axis, span),
    )


def _text_x(axis: Axis, span: Span) -> float:
    """Where its text begins: on its bar, as far as it ends within the drawing."""
    x, _ = axis.span(span.first, span.last)
    return max(min(x + PAD, axis.width - EDGE - LETTER * len(span.text)), GUTTER)


def _lines(spans: Sequence[Span], axis: Axis) -> list[int]:
    """On which line each stands, so that neither it nor its text covers another one."""
    taken: list[float] = []
    lines = []
    for span in spans:
        x, width = axis.span(span.first, span.last)
        text_x = _text_x(axis, span)
        begins, ends = min(x, text_x), max(x + width, text_x + LETTER * len(span.text))
        line = next((line for line, until in enumerate(taken) if until <= begins), len(taken))
        taken[line : line + 1] = [ends]
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

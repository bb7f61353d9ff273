"""What an instrument measures, each scale for itself, as it lies along the axis.

A total lies in the bands that its instrument has for it, each subscale in its own; a category is a
step, and between two steps no line is drawn: there is nothing between them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from ninehours.console.pages.chart.axis import EDGE, GUTTER, NOTE, TITLE, Axis, Shape
from ninehours.console.pages.chart.bands import ScoreRow
from ninehours.console.pages.chart.telling import name_of, severity, subscale_name
from ninehours.console.texts import words

HIGH, LOW, STEP = 108, 64, 20  # a total, a subscale, one of several categories
FLAG = "▲"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPoint:
    """`value`: as far up the scale; `says`: what is written beside it."""

    on: date
    value: float
    says: str
    flagged: bool
    partial: bool

    @property
    def look(self) -> str:
        return " ".join(
            ["flagged" if self.flagged else "score", *(["partial"] if self.partial else ())]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnScale:
    """`bands`: each from where on, and what it means. `joined`: a line goes from point to point."""

    title: str
    height: float
    highest: float
    bands: Sequence[tuple[float, str]]
    points: Sequence[MeasuredPoint]
    joined: bool = True


def scales_of(rows: Sequence[ScoreRow], described: Any) -> Iterator[DrawnScale]:
    """Of one instrument's assessments, as intake describes it."""
    title = name_of(described.instrument)
    if described.highest_score:
        bands = _meaning(described.bands)
        yield DrawnScale(
            title=title,
            height=HIGH if bands else LOW,
            highest=described.highest_score,
            bands=bands or [(0, "")],
            points=[
                # Where the score alone doesn't tell what it means, what it was found to mean.
                _point(row, row.score, f"{row.score}{'' if bands else ' ' + severity(row.band)}")
                for row in rows
            ],
        )
    for subscale in described.subscales:
        name = subscale.name
        points = [
            _point(row, row.subscales[name], str(row.subscales[name]))
            for row in rows
            if name in row.subscales
        ]
        if points:
            yield DrawnScale(
                title=words().chart.lanes.subscale.format(
                    instrument=title, subscale=subscale_name(name)
                ),
                height=LOW,
                highest=subscale.highest_score,
                bands=_meaning(subscale.bands),
                points=points,
            )
    steps = list(described.categories)
    if steps:
        yield DrawnScale(
            title=title,
            height=STEP * len(steps),
            highest=len(steps),
            bands=[(step, severity(category)) for step, category in enumerate(steps)],
            points=[
                _point(row, steps.index(row.band) + 0.5, "") for row in rows if row.band in steps
            ],
            joined=False,
        )


def _meaning(bands: Sequence[Any]) -> list[tuple[float, str]]:
    return [(band.lowest_score, severity(band.band)) for band in bands]


def _point(row: ScoreRow, value: float, says: str) -> MeasuredPoint:
    flag = FLAG if row.safety else ""
    return MeasuredPoint(
        on=row.on,
        value=value,
        says=" ".join(filter(None, (says, flag))),
        flagged=row.safety,
        partial=row.partial,
    )


def drawn_scale(scale: DrawnScale, axis: Axis) -> Iterator[Shape]:
    """Its bands, then the points over them."""

    def y(value: float) -> float:
        return round(TITLE + scale.height * (1 - value / scale.highest), 1)

    tops = [*(lowest for lowest, _ in scale.bands[1:]), scale.highest]
    for index, ((lowest, says), top) in enumerate(zip(scale.bands, tops, strict=True)):
        high = round(y(lowest) - y(top), 1)
        yield Shape(
            kind="bar",
            look=f"severity-{index % 2}",
            x=GUTTER,
            y=y(top),
            width=axis.width - GUTTER - EDGE,
            height=high,
        )
        if says and high >= NOTE:
            at = y((lowest + top) / 2) + 4
            yield Shape(kind="text", look="note", x=EDGE, y=at, text=says)
    places = [(axis.noon(point.on), y(point.value)) for point in scale.points]
    if scale.joined:
        for here, there in pairwise(places):
            yield Shape(
                kind="line",
                look="course",
                x=here[0],
                y=here[1],
                width=there[0] - here[0],
                height=there[1] - here[1],
            )
    for point, (x, up) in zip(scale.points, places, strict=True):
        yield Shape(kind="point", look=point.look, x=x, y=up)
        if point.says:
            yield Shape(kind="text", look="beside", x=x + 7, y=up - 5, text=point.says)

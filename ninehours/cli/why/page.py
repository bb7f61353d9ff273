"""An answer as one page: self-contained, no scripts, printable (page.html); for a colleague."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from ninehours.told.why.answer import Explanation, Mark, Point, Section, mark_of

ENTITIES = ("&#10003;", "&#9684;", "&#10007;", "&middot;", "&sect;", "&rarr;", "&middot;")
MARKS = dict(zip(Mark, ENTITIES, strict=True))

PAGE = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))


def page_of(explanation: Explanation) -> str:
    """The whole page; every text in it is escaped."""
    return PAGE.substitute(
        title=escape(explanation.title),
        answer=escape(explanation.answer),
        about=_about(explanation.about),
        notes="\n".join(f'<p class="stale">{escape(note)}</p>' for note in explanation.notes),
        sections="\n".join(_section(section) for section in explanation.sections),
        asked=escape(explanation.asked),
    )


def _section(section: Section) -> str:
    outcome = ""
    if section.outcome:
        kind = mark_of(section.outcome)
        outcome = f'<span class="outcome {kind}">{escape(section.outcome)}</span>'
    head = f'<div class="head"><h2>{escape(section.title)}</h2>{outcome}</div>'
    return f"<section>\n{head}\n{_about(section.about)}\n{_points(section.points)}\n</section>"


def _about(about: Iterable[tuple[str, str]]) -> str:
    rows = [
        f"<dt>{escape(label)}</dt><dd>{_value(label, value)}</dd>"
        for label, value in about
        if value
    ]
    return "<dl>\n" + "\n".join(rows) + "\n</dl>" if rows else ""


def _value(label: str, value: str) -> str:
    """What goes on without a label is what the value before it rests on."""
    return escape(value) if label else f'<span class="small inset">{escape(value)}</span>'


def _points(points: tuple[Point, ...]) -> str:
    return "<ul>\n" + "\n".join(_point(point) for point in points) + "\n</ul>" if points else ""


def _point(point: Point) -> str:
    code = f'<span class="code">{escape(point.code)}</span>' if point.code else ""
    small = f'<span class="small">{escape(point.small)}</span>' if point.small else ""
    return (
        f'<li class="is-{point.kind}"><span class="mark {point.kind}">{MARKS[point.kind]}</span>'
        f'<span class="says">{escape(point.says)}</span>{code}{small}{_points(point.points)}</li>'
    )

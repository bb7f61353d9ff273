"""An answer on a terminal: a tree, wrapped to its width; whole lines where it is piped."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from textwrap import wrap

from ninehours.cli.why.answer import Explanation, Mark, Point, Section, mark_of

MARKS = dict(zip(Mark, "✓◌✗·§→·", strict=True))
COLOURS = {
    Mark.PASS: "32",
    Mark.HOLD: "33",
    Mark.REFUSE: "31",
    Mark.RELEASE: "33;1",
    Mark.RULE: "36",
}
BOLD, DIM = "1", "2"
NARROWEST = 40
Paint = Callable[[str, str], str]
"""Text in a colour."""


def lines_of(explanation: Explanation, width: int = 0, *, colours: bool = False) -> Iterator[str]:
    """The answer's lines; `width` 0: as long as they are."""
    paint = partial(_paint, colours)
    yield paint(BOLD, explanation.title)
    yield from _wrapped(explanation.answer, width)
    yield ""
    yield from _about(explanation.about, "", width, paint)
    for section in explanation.sections:
        yield ""
        yield from _section(section, width, paint)
    for note in explanation.notes:
        yield ""
        yield from _wrapped(note, width)


def _paint(colours: bool, colour: str, text: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if colours and text else text


def _section(section: Section, width: int, paint: Paint) -> Iterator[str]:
    outcome = ""
    if section.outcome:
        outcome = "  " + paint(COLOURS.get(mark_of(section.outcome), DIM), section.outcome)
    yield paint(BOLD, section.title) + outcome
    yield from _about(section.about, "│ " if section.points else "  ", width, paint)
    yield from _points(section.points, "", width, paint)


def _about(
    about: Iterable[tuple[str, str]], indent: str, width: int, paint: Paint
) -> Iterator[str]:
    pairs = [(label, value) for label, value in about if value]
    widest = max((len(label) for label, _ in pairs), default=0)
    for label, value in pairs:
        for n, line in enumerate(_wrapped(value, width - len(indent) - widest - 2)):
            yield f"{indent}{paint(DIM, label.ljust(widest) if n == 0 else ' ' * widest)}  {line}"


def _points(points: tuple[Point, ...], indent: str, width: int, paint: Paint) -> Iterator[str]:
    for n, point in enumerate(points):
        last = n == len(points) - 1
        branch, below = ("└─ ", "   ") if last else ("├─ ", "│  ")
        hang = f"{indent}{below}  "
        code = f"  {point.code}" if point.code else ""
        begin = f"{indent}{branch}{paint(COLOURS.get(point.kind, DIM), MARKS[point.kind])} "
        for line in _wrapped(point.says + code, width - len(hang)):
            yield begin + line
            begin = hang
        inner = f"{indent}{below}" + ("│ " if point.points else "  ")
        for line in _wrapped(point.small, width - len(hang)):
            yield inner + paint(DIM, line)
        yield from _points(point.points, f"{indent}{below}", width, paint)


def _wrapped(text: str, width: int) -> list[str]:
    """Ids are never broken."""
    if width <= 0 or not text:
        return [text] if text else []
    return wrap(text, max(width, NARROWEST), break_long_words=False, break_on_hyphens=False)

"""An answer on stdout: JSON, or a tree wrapped to the terminal; and as a page in a file."""

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import Any

from ninehours.cli.connection import Services, on_system
from ninehours.cli.ending import say
from ninehours.cli.output import as_dict, print_json
from ninehours.cli.why import questions
from ninehours.cli.why.page import page_of
from ninehours.cli.why.questions import Answered
from ninehours.local.folder import write_private
from ninehours.told.why.answer import Explanation, Mark, Point, Section, mark_of

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


def shown(ask: Callable[..., Answered]) -> Callable[..., None]:
    """What asks a question and shows what was answered; it takes what `ask` is told by name."""

    @on_system
    def run(services: Services, *, html: Path | None, as_json: bool, **question: Any) -> None:
        show(ask(services, **question), html=html, as_json=as_json)

    return run


why_claim = shown(questions.why_claim)
why_day = shown(questions.why_day)
why_level_of_care = shown(questions.why_level_of_care)
why_fact = shown(questions.why_fact)


def show(found: Answered, *, html: Path | None, as_json: bool) -> None:
    """A page goes to its file instead of the tree; JSON is told beside it."""
    if html is not None:
        html.parent.mkdir(parents=True, exist_ok=True)
        write_private(html, page_of(found.explanation))
        say(f"written: {html}")
    if as_json:
        facts = {
            fact_id: as_dict(found.facts.by_id[fact_id]) for fact_id in sorted(found.facts.by_id)
        }
        print_json({found.name: as_dict(found.answer), "facts": facts})
    elif html is None:
        tty = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if tty else 0
        for line in lines_of(found.explanation, width, colours=tty):
            print(line)


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

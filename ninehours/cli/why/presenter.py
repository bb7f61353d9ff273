"""An answer on stdout: JSON, or a tree; and as a page in a file."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ninehours.cli.connection import Services, on_system
from ninehours.cli.ending import say
from ninehours.cli.output import as_dict, print_json
from ninehours.cli.why import questions
from ninehours.cli.why.page import page_of
from ninehours.cli.why.questions import Answered
from ninehours.cli.why.tree import lines_of
from ninehours.local.folder import write_private


def shown(ask: Callable[..., Answered]) -> Callable[..., None]:
    """What asks a question and shows what was answered; it takes what `ask` is told by name."""

    @on_system
    def run(services: Services, *, html: Path | None, as_json: bool, **told: Any) -> None:
        show(ask(services, **told), html=html, as_json=as_json)

    return run


why_claim = shown(questions.why_claim)
why_day = shown(questions.why_day)
why_level_of_care = shown(questions.why_level_of_care)
why_fact = shown(questions.why_fact)


def show(found: Answered, *, html: Path | None, as_json: bool) -> None:
    """A page goes to its file instead of the tree; JSON is told beside it."""
    if html is not None:
        html.parent.mkdir(parents=True, exist_ok=True)
        write_private(html, page_of(found.told))
        say(f"written: {html}")
    if as_json:
        facts = {fact_id: as_dict(found.facts[fact_id]) for fact_id in sorted(found.facts)}
        print_json({found.name: as_dict(found.answer), "facts": facts})
    elif html is None:
        tty = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if tty else 0
        for line in lines_of(found.told, width, colours=tty):
            print(line)

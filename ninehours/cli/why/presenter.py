"""An answer on stdout: JSON, or a tree; and as a page in a file."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from ninehours.cli.connection import Services, on_system
from ninehours.cli.ending import say
from ninehours.cli.output import as_dict, print_json
from ninehours.cli.why.page import page_of
from ninehours.cli.why.questions import Answered
from ninehours.cli.why.tree import lines_of
from ninehours.local.folder import write_private


@on_system
def run_why(
    services: Services, ask: Callable[[Services], Answered], *, html: Path | None, as_json: bool
) -> None:
    """Asks it and shows what was answered."""
    found = ask(services)
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

"""An answer on stdout: JSON, or a tree; and as a page in a file."""

import shutil
import sys
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from ninehours.cli.ending import say
from ninehours.cli.output import as_dict, print_json
from ninehours.cli.why.answer import Explanation
from ninehours.cli.why.page import page_of
from ninehours.cli.why.questions import Facts
from ninehours.cli.why.tree import lines_of
from ninehours.local.folder import write_private


def show(
    explanation: Explanation,
    answer: Message,
    facts: Facts,
    *,
    name: str,
    as_json: bool,
    html: Path | None,
) -> None:
    """`name`: what the answer is called in JSON."""
    if html is not None:
        html.parent.mkdir(parents=True, exist_ok=True)
        write_private(html, page_of(explanation))
        say(f"written: {html}")
    if as_json:
        print_json(_as_json(name, answer, facts))
    elif html is None:
        tty = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if tty else 0
        for line in lines_of(explanation, width, colours=tty):
            print(line)


def _as_json(name: str, answer: Message, facts: Facts) -> dict[str, Any]:
    return {
        name: as_dict(answer),
        "facts": {fact_id: as_dict(facts[fact_id]) for fact_id in sorted(facts)},
    }

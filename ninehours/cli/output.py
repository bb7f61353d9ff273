"""What commands print on stdout: one JSON object, or a screen for people."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console
from rich.table import Table

UNBROKEN = 10_000  # columns: what is piped is never wrapped or cut


def as_dict(message: Message) -> dict[str, Any]:
    """As JSON has it, names as in the .proto; what is unset is there with its zero."""
    return MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def print_json(answer: Any) -> None:
    """One object, indented."""
    print(json.dumps(answer, indent=2, ensure_ascii=False), flush=True)


def screen() -> Console:
    """For people; piped, lines stay whole."""
    width = None if sys.stdout.isatty() else UNBROKEN
    return _Screen(highlight=False, markup=False, width=width, soft_wrap=True)


class _Screen(Console):
    """Leaves it to `ending` what a reader means who has seen enough (`| head`)."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()
) -> Table:
    """A table without lines; the columns named in `right` are aligned there."""
    found = Table(*columns, box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in found.columns:
        column.no_wrap = True
        column.justify = "right" if column.header in right else "left"
    for row in rows:
        found.add_row(*(str(cell) for cell in row))
    return found

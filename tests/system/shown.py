"""Commands that a page shows with their output, and whether what is printed is what is shown.

A fenced block of `console` holds commands, each a line `$ bin/ninehours …` (a backslash at its end
goes on in the next), with what it prints below. In what is shown, `…` stands for anything within a
line, and a line of `…` alone for any number of lines. `(exit 5)` as the last line: how it ends.
"""

import re
import shlex
from dataclasses import dataclass

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"\(exit (\d+)\)")
PROMPT, PROGRAM, ANYTHING = "$ ", "bin/ninehours", "…"


@dataclass(frozen=True)
class ShownCommand:
    """`arguments`: after the program's name."""

    command: str
    arguments: tuple[str, ...]
    output: str
    exit_code: int = 0

    def __str__(self) -> str:
        return self.command


def commands_in(page: str) -> list[ShownCommand]:
    """Every command of the page, in order."""
    found: list[ShownCommand] = []
    for block in BLOCK.findall(page):
        before, *parts = re.split(r"^\$ ", block.replace("\\\n", " "), flags=re.MULTILINE)
        assert not before.strip(), f"output of no command: {before!r}"
        for part in parts:
            command, _, output = part.partition("\n")
            program, *arguments = shlex.split(command)
            assert program == PROGRAM, f"not a command of ours: {command}"
            lines = output.rstrip().splitlines()
            ended = EXIT.fullmatch(lines[-1]) if lines else None
            found.append(
                ShownCommand(
                    command=" ".join(command.split()),
                    arguments=tuple(arguments),
                    output="\n".join(lines[:-1] if ended else lines),
                    exit_code=int(ended[1]) if ended else 0,
                )
            )
    return found


def is_shown(printed: str, shown: str) -> bool:
    """Line by line, spaces at their ends aside."""
    pattern = "".join(_pattern(line) for line in shown.splitlines())
    lines = [f"{line.rstrip()}\n" for line in printed.rstrip().splitlines()]
    return re.fullmatch(pattern, "".join(lines)) is not None


def _pattern(line: str) -> str:
    if line.strip() == ANYTHING:
        return r"(?:.*\n)*?"
    return r"[^\n]*?".join(map(re.escape, line.rstrip().split(ANYTHING))) + r"\n"

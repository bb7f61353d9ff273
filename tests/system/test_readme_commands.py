"""Every command of README is run on the played story, and prints what README shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ninehours.local.system import LocalSystem
from tests.harness.commands import ninehours
from tests.system.played import Played
from tests.system.shown import ShownCommand, commands_in, is_shown

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = commands_in((ROOT / "README.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def data(calm: Played) -> Iterator[Path]:
    """The story's directory, with its system running again, on the server's own clock."""
    with LocalSystem(calm.data, progress=lambda _: None):
        yield calm.data


def test_readme_shows_commands() -> None:
    assert len(COMMANDS) >= 6


@pytest.mark.parametrize("shown", COMMANDS, ids=str)
def test_a_command_of_readme_prints_what_is_shown(data: Path, shown: ShownCommand) -> None:
    # As README has it, but on this directory instead of the default one.
    ran = ninehours(*shown.arguments, "--data", str(data))
    assert ran.returncode == shown.exit_code, ran.stderr
    printed = ran.stdout or ran.stderr
    assert is_shown(printed, shown.output), f"$ {shown}\n{printed}"


def test_what_is_shown_stands_for_nothing_but_itself() -> None:
    page = "```console\n$ bin/ninehours a \\\n    --b 'c d'\none …\n…\nlast\n(exit 3)\n```\n"
    [shown] = commands_in(page)
    assert (shown.arguments, shown.exit_code) == (("a", "--b", "c d"), 3)
    assert is_shown("one more\nlast\n", shown.output)
    assert is_shown("one more  \ntwo\nthree\nlast", shown.output)
    assert not is_shown("one more\nlast\nand another\n", shown.output)
    assert not is_shown("two\nlast\n", shown.output)
    assert not is_shown("one more\nthe last\n", shown.output)

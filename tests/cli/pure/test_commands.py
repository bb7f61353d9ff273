"""Commands say by name who does their work: it is there, and takes what each command is given."""

from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any

import pytest
import typer

from ninehours.cli.app import app
from ninehours.cli.commands.work import work_of


def commands(group: typer.Typer) -> Iterator[Callable[..., Any]]:
    for info in group.registered_commands:
        assert info.callback
        yield info.callback
    for below in group.registered_groups:
        assert below.typer_instance
        yield from commands(below.typer_instance)


COMMANDS = [*commands(app)]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_the_work_of_a_command_takes_what_the_command_is_given(command: Any) -> None:
    work = work_of(command.done_by)
    given = dict.fromkeys(signature(command).parameters)
    if hasattr(work, "__wrapped__"):  # asks services, which stand in for the data directory
        given["services"] = given.pop("data")
    signature(work).bind(**given)


def test_all_commands_are_looked_at() -> None:
    assert len(COMMANDS) >= 28

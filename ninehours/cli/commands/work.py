"""What a command does stands elsewhere, and is loaded when it runs: so --help answers at once."""

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from operator import attrgetter
from typing import Any

Command = Callable[..., None]


def done_by(work: str) -> Callable[[Command], Command]:
    """`work`: `module:name` under ninehours.cli; it is given all that the command is, by name.

    Of the command itself only its name, its options and its help are read.
    """

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(**given: Any) -> None:
            work_of(work)(**given)

        vars(run)["done_by"] = work
        return run

    return decorate


def work_of(name: str) -> Command:
    """Loads it."""
    module, _, function = name.partition(":")
    found: Command = attrgetter(function)(import_module(f"ninehours.cli.{module}"))
    return found

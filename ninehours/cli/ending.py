"""How a command ends: an exit code, and a message that says what to do next."""

# ruff: noqa: PLC0415  what tells errors apart is loaded when there is one

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import typer

FAILED, USAGE, NOT_FOUND, CONFLICT, DENIED, UNAVAILABLE = 1, 2, 3, 4, 5, 6
INTERRUPTED = 130
TERMINATED = 128  # and the signal's number

CODES = {
    "NOT_FOUND": NOT_FOUND,
    "INVALID_ARGUMENT": FAILED,
    "FAILED_PRECONDITION": FAILED,
    "ABORTED": CONFLICT,
    "PERMISSION_DENIED": DENIED,
    "UNAUTHENTICATED": DENIED,
    "UNAVAILABLE": UNAVAILABLE,
    "DEADLINE_EXCEEDED": UNAVAILABLE,
    "RESOURCE_EXHAUSTED": UNAVAILABLE,
}


class Failure(Exception):
    """Something the user can do something about."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def ending(data: Path) -> Iterator[None]:
    """Every way out of a command has its code and, where it isn't 0, its message on stderr."""
    try:
        yield
    except typer.Exit:
        raise
    except BrokenPipeError:
        # Whoever read stdout has enough; what is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except KeyboardInterrupt:
        say(f"interrupted: all is stopped, what was done is kept in {data}; run it again to go on")
        raise typer.Exit(INTERRUPTED) from None
    except SystemExit as leaving:
        say(f"ended by a signal: all is stopped, what was done is kept in {data}")
        raise typer.Exit(leaving.code if isinstance(leaving.code, int) else FAILED) from None
    except Exception as error:
        code, message = judge(error, data)
        say(f"error: {message}")
        raise typer.Exit(code) from None


def say(message: str) -> None:
    """A line for people."""
    print(message, file=sys.stderr, flush=True)


def judge(error: Exception, data: Path) -> tuple[int, str]:
    """The exit code and what to tell."""
    if isinstance(error, Failure):
        return error.code, str(error)
    from ninehours.local.folder import DataInUse
    from ninehours.local.jars import JarsMissing
    from ninehours.local.postgres import PostgresUnavailable
    from ninehours.local.probes import NotInTime
    from ninehours.local.secrets import TwoOfOneSecret
    from ninehours.local.supervisor import ProcessFailed, Stopped

    match error:
        case DataInUse() | TwoOfOneSecret():
            return CONFLICT, str(error)
        case JarsMissing() | PostgresUnavailable() | NotInTime() | ProcessFailed() | Stopped():
            return UNAVAILABLE, str(error)
    return _judge_story(error, data)


def _judge_story(error: Exception, data: Path) -> tuple[int, str]:
    from kernel.rpc.remote_refusal import RemoteRefusal
    from ninehours.story.catching_up import NotCaughtUp
    from ninehours.story.story import StoryFailed

    logs = f"The services' logs are in {data / 'logs'}."
    match error:
        case StoryFailed():
            return FAILED, f"{error}. {logs}"
        case NotCaughtUp():
            return UNAVAILABLE, f"{error}. {logs}"
        case RemoteRefusal() if error.reason == "COMMAND_ID_REUSED":
            return CONFLICT, (
                f"{data} holds a story that another release told. "
                "Choose another directory with --data, or remove this one."
            )
        case RemoteRefusal():
            details = "; ".join(f"{field}: {what}" for field, what in error.details.items())
            reason = f"{error.code.name} {error.reason}: {error.message or details}"
            return CODES.get(error.code.name, FAILED), f"a service refused. {reason}. {logs}"
    return FAILED, f"{type(error).__name__}: {error}. {_kept(error, data)}"


def _kept(error: Exception, data: Path) -> str:
    """Where the traceback of what nobody foresaw went."""
    log = data / "logs" / "cli.log"
    with suppress(OSError):
        with log.open("a", encoding="utf-8") as file:
            traceback.print_exception(error, file=file)
        return f"This should not happen; its traceback is in {log}."
    traceback.print_exception(error)
    return "This should not happen; its traceback is above."

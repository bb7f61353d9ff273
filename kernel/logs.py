"""One JSON line an event on stderr, which can't name anybody: listed keys only, no exception texts.

Other libraries' loggers come through the same door, with the message as it stands in their source,
never filled in.
"""

import contextlib
import logging
import re
import sys
import threading
from collections.abc import Callable
from datetime import date
from enum import Enum
from pathlib import Path
from traceback import walk_stack, walk_tb
from types import TracebackType
from typing import cast
from uuid import UUID

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

ALLOWED = frozenset(
    {
        # Which line, of which process
        *("timestamp", "level", "event", "logger", "service", "process", "version", "pid"),
        *("signal", "listen", "port", "environment", "clock"),
        *("setting", "role"),
        # A call
        *("rpc", "actor", "outcome", "reason", "milliseconds", "correlation_id", "traceparent"),
        *("incident", "command_id", "peer"),
        # The exchange
        *("topic", "partition", "offset", "subject", "sequence", "epoch", "fact_id", "fact_type"),
        *("stream", "listener", "ordinal"),
        # Amounts of work
        *("count", "heard", "due", "parked", "published", "derived", "rows", "attempt", "seconds"),
        *("batch", "kind", "derivation", "key", "revision", "head", "lag", "pages"),
        # What went wrong: classes and places, never texts
        *("error", "cause", "place", "template", "file", "dropped"),
    }
)
LONGEST = 300
COMPOSED = "(composed at run time)"
OURS = ("kernel", "services", "ninehours", "tests", "benchmarks")
ROOT = Path(__file__).resolve().parent.parent
BETWEEN = Path("kernel/store/statements.py")  # every statement goes through it: who asked is told
MODE_PREFIX = re.compile(r"\[\^-*[\w.]*\]: ")

_process: dict[str, str] = {}


def configure(service: str, process: str) -> None:
    """Name the process, and route everything that would otherwise print by itself through here."""
    _process.update(service=service, process=process)
    # logging's own error report prints the arguments of the failed line.
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    logging.basicConfig(level=logging.WARNING, handlers=[StandardLogging()], force=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def get(name: str) -> FilteringBoundLogger:
    """A logger that drops what is not allowed, configured or not."""
    wrapped = structlog.wrap_logger(
        _Stderr(),
        processors=PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    return cast(FilteringBoundLogger, wrapped.bind(logger=name))


def error_of(error: BaseException) -> str:
    """The exception's class, by its full name."""
    kind = type(error)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def place_of(error: BaseException) -> str:
    """Where it was raised: file and line of the innermost frame of our code, else of all."""
    innermost = ""
    for frame, line in walk_tb(error.__traceback__):
        place, ours = _place(frame.f_code.co_filename, line)
        if ours or not innermost.startswith(OURS):
            innermost = place
    return innermost


def place_of_thread(ident: int | None) -> str:
    """Where a thread of this process stands: as `place_of`. Empty: it is over."""
    innermost = ""
    for frame, line in walk_stack(sys._current_frames().get(ident or 0)):
        place, ours = _place(frame.f_code.co_filename, line)
        if ours:
            return place
        innermost = innermost or place
    return innermost


class StandardLogging(logging.Handler):
    """The stdlib's records as our lines; for Faust, which sets up logging anew: `loghandlers`."""

    def emit(self, record: logging.LogRecord) -> None:
        """Logger, level, place and the unfilled template; what is composed is left out."""
        error = record.exc_info[1] if record.exc_info else None
        get(record.name).log(
            record.levelno,
            "standard logging",
            template=_template(record),
            place=_place(record.pathname, record.lineno)[0],
            **({"exc_info": error} if error else {}),
        )


class _Stderr:
    """Whole lines to whatever stderr is now; a line that can't be written stops nobody."""

    lock = threading.Lock()

    def msg(self, line: str) -> None:
        with self.lock, contextlib.suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = fatal = msg


def _add_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**event, **_process}


def _tell_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Class and place instead of the text: an exception's text may hold what the client typed."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if error is not None:
        event["error"] = error_of(error)
        event["place"] = place_of(error) or event.get("place", "")
        cause = error.__cause__ or error.__context__
        if cause is not None:
            event["cause"] = error_of(cause)
    return event


def _drop_unlisted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    kept = {
        key: value
        for key, given in event.items()
        if key in ALLOWED and (value := _plain(given)) is not None
    }
    dropped = sum(key not in kept and event[key] is not None for key in event)
    return {**kept, "dropped": dropped} if dropped else kept


def _plain(value: object) -> str | int | float | None:
    """A value that can't hide others; collections and objects are not shown."""
    if isinstance(value, str):
        return str(value)[:LONGEST]
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, (UUID, date)):
        return str(value)
    return value.name if isinstance(value, Enum) else None


def _template(record: logging.LogRecord) -> str:
    """The message if it stands in the source of the code that logs; an f-string may hold values."""
    if not isinstance(record.msg, str):
        return COMPOSED
    message = MODE_PREFIX.sub("", record.msg, count=1)
    if any(message in frame.f_code.co_consts for frame, _ in walk_stack(sys._getframe())):
        return message
    return COMPOSED


def _place(filename: str, line: int) -> tuple[str, bool]:
    path = Path(filename)
    if path.is_relative_to(ROOT) and (inside := path.relative_to(ROOT)).parts[0] in OURS:
        return f"{inside.as_posix()}:{line}", inside != BETWEEN
    return f"{'/'.join(path.parts[-2:])}:{line}", False


def _uncaught(
    _kind: type[BaseException], error: BaseException | None, _traceback: TracebackType | None
) -> None:
    get("kernel.logs").critical("uncaught", exc_info=error)


PROCESSORS: tuple[Processor | Callable[..., str], ...] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _add_process,
    _tell_error,
    _drop_unlisted,
    structlog.processors.JSONRenderer(sort_keys=True),
)

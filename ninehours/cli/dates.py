"""Dates and moments between the command line and messages."""

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from kernel.rpc.translate import to_timestamp
from ninehours.cli.ending import USAGE, Failure


def iso(day: Any) -> str:
    """2026-03-02 of a Date message."""
    return f"{day.year:04}-{day.month:02}-{day.day:02}"


def day_in(message: Any, field: str) -> str:
    """The same of a field, empty where it is absent."""
    return iso(getattr(message, field)) if message.HasField(field) else ""


def date_of(day: Any) -> date:
    """Of a Date message."""
    return date(day.year, day.month, day.day)


def moment_of(as_of: datetime | None) -> datetime | None:
    """What --as-of means: a day with no time is all of it, and a time without zone is UTC."""
    if as_of is None:
        return None
    if as_of.tzinfo is None and as_of.time() == time.min:
        return datetime.combine(as_of, time.max, tzinfo=UTC)
    return as_of.replace(tzinfo=UTC) if as_of.tzinfo is None else as_of


def stamp_of(as_of: datetime | None) -> Timestamp | None:
    """The same, as messages have it."""
    moment = moment_of(as_of)
    return to_timestamp(moment) if moment else None


def today() -> date:
    """By UTC, as the services' questions about a day have it."""
    return datetime.now(UTC).date()


def id_in(text: str, what: str) -> str:
    """A whole id as commands take it; a problem for anything else."""
    try:
        return str(UUID(text))
    except ValueError:
        raise Failure(USAGE, f"{text!r} is no {what}: 36 characters, as listed") from None

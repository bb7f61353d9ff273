"""Fields of messages as values, and what the command line was given as days, ids and fields."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from kernel.rpc.translate import to_date, to_timestamp
from ninehours.cli.ending import USAGE, Failure
from ninehours.told.fields import prefix_of


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


def day_or_today(on: datetime | None) -> date:
    """What --on means; today by UTC, as the services' questions about a day have it."""
    return on.date() if on else datetime.now(UTC).date()


def id_in(text: str, what: str) -> str:
    """A whole id as commands take it, or none; a problem for anything else."""
    try:
        return str(UUID(text)) if text else ""
    except ValueError:
        raise Failure(USAGE, f"{text!r} is no {what}: 36 characters, as listed") from None


Given = str | Enum | datetime | None
"""What an option was given; of an enum's value the name is that of the API."""
M = TypeVar("M", bound=Message)


def is_id(text: str) -> bool:
    """A whole UUID, as lists show it."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def request_of(kind: type[M], given: Mapping[str, Given]) -> M:
    """The request with what was given by the names of its fields; what wasn't is left out."""
    return kind(**{name: _field(kind, name, value) for name, value in given.items()})


def _field(kind: type[Message], name: str, value: Given) -> Any:
    field: Any = kind.DESCRIPTOR.fields_by_name[name]
    match value:
        case Enum():
            return f"{prefix_of(field.enum_type)}{value.name}"
        case datetime() if field.message_type.name == "Date":
            return to_date(value.date())
        case datetime():
            return stamp_of(value)
    return value

"""Days and moments as the command line is given them."""

from datetime import UTC, date, datetime, time
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from kernel.rpc.translate import to_timestamp
from ninehours.cli.ending import USAGE, Failure


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

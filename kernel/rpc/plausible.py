"""A command's dates lie where dates of their kind can lie: nobody is admitted in 1850, or in 2099.

One place for every service, since every command comes by it; how far is said beside the field, in
protos/ (common/v1/dates.proto). Facts are never judged so: what was recorded stays readable.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.common.v1 import common_pb2, dates_pb2

from kernel.refusal import Malformed

YEAR, DAY = timedelta(days=365.25), timedelta(days=1)
OTHERWISE = dates_pb2.Plausible(years_back=20, years_ahead=10)


def refuse_implausible(request: Message, now: datetime) -> None:
    """Refuses, each by its path, dates and times too far from now, in either direction."""
    wrong = dict(_implausible(request, now, ""))
    if wrong:
        raise Malformed(**wrong)


def _implausible(message: Message, now: datetime, at: str) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        several = field.is_repeated
        for number, item in enumerate(value if several else [value]):
            path = f"{at}{field.name}.{number}" if several else f"{at}{field.name}"
            moment = _moment_of(item)
            if moment is None:
                yield from _implausible(item, now, f"{path}.")
            elif what := _judged(moment, field, now):
                yield path, what


def _moment_of(message: Message) -> datetime | None:
    """Of a date its noon in UTC; None for what is neither a date nor a time, or can't be read:
    whoever reads the field says so."""
    try:
        match message:
            case Timestamp():
                return message.ToDatetime(tzinfo=UTC)
            case common_pb2.Date():
                on = date(message.year, message.month, message.day)
                return datetime.combine(on, time(12), UTC)
    except (ValueError, OverflowError):
        return None
    return None


def _judged(moment: datetime, field: FieldDescriptor, now: datetime) -> str:
    """What is wrong with it; empty: nothing."""
    options: Any = field.GetOptions()
    declared = options.HasExtension(dates_pb2.plausible)
    may = options.Extensions[dates_pb2.plausible] if declared else OTHERWISE
    if moment < now - may.years_back * YEAR - DAY:
        return f"is more than {may.years_back} years ago"
    # A day more, and half of one: it is tomorrow already elsewhere, and a date stands at noon.
    if moment <= now + may.years_ahead * YEAR + 1.5 * DAY:
        return ""
    return f"is more than {may.years_ahead} years ahead" if may.years_ahead else "is in the future"

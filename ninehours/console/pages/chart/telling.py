"""Values of messages as a person reads them."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from ninehours.console.texts import words
from ninehours.told.fields import date_of

CENTS = 100
ORIGINAL = "1"


def day_of(message: Any, field: str) -> date | None:
    """The civil date in a field; None where it isn't said."""
    return date_of(getattr(message, field))


def day_at(stamp: Timestamp, zone: ZoneInfo) -> date:
    """By that clock."""
    return stamp.ToDatetime(tzinfo=UTC).astimezone(zone).date()


def moment_at(stamp: Timestamp, zone: ZoneInfo) -> datetime:
    """By that clock."""
    return stamp.ToDatetime(tzinfo=UTC).astimezone(zone)


def shown(day: date | None) -> str:
    """`2026-03-02`; empty: none is said."""
    return str(day or "")


def shown_moment(moment: datetime) -> str:
    """`2026-03-02, 14:05`."""
    return f"{shown(moment.date())}, {moment:%H:%M}"


def code(message: Message, field: str) -> str:
    """The words for an enum's value."""
    kind = message.DESCRIPTOR.fields_by_name[field].enum_type
    assert kind is not None, f"{field} is no enum"
    return str(words().chart.codes[kind.values_by_number[getattr(message, field)].name])


def hours(minutes: int) -> str:
    """`9.0`."""
    return f"{minutes / 60:.1f}"


def dollars(money: Any) -> str:
    """`$1,235.00`, without the cents where there are none: `$855`."""
    whole, cents = divmod(money.minor_units, CENTS)
    amount = f"{whole:,}.{cents:02d}" if cents else f"{whole:,}"
    return f"${amount}" if money.currency_code in ("", "USD") else f"{amount} {money.currency_code}"


def severity(band: str) -> str:
    """Of an instrument's band, or of the flags that one joins."""
    known = words().chart.severities
    return ", ".join(_worded(known, each) for each in band.split("+") if each)


def name_of(instrument: str) -> str:
    """`PHQ-9` of `phq9/1`."""
    name, _, _ = instrument.partition("/")
    return _worded(words().chart.instruments, name.upper())


def subscale_name(name: str) -> str:
    """As a person reads it."""
    return _worded(words().chart.subscales, name.upper())


def frequency(code: str) -> str:
    """Of a claim; one that says none is an original."""
    return _worded(words().chart.frequencies, code or ORIGINAL)


def _worded(known: Any, code: str) -> str:
    """As it is, where a newer release has a code that this one has no word for."""
    return str(known[code]) if code in known else code

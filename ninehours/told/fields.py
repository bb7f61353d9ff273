"""Fields of messages as values."""

from datetime import date, datetime
from typing import Any

from google.protobuf.descriptor import EnumDescriptor

HALF_A_DAY = 12


def day_of(day: Any) -> date:
    """Of a Date message that is told."""
    return date(day.year, day.month, day.day)


def date_of(day: Any) -> date | None:
    """The same; None for one that isn't told."""
    return day_of(day) if day.year else None


def iso(day: Any) -> str:
    """2026-03-02 of a Date message; empty for one that isn't told."""
    return str(date_of(day) or "")


def period(start: Any, end: Any) -> str:
    """2026-03-02/08: as ISO 8601 shortens an interval."""
    first, last = iso(start), iso(end)
    if first[:7] == last[:7]:
        return f"{first}/{last[8:]}"
    return f"{first}/{last[5:]}" if first[:4] == last[:4] else f"{first}/{last}"


def clock_says(wall: datetime) -> str:
    """`9:05 am`."""
    half = "am" if wall.hour < HALF_A_DAY else "pm"
    return f"{wall.hour % HALF_A_DAY or HALF_A_DAY}:{wall.minute:02d} {half}"


def cents_in(message: Any, field: str) -> int | None:
    """Of a Money field; None where it is absent."""
    return getattr(message, field).minor_units if message.HasField(field) else None


def name_in(message: Any, field: str) -> str:
    """An enum's value without its prefix; empty for one that isn't told."""
    kind = message.DESCRIPTOR.fields_by_name[field].enum_type
    value = kind.values_by_number[getattr(message, field)]
    return str(value.name).removeprefix(prefix_of(kind)) if value.number else ""


def prefix_of(kind: EnumDescriptor) -> str:
    """What every value of the enum begins with: `OUTCOME_`."""
    return kind.values_by_number[0].name.removesuffix("UNSPECIFIED")

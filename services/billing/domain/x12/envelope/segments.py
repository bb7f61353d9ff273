"""Reads the segments of any X12 file, and the values of their elements."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_ISA_LENGTH = 106
_DECIMAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DAY = re.compile(r"[0-9]{8}")


class Unreadable(ValueError):
    """The bytes aren't the X12 they should be; names the place, never the content."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; elements count from 1, as the guides do, and absent ones are empty."""

    tag: str
    elements: tuple[str, ...]
    component_separator: str

    def __getitem__(self, number: int) -> str:
        return self.elements[number - 1] if 1 <= number <= len(self.elements) else ""

    def components(self, number: int) -> tuple[str, ...]:
        """The parts of a composite element."""
        return tuple(self[number].split(self.component_separator)) if self[number] else ()


def read_segments(data: bytes) -> tuple[Segment, ...]:
    """All segments of a file, by the separators its ISA names; blanks between them are skipped."""
    try:
        content = data.decode("ascii")
    except UnicodeDecodeError:
        raise Unreadable("the file isn't ASCII") from None
    if len(content) < _ISA_LENGTH or not content.startswith("ISA"):
        raise Unreadable("the file doesn't start with an ISA segment of 106 characters")
    element, component, terminator = content[3], content[104], content[105]
    if len({element, component, terminator, content[82]}) < 4:
        raise Unreadable("the ISA segment doesn't name four different separators")
    *written, rest = content.split(terminator)
    if rest.strip():
        raise Unreadable("the last segment has no terminator")
    segments: list[Segment] = []
    for number, line in enumerate(written, start=1):
        tag, *elements = line.lstrip("\r\n").split(element)
        if not tag:
            raise Unreadable(f"segment {number} is empty")
        segments.append(Segment(tag, tuple(elements), component))
    return tuple(segments)


def minor(value: str, place: str) -> int:
    """An amount in cents."""
    if not _DECIMAL.fullmatch(value):
        raise Unreadable(f"{place} isn't an amount")
    cents = Decimal(value) * 100
    if cents != cents.to_integral_value():
        raise Unreadable(f"{place} isn't an amount of whole cents")
    return int(cents)


def whole(value: str, place: str) -> int:
    """A count."""
    if not (value.isascii() and value.isdigit()):
        raise Unreadable(f"{place} isn't a whole number")
    return int(value)


def day(value: str, place: str) -> date:
    """A date, D8."""
    if not _DAY.fullmatch(value):
        raise Unreadable(f"{place} isn't a date")
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        raise Unreadable(f"{place} isn't a date") from None


def days(value: str, place: str) -> tuple[date, date]:
    """A range of dates, RD8."""
    first, _, last = value.partition("-")
    return day(first, place), day(last, place)

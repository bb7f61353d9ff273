"""Values of a request's fields as they are typed, and read of what was typed."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from ninehours.common.v1 import common_pb2 as common

from kernel.rpc.translate import to_date, to_timestamp
from ninehours.console.forms.fields import NO, YES, FieldKind

DATE = common.Date.DESCRIPTOR.full_name
MONEY = common.Money.DESCRIPTOR.full_name
MOMENT = "google.protobuf.Timestamp"
WHOLE: Mapping[str, FieldKind] = {
    DATE: FieldKind.DATE,
    MONEY: FieldKind.NUMBER,
    MOMENT: FieldKind.MOMENT,
}
"""Messages that are typed as one thing."""
LONG = frozenset(
    {"remark", "reason", "narrative", "note", "open_safety_reason", "text", "description"}
)
CENTS = 100
NUMBERS = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64,
    }
)
UNREADABLE = (ValueError, InvalidOperation)
"""What reading what was typed raises, where it can't be read."""


def message_of(declared: FieldDescriptor) -> str:
    """The full name of the field's message; empty: it has none."""
    return "" if declared.message_type is None else str(declared.message_type.full_name)


def is_map(declared: FieldDescriptor) -> bool:
    kind = declared.message_type
    return kind is not None and bool(kind.GetOptions().map_entry)


def is_nested(declared: FieldDescriptor) -> bool:
    """Whether it has fields of its own that are typed."""
    return bool(message_of(declared)) and message_of(declared) not in WHOLE and not is_map(declared)


def key_of(name: str) -> int:
    """Of a map's entry: `answers.9`."""
    return int(name.rpartition(".")[2])


def kind_of(declared: FieldDescriptor, *, chosen: bool) -> FieldKind:
    """How it is typed."""
    if chosen:
        return FieldKind.CHOICE
    if (whole := WHOLE.get(message_of(declared))) is not None:
        return whole
    if is_map(declared):
        return FieldKind.NUMBER
    if declared.is_repeated or declared.name in LONG:
        return FieldKind.WORDS
    return FieldKind.NUMBER if declared.cpp_type in NUMBERS else FieldKind.LINE


def text_of(message: Message, declared: FieldDescriptor, name: str, zone: tzinfo) -> str:
    """What holds, as it would be typed; empty: nothing. Of several, one a line."""
    held: Any = getattr(message, declared.name)
    if is_map(declared):
        return str(held[key_of(name)]) if key_of(name) in held else ""
    if declared.is_repeated:
        return "\n".join(_one(declared, each) for each in held)
    if declared.has_presence and not message.HasField(declared.name):
        return ""
    return _one(declared, held) if declared.message_type is None else _whole(held, zone)


def put(message: Message, declared: FieldDescriptor, name: str, text: str, zone: tzinfo) -> None:
    """What was typed, instead of what held; UNREADABLE."""
    held: Any = message
    if is_map(declared):
        entries = getattr(held, declared.name)
        entries.pop(key_of(name), None)
        if text:
            entries[key_of(name)] = _number(text)
        return
    message.ClearField(declared.name)
    if not text:
        return
    if declared.is_repeated:
        lines = filter(None, (line.strip() for line in text.splitlines()))
        getattr(held, declared.name).extend(_read(declared, line) for line in lines)
    elif declared.message_type is None:
        setattr(held, declared.name, _read(declared, text))
    else:
        getattr(held, declared.name).CopyFrom(_read_whole(declared, text, zone))


def _one(declared: FieldDescriptor, held: Any) -> str:
    if declared.enum_type is not None:
        value = declared.enum_type.values_by_number.get(held)
        return str(value.name) if value is not None and value.number else ""
    if declared.type == FieldDescriptor.TYPE_BOOL:
        return YES if held else NO
    is_unsaid = declared.cpp_type in NUMBERS and not held and not declared.has_presence
    return "" if is_unsaid else str(held)


def _whole(held: Any, zone: tzinfo) -> str:
    match held:
        case common.Date():
            return f"{held.year:04}-{held.month:02}-{held.day:02}"
        case common.Money():
            return f"{Decimal(held.minor_units) / CENTS:.2f}"
        case _:
            return f"{held.ToDatetime(tzinfo=UTC).astimezone(zone):%Y-%m-%dT%H:%M}"


def _read(declared: FieldDescriptor, text: str) -> Any:
    if declared.enum_type is not None:
        found = declared.enum_type.values_by_name.get(text)
        if found is None:
            raise ValueError
        return found.number
    if declared.type == FieldDescriptor.TYPE_BOOL:
        if text not in (YES, NO):
            raise ValueError
        return text == YES
    return _number(text) if declared.cpp_type in NUMBERS else text


def _read_whole(declared: FieldDescriptor, text: str, zone: tzinfo) -> Message:
    match message_of(declared):
        case str(name) if name == DATE:
            return to_date(_date(text))
        case str(name) if name == MONEY:
            units = Decimal(text.removeprefix("$").replace(",", "")) * CENTS
            if units != int(units):
                raise ValueError
            return common.Money(currency_code="USD", minor_units=int(units))
        case _:
            wall = datetime.fromisoformat(text)
            return to_timestamp(wall.replace(tzinfo=wall.tzinfo or zone))


def _number(text: str) -> int:
    """As large as a field of a request may be."""
    number = int(text)
    if not -(2**31) <= number < 2**31:
        raise ValueError
    return number


def _date(text: str) -> date:
    """As browsers send it, or as it is written: 2/29/1984."""
    if "/" not in text:
        return date.fromisoformat(text)
    month, day, year = (int(part) for part in text.split("/"))
    return date(year, month, day)

"""What was said otherwise since, or taken back: what stood struck, with why and by whom."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.common.v1 import common_pb2 as common

from ninehours.console.pages.chart.telling import (
    code,
    day_said,
    dollars,
    moment_at,
    shown,
    shown_moment,
)
from ninehours.told.fields import prefix_of

LEFT_OUT = ("meta",)  # of the command, and nothing that was said


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedTelling:
    """One telling that another one followed. `said`: what differs, each by its field: what stood,
    and what stands instead, empty: nothing. `taken_back`: all of it."""

    kind: str
    said: Sequence[tuple[str, str, str]]
    taken_back: bool
    reason: str
    remark: str
    by: str
    at: str


def put_right_of(statements: Sequence[Any], zone: ZoneInfo) -> list[FollowedTelling]:
    """Of services' statements, each with its revisions, the earliest correction first."""
    found = [
        (moment_at(after.said_at, zone), _put_right(before, after, zone))
        for statement in statements
        for before, after in pairwise(statement.revisions)
    ]
    return [row for _, row in sorted(found, key=lambda each: each[0])]


def _put_right(before: Any, after: Any, zone: ZoneInfo) -> FollowedTelling:
    stood, stands = _leaves(before.recording, zone), _leaves(after.recording, zone)
    if after.voided:
        stands = {}
    return FollowedTelling(
        kind=_in_words(before.recording.WhichOneof("said") or ""),
        said=[
            (_in_words(field), stood.get(field, ""), stands.get(field, ""))
            for field in dict.fromkeys([*stood, *stands])
            if stood.get(field) != stands.get(field)
        ],
        taken_back=after.voided,
        reason=code(after, "reason"),
        remark=after.remark,
        by=after.said_by,
        at=shown_moment(moment_at(after.said_at, zone)),
    )


def _leaves(recording: Message, zone: ZoneInfo) -> Mapping[str, str]:
    """Each value that is said, by its field; ids are none that a person reads."""
    kind = recording.WhichOneof("said")
    return dict(_told(getattr(recording, kind), "", zone)) if kind else {}


def _told(message: Message, within: str, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        at = f"{within} {field.name}".strip()
        if field.name in LEFT_OUT or field.name.endswith(("_id", "_ids")):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            for key, each in sorted(value.items()):
                yield f"{at} {key}", str(each)
        elif field.is_repeated:
            for number, each in enumerate(value, start=1):
                yield from _value(field, each, f"{at} {number}", zone)
        else:
            yield from _value(field, value, at, zone)


def _value(field: Any, value: Any, at: str, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    if isinstance(value, common.Date):
        yield at, shown(day_said(value))
    elif isinstance(value, Timestamp):
        yield at, shown_moment(moment_at(value, zone))
    elif isinstance(value, common.Money):
        yield at, dollars(value)
    elif isinstance(value, Message):
        yield from _told(value, at, zone)
    elif field.type == FieldDescriptor.TYPE_ENUM:
        named = field.enum_type.values_by_number[value].name
        yield at, _in_words(named.removeprefix(prefix_of(field.enum_type)).lower())
    elif field.type != FieldDescriptor.TYPE_BYTES:
        yield at, str(value)


def _in_words(name: str) -> str:
    """A field's, or a code's."""
    return name.replace("_", " ")

"""What was said otherwise since, or taken back: what stood struck, with why and by whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.message import Message
from ninehours.common.v1 import statements_pb2

from ninehours.console.forms.request_form import RequestForm
from ninehours.console.pages.chart.telling import moment_at, shown_moment
from ninehours.console.pages.clients.names import Called, who
from ninehours.console.texts import words


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


@dataclass(frozen=True, slots=True)
class _SaidField:
    """How a field is called, and what it says."""

    called: str = ""
    says: str = ""


def put_right_of(
    statements: Sequence[Any], zone: ZoneInfo, called: Called = who
) -> list[FollowedTelling]:
    """Of services' statements, each with its revisions, the earliest correction first, by whom as
    `called` tells it."""
    found = [
        (moment_at(after.said_at, zone), _put_right(before, after, zone, called))
        for statement in statements
        for before, after in pairwise(statement.revisions)
    ]
    return [row for _, row in sorted(found, key=lambda each: each[0])]


def _put_right(before: Any, after: Any, zone: ZoneInfo, called: Called) -> FollowedTelling:
    stood, stands = _fields(before.recording, zone), _fields(after.recording, zone)
    if after.voided:
        stands = {}
    nothing = _SaidField()
    return FollowedTelling(
        kind=words().fields[before.recording.WhichOneof("said")],
        said=[
            (
                (stood.get(name) or stands[name]).called,
                stood.get(name, nothing).says,
                stands.get(name, nothing).says,
            )
            for name in dict.fromkeys([*stood, *stands])
            if stood.get(name, nothing).says != stands.get(name, nothing).says
        ],
        taken_back=after.voided,
        reason=words().values[statements_pb2.CorrectionReason.Name(after.reason)]
        if after.reason
        else "",
        remark=after.remark,
        by=called(after.said_by),
        at=shown_moment(moment_at(after.said_at, zone)),
    )


def _fields(recording: Message, zone: ZoneInfo) -> Mapping[str, _SaidField]:
    """Each that says something, by its place; ids are none that a person reads."""
    kind = recording.WhichOneof("said")
    form = RequestForm(request=getattr(recording, kind or ""), zone=zone)
    return {
        each.name: _SaidField(": ".join(filter(None, (some.legend, each.label))), each.says)
        for some in form.fieldsets()
        for each in some.fields
        if each.is_said
    }

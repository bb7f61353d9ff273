"""Fields of attendance's requests, judged by their shape."""

import string
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.refusal import Malformed
from kernel.rpc.translate import reading, required_enum, required_text, required_uuid
from services.attendance.domain.minutes import Interval, Span
from services.attendance.domain.template import TemplateBreak, TemplateSession

CLAIM_CHARACTERS = frozenset(string.ascii_letters + string.digits + " !\"#&'()*+,-./:;?=_‘’–—")
LARGEST_ROSTER = 200
LARGEST_CAPACITY = 1000
LONGEST_GRACE = 3600  # seconds
LONGEST_NOTE = 100_000  # characters
MOST_ITEMS = 100  # breaks, intervals, sessions of a template
PAGE, LARGEST_PAGE = 100, 500
T = TypeVar("T")
Item = TypeVar("Item", bound=Message)


def time_zone(request: pb.OpenSiteRequest, field: str) -> str:
    """An IANA zone that this machine knows."""
    zone: str = getattr(request, field)
    if zone not in available_timezones():
        raise Malformed(**{field: "is not an IANA time zone, such as America/Chicago"})
    return ZoneInfo(zone).key


def claim_text(request: Message, field: str, *, shortest: int = 1, longest: int) -> str:
    """Text that a claim can carry: of its accents and typographic marks it needs none.

    Claims name sites (loop 2310C of an 837P, 2310E of an 837I); a character outside X12's basic set
    would keep every claim of the site in the house.
    """
    text = required_text(request, field, max_length=longest)
    letters = (c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) != "Mn")
    if not CLAIM_CHARACTERS.issuperset(letters):
        raise Malformed(**{field: "holds a character that no claim can carry"})
    if len(text) < shortest:
        raise Malformed(**{field: f"is shorter than {shortest} characters"})
    return text


def under_part2(request: pb.OpenProgramRequest, field: str) -> bool:
    """Whether 42 CFR Part 2 governs the program: said, in the field or as it was said before."""
    if not getattr(request, field) and request.under_part2:
        return True
    said = required_enum(request, field) == "PART2"
    if request.under_part2 and not said:
        raise Malformed(**{field: "is another than under_part2"})
    return said


def roster(
    request: pb.ScheduleSessionRequest | pb.ExpandTemplateRequest, field: str
) -> tuple[str, ...]:
    """At most 200 UUIDs."""
    texts = getattr(request, field)
    if len(texts) > LARGEST_ROSTER:
        raise Malformed(**{field: f"names more than {LARGEST_ROSTER} clients"})
    try:
        return tuple(str(UUID(text)) for text in texts)
    except ValueError:
        raise Malformed(**{field: "holds something that is not a UUID"}) from None


def capacity(request: pb.ScheduleSessionRequest | pb.TemplateSession, field: str) -> int:
    """How many clients it holds, 0: no limit, which of a group is said."""
    unlimited = request.no_limit or request.service_kind != pb.SERVICE_KIND_GROUP
    if request.no_limit and getattr(request, field):
        raise Malformed(no_limit=f"is said beside {field}")
    with reading(request) as read:
        return read.integer(field, low=0 if unlimited else 1, high=LARGEST_CAPACITY)


def breaks(request: pb.ScheduleSessionRequest, field: str) -> tuple[Span, ...]:
    """Spans of time; that they lie within the session is for the decision to see."""
    return tuple(Span(starts_at=begin, ends_at=end) for begin, end in _pairs(request.breaks, field))


def intervals(request: pb.CorrectAttendanceRequest, field: str) -> tuple[Interval, ...]:
    """When a client was there; none: was not."""
    return tuple(Interval(came=begin, left=end) for begin, end in _pairs(request.intervals, field))


def template_sessions(request: pb.DefineTemplateRequest, field: str) -> tuple[TemplateSession, ...]:
    """A template's week; that it can take place is for the decision to see."""
    return tuple(_each(request.sessions, field, _template_session))


def moments(
    request: pb.CheckInRosterRequest | pb.CheckOutRosterRequest, field: str
) -> dict[str, datetime]:
    """Client → when; at least one, at most 200, each client once."""

    def moment(item: Message, at: str) -> tuple[str, datetime]:
        with reading(item, at=at) as read:
            return str(read.uuid("client_id")), read.timestamp("at")

    return _by_client(getattr(request, field), field, moment)


def individual_parts(request: pb.SignGroupNoteRequest, field: str) -> dict[str, str]:
    """Client → their own part of a group's note; none is empty, each client has one."""

    def part(item: Message, at: str) -> tuple[str, str]:
        with reading(item, at=at) as read:
            return str(read.uuid("client_id")), read.text("text", max_length=LONGEST_NOTE)

    return _by_client(request.parts, field, part)


def page_size(request: pb.ListSessionsRequest, field: str) -> int:
    """At most 500; 0: 100."""
    asked: int = getattr(request, field)
    if not 0 <= asked <= LARGEST_PAGE:
        raise Malformed(**{field: f"is not between 0 and {LARGEST_PAGE}"})
    return asked or PAGE


def page_token(request: pb.ListSessionsRequest, field: str) -> tuple[datetime, str] | None:
    """Start and id of the last session that was seen; None at the beginning."""
    token: str = getattr(request, field)
    if not token:
        return None
    start, _, session_id = token.partition("|")
    try:
        after = datetime.fromisoformat(start), str(UUID(session_id))
    except ValueError:
        raise Malformed(**{field: "is not one of ours"}) from None
    if after[0].tzinfo is None:
        raise Malformed(**{field: "is not one of ours"})
    return after


def to_page_token(starts_at: datetime, session_id: str) -> str:
    """The token that `page_token` reads."""
    return f"{starts_at.isoformat()}|{session_id}"


def optional_uuid(request: Message, field: str) -> str | None:
    """None where it is left out."""
    return str(required_uuid(request, field)) if getattr(request, field) else None


def _template_session(item: pb.TemplateSession, at: str) -> TemplateSession:
    with reading(item, at=at) as read:
        return TemplateSession(
            weekday=item.weekday,
            starts_minute=item.starts_minute,
            minutes=item.minutes,
            service_kind=read.enum("service_kind"),
            modality=read.enum("modality"),
            capacity=read.value(capacity, "capacity", 0),
            breaks=tuple(
                TemplateBreak(after_minutes=each.after_minutes, minutes=each.minutes)
                for each in item.breaks
            ),
        )


def _pairs(items: Iterable[pb.Interval], field: str) -> Iterable[tuple[datetime, datetime]]:
    def pair(item: pb.Interval, at: str) -> tuple[datetime, datetime]:
        with reading(item, at=at) as read:
            # `from` is a keyword of Python's: the field is read by its name.
            begin, end = read.timestamp("from"), read.timestamp("to")
        if end <= begin:
            raise Malformed(**{f"{at}to": "must follow from"})
        return begin, end

    return _each(items, field, pair)


def _by_client(
    items: Iterable[Item], field: str, read: Callable[[Item, str], tuple[str, T]]
) -> dict[str, T]:
    found = list(_each(items, field, read, LARGEST_ROSTER))
    by_client = dict(found)
    if not found or len(by_client) < len(found):
        raise Malformed(**{field: "must name at least one client, and each once"})
    return by_client


def _each(
    items: Iterable[Item], field: str, read: Callable[[Item, str], T], most: int = MOST_ITEMS
) -> Iterable[T]:
    given = list(items)
    if len(given) > most:
        raise Malformed(**{field: f"holds more than {most}"})
    return [read(item, f"{field}.{number}.") for number, item in enumerate(given)]

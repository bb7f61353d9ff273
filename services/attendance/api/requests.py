"""Attendance's requests, judged by their shape, as the commands and queries that they ask for."""

import string
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.mapping.fields import Read, bounded, digits, inside, left_out, text, uuid_text
from kernel.mapping.reading import each_of, named, request_reader
from kernel.refusal import Malformed
from kernel.rpc.statements import LONGEST_REMARK
from kernel.rpc.translate import (
    reading,
    required_enum,
    required_int,
    required_state,
    required_text,
    timestamp_of,
)
from services.attendance.adapters.schedule import SessionsQuery
from services.attendance.app.correcting import SessionAnew
from services.attendance.app.rosters import Addendum, GroupNote, RosterMoments
from services.attendance.app.scheduling import SessionRequest
from services.attendance.app.seats import RosterPlaces
from services.attendance.app.templates import ExpansionRequest
from services.attendance.app.use_cases import Arrival, Correction, Departure, Missing, WrittenNote
from services.attendance.domain.minutes import Interval, Span
from services.attendance.domain.session import CancelSession, CloseSession
from services.attendance.domain.site import (
    Address,
    DeclareHoliday,
    OpenProgram,
    OpenSite,
    SetGrace,
)
from services.attendance.domain.staff import CredentialStaff, EndCredential
from services.attendance.domain.template import DefineTemplate, TemplateBreak, TemplateSession

CLAIM_CHARACTERS = frozenset(string.ascii_letters + string.digits + " !\"#&'()*+,-./:;?=_‘’–—")
LARGEST_ROSTER = 200
LARGEST_CAPACITY = 1000
LONGEST_GRACE = 3600  # seconds
LONGEST_NOTE = 100_000  # characters
MOST_ITEMS = 100  # breaks, intervals, sessions of a template
PAGE, LARGEST_PAGE = 100, 500
T = TypeVar("T")


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
    name = required_text(request, field, max_length=longest)
    letters = (c for c in unicodedata.normalize("NFKD", name) if unicodedata.category(c) != "Mn")
    if not CLAIM_CHARACTERS.issuperset(letters):
        raise Malformed(**{field: "holds a character that no claim can carry"})
    if len(name) < shortest:
        raise Malformed(**{field: f"is shorter than {shortest} characters"})
    return name


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
    client_ids = getattr(request, field)
    if len(client_ids) > LARGEST_ROSTER:
        raise Malformed(**{field: f"names more than {LARGEST_ROSTER} clients"})
    try:
        return tuple(str(UUID(client_id)) for client_id in client_ids)
    except ValueError:
        raise Malformed(**{field: "holds something that is not a UUID"}) from None


def capacity(
    request: pb.ScheduleSessionRequest | pb.CorrectSessionRequest | pb.TemplateSession, field: str
) -> int:
    """How many clients it holds, 0: no limit, which of a group is said."""
    unlimited = request.no_limit or request.service_kind != pb.SERVICE_KIND_GROUP
    if request.no_limit and getattr(request, field):
        raise Malformed(no_limit=f"is said beside {field}")
    return required_int(request, field, low=0 if unlimited else 1, high=LARGEST_CAPACITY)


def after_from(interval: pb.Interval, field: str) -> datetime:
    """An end, which is after the beginning."""
    end = timestamp_of(interval, field)
    if end <= timestamp_of(interval, "from"):
        raise Malformed(**{field: "must follow from"})
    return end


def at_most(most: int, read: Read) -> Read:
    """A reader of a repeated field with no more elements than that."""

    def read_some(message: Any, field: str) -> Any:
        _refuse_more(most, message, field)
        return read(message, field)

    return read_some


def moments(
    request: pb.CheckInRosterRequest | pb.CheckOutRosterRequest, field: str
) -> dict[str, datetime]:
    """Client → when; at least one, at most 200, each client once."""
    return _by_client(request, field, lambda read: read.timestamp("at"))


def individual_parts(request: pb.SignGroupNoteRequest, field: str) -> dict[str, str]:
    """Client → their own part of a group's note; none is empty, each client has one."""
    return _by_client(request, field, lambda read: read.text("text", max_length=LONGEST_NOTE))


def clients(request: pb.AddAddendumRequest, field: str) -> tuple[str, ...]:
    """At least one UUID, at most 200, each once."""
    _refuse_more(LARGEST_ROSTER, request, field)
    try:
        client_ids = {str(UUID(client_id)) for client_id in getattr(request, field)}
    except ValueError:
        raise Malformed(**{field: "holds something that is not a UUID"}) from None
    if not client_ids or len(client_ids) < len(getattr(request, field)):
        raise Malformed(**{field: "must name at least one client, and each once"})
    return tuple(sorted(client_ids))


def to_places(request: pb.AddToRosterRequest | pb.TakeFromRosterRequest) -> RosterPlaces:
    """At one session, or at a template's from a date on."""
    with reading(request) as read:
        client_id = str(read.uuid("client_id"))
        if request.session_id:
            session_id = str(read.uuid("session_id"))
            for beside in ("template_id", "from"):
                if request.HasField(beside) if beside == "from" else request.template_id:
                    raise Malformed(**{beside: "is said beside session_id"})
            return RosterPlaces(client_id=client_id, session_id=session_id)
        if not request.template_id:
            raise Malformed(session_id="is required, or template_id and from")
        template_id = str(read.uuid("template_id"))
        return RosterPlaces(client_id=client_id, template_id=template_id, first=read.date("from"))


def page_size(request: pb.ListSessionsRequest, field: str) -> int:
    """At most 500; 0: 100."""
    return required_int(request, field, low=0, high=LARGEST_PAGE) or PAGE


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


def _by_client(request: Any, field: str, read_one: Callable[[reading], T]) -> dict[str, T]:
    _refuse_more(LARGEST_ROSTER, request, field)
    found: dict[str, T] = {}
    items = getattr(request, field)
    for number, item in enumerate(items):
        with reading(item, at=f"{field}.{number}.") as read:
            found[str(read.uuid("client_id"))] = read_one(read)
    if not items or len(found) < len(items):
        raise Malformed(**{field: "must name at least one client, and each once"})
    return found


def _refuse_more(most: int, message: Any, field: str) -> None:
    if len(getattr(message, field)) > most:
        raise Malformed(**{field: f"holds more than {most}"})


to_open_site = request_reader(
    pb.OpenSiteRequest,
    OpenSite,
    given=("site_id",),
    name=partial(claim_text, longest=60),
    time_zone=time_zone,
    address=request_reader(
        common.PostalAddress,
        Address,
        line=partial(claim_text, longest=55),
        city=partial(claim_text, shortest=2, longest=30),
        state=required_state,
        zip=digits(9),
    ),
    npi=digits(10),
)
to_open_program = request_reader(
    pb.OpenProgramRequest,
    OpenProgram,
    given=("program_id",),
    under_part2=named("governed_by", under_part2, "under_part2"),
)
to_declare_holiday = request_reader(pb.DeclareHolidayRequest, DeclareHoliday, on=named("date"))
to_set_grace = request_reader(pb.SetGraceRequest, SetGrace, seconds=bounded(0, LONGEST_GRACE))
_to_credential_staff = request_reader(
    pb.CredentialStaffRequest,
    CredentialStaff,
    staff_id=left_out(uuid_text),
    credential=left_out(text(20)),
    npi=digits(10),
    state=required_state,
    again=False,
)


def to_credential_staff(
    request: pb.CredentialStaffRequest, *, new_staff_id: str
) -> CredentialStaff:
    """Of somebody who has a staff id, or of somebody new."""
    command = _to_credential_staff(request)
    staff_id = command.staff_id or new_staff_id
    return replace(command, staff_id=staff_id, again=bool(command.staff_id))


to_end_credential = request_reader(
    pb.EndCredentialRequest,
    EndCredential,
    type=left_out(required_enum),
    credential=left_out(text(20)),
    state=left_out(required_state),
)
to_breaks = at_most(
    MOST_ITEMS,
    each_of(
        request_reader(pb.Interval, Span, starts_at=named("from"), ends_at=named("to", after_from))
    ),
)
to_session_request = request_reader(
    pb.ScheduleSessionRequest,
    SessionRequest,
    given=("session_id",),
    roster=roster,
    capacity=named("capacity", capacity, "no_limit"),
    breaks=to_breaks,
)
to_session_anew = request_reader(
    pb.CorrectSessionRequest,
    SessionAnew,
    capacity=named("capacity", capacity, "no_limit"),
    breaks=to_breaks,
    reason=named("correction.reason"),
    remark=named("correction.remark", inside(text(LONGEST_REMARK))),
)
# What else cancelling and closing rest on is filled in under the session's lock.
to_cancel_session = request_reader(
    pb.CancelSessionRequest,
    CancelSession,
    given=("now",),
    not_held=getattr,
    presences={},
    elsewhere=frozenset(),
    not_admitted=frozenset(),
    grace=timedelta(),
)
to_close_session = request_reader(
    pb.CloseSessionRequest,
    CloseSession,
    given=("now",),
    presences={},
    elsewhere=frozenset(),
    not_admitted=frozenset(),
    grace=timedelta(),
)
to_define_template = request_reader(
    pb.DefineTemplateRequest,
    DefineTemplate,
    given=("template_id",),
    sessions=at_most(
        MOST_ITEMS,
        each_of(
            # That such a week can take place is for the decision to see.
            request_reader(
                pb.TemplateSession,
                TemplateSession,
                weekday=getattr,
                starts_minute=getattr,
                minutes=getattr,
                capacity=named("capacity", capacity, "no_limit"),
                breaks=request_reader(
                    pb.TemplateBreak, TemplateBreak, after_minutes=getattr, minutes=getattr
                ),
            )
        ),
    ),
)
to_expansion_request = request_reader(
    pb.ExpandTemplateRequest,
    ExpansionRequest,
    first=named("from"),
    last=named("to"),
    roster=roster,
)
to_sessions_query = request_reader(
    pb.ListSessionsRequest,
    SessionsQuery,
    given=("now",),
    first=named("from"),
    last=named("to"),
    after=named("page_token", page_token),
    limit=named("page_size", page_size),
)
to_arrival = request_reader(pb.CheckInRequest, Arrival, came=named("at"))
to_departure = request_reader(pb.CheckOutRequest, Departure, left=named("at"))
to_arrivals = request_reader(
    pb.CheckInRosterRequest, RosterMoments, moments=named("arrivals", moments)
)
to_departures = request_reader(
    pb.CheckOutRosterRequest, RosterMoments, moments=named("departures", moments)
)
to_note = request_reader(pb.SignNoteRequest, WrittenNote, text=text(LONGEST_NOTE))
to_group_note = request_reader(
    pb.SignGroupNoteRequest, GroupNote, group_text=text(LONGEST_NOTE), parts=individual_parts
)
to_missing = request_reader(pb.RecordAbsenceRequest, Missing)
to_addendum = request_reader(
    pb.AddAddendumRequest, Addendum, client_ids=clients, text=text(LONGEST_NOTE)
)
to_attestation = request_reader(
    pb.AttestNoteRequest, WrittenNote, text=named("statement", text(LONGEST_NOTE))
)
to_correction = request_reader(
    pb.CorrectAttendanceRequest,
    Correction,
    intervals=at_most(
        MOST_ITEMS,
        each_of(
            request_reader(pb.Interval, Interval, came=named("from"), left=named("to", after_from))
        ),
    ),
)

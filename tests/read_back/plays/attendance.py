"""Everything that attendance can be told, and then all that it is asked."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.common.v1 import common_pb2 as common

from kernel.process import Service
from kernel.rpc.call import Call
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import MONDAY, FrontDesk, at, clients, interval, minute
from tests.read_back.canaries import Canaries, Played

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST = MONDAY.date()


def play(new_store: Callable[[Service], Store]) -> Played:
    desk = FrontDesk(new_store(SERVICE)).open()
    played, fill = Played(), Canaries(FIRST + timedelta(days=60))

    def command(kind: type[Message], **given: Any) -> Any:
        request = fill.filled(kind, **given)
        desk.introduce(request)
        return played.give(desk.store, request, lambda command_id: desk.ask(request, command_id))

    def question(request: Message) -> None:
        actor = Actor(desk.actor, frozenset({"clinician"}), frozenset({"*"}), "TREATMENT")
        call = Call(
            actor=actor, now=desk.now, deadline=lambda: None, correlation_id="c", traceparent=""
        )
        rpc = rpc_of(request)
        servicer = desk.servicers[rpc.containing_service]
        played.answers.append(getattr(servicer, rpc.name)(request, call))

    address = fill.filled(common.PostalAddress, state="WI", zip="537031234")
    site_id = command(
        pb.OpenSiteRequest, time_zone="America/Menominee", address=address, npi="1234567893"
    ).site_id
    here = {"site_id": site_id}
    program_id = command(pb.OpenProgramRequest, **here, governed_by=pb.GOVERNED_BY_PART2).program_id
    command(pb.DeclareHolidayRequest, **here)
    command(pb.SetGraceRequest, **here)
    staff_id = command(
        pb.CredentialStaffRequest,
        credential="LCADC",
        type=pb.CREDENTIAL_TYPE_LCADC,
        state="WI",
        npi="1992799999",
        staff_id=None,
        token_subject="person/rosa",
        effective_from=to_date(FIRST - 31 * DAY),
        effective_to=to_date(FIRST + 900 * DAY),
    ).staff_id
    command(
        pb.CredentialStaffRequest,
        credential="RN",
        type=pb.CREDENTIAL_TYPE_RN,
        state="MI",
        npi="1992799999",
        staff_id=staff_id,
        token_subject="person/rosa.rn",
        effective_to=to_date(FIRST + 901 * DAY),
    )
    command(
        pb.EndCredentialRequest,
        staff_id=staff_id,
        credential="RN",
        type=pb.CREDENTIAL_TYPE_RN,
        state="MI",
    )
    ada, ben, cam = clients(3)
    for who in (ada, ben, cam):
        desk.register(who)
        desk.admit(who, site_id=site_id)
    where = {**here, "program_id": program_id, "facilitator_id": staff_id}
    missed = command(
        pb.ScheduleSessionRequest,
        **where,
        starts_at=at(MONDAY),
        ends_at=at(MONDAY + HOUR),
        roster=[ben],
        makes_up_session_id=None,
        capacity=0,
        breaks=[interval(minute(7), minute(8))],
    ).session_id
    held = command(
        pb.ScheduleSessionRequest,
        **where,
        service_kind=pb.SERVICE_KIND_GROUP,
        starts_at=at(MONDAY + 2 * HOUR),
        ends_at=at(MONDAY + 5 * HOUR),
        roster=[ada, ben],
        makes_up_session_id=missed,
        capacity=9,
        no_limit=False,
        breaks=[interval(minute(130), minute(140))],
    ).session_id
    desk.now = MONDAY + 6 * HOUR
    command(pb.CancelSessionRequest, session_id=missed)
    there = {"session_id": held}

    def moment(client_id: str, number: int) -> pb.Moment:
        return pb.Moment(client_id=client_id, at=at(minute(number)))

    command(pb.CheckInRequest, **there, client_id=ada, at=at(minute(121)))
    command(pb.CheckOutRequest, **there, client_id=ada, at=at(minute(291)))
    command(pb.CheckInRosterRequest, **there, arrivals=[moment(ben, 122), moment(cam, 123)])
    command(pb.CheckOutRosterRequest, **there, departures=[moment(ben, 292), moment(cam, 293)])
    command(pb.CloseSessionRequest, **there)
    desk.actor = "person/rosa"
    command(pb.SignNoteRequest, **there, client_id=ada)
    parts = [pb.IndividualPart(client_id=ben, text=fill.text())]
    command(pb.SignGroupNoteRequest, **there, parts=parts)
    command(pb.AttestNoteRequest, **there, client_id=ada)
    command(
        pb.CorrectAttendanceRequest,
        **there,
        client_id=cam,
        intervals=[interval(minute(124), minute(294))],
    )
    sessions = [
        fill.filled(
            pb.TemplateSession,
            weekday=6,
            starts_minute=611,
            minutes=61,
            capacity=capacity,
            no_limit=not capacity,
            service_kind=pb.SERVICE_KIND_GROUP,
            breaks=[pb.TemplateBreak(after_minutes=23, minutes=3)],
        )
        for capacity in (17, 0)
    ]
    template_id = command(
        pb.DefineTemplateRequest, **here, program_id=program_id, sessions=sessions[:1]
    ).template_id
    command(pb.DefineTemplateRequest, **here, program_id=program_id, sessions=sessions[1:])
    saturday = FIRST + 5 * DAY
    expansion: dict[str, Any] = {"from": to_date(saturday), "to": to_date(saturday + DAY)}
    command(
        pb.ExpandTemplateRequest,
        template_id=template_id,
        facilitator_id=staff_id,
        roster=[cam],
        **expansion,
    )

    for on in (FIRST, saturday):
        question(roster.ReadRosterRequest(**here, on=to_date(on)))
    question(roster.ReadSiteRequest(**here))
    question(roster.ListStaffRequest(**here))
    return played

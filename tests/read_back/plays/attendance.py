"""Everything that attendance can be told, and then all that it is asked."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.attendance.v1 import statements_service_pb2 as statements
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2 as revisions

from kernel.process import Service
from kernel.rpc.call import Call
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import MONDAY, FrontDesk, at, clients, interval, minute
from tests.harness.attendance.statements import OF_THE_HOUSE, ROLES, kind_of, listed
from tests.read_back.canaries import Canaries, Played

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST = MONDAY.date()


def play(new_store: Callable[[Service], Store]) -> Played:
    desk = FrontDesk(new_store(SERVICE)).open()
    played, fill = Played(), Canaries(FIRST + timedelta(days=60))

    def command(kind: type[Message], /, **given: Any) -> Any:
        request = fill.filled(kind, **given)
        desk.introduce(request)
        return played.give(desk.store, request, lambda command_id: desk.ask(request, command_id))

    def put_right(name: str, kind: type[Message] | None, where: Any, /, **given: Any) -> None:
        """What was said last of the kind there is said otherwise, or (None) taken back."""
        read = [each for each in listed(desk, **where) if kind_of(each) == name][-1]
        revision = revisions.StatementRevision(
            statement_id=read.statement_id, revision=read.revisions[-1].revision
        )
        if kind is None:
            request = fill.filled(statements.VoidStatementRequest, statement=revision)
        else:
            said = statements.Recording(**{name: fill.filled(kind, **given)})
            request = fill.filled(
                statements.CorrectStatementRequest, statement=revision, recording=said
            )
        house = name.removeprefix("end_of_") in OF_THE_HOUSE
        desk.ask(request, roles=ROLES, purpose="OPERATIONS" if house else "TREATMENT")
        played.commands.append(request)

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
    of_site = {"about": site_id}
    put_right(
        "site",
        pb.OpenSiteRequest,
        of_site,
        time_zone="America/Menominee",
        address=fill.filled(common.PostalAddress, state="WI", zip="537031234"),
        npi="1992799999",
    )
    program_id = command(pb.OpenProgramRequest, **here, governed_by=pb.GOVERNED_BY_PART2).program_id
    put_right(
        "program",
        pb.OpenProgramRequest,
        of_site,
        **here,
        kind=common.PROGRAM_KIND_MENTAL_HEALTH,
        governed_by=pb.GOVERNED_BY_PART2,
    )
    for name, kind in (("holiday", pb.DeclareHolidayRequest), ("grace", pb.SetGraceRequest)):
        command(kind, **here)
        put_right(name, kind, of_site, **here)
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
    of_staff: dict[str, Any] = {
        "staff_id": staff_id,
        "credential": "RN",
        "type": pb.CREDENTIAL_TYPE_RN,
        "state": "MI",
    }
    put_right(
        "credential",
        pb.CredentialStaffRequest,
        {"about": staff_id},
        **of_staff,
        npi="1992799999",
        token_subject="person/rosa.nurse",
        effective_to=to_date(FIRST + 902 * DAY),
    )
    command(pb.EndCredentialRequest, **of_staff)
    put_right("end_of_credential", pb.EndCredentialRequest, {"about": staff_id}, **of_staff)
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
    called_off = desk.session([cam], starts_at=MONDAY + 2 * DAY, **where)
    command(pb.CancelSessionRequest, session_id=called_off, not_held=None, given_until=None)
    put_right(
        "cancellation",
        pb.CancelSessionRequest,
        {"about": called_off},
        session_id=called_off,
        given_until=None,
    )
    desk.now = MONDAY + 6 * HOUR
    command(pb.CancelSessionRequest, session_id=missed, given_until=None)
    there = {"session_id": held}

    def moment(client_id: str, number: int) -> pb.Moment:
        return pb.Moment(client_id=client_id, at=at(minute(number)))

    command(pb.CheckInRequest, **there, client_id=ada, at=at(minute(121)))
    of_ada = {**there, "client_id": ada}
    put_right("arrival", pb.CheckInRequest, {"client_id": ada}, **of_ada, at=at(minute(119)))
    command(pb.CheckOutRequest, **of_ada, at=at(minute(291)))
    put_right("departure", pb.CheckOutRequest, {"client_id": ada}, **of_ada, at=at(minute(289)))
    command(pb.CheckInRosterRequest, **there, arrivals=[moment(ben, 122), moment(cam, 123)])
    command(pb.CheckOutRosterRequest, **there, departures=[moment(ben, 292), moment(cam, 293)])
    command(pb.CloseSessionRequest, **there)
    desk.call(pb.SetGraceRequest(site_id=site_id, seconds=3600))  # then nobody was late
    put_right("closing", pb.CloseSessionRequest, {"about": held}, **there)
    put_right("grace", None, of_site)
    for hours, capacity in ((11, 11), (13, 0)):
        begin = MONDAY + hours * HOUR
        command(
            pb.CorrectSessionRequest,
            session_id=desk.session([cam], starts_at=begin + 3 * DAY, **where),
            program_id=program_id,
            facilitator_id=staff_id,
            service_kind=pb.SERVICE_KIND_GROUP,
            starts_at=at(begin + timedelta(minutes=hours)),
            ends_at=at(begin + timedelta(minutes=99 + hours)),
            capacity=capacity,
            no_limit=not capacity,
            breaks=[interval(begin + timedelta(minutes=41), begin + timedelta(minutes=43 + hours))],
        )
    desk.actor = "person/rosa"
    command(pb.SignNoteRequest, **there, client_id=ada)
    parts = [pb.IndividualPart(client_id=ben, text=fill.text())]
    command(pb.SignGroupNoteRequest, **there, parts=parts)
    command(pb.AttestNoteRequest, **there, client_id=ada)
    command(pb.AddAddendumRequest, **there, client_ids=[ada])
    put_right("addendum", pb.AddAddendumRequest, {"client_id": ada}, **there, client_ids=[ada])
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
    of_program = {**here, "program_id": program_id}
    command(pb.DefineTemplateRequest, **of_program, sessions=sessions[1:])
    template_id = command(pb.DefineTemplateRequest, **of_program, sessions=sessions[:1]).template_id
    again = pb.DefineTemplateRequest(sessions=[sessions[0], sessions[1]])
    again.sessions[0].starts_minute = 617
    again.sessions[1].starts_minute = 833
    put_right("template", pb.DefineTemplateRequest, of_site, **of_program, sessions=again.sessions)
    saturday = FIRST + 5 * DAY
    expansion: dict[str, Any] = {"from": to_date(saturday), "to": to_date(saturday + DAY)}
    made = command(
        pb.ExpandTemplateRequest,
        template_id=template_id,
        facilitator_id=staff_id,
        roster=[cam],
        **expansion,
    ).sessions
    alone = {"session_id": made[0].session_id, "template_id": None, "from": None}
    series = {"session_id": None, "template_id": template_id, "from": to_date(saturday)}
    for kind in (pb.AddToRosterRequest, pb.TakeFromRosterRequest):
        command(kind, client_id=ada, **alone)
        command(kind, client_id=ben, **series)
    of_cam = {"session_id": made[0].session_id, "client_id": cam}
    command(pb.RecordAbsenceRequest, **of_cam, absence=pb.ABSENCE_EXCUSED)
    put_right(
        "absence",
        pb.RecordAbsenceRequest,
        {"client_id": cam},
        **of_cam,
        absence=pb.ABSENCE_BY_CLIENT,
    )
    cut = desk.session([ada], starts_at=MONDAY + 8 * HOUR, **where)
    desk.come(cut, {ada: MONDAY + 8 * HOUR})
    desk.now = MONDAY + 10 * HOUR
    given = {"session_id": cut, "not_held": None}
    command(pb.CancelSessionRequest, **given, given_until=at(MONDAY + 9 * HOUR))
    of_cut = {"about": cut}
    put_right(
        "cancellation",
        pb.CancelSessionRequest,
        of_cut,
        **given,
        given_until=at(minute(521)),
    )
    put_right("cancellation", None, of_cut)

    for asked in (
        *({"client_id": who} for who in (ada, ben, cam)),
        *({"about": thing} for thing in (called_off, cut, held, site_id, staff_id)),
    ):
        for purpose in ("TREATMENT", "OPERATIONS"):
            said = statements.ListStatementsRequest(**asked)
            played.answers.append(desk.ask(said, roles=ROLES, purpose=purpose))
    for on in (FIRST, saturday):
        question(roster.ReadRosterRequest(**here, on=to_date(on)))
    question(roster.ReadSiteRequest(**here))
    question(roster.ListStaffRequest(**here))
    return played

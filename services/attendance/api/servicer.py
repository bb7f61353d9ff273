"""AttendanceService: sites and staff, what is scheduled, and who was there.

Each command is a row; what is answered beside its receipt stands above. It decides nothing.
"""

from collections.abc import Mapping
from typing import Any

from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.execute import CommandExecutor
from kernel.mapping.reading import named
from kernel.mapping.writing import writer
from kernel.rpc.call import Call
from kernel.rpc.commands import NOW, Accepted, CommandRpcs, command_rpc, new_id
from kernel.rpc.translate import to_date
from services.attendance.adapters.schedule import ListedSession, sessions
from services.attendance.api import requests
from services.attendance.app import correcting, rosters, scheduling, seats, templates, use_cases
from services.attendance.app.correcting import SessionAnew
from services.attendance.app.ports import AttendanceWriteSide, FilledSlot, Schedule
from services.attendance.app.scheduling import SessionRequest
from services.attendance.app.seats import RosterPlaces
from services.attendance.app.templates import ExpansionRequest
from services.attendance.domain.session import CloseSession

SERVICE = pb.DESCRIPTOR.services_by_name["AttendanceService"]

to_scheduled_session = writer(
    pb.ScheduledSession,
    FilledSlot,
    starts_at=named("span.starts_at"),
    ends_at=named("span.ends_at"),
)
to_listed_session = writer(
    pb.ListedSession,
    ListedSession,
    starts_at=named("span.starts_at"),
    ends_at=named("span.ends_at"),
    unsigned_client_ids=named("unsigned"),
)


def _service_date(scheduled: Accepted[AttendanceWriteSide, SessionRequest]) -> Mapping[str, Any]:
    return {"service_date": to_date(scheduling.service_date_of(scheduled.outcome))}


def _service_date_now(corrected: Accepted[AttendanceWriteSide, SessionAnew]) -> Mapping[str, Any]:
    on = correcting.service_date_now(corrected.write_side, corrected.command)
    return {"service_date": to_date(on)}


def _expansion(expanded: Accepted[AttendanceWriteSide, ExpansionRequest]) -> Mapping[str, Any]:
    expansion = templates.expansion_of(expanded.write_side, expanded.command)
    return {
        "sessions": map(to_scheduled_session, expansion.sessions),
        "skipped": map(to_date, expansion.skipped),
    }


def _numbers(closing: Accepted[AttendanceWriteSide, CloseSession]) -> Mapping[str, int]:
    attended = [
        attendance.attended
        for recorded in closing.outcome.facts  # none, if it was closed
        for attendance in recorded.fact.attendances
    ]
    return {"attended": attended.count(True), "missed": attended.count(False)}


def _sessions(changed: Accepted[AttendanceWriteSide, RosterPlaces]) -> Mapping[str, Any]:
    return {"session_ids": [recorded.fact.session_id for recorded in changed.outcome.facts]}


class AttendanceServicer(CommandRpcs[AttendanceWriteSide]):
    """What is opened before anybody is treated, the schedule, and one client or a whole roster."""

    OpenSite = command_rpc(requests.to_open_site, use_cases.on_site, site_id=new_id("site"))
    OpenProgram = command_rpc(
        requests.to_open_program, use_cases.on_site, program_id=new_id("program")
    )
    DeclareHoliday = command_rpc(requests.to_declare_holiday, use_cases.on_site)
    SetGrace = command_rpc(requests.to_set_grace, use_cases.on_site)
    CredentialStaff = command_rpc(
        requests.to_credential_staff, use_cases.on_staff, new_staff_id=new_id("staff")
    )
    EndCredential = command_rpc(requests.to_end_credential, use_cases.on_staff)

    ScheduleSession = command_rpc(
        requests.to_session_request,
        scheduling.schedule_session,
        _service_date,
        session_id=new_id("session"),
    )
    CorrectSession = command_rpc(
        requests.to_session_anew, correcting.correct_session, _service_date_now
    )
    CancelSession = command_rpc(requests.to_cancel_session, scheduling.cancel_session, now=NOW)
    DefineTemplate = command_rpc(
        requests.to_define_template, templates.define_template, template_id=new_id("template")
    )
    ExpandTemplate = command_rpc(
        requests.to_expansion_request, templates.expand_template, _expansion
    )

    AddToRoster = command_rpc(requests.to_places, seats.add_to_roster, _sessions)
    TakeFromRoster = command_rpc(requests.to_places, seats.take_from_roster, _sessions)

    CheckIn = command_rpc(requests.to_arrival, use_cases.check_in)
    CheckOut = command_rpc(requests.to_departure, use_cases.check_out)
    CheckInRoster = command_rpc(requests.to_arrivals, rosters.check_in_roster)
    CheckOutRoster = command_rpc(requests.to_departures, rosters.check_out_roster)
    CloseSession = command_rpc(
        requests.to_close_session, use_cases.close_session, _numbers, now=NOW
    )
    RecordAbsence = command_rpc(requests.to_missing, use_cases.record_absence)
    SignNote = command_rpc(requests.to_note, use_cases.sign_note)
    SignGroupNote = command_rpc(requests.to_group_note, rosters.sign_group_note)
    AddAddendum = command_rpc(requests.to_addendum, rosters.add_addendum)
    AttestNote = command_rpc(requests.to_attestation, use_cases.attest_note)
    CorrectAttendance = command_rpc(requests.to_correction, use_cases.correct_attendance)

    def ListSessions(self, request: pb.ListSessionsRequest, call: Call) -> pb.ListSessionsResponse:
        query = requests.to_sessions_query(request, now=call.now)
        with self.write_side.executor.store.transaction() as tx:
            page, more = sessions(tx, query)
        last = page[-1] if more else None
        token = requests.to_page_token(last.span.starts_at, last.session_id) if last else ""
        return pb.ListSessionsResponse(sessions=map(to_listed_session, page), next_page_token=token)


def attendance_servicer(executor: CommandExecutor, schedule: Schedule) -> AttendanceServicer:
    """Answers AttendanceService over one write side."""
    return AttendanceServicer(AttendanceWriteSide(executor, schedule))

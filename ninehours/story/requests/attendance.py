"""What attendance is told: sites, staff, templates, rosters, notes, corrections."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.rpc.translate import to_date, to_timestamp
from ninehours.story import days
from ninehours.story.network import CAPACITY, Group, Program, Site


def open_site(site: Site, npi: str) -> pb.OpenSiteRequest:
    return pb.OpenSiteRequest(
        name=site.name, time_zone=site.time_zone, address=site.address, npi=npi
    )


def open_program(program: Program, site_id: str) -> pb.OpenProgramRequest:
    return pb.OpenProgramRequest(
        site_id=site_id,
        kind=f"PROGRAM_KIND_{program.kind}",
        governed_by=f"GOVERNED_BY_{'PART2' if program.under_part2 else 'HIPAA_ALONE'}",
    )


def credential(
    kind: str, state: str, npi: str, *, token_subject: str = "", staff_id: str = ""
) -> pb.CredentialStaffRequest:
    """Valid in the state, for the token of their own id or of this subject; of somebody new, or of
    whom this id is."""
    return pb.CredentialStaffRequest(
        type=f"CREDENTIAL_TYPE_{kind}",
        state=state,
        npi=npi,
        effective_from=to_date(days.LONG_BEFORE),
        token_subject=token_subject,
        staff_id=staff_id,
    )


def define_template(group: Group, site_id: str, program_id: str) -> pb.DefineTemplateRequest:
    pause = [
        pb.TemplateBreak(after_minutes=90, minutes=minutes)
        for minutes in (group.break_minutes,)
        if minutes
    ]
    return pb.DefineTemplateRequest(
        site_id=site_id,
        program_id=program_id,
        sessions=[
            pb.TemplateSession(
                weekday=weekday,
                starts_minute=starts_minute,
                minutes=group.minutes,
                service_kind="SERVICE_KIND_GROUP",
                modality=f"MODALITY_{group.modality}",
                capacity=CAPACITY,
                breaks=pause,
            )
            for weekday, starts_minute in group.meets
        ],
    )


def expand(
    template_id: str, block: int, staff_id: str, roster: Sequence[str]
) -> pb.ExpandTemplateRequest:
    return pb.ExpandTemplateRequest(
        template_id=template_id,
        to=to_date(days.last_day(block)),
        facilitator_id=staff_id,
        roster=roster,
        **_beginning(days.first_day(block)),
    )


def schedule_visit(
    site_id: str, program_id: str, staff_id: str, client_id: str, starts_at: datetime
) -> pb.ScheduleSessionRequest:
    """An hour with one client."""
    return pb.ScheduleSessionRequest(
        site_id=site_id,
        program_id=program_id,
        facilitator_id=staff_id,
        service_kind="SERVICE_KIND_INDIVIDUAL",
        modality="MODALITY_IN_PERSON",
        starts_at=to_timestamp(starts_at),
        ends_at=to_timestamp(starts_at + timedelta(hours=1)),
        roster=[client_id],
    )


def check_in(session_id: str, client_id: str, came: datetime) -> pb.CheckInRequest:
    return pb.CheckInRequest(session_id=session_id, client_id=client_id, at=to_timestamp(came))


def check_out(session_id: str, client_id: str, left: datetime) -> pb.CheckOutRequest:
    return pb.CheckOutRequest(session_id=session_id, client_id=client_id, at=to_timestamp(left))


def check_in_roster(session_id: str, came: Mapping[str, datetime]) -> pb.CheckInRosterRequest:
    return pb.CheckInRosterRequest(session_id=session_id, arrivals=_moments(came))


def check_out_roster(session_id: str, left: Mapping[str, datetime]) -> pb.CheckOutRosterRequest:
    return pb.CheckOutRosterRequest(session_id=session_id, departures=_moments(left))


def close(session_id: str) -> pb.CloseSessionRequest:
    return pb.CloseSessionRequest(session_id=session_id)


def sign_group_note(
    session_id: str, group_text: str, parts: Mapping[str, str]
) -> pb.SignGroupNoteRequest:
    return pb.SignGroupNoteRequest(
        session_id=session_id,
        group_text=group_text,
        parts=[pb.IndividualPart(client_id=who, text=text) for who, text in parts.items()],
    )


def sign_note(session_id: str, client_id: str, text: str) -> pb.SignNoteRequest:
    return pb.SignNoteRequest(session_id=session_id, client_id=client_id, text=text)


def correct(
    session_id: str, client_id: str, there: tuple[datetime, datetime] | None, reason: str
) -> pb.CorrectAttendanceRequest:
    """`there`: from when to when the client was there after all; None: not at all."""
    intervals = []
    if there is not None:
        came, left = map(to_timestamp, there)
        intervals.append(pb.Interval(**{"from": came, "to": left}))
    return pb.CorrectAttendanceRequest(
        session_id=session_id,
        client_id=client_id,
        intervals=intervals,
        reason=f"CORRECTION_REASON_{reason}",
    )


def list_sessions(site_id: str, first: date, last: date, size: int) -> pb.ListSessionsRequest:
    return pb.ListSessionsRequest(
        site_id=site_id, to=to_date(last), page_size=size, **_beginning(first)
    )


def _beginning(first: date) -> dict[str, Any]:
    """`from` is a keyword of Python's, so it is given by name."""
    return {"from": to_date(first)}


def _moments(of_clients: Mapping[str, datetime]) -> list[pb.Moment]:
    return [pb.Moment(client_id=who, at=to_timestamp(at)) for who, at in of_clients.items()]

"""What attendance is told at length: credentials, templates, who came and went, corrections."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.rpc.translate import to_date, to_timestamp
from ninehours.story import days
from ninehours.story.network import CAPACITY, DemoGroup


def since(first: date) -> dict[str, Any]:
    """The field `from`, which is a keyword of Python's and so can't be given by name."""
    return {"from": to_date(first)}


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


def define_template(group: DemoGroup, site_id: str, program_id: str) -> pb.DefineTemplateRequest:
    """A group's week."""
    breaks = (
        [pb.TemplateBreak(after_minutes=90, minutes=group.break_minutes)]
        if group.break_minutes
        else []
    )
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
                breaks=breaks,
            )
            for weekday, starts_minute in group.meets
        ],
    )


def moments(by_client: Mapping[str, datetime]) -> list[pb.Moment]:
    """When each client, by id, came or left."""
    return [
        pb.Moment(client_id=client_id, at=to_timestamp(at)) for client_id, at in by_client.items()
    ]


def correct(
    session_id: str, intervals: Sequence[tuple[datetime, datetime]], reason: str
) -> pb.CorrectAttendanceRequest:
    """`intervals`: from when to when the client was there after all; none: not at all."""
    return pb.CorrectAttendanceRequest(
        session_id=session_id,
        intervals=[
            pb.Interval(**{"from": to_timestamp(came), "to": to_timestamp(left)})
            for came, left in intervals
        ],
        reason=f"CORRECTION_REASON_{reason}",
    )

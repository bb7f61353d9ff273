"""Attendance over its servicer, on PostgreSQL: from a site opened to a corrected attendance."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common
from sqlalchemy import text

from kernel.execute import Book
from kernel.refusal import AgainstTheRules, Malformed
from kernel.rpc.call import Call
from kernel.rpc.tokens import Actor
from services.attendance.__main__ import SERVICE
from services.attendance.adapters import calendar
from services.attendance.adapters.publication import publish
from services.attendance.api.servicer import AttendanceServicer

MONDAY = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


class Desk:
    """The servicer, its store, and a front desk that calls it."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.servicer = AttendanceServicer(
            Book(store=store, publish=publish, view=calendar.keep), calendar.SqlCalendar()
        )
        self.now = MONDAY

    def call(self, rpc: str, request: Any, command_id: str | None = None) -> Any:
        request.meta.command_id = command_id or str(uuid4())
        actor = Actor(
            id="staff/1", roles=frozenset(), sites=frozenset({"*"}), purpose="TREATMENT"
        )
        call = Call(
            actor=actor, now=self.now, deadline=lambda: None, correlation_id="c", traceparent=""
        )
        return getattr(self.servicer, rpc)(request, call)

    def published(self) -> list[tuple[str, int]]:
        with self.store.transaction() as tx:
            rows = tx.connection.execute(text("SELECT type, sequence FROM published ORDER BY position"))
            return [(row.type.rpartition(".")[2], row.sequence) for row in rows]


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> Desk:
    return Desk(new_store(SERVICE))


def at(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def open_everything(desk: Desk) -> tuple[str, str, str]:
    site = desk.call(
        "OpenSite",
        pb.OpenSiteRequest(
            name="Lakeside",
            time_zone="America/Chicago",
            address=common.PostalAddress(line="1 Lake St", city="Chicago", state="IL", zip="606011234"),
            npi="1234567893",
        ),
    )
    program = desk.call(
        "OpenProgram",
        pb.OpenProgramRequest(
            site_id=site.site_id, kind=common.PROGRAM_KIND_SUBSTANCE_USE, under_part2=True
        ),
    )
    staff = desk.call(
        "CredentialStaff",
        pb.CredentialStaffRequest(
            credential="LCSW", npi="1234567893", effective_from=common.Date(year=2026, month=1, day=1)
        ),
    )
    return site.site_id, program.program_id, staff.staff_id


def session(desk: Desk, ids: tuple[str, str, str], clients: list[str], **changes: Any) -> Any:
    request = pb.ScheduleSessionRequest(
        site_id=ids[0],
        program_id=ids[1],
        facilitator_id=ids[2],
        service_kind=pb.SERVICE_KIND_GROUP,
        modality=pb.MODALITY_IN_PERSON,
        starts_at=at(MONDAY),
        ends_at=at(MONDAY + timedelta(hours=3)),
        roster=clients,
    )
    for name, value in changes.items():
        getattr(request, name).CopyFrom(value)
    return desk.call("ScheduleSession", request)


def test_from_scheduling_to_correction_everything_is_published_once_for_each_client(
    desk: Desk,
) -> None:
    ids = open_everything(desk)
    ada, bob = str(uuid4()), str(uuid4())
    scheduled = session(desk, ids, [ada, bob])
    assert (scheduled.service_date.year, scheduled.service_date.day) == (2026, 2)
    who = {"session_id": scheduled.session_id, "client_id": ada}
    desk.call("CheckIn", pb.CheckInRequest(**who, at=at(MONDAY)))
    desk.call("CheckOut", pb.CheckOutRequest(**who, at=at(MONDAY + timedelta(hours=3))))
    closing = pb.CloseSessionRequest(session_id=scheduled.session_id)
    command_id = str(uuid4())
    closed = desk.call("CloseSession", closing, command_id)
    assert (closed.attended, closed.missed) == (1, 1)
    assert desk.call("CloseSession", closing, command_id) == closed
    desk.call("SignNote", pb.SignNoteRequest(**who, text="Ada took part."))
    desk.call(
        "CorrectAttendance",
        pb.CorrectAttendanceRequest(**who, reason=pb.CORRECTION_REASON_NOT_THERE),
    )
    names = [name for name, _ in desk.published()]
    assert names == [
        "SiteOpened",
        "ProgramOpened",
        "StaffCredentialed",
        "SessionScheduled",
        "SessionScheduled",
        *sorted(["SessionAttended", "SessionMissed"], key=names.index),
        "SessionNoteSigned",
        "AttendanceCorrected",
    ]


def test_a_facilitator_is_not_scheduled_twice_at_a_time(desk: Desk) -> None:
    ids = open_everything(desk)
    session(desk, ids, [str(uuid4())])
    with pytest.raises(AgainstTheRules, match="facilitator has another session"):
        session(desk, ids, [str(uuid4())], starts_at=at(MONDAY + timedelta(hours=2)))


def test_a_repeated_command_with_other_content_is_refused(desk: Desk) -> None:
    ids = open_everything(desk)
    command_id = str(uuid4())
    request = pb.OpenProgramRequest(site_id=ids[0], kind=common.PROGRAM_KIND_DUAL)
    desk.call("OpenProgram", request, command_id)
    request.under_part2 = True
    with pytest.raises(AgainstTheRules) as refused:
        desk.call("OpenProgram", request, command_id)
    assert refused.value.reason == "COMMAND_ID_REUSED"


def test_every_wrong_field_is_named_at_once(desk: Desk) -> None:
    with pytest.raises(Malformed) as refused:
        desk.call("OpenSite", pb.OpenSiteRequest(name="x", time_zone="Mars/Olympus", npi="12"))
    assert {"time_zone", "npi", "address.line"} <= set(refused.value.details)

"""Attendance over its servicer, on PostgreSQL: from a site opened to a corrected attendance."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.refusal import AgainstTheRules, Malformed
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import MONDAY, FrontDesk, at


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    desk = FrontDesk(new_store(SERVICE))
    desk.now = MONDAY
    return desk


def test_from_scheduling_to_correction_everything_is_published_once_for_each_client(
    desk: FrontDesk,
) -> None:
    desk.open()
    ada, bob = str(uuid4()), str(uuid4())
    scheduled = desk.call(desk.scheduling([ada, bob]))
    assert (scheduled.service_date.year, scheduled.service_date.day) == (2026, 2)
    who = {"session_id": scheduled.session_id, "client_id": ada}
    desk.call(pb.CheckInRequest(**who, at=at(MONDAY)))
    desk.call(pb.CheckOutRequest(**who, at=at(MONDAY + timedelta(hours=3))))
    closing = pb.CloseSessionRequest(session_id=scheduled.session_id)
    command_id = str(uuid4())
    closed = desk.call(closing, command_id)
    assert (closed.attended, closed.missed) == (1, 1)
    assert desk.call(closing, command_id) == closed
    desk.call(pb.SignNoteRequest(**who, text="Ada took part."))
    desk.call(
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


def test_a_facilitator_is_not_scheduled_twice_at_a_time(desk: FrontDesk) -> None:
    desk.open()
    desk.session([str(uuid4())])
    with pytest.raises(AgainstTheRules, match="facilitator has another session"):
        desk.session([str(uuid4())], starts_at=MONDAY + timedelta(hours=2))


def test_a_repeated_command_with_other_content_is_refused(desk: FrontDesk) -> None:
    desk.open()
    command_id = str(uuid4())
    request = pb.OpenProgramRequest(
        site_id=desk.site_id, kind=common.PROGRAM_KIND_DUAL, governed_by=pb.GOVERNED_BY_PART2
    )
    desk.call(request, command_id)
    request.under_part2 = True
    with pytest.raises(AgainstTheRules) as refused:
        desk.call(request, command_id)
    assert refused.value.reason == "COMMAND_ID_REUSED"


def test_every_wrong_field_is_named_at_once(desk: FrontDesk) -> None:
    with pytest.raises(Malformed) as refused:
        desk.call(pb.OpenSiteRequest(name="x", time_zone="Mars/Olympus", npi="12"))
    assert {"time_zone", "npi", "address.line", "address.zip"} <= set(refused.value.details)


@pytest.mark.parametrize(
    ("field", "value"), [("name", "Hope @ Lake"), ("line", "Ulica Łódzka 1"), ("city", "X")]
)
def test_a_site_has_a_name_and_an_address_that_claims_can_carry(
    desk: FrontDesk, field: str, value: str
) -> None:
    address = {"line": "1 Lake St", "city": "Cañon City", "state": "CO", "zip": "812121234"}
    told: dict[str, Any] = {"name": "Ann’s Place", "time_zone": "America/Denver"}
    ok = pb.OpenSiteRequest(address=common.PostalAddress(**address), npi="1234567893", **told)
    desk.call(ok)
    holder = ok if field == "name" else ok.address
    setattr(holder, field, value)
    with pytest.raises(Malformed) as refused:
        desk.call(ok)
    assert set(refused.value.details) == {field if field == "name" else f"address.{field}"}


def test_a_session_on_the_night_clocks_change_is_of_the_sites_own_day(desk: FrontDesk) -> None:
    """In Chicago half past eleven is 4:30 UTC before the clocks go back, and 5:30 after."""
    desk.open()
    before, after = (
        datetime(2026, 11, 1, 4, 30, tzinfo=UTC),
        datetime(2026, 11, 2, 5, 30, tzinfo=UTC),
    )
    found = [
        desk.call(desk.scheduling([str(uuid4())], start, timedelta(hours=1)))
        for start in (before, after)
    ]
    assert [(listed.service_date.month, listed.service_date.day) for listed in found] == [
        (10, 31),
        (11, 1),
    ]

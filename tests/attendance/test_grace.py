"""Reality is recorded in whole seconds; the site's grace says what is called late, and no more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb

from services.attendance.__main__ import SERVICE
from services.attendance.domain.presence import PRESENCE, CorrectAttendance, Presence
from services.attendance.domain.session import attendance_of
from tests.harness.attendance.front_desk import MONDAY, THREE_HOURS, FrontDesk, clients, interval
from tests.harness.attendance.values import AFTER_CLOSING, SCHEDULED, there

SECONDS = timedelta(seconds=1)


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def test_closing_records_whole_seconds_beside_minutes() -> None:
    late = Presence(intervals=(there(1 / 3, 180),))
    said = attendance_of("ada", late, SCHEDULED)
    assert (said.minutes, said.seconds) == (179, 179 * 60 + 40)


def test_a_correction_records_whole_seconds_too() -> None:
    command = CorrectAttendance(
        encounter=AFTER_CLOSING, intervals=(there(1 / 3, 180),), reason="WRONG_TIME"
    )
    [corrected] = PRESENCE.decide(command, Presence())
    assert (corrected.minutes, corrected.seconds) == (179, 179 * 60 + 40)


def test_seconds_and_when_they_were_are_published(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    desk.come(session_id, {ada: MONDAY + 20 * SECONDS})
    desk.leave(session_id, {ada: MONDAY + THREE_HOURS})
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    told = desk.heard(ada)[-1]
    assert (told.minutes, told.seconds) == (179, 10_780)
    [span] = told.treatment
    assert (getattr(span, "from").ToSeconds(), span.to.ToSeconds()) == (
        int((MONDAY + 20 * SECONDS).timestamp()),
        int((MONDAY + THREE_HOURS).timestamp()),
    )
    desk.call(
        pb.CorrectAttendanceRequest(
            session_id=session_id,
            client_id=ada,
            intervals=[interval(MONDAY, MONDAY + 3590 * SECONDS)],
            reason=pb.CORRECTION_REASON_WRONG_TIME,
        )
    )
    told = desk.heard(ada)[-1]
    assert (told.minutes, told.seconds, len(told.treatment)) == (59, 3590, 1)


def test_the_grace_of_a_site_decides_what_is_late_and_nothing_else(desk: FrontDesk) -> None:
    [ada] = clients(1)
    desk.call(pb.SetGraceRequest(site_id=desk.site_id, seconds=300))
    session_id = desk.session([ada])
    desk.come(session_id, {ada: MONDAY + 300 * SECONDS})
    desk.leave(session_id, {ada: MONDAY + THREE_HOURS - 300 * SECONDS})
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    assert desk.flags(ada) == set()
    assert desk.heard(ada)[-1].seconds == 170 * 60


def test_beyond_the_grace_is_late(desk: FrontDesk) -> None:
    [ada] = clients(1)
    desk.call(pb.SetGraceRequest(site_id=desk.site_id, seconds=300))
    session_id = desk.session([ada])
    desk.come(session_id, {ada: MONDAY + 301 * SECONDS})
    desk.leave(session_id, {ada: MONDAY + THREE_HOURS - 301 * SECONDS})
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    assert desk.flags(ada) == {"LATE", "LEFT_EARLY"}

"""Nobody is expected, or comes, whom intake didn't register."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.refusal import Unknown
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import FrontDesk, at, clients, interval, minute, weekly


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def test_whom_nobody_registered_is_not_rostered_nor_checked_in(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    template_id = desk.template(weekly(1, 18))
    nobody = str(uuid4())
    who = {"session_id": session_id, "client_id": nobody}
    for request in (
        desk.scheduling([ada, nobody], minute(600)),
        desk.expansion(template_id, date(2026, 4, 6), date(2026, 4, 12), [nobody]),
        pb.CheckInRequest(**who, at=at(minute(0))),
        pb.CheckInRosterRequest(
            session_id=session_id,
            arrivals=[
                pb.Moment(client_id=ada, at=at(minute(0))),
                pb.Moment(client_id=nobody, at=at(minute(0))),
            ],
        ),
    ):
        with pytest.raises(Unknown) as refused:
            desk.ask(request)
        assert refused.value.details["id"] == nobody
    desk.come(session_id, {ada: minute(0)})
    desk.now = minute(200)
    desk.close(session_id)
    correction = pb.CorrectAttendanceRequest(
        **who,
        intervals=[interval(minute(0), minute(60))],
        reason=pb.CORRECTION_REASON_WAS_THERE,
    )
    with pytest.raises(Unknown):
        desk.ask(correction)
    assert not desk.heard(nobody)

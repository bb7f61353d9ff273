"""A token speaks for its own sites: a session of another is nobody's of theirs to touch."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.refusal import NotAllowed
from services.attendance.__main__ import SERVICE
from tests.attendance.frontdesk import FrontDesk, at, clients, minute, weekly


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def test_every_command_on_a_session_is_bound_to_its_site(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    template_id = desk.template(weekly(1, 18))
    who = {"session_id": session_id, "client_id": ada}
    there = pb.Moment(client_id=ada, at=at(minute(0)))
    commands = [
        pb.CheckInRequest(**who, at=at(minute(0))),
        pb.CheckOutRequest(**who, at=at(minute(9))),
        pb.SignNoteRequest(**who, text="Took part."),
        pb.AttestNoteRequest(**who, statement="So it was."),
        pb.CorrectAttendanceRequest(**who, reason=pb.CORRECTION_REASON_NOT_THERE),
        pb.CloseSessionRequest(session_id=session_id),
        pb.CancelSessionRequest(session_id=session_id),
        pb.CheckInRosterRequest(session_id=session_id, arrivals=[there]),
        pb.CheckOutRosterRequest(session_id=session_id, departures=[there]),
        pb.SignGroupNoteRequest(
            session_id=session_id,
            group_text="All spoke.",
            parts=[pb.IndividualPart(client_id=ada, text="Spoke.")],
        ),
        desk.expansion(template_id, date(2026, 4, 6), date(2026, 4, 12), [ada]),
    ]
    desk.sites = frozenset({str(uuid4())})
    for command in commands:
        with pytest.raises(NotAllowed) as refused:
            desk.call(command)
        assert refused.value.reason == "SITE_NOT_ALLOWED", type(command).__name__
    desk.sites = frozenset({desk.site_id})
    desk.call(commands[0])

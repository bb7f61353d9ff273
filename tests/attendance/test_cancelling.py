"""A cancelled session: told to each client, never attended, and out of everybody's way."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Refusal, Unknown
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import MONDAY, FrontDesk, at, clients, interval, minute


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def cancel(desk: FrontDesk, session_id: str) -> Any:
    return desk.call(pb.CancelSessionRequest(session_id=session_id))


def reason_of(desk: FrontDesk, request: Any) -> str:
    with pytest.raises(Refusal) as refused:
        desk.call(request)
    return refused.value.reason


def test_cancelling_is_told_once_to_each_client(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    session_id = desk.session([ada, bob])
    assert len(cancel(desk, session_id).receipt.published) == 2
    assert not cancel(desk, session_id).receipt.published
    for client_id in (ada, bob):
        assert desk.nouns(client_id) == ["SessionScheduled", "SessionCancelled"]
        assert desk.heard(client_id)[-1].session_id == session_id


def test_cancelling_tells_which_treatment_there_would_have_been_without_its_breaks(
    desk: FrontDesk,
) -> None:
    [ada] = clients(1)
    cancel(desk, desk.session([ada], breaks=[interval(minute(90), minute(105))]))
    told = desk.heard(ada)[-1].treatment
    spans = [(getattr(span, "from"), span.to) for span in told]
    assert spans == [(at(MONDAY), at(minute(90))), (at(minute(105)), at(minute(180)))]


def test_a_cancelled_session_frees_its_facilitator_and_clients(desk: FrontDesk) -> None:
    roster = clients(2)
    cancel(desk, desk.session(roster))
    assert desk.session(roster)


def test_what_has_begun_is_closed_not_cancelled(desk: FrontDesk) -> None:
    session_id = desk.session(clients(1))
    desk.now = MONDAY
    assert reason_of(desk, pb.CancelSessionRequest(session_id=session_id)) == "SESSION_BEGUN"
    desk.close(session_id)
    assert reason_of(desk, pb.CancelSessionRequest(session_id=session_id)) == "SESSION_CLOSED"
    with pytest.raises(Unknown):
        cancel(desk, str(uuid4()))


def test_what_the_program_did_not_hold_is_cancelled_and_missed_by_nobody(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    session_id = desk.session([ada, bob])
    desk.now = minute(30)
    desk.call(pb.CancelSessionRequest(session_id=session_id, not_held=True))
    assert desk.nouns(ada) == desk.nouns(bob) == ["SessionScheduled", "SessionCancelled"]


def test_where_somebody_checked_in_it_was_held(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    desk.come(session_id, {ada: minute(0)})
    desk.now = minute(30)
    request = pb.CancelSessionRequest(session_id=session_id, not_held=True)
    assert reason_of(desk, request) == "SESSION_BEGUN"


def not_held(session_id: str) -> pb.CancelSessionRequest:
    return pb.CancelSessionRequest(session_id=session_id, not_held=True)


def corrected(session_id: str, client_id: str, reason: int, *spans: pb.Interval) -> Any:
    return pb.CorrectAttendanceRequest(
        session_id=session_id, client_id=client_id, reason=reason, intervals=spans
    )


def test_told_late_that_the_program_did_not_hold_it_nobody_missed_it(desk: FrontDesk) -> None:
    """Closed in the evening, when nobody had come; the next day it turns out why."""
    ada, bob = clients(2)
    session_id = desk.session([ada, bob])
    desk.now = minute(200)
    desk.close(session_id)
    desk.now = minute(2000)
    desk.call(not_held(session_id))
    assert not desk.call(not_held(session_id)).receipt.published
    told = ["SessionScheduled", "SessionMissed", "SessionCancelled"]
    assert desk.nouns(ada) == desk.nouns(bob) == told
    assert reason_of(desk, pb.CloseSessionRequest(session_id=session_id)) == "SESSION_CANCELLED"
    there = interval(MONDAY, minute(90))
    wrong = corrected(session_id, ada, pb.CORRECTION_REASON_WAS_THERE, there)
    assert reason_of(desk, wrong) == "SESSION_CANCELLED"


def test_all_who_were_told_of_its_closing_are_told_that_it_was_not_held(desk: FrontDesk) -> None:
    """Who came without being on the roster, it was said, and had not come at all."""
    ada, walked_in = clients(2)
    session_id = desk.session([ada])
    desk.come(session_id, {walked_in: minute(0)})
    desk.now = minute(200)
    desk.close(session_id)
    assert reason_of(desk, not_held(session_id)) == "SESSION_CLOSED"
    desk.call(corrected(session_id, walked_in, pb.CORRECTION_REASON_NOT_THERE))
    desk.call(not_held(session_id))
    assert desk.nouns(walked_in) == ["SessionAttended", "AttendanceCorrected", "SessionCancelled"]
    assert desk.nouns(ada)[-1] == "SessionCancelled"


def test_where_a_correction_says_that_somebody_was_there_it_was_held(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    desk.now = minute(200)
    desk.close(session_id)
    assert reason_of(desk, pb.CancelSessionRequest(session_id=session_id)) == "SESSION_CLOSED"
    there = interval(MONDAY, minute(90))
    desk.call(corrected(session_id, ada, pb.CORRECTION_REASON_WAS_THERE, there))
    assert reason_of(desk, not_held(session_id)) == "SESSION_CLOSED"


def test_a_cancelled_session_has_no_attendance_and_no_notes(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    cancel(desk, session_id)
    desk.now = minute(180)
    who = {"session_id": session_id, "client_id": ada}
    wrong = pb.CORRECTION_REASON_WAS_THERE
    for request in [
        pb.CheckInRequest(**who, at=at(MONDAY)),
        pb.CheckInRosterRequest(
            session_id=session_id, arrivals=[pb.Moment(client_id=ada, at=at(MONDAY))]
        ),
        pb.CloseSessionRequest(session_id=session_id),
        pb.SignNoteRequest(**who, text="Took part."),
        pb.AttestNoteRequest(**who, statement="I was there."),
        pb.CorrectAttendanceRequest(**who, reason=wrong),
    ]:
        assert reason_of(desk, request) == "SESSION_CANCELLED"


def test_who_came_before_it_was_cancelled_can_leave(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    desk.come(session_id, {ada: minute(-10)})
    cancel(desk, session_id)
    desk.leave(session_id, {ada: minute(-5)})
    with pytest.raises(AgainstTheRules) as refused:
        desk.come(session_id, {ada: minute(0)})
    assert refused.value.details["client_ids"] == ada

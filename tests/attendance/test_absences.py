"""Why somebody wasn't there: recorded before the session or after, and put right."""

from collections.abc import Callable
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import roster_service_pb2 as roster

from kernel.process import Service
from kernel.refusal import Refusal
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import (
    MONDAY,
    THREE_HOURS,
    FrontDesk,
    at,
    clients,
    minute,
)
from tests.harness.attendance.statements import ROLES, last_said, of_kind, put_right

EXCUSED, BY_CLIENT = pb.ABSENCE_EXCUSED, pb.ABSENCE_BY_CLIENT
BY_PROGRAM, NO_SHOW = pb.ABSENCE_BY_PROGRAM, pb.ABSENCE_NO_SHOW


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def absence(session_id: str, client_id: str, why: Any = EXCUSED) -> pb.RecordAbsenceRequest:
    return pb.RecordAbsenceRequest(session_id=session_id, client_id=client_id, absence=why)


def told(desk: FrontDesk) -> list[Any]:
    request = roster.ReadRosterRequest(site_id=desk.site_id, on=to_date(MONDAY.date()))
    [session] = desk.ask(request, roles=ROLES).sessions
    return [each.absence for each in session.presences if each.HasField("absence")]


def reason_of(desk: FrontDesk, request: Any) -> str:
    with pytest.raises(Refusal) as refused:
        desk.call(request)
    return refused.value.reason


@pytest.mark.parametrize("why", [EXCUSED, BY_CLIENT, BY_PROGRAM])
def test_who_calls_ahead_is_told_to_be_absent_and_by_whom(desk: FrontDesk, why: Any) -> None:
    [ada] = clients(1)
    desk.call(absence(desk.session([ada]), ada, why))
    [recorded] = told(desk)
    assert (recorded.absence, recorded.recorded_by, recorded.revision) == (why, desk.actor, 1)
    assert not desk.call(absence(desk.heard(ada)[0].session_id, ada, why)).receipt.published


@pytest.mark.parametrize("why", [EXCUSED, BY_CLIENT, NO_SHOW])
def test_who_did_not_come_missed_it_whyever(desk: FrontDesk, why: Any) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    desk.call(absence(session_id, ada, why))
    assert [recorded.absence for recorded in told(desk)] == [why]
    assert desk.nouns(ada) == ["SessionScheduled", "SessionMissed"]


def test_what_the_program_called_off_for_one_client_that_client_did_not_miss(
    desk: FrontDesk,
) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    desk.call(absence(session_id, ada, BY_PROGRAM))
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    assert desk.nouns(ada) == ["SessionScheduled", "SessionCancelled", "SessionMissed"]
    assert desk.nouns(ben) == ["SessionScheduled", "SessionMissed"]
    [span] = desk.heard(ada)[1].treatment
    assert (getattr(span, "from"), span.to) == (at(MONDAY), at(minute(180)))


def test_a_no_show_turns_out_to_have_been_excused(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    desk.call(absence(session_id, ada, NO_SHOW))
    assert reason_of(desk, absence(session_id, ada, EXCUSED)) == "ABSENCE_RECORDED"
    read = of_kind(desk, "absence", ada)
    right = last_said(read)
    right.absence = EXCUSED
    put_right(desk, read, right)
    [recorded] = told(desk)
    assert (recorded.absence, recorded.revision) == (EXCUSED, 2)


def test_whether_the_program_called_it_off_is_another_statement(desk: FrontDesk) -> None:
    """Others were told of the one, and of the other not."""
    [ada] = clients(1)
    session_id = desk.session([ada])
    desk.call(absence(session_id, ada, BY_PROGRAM))
    read = of_kind(desk, "absence", ada)
    other = last_said(read)
    other.absence = BY_CLIENT
    with pytest.raises(Refusal) as refused:
        put_right(desk, read, other)
    assert refused.value.reason == "ANOTHER_STATEMENT"
    put_right(desk, read, None)
    desk.call(absence(session_id, ada, BY_CLIENT))
    assert [fact.DESCRIPTOR.name for fact in desk.standing(ada)] == ["SessionScheduled"]


def test_what_is_refused_is_refused_by_name(desk: FrontDesk) -> None:
    ada, ben, cam = clients(3)
    session_id = desk.session([ada, ben])
    assert reason_of(desk, absence(session_id, ada, NO_SHOW)) == "SESSION_NOT_STARTED"
    assert reason_of(desk, absence(session_id, cam)) == "NOT_ON_ROSTER"
    desk.come(session_id, {ada: minute(0)})
    assert reason_of(desk, absence(session_id, ada)) == "CLIENT_WAS_THERE"
    desk.call(absence(session_id, ben))
    cancelled = desk.session([ada], starts_at=MONDAY + 2 * THREE_HOURS)
    desk.call(pb.CancelSessionRequest(session_id=cancelled))
    assert reason_of(desk, absence(cancelled, ada)) == "SESSION_CANCELLED"


def test_who_comes_after_all_was_there(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    desk.call(absence(session_id, ada, BY_CLIENT))
    desk.come(session_id, {ada: minute(0)})
    desk.leave(session_id, {ada: minute(180)})
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    assert desk.heard(ada)[-1].minutes == 180

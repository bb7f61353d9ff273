"""A session that was closed wrongly is open again, until it is closed anew."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import roster_service_pb2 as roster

from kernel.process import Service
from kernel.refusal import Refusal
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import MONDAY, THREE_HOURS, FrontDesk, clients, minute
from tests.harness.attendance.statements import ROLES, last_said, of_kind, put_right

WEEK = timedelta(days=7)


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


@pytest.fixture
def closed(desk: FrontDesk) -> tuple[str, str, str]:
    """A session that Ada attended, and Ben missed."""
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    desk.come(session_id, {ada: minute(0)})
    desk.leave(session_id, {ada: minute(180)})
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    return ada, ben, session_id


def told(desk: FrontDesk, client_id: str) -> list[str]:
    return [fact.DESCRIPTOR.name for fact in desk.standing(client_id)]


def test_what_was_closed_wrongly_is_open_again_and_closed_anew(
    desk: FrontDesk, closed: tuple[str, str, str]
) -> None:
    ada, ben, session_id = closed
    put_right(desk, of_kind(desk, "closing", about=session_id), None)
    assert told(desk, ada) == told(desk, ben) == ["SessionScheduled"]
    desk.come(session_id, {ben: minute(20)})
    desk.leave(session_id, {ben: minute(180)})
    put_right(desk, of_kind(desk, "departure", ada), None)
    desk.leave(session_id, {ada: minute(120)})
    answer = desk.close(session_id)
    assert (answer.attended, answer.missed) == (2, 0)
    minutes = [
        fact.minutes
        for client_id in (ada, ben)
        for fact in desk.standing(client_id)
        if fact.DESCRIPTOR.name == "SessionAttended"
    ]
    assert minutes == [120, 160]
    request = roster.ReadRosterRequest(site_id=desk.site_id, on=to_date(MONDAY.date()))
    [session] = desk.ask(request, roles=ROLES).sessions
    assert (session.closed, session.closing.revision) == (True, 1)


def test_a_closing_says_again_only_what_it_said_of_whom(
    desk: FrontDesk, closed: tuple[str, str, str]
) -> None:
    _, ben, session_id = closed
    desk.call(pb.SetGraceRequest(site_id=desk.site_id, seconds=0))
    closing = of_kind(desk, "closing", about=session_id)
    put_right(desk, closing, last_said(closing))  # nothing changed, and nothing is told
    assert of_kind(desk, "closing", about=session_id).revisions[-1].revision == 1
    put_right(desk, closing, None)
    desk.come(session_id, {ben: minute(20)})
    with pytest.raises(Refusal) as refused:
        put_right(desk, of_kind(desk, "closing", about=session_id), last_said(closing))
    assert refused.value.reason == "CLOSED_OTHERWISE"


def test_what_was_corrected_stays_corrected(desk: FrontDesk, closed: tuple[str, str, str]) -> None:
    ada, _, session_id = closed
    desk.correct(session_id, ada, MONDAY, 60)
    put_right(desk, of_kind(desk, "closing", about=session_id), None)
    desk.close(session_id)
    asked = calendar.ListClientSessionsRequest(client_id=ada)
    [session] = desk.ask(asked, roles=ROLES).sessions
    assert (session.minutes, session.corrections) == (60, 1)

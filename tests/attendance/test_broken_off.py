"""A session that can't go on: cancelled by the program after it began, with what was given."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
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
    interval,
    minute,
)
from tests.harness.attendance.statements import ROLES, last_said, of_kind, put_right


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def breaking_off(session_id: str, until: int) -> pb.CancelSessionRequest:
    return pb.CancelSessionRequest(session_id=session_id, given_until=at(minute(until)))


def reason_of(desk: FrontDesk, request: Any) -> str:
    with pytest.raises(Refusal) as refused:
        desk.call(request)
    return refused.value.reason


def spans(fact: Any) -> list[tuple[Any, Any]]:
    return [(getattr(span, "from"), span.to) for span in fact.treatment]


@pytest.fixture
def begun(desk: FrontDesk) -> tuple[str, str, str, str]:
    """Seventy-five minutes in: Ada is there, Ben left early, Cam never came."""
    ada, ben, cam = clients(3)
    session_id = desk.session([ada, ben, cam], breaks=[interval(minute(60), minute(65))])
    desk.come(session_id, {ada: minute(0), ben: minute(0)})
    desk.leave(session_id, {ben: minute(40)})
    desk.now = minute(75)
    return session_id, ada, ben, cam


def test_who_came_attended_until_then_and_nobody_missed_it(
    desk: FrontDesk, begun: tuple[str, str, str, str]
) -> None:
    session_id, ada, ben, cam = begun
    desk.call(breaking_off(session_id, 70))
    assert desk.nouns(ada) == ["SessionScheduled", "SessionAttended", "SessionCancelled"]
    attended, rest = desk.heard(ada)[1:]
    assert (attended.minutes, list(attended.flags)) == (65, [])
    assert spans(rest) == [(at(minute(70)), at(minute(180)))]
    assert (desk.heard(ben)[1].minutes, desk.flags(ben)) == (40, {"LEFT_EARLY"})
    [_, missed_by_nobody] = desk.heard(cam)
    assert missed_by_nobody.DESCRIPTOR.name == "SessionCancelled"
    whole = [(at(MONDAY), at(minute(60))), (at(minute(65)), at(minute(180)))]
    assert spans(missed_by_nobody) == whole


def test_it_is_told_as_closed_with_until_when_it_was_given(
    desk: FrontDesk, begun: tuple[str, str, str, str]
) -> None:
    session_id, ada, _, cam = begun
    desk.call(breaking_off(session_id, 70))
    request = roster.ReadRosterRequest(site_id=desk.site_id, on=to_date(MONDAY.date()))
    [session] = desk.ask(request, roles=ROLES).sessions
    assert (session.closed, session.HasField("cancelled")) == (True, False)
    assert session.broken_off.given_until == at(minute(70))
    told = {each.client_id: each for each in session.presences}
    assert [each.at for each in told[ada].departures] == [at(minute(70))]
    assert (told[ada].closed.minutes, told[cam].HasField("closed")) == (65, False)
    states = {
        client_id: desk.ask(calendar.ListClientSessionsRequest(client_id=client_id)).sessions[0]
        for client_id in (ada, cam)
    }
    assert states[ada].state == calendar.SESSION_STATE_ATTENDED
    assert states[cam].state == calendar.SESSION_STATE_CANCELLED


def test_its_notes_are_signed_and_its_facilitator_is_free(
    desk: FrontDesk, begun: tuple[str, str, str, str]
) -> None:
    session_id, ada, _, cam = begun
    desk.call(breaking_off(session_id, 70))
    desk.call(pb.SignNoteRequest(session_id=session_id, client_id=ada, text="Until the alarm."))
    request = pb.ListSessionsRequest(site_id=desk.site_id, due_only=True)
    getattr(request, "from").CopyFrom(to_date(MONDAY.date()))
    request.to.CopyFrom(to_date(MONDAY.date()))
    desk.now = MONDAY + 2 * THREE_HOURS
    [due] = desk.ask(request).sessions
    assert ada not in due.unsigned_client_ids
    assert cam not in due.unsigned_client_ids
    rest = timedelta(minutes=90)
    assert desk.session([ada, cam], starts_at=minute(80), length=rest)


def test_what_is_corrected_later_counts_no_longer_than_it_was_given(
    desk: FrontDesk, begun: tuple[str, str, str, str]
) -> None:
    session_id, _, _, cam = begun
    desk.call(breaking_off(session_id, 70))
    desk.correct(session_id, cam, MONDAY, 180)
    assert desk.heard(cam)[-1].minutes == 65


def test_broken_off_again_at_the_same_moment_changes_nothing(
    desk: FrontDesk, begun: tuple[str, str, str, str]
) -> None:
    session_id = begun[0]
    desk.call(breaking_off(session_id, 70))
    assert not desk.call(breaking_off(session_id, 70)).receipt.published
    assert reason_of(desk, breaking_off(session_id, 71)) == "SESSION_CLOSED"


def test_until_when_it_was_given_is_put_right(
    desk: FrontDesk, begun: tuple[str, str, str, str]
) -> None:
    session_id, ada, ben, cam = begun
    desk.call(breaking_off(session_id, 70))
    read = of_kind(desk, "cancellation", about=session_id)
    right = last_said(read)
    right.given_until.CopyFrom(at(minute(50)))
    put_right(desk, read, right)
    minutes = {
        who: [fact.minutes for fact in desk.standing(who) if hasattr(fact, "minutes")]
        for who in (ada, ben, cam)
    }
    assert minutes == {ada: [50], ben: [40], cam: []}
    [_, _, rest] = desk.standing(ada)
    assert spans(rest)[0][0] == at(minute(50))


def test_it_was_not_broken_off_after_all_and_goes_on_to_its_end(
    desk: FrontDesk, begun: tuple[str, str, str, str]
) -> None:
    session_id, ada, _, cam = begun
    desk.call(breaking_off(session_id, 70))
    put_right(desk, of_kind(desk, "cancellation", about=session_id), None)
    put_right(desk, of_kind(desk, "departure", ada), None)
    desk.come(session_id, {cam: minute(80)})
    desk.leave(session_id, {ada: minute(180), cam: minute(180)})
    desk.now = MONDAY + THREE_HOURS
    assert desk.close(session_id).attended == 3
    for client_id, minutes in ((ada, 175), (cam, 100)):
        [_, attended] = desk.standing(client_id)
        assert attended.minutes == minutes


@pytest.mark.parametrize("until", [-5, 0, 180, 200])
def test_it_is_broken_off_within_its_time(
    desk: FrontDesk, begun: tuple[str, str, str, str], until: int
) -> None:
    desk.now = MONDAY + THREE_HOURS + THREE_HOURS
    assert reason_of(desk, breaking_off(begun[0], until)) == "MALFORMED"


def test_what_is_refused_is_refused_by_name(
    desk: FrontDesk, begun: tuple[str, str, str, str]
) -> None:
    session_id = begun[0]
    assert reason_of(desk, breaking_off(session_id, 80)) == "STILL_TO_COME"
    assert reason_of(desk, breaking_off(session_id, -1)) == "MALFORMED"
    both = breaking_off(session_id, 70)
    both.not_held = True
    assert reason_of(desk, both) == "MALFORMED"
    assert reason_of(desk, pb.CancelSessionRequest(session_id=session_id)) == "SESSION_BEGUN"
    empty = desk.session(clients(1), facilitator_id=desk.clinician())
    assert reason_of(desk, breaking_off(empty, 70)) == "NOBODY_WAS_THERE"
    later = desk.session(clients(1), starts_at=MONDAY + timedelta(days=1))
    assert reason_of(desk, breaking_off(later, 70)) == "SESSION_NOT_STARTED"
    desk.call(pb.CancelSessionRequest(session_id=later))
    assert reason_of(desk, breaking_off(later, 70)) == "SESSION_CANCELLED"
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    assert reason_of(desk, breaking_off(session_id, 70)) == "SESSION_CLOSED"


def test_nobody_came_after_it_was_broken_off(
    desk: FrontDesk, begun: tuple[str, str, str, str]
) -> None:
    session_id, _, _, cam = begun
    desk.come(session_id, {cam: minute(72)})
    assert reason_of(desk, breaking_off(session_id, 70)) == "MALFORMED"

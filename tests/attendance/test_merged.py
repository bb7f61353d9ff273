"""What happened at a session is recorded of whom it was; nobody is expected as who was absorbed."""

from collections.abc import Callable
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.common.v1.persons_pb2 import ClientMerged, ClientUnmerged

from kernel.refusal import AgainstTheRules
from kernel.rpc.translate import to_date
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import (
    MONDAY,
    THREE_HOURS,
    FrontDesk,
    at,
    clients,
    interval,
    minute,
    moments,
    weekly,
)


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


@pytest.fixture
def two(desk: FrontDesk) -> tuple[str, str]:
    """The survivor and the absorbed, who are registered."""
    survivor, absorbed = clients(2)
    desk.register(survivor, absorbed)
    return survivor, absorbed


def tell(desk: FrontDesk, kind: Any, two: tuple[str, str], revision: int = 1) -> None:
    for client_id in two:
        desk.tell(
            kind(
                client_id=client_id,
                survivor_client_id=two[0],
                absorbed_client_id=two[1],
                revision=revision,
            )
        )


def refused(desk: FrontDesk, request: Any) -> AgainstTheRules:
    with pytest.raises(AgainstTheRules) as refusal:
        desk.ask(request)
    return refusal.value


def test_nobody_is_expected_as_who_was_absorbed(desk: FrontDesk, two: tuple[str, str]) -> None:
    desk.admit(two[1])
    template = desk.template(weekly(1, 9))
    tell(desk, ClientMerged, two)
    for request in (
        desk.scheduling([two[1]]),
        desk.expansion(template, MONDAY.date(), MONDAY.date(), [two[1]]),
    ):
        refusal = refused(desk, request)
        assert (refusal.reason, refusal.details["survivor_client_id"]) == ("CLIENT_MERGED", two[0])
    desk.ask(desk.scheduling([two[0]]))


def test_the_survivor_is_admitted_where_the_absorbed_one_was(
    desk: FrontDesk, two: tuple[str, str]
) -> None:
    desk.admit(two[1])
    assert refused(desk, desk.scheduling([two[0]])).reason == "NOT_ADMITTED_HERE"
    tell(desk, ClientMerged, two)
    desk.ask(desk.scheduling([two[0]]))
    tell(desk, ClientUnmerged, two, 2)
    later = desk.scheduling([two[0]], MONDAY + THREE_HOURS)
    assert refused(desk, later).reason == "NOT_ADMITTED_HERE"


def test_who_has_a_session_as_the_absorbed_one_is_busy(
    desk: FrontDesk, two: tuple[str, str]
) -> None:
    desk.admit(two[1])
    desk.ask(desk.scheduling([two[1]]))
    tell(desk, ClientMerged, two)
    other = desk.clinician()
    refusal = refused(desk, desk.scheduling([two[0]], facilitator_id=other))
    assert (refusal.reason, refusal.details["client_ids"]) == ("CLIENT_BUSY", two[0])


def test_what_happened_is_recorded_of_whom_it_was(desk: FrontDesk, two: tuple[str, str]) -> None:
    desk.admit(two[1])
    desk.now = MONDAY
    session_id = desk.ask(desk.scheduling([two[1]])).session_id
    tell(desk, ClientMerged, two)
    who = {"session_id": session_id, "client_id": two[1]}
    desk.now = MONDAY + THREE_HOURS
    desk.ask(pb.CheckInRequest(**who, at=at(MONDAY)))
    desk.ask(pb.CheckOutRequest(**who, at=at(minute(120))))
    desk.ask(pb.CloseSessionRequest(session_id=session_id))
    desk.ask(pb.SignNoteRequest(**who, text="Took part."))
    desk.ask(
        pb.CorrectAttendanceRequest(
            **who,
            intervals=[interval(MONDAY, minute(90))],
            reason=pb.CORRECTION_REASON_WRONG_TIME,
        )
    )
    [*_, last] = desk.rows("SELECT subject FROM published ORDER BY position")
    assert last.subject == f"client/{two[1]}"
    asked = {"from": to_date(MONDAY.date()), "to": to_date(MONDAY.date())}
    for client_id in two:
        [told] = desk.ask(roster.ReadAttendanceRequest(client_id=client_id, **asked)).sessions
        assert [presence.client_id for presence in told.presences] == [two[1]]


def both_on_a_roster(desk: FrontDesk, two: tuple[str, str]) -> str:
    """A session for both, at its end."""
    for client_id in two:
        desk.admit(client_id)
    desk.now = MONDAY
    session_id = str(desk.ask(desk.scheduling([*two])).session_id)
    desk.now = MONDAY + THREE_HOURS
    return session_id


def came(desk: FrontDesk, session_id: str, client_id: str, first: int, last: int) -> None:
    """From one minute of the session to another."""
    who = {"session_id": session_id, "client_id": client_id}
    desk.ask(pb.CheckInRequest(**who, at=at(minute(first))))
    desk.ask(pb.CheckOutRequest(**who, at=at(minute(last))))


def session_as_told(desk: FrontDesk, client_id: str) -> calendar.ClientSession:
    [session] = desk.ask(calendar.ListClientSessionsRequest(client_id=client_id)).sessions
    return session


@pytest.mark.parametrize("who", [0, 1], ids=["survivor", "absorbed"])
def test_attended_as_one_and_missed_as_the_other_a_session_was_attended(
    desk: FrontDesk, two: tuple[str, str], who: int
) -> None:
    session_id = both_on_a_roster(desk, two)
    came(desk, session_id, two[who], 0, 120)
    desk.ask(pb.CloseSessionRequest(session_id=session_id))
    tell(desk, ClientMerged, two)
    for client_id in two:
        told = session_as_told(desk, client_id)
        assert (told.state, told.minutes) == (calendar.SESSION_STATE_ATTENDED, 120)
    tell(desk, ClientUnmerged, two, 2)
    assert session_as_told(desk, two[1 - who]).state == calendar.SESSION_STATE_MISSED


def test_attended_as_both_a_session_has_each_minute_once(
    desk: FrontDesk, two: tuple[str, str]
) -> None:
    session_id = both_on_a_roster(desk, two)
    came(desk, session_id, two[0], 0, 90)
    came(desk, session_id, two[1], 60, 150)
    desk.ask(pb.CloseSessionRequest(session_id=session_id))
    desk.ask(pb.SignNoteRequest(session_id=session_id, client_id=two[1], text="Took part."))
    tell(desk, ClientMerged, two)
    for client_id in two:
        told = session_as_told(desk, client_id)
        assert (told.state, told.minutes) == (calendar.SESSION_STATE_ATTENDED, 150)
        assert told.note_signed


def test_a_whole_roster_comes_as_whoever_is_on_it(desk: FrontDesk, two: tuple[str, str]) -> None:
    desk.admit(two[1])
    desk.now = MONDAY
    session_id = desk.ask(desk.scheduling([two[1]])).session_id
    tell(desk, ClientMerged, two)
    arrivals = moments({two[1]: MONDAY})
    desk.ask(pb.CheckInRosterRequest(session_id=session_id, arrivals=arrivals))


def test_a_place_that_the_absorbed_one_has_is_taken_back(
    desk: FrontDesk, two: tuple[str, str]
) -> None:
    desk.admit(two[1])
    session_id = desk.ask(desk.scheduling([two[1]])).session_id
    tell(desk, ClientMerged, two)
    desk.ask(pb.TakeFromRosterRequest(client_id=two[1], session_id=session_id))
    desk.ask(pb.AddToRosterRequest(client_id=two[0], session_id=session_id))

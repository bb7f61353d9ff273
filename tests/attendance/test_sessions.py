"""A client's sessions as they stood at any moment, and what of sessions is left to do."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import calendar_service_pb2 as calendar

from kernel.rpc.translate import to_date, to_timestamp
from kernel.store.statements import text
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import MONDAY, FrontDesk, at, weekly
from tests.harness.kernel.owner import as_owner

ADA, BOB = str(uuid4()), str(uuid4())
WEEK = timedelta(days=7)


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    desk = FrontDesk(new_store(SERVICE))
    desk.now = MONDAY
    return desk


def states(desk: FrontDesk, client_id: str, **changes: Any) -> list[tuple[str, int, int]]:
    request = calendar.ListClientSessionsRequest(client_id=client_id, **changes)
    return [
        (calendar.SessionState.Name(session.state)[14:], session.minutes, session.corrections)
        for session in desk.call(request).sessions
    ]


def due(desk: FrontDesk, on: date, **changes: Any) -> list[tuple[str, str]]:
    request = calendar.ListDueRequest(on=to_date(on), **changes)
    return [(item.kind, item.client_id) for item in desk.call(request).items]


def test_sessions_are_told_as_they_were_signed_by_then(desk: FrontDesk) -> None:
    desk.open()
    session_id = desk.held(MONDAY, {ADA: 180, BOB: 0})
    closed = desk.now
    desk.now += WEEK
    desk.correct(session_id, ADA, MONDAY, 60)
    assert states(desk, ADA) == [("ATTENDED", 60, 1)]
    assert states(desk, ADA, as_of=to_timestamp(closed)) == [("ATTENDED", 180, 0)]
    assert states(desk, ADA, as_of=to_timestamp(closed - WEEK)) == []
    assert states(desk, BOB) == [("MISSED", 0, 0)]
    desk.now = MONDAY
    desk.session([BOB], starts_at=MONDAY + WEEK)
    assert [state for state, *_ in states(desk, BOB)] == ["MISSED", "SCHEDULED"]


def test_a_session_is_due_to_be_closed_and_then_its_notes_to_be_signed(desk: FrontDesk) -> None:
    desk.open()
    session_id = desk.session([ADA, BOB])
    who = {"session_id": session_id, "client_id": ADA}
    desk.call(pb.CheckInRequest(**who, at=at(MONDAY)))
    monday = MONDAY.date()
    assert due(desk, monday - timedelta(days=1)) == []
    assert due(desk, monday) == [("CLOSE_SESSION", "")]
    desk.now = MONDAY + timedelta(days=2)
    desk.call(pb.CloseSessionRequest(session_id=session_id))
    desk.now += timedelta(days=2)
    desk.call(pb.SignNoteRequest(**who, text="Took part."))
    # Asked afterwards, each day still tells what was left to do at its end.
    assert due(desk, monday) == [("CLOSE_SESSION", "")]
    assert due(desk, monday + timedelta(days=2)) == [("SIGN_NOTE", ADA)]
    assert due(desk, monday + timedelta(days=2), person=desk.staff_id) == [("SIGN_NOTE", ADA)]
    assert due(desk, monday + timedelta(days=2), person=str(uuid4())) == []
    assert due(desk, monday + timedelta(days=2), site_id=str(uuid4())) == []
    assert due(desk, monday + timedelta(days=4)) == []


def test_a_session_is_of_the_day_on_which_it_begins_whenever_it_is_scheduled(
    desk: FrontDesk,
) -> None:
    desk.open()
    desk.session([ADA], starts_at=MONDAY + WEEK)
    scheduled = "SELECT body->>'service_date' FROM fact WHERE type LIKE '%.session_scheduled.v1'"
    assert desk.rows(scheduled) == [((MONDAY + WEEK).date().isoformat(),)]


def test_a_day_ends_when_it_does_at_the_site(desk: FrontDesk) -> None:
    """Half past seven to half past ten in the evening in Chicago ends on the next day in UTC."""
    desk.open()
    evening = MONDAY + timedelta(hours=10, minutes=30)
    desk.session([ADA], starts_at=evening)
    assert due(desk, MONDAY.date()) == [("CLOSE_SESSION", "")]


def test_sites_are_told_with_their_programs_and_seats(desk: FrontDesk) -> None:
    desk.open()
    for capacity in (12, 10):
        desk.template(weekly(1, 9, capacity=capacity))
    [site] = desk.call(calendar.ListSitesRequest()).sites
    assert (site.site_id, site.name, site.time_zone) == (
        desk.site_id,
        "Lakeside",
        "America/Chicago",
    )
    assert [(program.program.program_id, program.seats) for program in site.programs] == [
        (desk.program_id, 22)
    ]


def test_the_nearest_days_with_sessions_are_told_on_either_side_at_that_site_alone(
    desk: FrontDesk,
) -> None:
    desk.open()
    for days in (0, 1, 7, 9):
        desk.session([ADA], starts_at=MONDAY + timedelta(days=days))
    here = desk.site_id
    desk.open()
    desk.session([ADA], starts_at=MONDAY + timedelta(days=3))

    def nearest(days: int) -> calendar.FindNearestDaysResponse:
        on = to_date(MONDAY.date() + timedelta(days=days))
        return desk.call(calendar.FindNearestDaysRequest(site_id=here, on=on))  # type: ignore[no-any-return]

    assert (nearest(4).before.day, nearest(4).after.day) == (3, 9)
    assert (nearest(1).before.day, nearest(1).after.day) == (2, 9)
    assert not nearest(0).HasField("before")
    assert not nearest(9).HasField("after")


def test_a_template_in_words_of_a_newer_release_hides_no_site(desk: FrontDesk) -> None:
    desk.open()
    desk.template(weekly(1, 9, capacity=12))
    with as_owner(desk.store) as tx:
        tx.connection.execute(
            text(
                "UPDATE fact SET body = jsonb_set(body, '{sessions,0,modality}', '\"HOLOGRAM\"')"
                " WHERE type = 'attendance.template_defined.v1'"
            )
        )
    [site] = desk.call(calendar.ListSitesRequest()).sites
    assert [program.seats for program in site.programs] == [12]

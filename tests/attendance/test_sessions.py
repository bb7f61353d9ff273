"""A client's sessions as they stood at any moment, and what of sessions is left to do."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import calendar_service_pb2 as calendar

from kernel.rpc.translate import to_date, to_timestamp
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.service import (
    MONDAY,
    THREE_HOURS,
    Desk,
    at,
    correct,
    hold,
    open_everything,
    session,
)

ADA, BOB = str(uuid4()), str(uuid4())
WEEK = timedelta(days=7)


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> Desk:
    return Desk(new_store(SERVICE))


def states(desk: Desk, client_id: str, **changes: Any) -> list[tuple[str, int, int]]:
    request = calendar.ListClientSessionsRequest(client_id=client_id, **changes)
    return [
        (calendar.SessionState.Name(each.state)[14:], each.minutes, each.corrections)
        for each in desk.call("ListClientSessions", request).sessions
    ]


def due(desk: Desk, on: date, **changes: Any) -> list[tuple[str, str]]:
    request = calendar.ListDueRequest(on=to_date(on), **changes)
    return [(each.kind, each.client_id) for each in desk.call("ListDue", request).items]


def test_sessions_are_told_as_they_were_signed_by_then(desk: Desk) -> None:
    ids = open_everything(desk)
    session_id = hold(desk, ids, MONDAY, {ADA: 180, BOB: 0})
    closed = desk.now
    desk.now += WEEK
    correct(desk, session_id, ADA, MONDAY, 60)
    assert states(desk, ADA) == [("ATTENDED", 60, 1)]
    assert states(desk, ADA, as_of=to_timestamp(closed)) == [("ATTENDED", 180, 0)]
    assert states(desk, ADA, as_of=to_timestamp(closed - WEEK)) == []
    assert states(desk, BOB) == [("MISSED", 0, 0)]
    desk.now = MONDAY
    session(desk, ids, [BOB], starts_at=at(MONDAY + WEEK), ends_at=at(MONDAY + WEEK + THREE_HOURS))
    assert [state for state, *_ in states(desk, BOB)] == ["MISSED", "SCHEDULED"]


def test_a_session_is_due_to_be_closed_and_then_its_notes_to_be_signed(desk: Desk) -> None:
    ids = open_everything(desk)
    session_id = session(desk, ids, [ADA, BOB]).session_id
    who = {"session_id": session_id, "client_id": ADA}
    desk.call("CheckIn", pb.CheckInRequest(**who, at=at(MONDAY)))
    monday = MONDAY.date()
    assert due(desk, monday - timedelta(days=1)) == []
    assert due(desk, monday) == [("CLOSE_SESSION", "")]
    desk.now = MONDAY + timedelta(days=2)
    desk.call("CloseSession", pb.CloseSessionRequest(session_id=session_id))
    desk.now += timedelta(days=2)
    desk.call("SignNote", pb.SignNoteRequest(**who, text="Took part."))
    # Asked afterwards, each day still tells what was left to do at its end.
    assert due(desk, monday) == [("CLOSE_SESSION", "")]
    assert due(desk, monday + timedelta(days=2)) == [("SIGN_NOTE", ADA)]
    assert due(desk, monday + timedelta(days=2), person=ids[2]) == [("SIGN_NOTE", ADA)]
    assert due(desk, monday + timedelta(days=2), person=str(uuid4())) == []
    assert due(desk, monday + timedelta(days=2), site_id=str(uuid4())) == []
    assert due(desk, monday + timedelta(days=4)) == []


def test_a_day_ends_when_it_does_at_the_site(desk: Desk) -> None:
    """Half past seven to half past ten in the evening in Chicago ends on the next day in UTC."""
    ids = open_everything(desk)
    evening = MONDAY + timedelta(hours=10, minutes=30)
    session(desk, ids, [ADA], starts_at=at(evening), ends_at=at(evening + THREE_HOURS))
    assert due(desk, MONDAY.date()) == [("CLOSE_SESSION", "")]


def test_sites_are_told_with_their_programs_and_seats(desk: Desk) -> None:
    site_id, program_id, _ = open_everything(desk)
    for capacity in (12, 10):
        weekday = pb.TemplateSession(
            weekday=1,
            starts_minute=540,
            minutes=180,
            service_kind=pb.SERVICE_KIND_GROUP,
            modality=pb.MODALITY_IN_PERSON,
            capacity=capacity,
        )
        template = pb.DefineTemplateRequest(
            site_id=site_id, program_id=program_id, sessions=[weekday]
        )
        desk.call("DefineTemplate", template)
    [site] = desk.call("ListSites", calendar.ListSitesRequest()).sites
    assert (site.site_id, site.name, site.time_zone) == (site_id, "Lakeside", "America/Chicago")
    assert [(each.program.program_id, each.seats) for each in site.programs] == [(program_id, 22)]

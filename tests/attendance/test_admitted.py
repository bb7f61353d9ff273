"""Nobody is expected at a site who isn't admitted there then; who comes anyway is flagged."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as events
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.refusal import AgainstTheRules
from kernel.rpc.translate import to_date
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import (
    MONDAY,
    FrontDesk,
    clients,
    interval,
    minute,
    moments,
    weekly,
)

ON = MONDAY.date()
LATER, EARLIER = date(2026, 3, 9), date(2026, 3, 1)
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 15)  # two weeks of Mondays


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def registered(desk: FrontDesk, number: int) -> list[str]:
    found = clients(number)
    desk.register(*found)
    return found


def close(desk: FrontDesk, client_id: str, episode_id: str, on: date) -> None:
    closed = intake.EpisodeClosed(client_id=client_id, episode_id=episode_id, closed_on=to_date(on))
    desk.tell(closed)


def refused(desk: FrontDesk, request: Any) -> str:
    """The clients named; empty: it was accepted."""
    try:
        desk.ask(request)
    except AgainstTheRules as refusal:
        assert refusal.reason == "NOT_ADMITTED_HERE"
        return str(refusal.details["client_ids"])
    return ""


def test_who_is_not_admitted_at_the_site_that_day_is_not_rostered(desk: FrontDesk) -> None:
    here, nowhere, elsewhere, too_late, over, last_day = registered(desk, 6)
    other = FrontDesk(desk.store).open().site_id
    desk.admit(here, ON)
    desk.admit(elsewhere, ON, other)
    desk.admit(too_late, LATER)
    close(desk, over, desk.admit(over), EARLIER)
    close(desk, last_day, desk.admit(last_day), ON)
    for client_id in (nowhere, elsewhere, too_late, over):
        assert refused(desk, desk.scheduling([here, client_id])) == client_id
    several = refused(desk, desk.scheduling([here, nowhere, over, last_day]))
    assert several == ",".join(sorted([nowhere, over]))
    assert not refused(desk, desk.scheduling([here, last_day]))


def test_whose_episode_is_open_again_is_rostered(desk: FrontDesk) -> None:
    [client_id] = registered(desk, 1)
    closing = intake.EpisodeClosed(
        client_id=client_id, episode_id=desk.admit(client_id), closed_on=to_date(EARLIER)
    )
    closed = desk.log.tell(closing)
    desk.inbox.hear([closed])
    assert refused(desk, desk.scheduling([client_id])) == client_id
    desk.inbox.hear([desk.log.amended(closed, None)])
    assert not refused(desk, desk.scheduling([client_id]))


def test_a_template_rosters_nobody_beyond_their_admission(desk: FrontDesk) -> None:
    stays, leaves = registered(desk, 2)
    desk.admit(stays)
    close(desk, leaves, desk.admit(leaves), date(2026, 3, 8))
    template_id = desk.template(weekly(1, 9))
    both = desk.expansion(template_id, FIRST, LAST, [stays, leaves])
    assert refused(desk, both) == leaves
    assert not desk.rows("SELECT FROM scheduled_session")
    first_week = desk.expansion(template_id, FIRST, date(2026, 3, 8), [stays, leaves])
    assert not refused(desk, first_week)
    assert not refused(desk, desk.expansion(template_id, FIRST, LAST, [stays]))


def test_who_comes_all_the_same_is_recorded_and_flagged(desk: FrontDesk) -> None:
    here, alone, among_others, gone = registered(desk, 4)
    desk.admit(here)
    episode_id = desk.admit(gone)
    session_id = desk.session([here, gone])
    close(desk, gone, episode_id, EARLIER)
    who = {"session_id": session_id, "client_id": alone}
    desk.ask(pb.CheckInRequest(**who, at=moments({alone: minute(0)})[0].at))
    arrivals = moments({here: minute(0), among_others: minute(0)})
    desk.ask(pb.CheckInRosterRequest(session_id=session_id, arrivals=arrivals))
    departures = moments(dict.fromkeys((here, alone, among_others), minute(180)))
    desk.ask(pb.CheckOutRosterRequest(session_id=session_id, departures=departures))
    desk.now = minute(200)
    desk.ask(pb.CloseSessionRequest(session_id=session_id))
    assert desk.flags(here) == set()
    for client_id in (alone, among_others):
        assert desk.flags(client_id) == {"NOT_ON_ROSTER", "NOT_ADMITTED_HERE"}
    assert desk.standing(gone) == []


def test_a_correction_says_it_until_an_admission_is_heard(desk: FrontDesk) -> None:
    [here, came] = registered(desk, 2)
    desk.admit(here)
    session_id = desk.session([here])
    desk.now = minute(200)
    desk.ask(pb.CloseSessionRequest(session_id=session_id))

    def correct(*intervals: pb.Interval) -> list[int]:
        reason = "WAS_THERE" if intervals else "NOT_THERE"
        desk.ask(
            pb.CorrectAttendanceRequest(
                session_id=session_id,
                client_id=came,
                intervals=intervals,
                reason=f"CORRECTION_REASON_{reason}",
            )
        )
        return list(desk.heard(came)[-1].flags)

    there = interval(minute(0), minute(60))
    assert correct(there) == [events.FLAG_NOT_ADMITTED_HERE]
    assert correct() == []
    assert correct(there) == [events.FLAG_NOT_ADMITTED_HERE]
    desk.admit(came, ON)
    assert correct(there) == []

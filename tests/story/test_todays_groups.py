"""Who stays after the story finds a group of today, made of those who met last."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from ninehours.story.todays_groups import SEATS, TodaysGroup, schedule_todays_groups
from services.attendance.__main__ import SERVICE
from tests.harness.api import api
from tests.harness.attendance.front_desk import FrontDesk

NOW = datetime(2026, 11, 30, 18, 7, tzinfo=UTC)
LAST = NOW - timedelta(days=180)


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


@pytest.fixture
def ask(desk: FrontDesk, secrets_dir: Path) -> Iterator[Callable[[Any], Any]]:
    """As a front desk, on the day on which somebody stays."""
    with api(SERVICE, desk.store, secrets_dir, NOW) as served:
        yield lambda request: served.ask(request, "person/1", "front_desk", "OPERATIONS")


def some(number: int) -> list[str]:
    return [str(uuid4()) for _ in range(number)]


def test_twelve_at_most_of_those_who_met_last_and_of_the_weeks_before_meet_today(
    desk: FrontDesk, ask: Callable[[Any], Any]
) -> None:
    """Who isn't admitted there any more has no place. Once is enough."""
    desk.now = LAST - timedelta(days=10)
    others, last, gone = some(9), some(5), str(uuid4())
    desk.session(others, starts_at=LAST - timedelta(days=7))
    desk.register(gone)
    episode_id = desk.admit(gone)
    desk.session([*last, gone], starts_at=LAST)
    closed = {"client_id": gone, "episode_id": episode_id}
    desk.tell(intake.EpisodeClosed(closed_on=to_date(LAST.date()), **closed))
    schedule = partial(schedule_todays_groups, ask, NOW)
    assert list(schedule()) == [TodaysGroup("Lakeside", SEATS)]
    asked = roster.ReadRosterRequest(site_id=desk.site_id, on=to_date(NOW.date()))
    [session] = ask(asked).sessions
    expected = {presence.client_id for presence in session.presences}
    assert (expected >= {*last}, gone in expected, len(expected)) == (True, False, SEATS)
    assert session.starts_at.ToDatetime(UTC) == NOW.replace(minute=5)
    assert list(schedule()) == []


def test_where_nothing_ever_met_nothing_is_made(ask: Callable[[Any], Any]) -> None:
    assert list(schedule_todays_groups(ask, NOW)) == []

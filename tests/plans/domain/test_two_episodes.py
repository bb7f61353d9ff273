"""Two episodes of one client: whose session it was, and on which day there a score was taken."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.harness.plans.facts import (
    admitted,
    attended,
    discharged,
    phq9,
    scheduled,
    transferred,
    weeks,
)
from tests.harness.plans.history import day

CHICAGO, TOKYO = ZoneInfo("America/Chicago"), ZoneInfo("Asia/Tokyo")
ZONES = {"lakeside": "America/Chicago", "bay": "Asia/Tokyo"}


def local(number: int, hour: int, minute: int, zone: ZoneInfo = CHICAGO) -> datetime:
    on = day(number)
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=zone).astimezone(UTC)


def test_of_two_open_episodes_a_session_is_of_the_one_whose_program_gave_it() -> None:
    found = weeks(
        admitted(0, "e1", "p1"),
        admitted(1, "e2", "p2"),
        scheduled("s1", number=2, program="p1"),
        attended("s1", 180, number=2, program="p1"),
        scheduled("s2", number=3, program="p2"),
        attended("s2", 60, number=3, program="p2"),
        scheduled("open", number=4, program="p1"),
    )
    assert [(week.episode_id, week.delivered_minutes, week.complete) for week in found] == [
        ("e1", 180, False),
        ("e2", 60, True),
    ]


def test_after_a_transfer_sessions_of_both_programs_are_the_episodes() -> None:
    found = weeks(
        admitted(0, "e1", "p1"),
        admitted(1, "e2", "p2"),
        transferred(3, "e1", "p3"),
        attended("before", 60, number=2, program="p1"),
        attended("after", 90, number=4, program="p3"),
    )
    assert [(week.episode_id, week.delivered_minutes) for week in found] == [("e1", 150)]


def test_who_comes_without_being_expected_is_counted_where_they_came() -> None:
    found = weeks(
        admitted(0, "e1", "p1"),
        admitted(1, "e2", "p2"),
        attended("walk-in", 90, number=2, program="p1"),
    )
    assert [(week.episode_id, week.delivered_minutes) for week in found] == [("e1", 90)]


def test_a_session_of_which_nobody_said_whose_it_was_is_of_the_episode_admitted_last() -> None:
    """Facts of releases that told no program."""
    found = weeks(
        admitted(0, "e1", "p1"),
        admitted(1, "e2", "p2"),
        attended("s", 90, number=2),
    )
    assert [week.episode_id for week in found] == ["e2"]


def test_of_which_nobody_said_is_of_an_open_episode_where_there_is_one() -> None:
    found = weeks(
        admitted(0, "e1", "p1"),
        admitted(1, "e2", "p2"),
        discharged(2, "e2"),
        attended("s", 90, number=3),
    )
    assert [week.episode_id for week in found] == ["e1"]


def test_a_score_is_of_every_episode_open_that_day() -> None:
    found = weeks(
        admitted(0, "e1", "p1", "lakeside"),
        admitted(1, "e2", "p2", "lakeside"),
        attended("s1", 180, number=2, program="p1"),
        attended("s2", 180, number=2, program="p2"),
        phq9(18, local(2, 10, 0)),
        phq9(9, local(4, 10, 0)),
        zones=ZONES,
    )
    assert [(week.phq9.first, week.phq9.latest) for week in found] == [(18, 9)] * 2


def test_an_evening_score_on_the_day_of_discharge_is_no_baseline_of_the_next_episode() -> None:
    found = weeks(
        admitted(0, "e1", "p1", "lakeside"),
        attended("s1", 180, number=1, program="p1"),
        phq9(4, local(2, 19, 30)),
        discharged(2, "e1"),
        admitted(7, "e2", "p1", "lakeside"),
        phq9(14, local(7, 10, 0)),
        attended("s2", 180, number=8, program="p1"),
        zones=ZONES,
    )
    of_first, of_second = (week.phq9 for week in found)
    assert (of_first.first, of_first.latest) == (4, 4)
    assert (of_second.first, of_second.change) == (14, "NONE_RELIABLE")


def test_the_day_is_that_of_each_episodes_own_site() -> None:
    """Sunday evening in Chicago is Monday in Tokyo."""
    found = weeks(
        admitted(0, "e1", "p1", "lakeside"),
        admitted(0, "e2", "p2", "bay"),
        *(
            attended(f"{program} {number}", 180, number=number, program=program)
            for program in ("p1", "p2")
            for number in (5, 8)
        ),
        phq9(18, local(6, 20, 0)),
        zones=ZONES,
    )
    first_weeks = {week.episode_id: week.phq9 for week in found[::2]}
    assert (first_weeks["e1"] is None, first_weeks["e2"] is None) == (False, True)


def test_a_score_shortly_before_an_admission_is_its_baseline_unless_another_episode_has_it() -> (
    None
):
    alone = weeks(
        phq9(18, local(-3, 10, 0)),
        admitted(0, "e1", "p1", "lakeside"),
        attended("s1", 180, number=1, program="p1"),
        zones=ZONES,
    )
    assert alone[0].phq9.first == 18
    within = weeks(
        admitted(-9, "e0", "p0", "lakeside"),
        phq9(18, local(-3, 10, 0)),
        discharged(-2, "e0"),
        admitted(0, "e1", "p1", "lakeside"),
        attended("s1", 180, number=1, program="p1"),
        zones=ZONES,
    )
    assert [week.phq9 for week in within if week.episode_id == "e1"] == [None]

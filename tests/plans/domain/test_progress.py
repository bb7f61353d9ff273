"""Progress as a pure function: weeks, episodes, corrections; order and repetition don't matter."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.plans.domain.history import Attendance
from services.plans.domain.progress import MeasuredWeek
from tests.harness.plans.history import FACTS, admitted, attended, day, measured, plan, scheduled


def the_week(facts: Sequence[Any]) -> MeasuredWeek:
    [week] = measured(facts)
    return week


def three_sessions(*minutes: int | None) -> list[Any]:
    """On Monday, Wednesday and Friday, as attended as told."""
    facts: list[Any] = []
    for number, minutes_attended in enumerate(minutes):
        facts += [
            scheduled(f"s{number}", 2 * number),
            attended(f"s{number}", 2 * number, minutes_attended),
        ]
    return facts


def test_three_evenings_of_three_hours_reach_nine_hours() -> None:
    week = the_week([admitted(), *three_sessions(180, 180, 180)])
    assert (week.delivered_minutes, week.attended, week.missed) == (540, 3, 0)
    assert week.complete
    assert week.reaches_band


def test_a_minute_less_does_not() -> None:
    assert not the_week([admitted(), *three_sessions(180, 180, 179)]).reaches_band


def test_a_missed_session_is_counted_and_delivers_nothing() -> None:
    week = the_week([admitted(), *three_sessions(180, None, 180)])
    assert (week.delivered_minutes, week.attended, week.missed, week.complete) == (360, 2, 1, True)


def test_a_week_is_complete_only_when_every_scheduled_session_was_told_of() -> None:
    facts: list[Any] = [admitted(), *three_sessions(180, 180), scheduled("open", 4)]
    assert not the_week(facts).complete
    assert the_week([*facts, attended("open", 4, None)]).complete


def test_a_session_attended_without_being_expected_counts() -> None:
    week = the_week([admitted(), attended("walk-in", 1, 90)])
    assert (week.delivered_minutes, week.attended, week.complete) == (90, 1, True)


def test_corrected_and_corrected_back_and_corrected_again() -> None:
    facts: list[Any] = [admitted(), *three_sessions(180, 180, 180)]
    corrected = [*facts, attended("s0", 0, None, correction=1)]
    back = [*corrected, attended("s0", 0, 180, correction=2)]
    again = [*back, attended("s0", 0, 60, correction=3)]
    found = [the_week(history) for history in (facts, corrected, back, again)]
    assert [week.delivered_minutes for week in found] == [540, 360, 540, 420]
    assert [week.missed for week in found] == [0, 1, 0, 0]
    assert [week.reaches_band for week in found] == [True, False, True, False]
    assert facts[2].id not in found[1].rests_on
    assert corrected[-1].id in found[1].rests_on


def test_the_highest_correction_holds_not_the_last_told() -> None:
    second, first = attended("s", 0, 60, correction=2), attended("s", 0, None, correction=1)
    assert the_week([admitted(), second, first]).delivered_minutes == 60


def test_weeks_run_from_admission_to_the_last_session_the_empty_ones_too() -> None:
    facts: list[Any] = [admitted(3), scheduled("last", 21)]
    weeks = measured(facts)
    assert [week.week_start for week in weeks] == [day(0), day(7), day(14), day(21)]
    assert [week.complete for week in weeks] == [True, True, True, False]


def test_nothing_is_measured_before_a_session_is_scheduled_or_a_client_admitted() -> None:
    assert measured([admitted(), plan("p1", 0)]) == []
    assert measured(three_sessions(180, 180)) == []


def test_a_sunday_belongs_to_the_monday_before_it() -> None:
    weeks = measured([admitted(), attended("sunday", 6, 60), attended("monday", 7, 90)])
    assert [week.delivered_minutes for week in weeks] == [60, 90]


@pytest.mark.parametrize(
    ("in_force", "planned"),
    [(0, [540, 540]), (6, [540, 540]), (7, [0, 540]), (14, [0, 0])],
)
def test_a_plan_counts_from_the_week_in_which_it_comes_into_force(
    in_force: int, planned: list[int]
) -> None:
    facts: list[Any] = [admitted(), plan("p1", in_force), scheduled("s", 7)]
    assert [week.planned_minutes for week in measured(facts)] == planned


def test_the_later_plan_holds_and_of_one_day_the_one_activated_last() -> None:
    facts: list[Any] = [
        admitted(),
        plan("p", 7, minutes=720),
        plan("p", 0, minutes=540),
        plan("p", 7, minutes=600),
        plan("p", 0, minutes=90, episode="another"),
        scheduled("s", 7),
    ]
    assert [week.planned_minutes for week in measured(facts)] == [540, 600]


def test_a_session_belongs_to_the_episode_admitted_last_before_it() -> None:
    facts: list[Any] = [
        admitted(1, "first"),
        admitted(9, "second"),
        attended("before any", 0, 10),
        attended("in the first", 8, 20),
        attended("on the day", 9, 40),
    ]
    weeks = measured(facts)
    assert [(week.episode_id, week.week_start, week.delivered_minutes) for week in weeks] == [
        ("first", day(0), 0),
        ("first", day(7), 20),
        ("second", day(7), 40),
    ]


def test_a_level_without_a_floor_reaches_no_band() -> None:
    assert not the_week([admitted(level="1"), *three_sessions(600, 600)]).reaches_band


def test_a_week_rests_on_what_was_used_for_it_and_nothing_else() -> None:
    admission, in_force, later = admitted(), plan("p", 0, minutes=540), plan("p", 7, minutes=600)
    one, other = attended("s1", 0, 60), scheduled("s2", 8)
    first, second = measured([admission, in_force, later, one, other])
    assert first.rests_on == {admission.id, in_force.id, one.id}
    assert second.rests_on == {admission.id, later.id, other.id}


@given(FACTS, some.data())
def test_order_and_repetition_do_not_matter(facts: list[Any], data: some.DataObject) -> None:
    more = data.draw(some.lists(some.sampled_from(facts), max_size=6)) if facts else []
    assert measured(data.draw(some.permutations([*facts, *more]))) == measured(facts)


@given(FACTS)
def test_an_episode_has_a_week_once_and_each_session_counts_in_one(
    facts: list[Any],
) -> None:
    weeks = measured(facts)
    keys = [(week.episode_id, week.week_start) for week in weeks]
    assert len(set(keys)) == len(keys)
    assert all(week.week_start.weekday() == 0 for week in weeks)
    sessions = {fact.session_id for fact in facts if isinstance(fact, Attendance)}
    assert sum(week.attended + week.missed for week in weeks) <= len(sessions)

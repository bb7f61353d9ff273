"""Progress as a pure function: weeks, episodes, corrections; order and repetition don't matter."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.plans.domain.history import (
    Admission,
    Attendance,
    PlanInForce,
    ProgressFact,
    Scheduled,
)
from services.plans.domain.progress import Bands, WeekOfProgress, measure

BANDS = Bands(version="test", floor_minutes={"2.1": 540})
MONDAY = date(2026, 3, 2)
NUMBERS = count(1)


def day(number: int) -> date:
    """Counted from the first Monday."""
    return MONDAY + timedelta(days=number)


def admitted(on: date = MONDAY, episode: str = "episode-1", level: str = "2.1") -> Admission:
    number = next(NUMBERS)
    return Admission(
        id=f"fact-{number}",
        sequence=number,
        episode_id=episode,
        level_of_care=level,
        admitted_on=on,
    )


def plan(in_force: date, minutes: int, episode: str = "episode-1") -> PlanInForce:
    number = next(NUMBERS)
    return PlanInForce(
        id=f"fact-{number}",
        sequence=number,
        episode_id=episode,
        in_force_from=in_force,
        planned_minutes_per_week=minutes,
    )


def scheduled(session: str, on: date) -> Scheduled:
    number = next(NUMBERS)
    return Scheduled(id=f"fact-{number}", sequence=number, session_id=session, service_date=on)


def told(session: str, on: date, minutes: int | None, correction: int = 0) -> Attendance:
    """`minutes` None: missed."""
    number = next(NUMBERS)
    return Attendance(
        id=f"fact-{number}",
        sequence=number,
        session_id=session,
        service_date=on,
        correction=correction,
        attended=minutes is not None,
        time=timedelta(minutes=minutes or 0),
    )


def the_week(facts: Sequence[ProgressFact]) -> WeekOfProgress:
    [week] = measure(facts, BANDS)
    return week


def three_sessions(*minutes: int | None) -> list[ProgressFact]:
    """On Monday, Wednesday and Friday, as attended as told."""
    facts: list[ProgressFact] = []
    for number, each in enumerate(minutes):
        on = day(2 * number)
        facts += [scheduled(f"s{number}", on), told(f"s{number}", on, each)]
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
    facts: list[ProgressFact] = [admitted(), *three_sessions(180, 180), scheduled("open", day(4))]
    assert not the_week(facts).complete
    assert the_week([*facts, told("open", day(4), None)]).complete


def test_a_session_attended_without_being_expected_counts() -> None:
    week = the_week([admitted(), told("walk-in", day(1), 90)])
    assert (week.delivered_minutes, week.attended, week.complete) == (90, 1, True)


def test_corrected_and_corrected_back_and_corrected_again() -> None:
    facts: list[ProgressFact] = [admitted(), *three_sessions(180, 180, 180)]
    corrected = [*facts, told("s0", day(0), None, correction=1)]
    back = [*corrected, told("s0", day(0), 180, correction=2)]
    again = [*back, told("s0", day(0), 60, correction=3)]
    found = [the_week(each) for each in (facts, corrected, back, again)]
    assert [week.delivered_minutes for week in found] == [540, 360, 540, 420]
    assert [week.missed for week in found] == [0, 1, 0, 0]
    assert [week.reaches_band for week in found] == [True, False, True, False]
    assert facts[2].id not in found[1].rests_on
    assert corrected[-1].id in found[1].rests_on


def test_the_highest_correction_holds_not_the_last_told() -> None:
    second, first = told("s", MONDAY, 60, correction=2), told("s", MONDAY, None, correction=1)
    assert the_week([admitted(), second, first]).delivered_minutes == 60


def test_weeks_run_from_admission_to_the_last_session_the_empty_ones_too() -> None:
    facts: list[ProgressFact] = [admitted(on=day(3)), scheduled("last", day(21))]
    weeks = measure(facts, BANDS)
    assert [week.week_start for week in weeks] == [day(0), day(7), day(14), day(21)]
    assert [week.complete for week in weeks] == [True, True, True, False]


def test_nothing_is_measured_before_a_session_is_scheduled_or_a_client_admitted() -> None:
    assert measure([admitted(), plan(MONDAY, 540)], BANDS) == []
    assert measure(three_sessions(180, 180), BANDS) == []


def test_a_sunday_belongs_to_the_monday_before_it() -> None:
    weeks = measure([admitted(), told("sunday", day(6), 60), told("monday", day(7), 90)], BANDS)
    assert [week.delivered_minutes for week in weeks] == [60, 90]


@pytest.mark.parametrize(
    ("in_force", "planned"),
    [(day(0), [540, 540]), (day(6), [540, 540]), (day(7), [0, 540]), (day(14), [0, 0])],
)
def test_a_plan_counts_from_the_week_in_which_it_comes_into_force(
    in_force: date, planned: list[int]
) -> None:
    facts: list[ProgressFact] = [admitted(), plan(in_force, 540), scheduled("s", day(7))]
    assert [week.planned_minutes for week in measure(facts, BANDS)] == planned


def test_the_later_plan_holds_and_of_one_day_the_one_activated_last() -> None:
    facts: list[ProgressFact] = [
        admitted(),
        plan(day(7), 720),
        plan(day(0), 540),
        plan(day(7), 600),
        plan(day(0), 90, episode="another"),
        scheduled("s", day(7)),
    ]
    assert [week.planned_minutes for week in measure(facts, BANDS)] == [540, 600]


def test_a_session_belongs_to_the_episode_admitted_last_before_it() -> None:
    facts: list[ProgressFact] = [
        admitted(day(1), "first"),
        admitted(day(9), "second"),
        told("before any", day(0), 10),
        told("in the first", day(8), 20),
        told("on the day", day(9), 40),
    ]
    weeks = measure(facts, BANDS)
    assert [(week.episode_id, week.week_start, week.delivered_minutes) for week in weeks] == [
        ("first", day(0), 0),
        ("first", day(7), 20),
        ("second", day(7), 40),
    ]


def test_a_level_without_a_floor_reaches_no_band() -> None:
    assert not the_week([admitted(level="1"), *three_sessions(600, 600)]).reaches_band


def test_a_week_rests_on_what_was_used_for_it_and_nothing_else() -> None:
    admission, in_force, later = admitted(), plan(day(0), 540), plan(day(7), 600)
    one, other = told("s1", day(0), 60), scheduled("s2", day(8))
    first, second = measure([admission, in_force, later, one, other], BANDS)
    assert first.rests_on == {admission.id, in_force.id, one.id}
    assert second.rests_on == {admission.id, later.id, other.id}


DAYS = some.integers(-3, 24).map(day)
SESSIONS = some.sampled_from(["s1", "s2", "s3"])
FACT: some.SearchStrategy[ProgressFact] = (
    some.builds(admitted, DAYS, some.sampled_from(["e1", "e2"]))
    | some.builds(plan, DAYS, some.integers(1, 900), some.sampled_from(["e1", "e2"]))
    | some.builds(scheduled, SESSIONS, DAYS)
    | some.builds(
        told, SESSIONS, DAYS, some.none() | some.integers(0, 200), correction=some.integers(0, 3)
    )
)


@given(some.lists(FACT, max_size=14), some.data())
def test_order_and_repetition_do_not_matter(
    facts: list[ProgressFact], data: some.DataObject
) -> None:
    more = data.draw(some.lists(some.sampled_from(facts), max_size=6)) if facts else []
    assert measure(data.draw(some.permutations([*facts, *more])), BANDS) == measure(facts, BANDS)


@given(some.lists(FACT, max_size=14))
def test_an_episode_has_a_week_once_and_each_session_counts_in_one(
    facts: list[ProgressFact],
) -> None:
    weeks = measure(facts, BANDS)
    keys = [(week.episode_id, week.week_start) for week in weeks]
    assert len(set(keys)) == len(keys)
    assert all(week.week_start.weekday() == 0 for week in weeks)
    sessions = {fact.session_id for fact in facts if isinstance(fact, Attendance)}
    assert sum(week.attended + week.missed for week in weeks) <= len(sessions)

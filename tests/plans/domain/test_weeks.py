"""What a week says beside minutes: runs of missed sessions, objectives, scores, levels."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.plans.domain.history import ProgressFact
from services.plans.domain.reference_values import BASELINE_DAYS, RELIABLE_CHANGE
from services.plans.domain.scores import ScoreChange as Change
from services.plans.domain.scores import Trend, trend_of
from tests.harness.plans.history import (
    FACTS,
    admitted,
    attended,
    cancelled,
    day,
    discharged,
    level,
    measured,
    plan,
    reviewed,
    scheduled,
    score,
    session,
    visit,
)


def missed_in_a_row(facts: Sequence[ProgressFact]) -> list[int]:
    return [week.consecutive_missed for week in measured(facts)]


def test_sessions_missed_in_a_row_are_counted_across_weeks_until_one_is_attended() -> None:
    facts = [admitted(), *session("a", 0, 180), *session("b", 2, None), *session("c", 4, None)]
    facts += [*session("d", 7, None), scheduled("open", 9), *session("e", 14, 180)]
    assert missed_in_a_row(facts) == [2, 3, 0]


def test_visits_to_a_prescriber_neither_end_a_row_of_missed_groups_nor_make_one_longer() -> None:
    facts = [admitted(), *session("a", 0, None), *session("b", 2, None), *session("c", 4, None)]
    for minutes in (30, None):
        [week] = measured([*facts, *visit("v", 4, minutes)])
        assert (week.attended, week.missed, week.consecutive_missed) == (0, 3, 3)


def test_in_a_week_of_visits_alone_nothing_happened_that_thresholds_count() -> None:
    [week] = measured([admitted(), *visit("v", 0, 30)])
    assert week.complete
    assert not week.counts


def test_the_order_is_that_of_their_start_not_of_what_was_told() -> None:
    late, early = session("a", 0, None, hour=18), session("b", 0, 60, hour=9)
    assert missed_in_a_row([admitted(), *late, *early]) == [1]
    assert missed_in_a_row([admitted(), *session("z", 0, None, 9), *session("a", 0, 60, 18)]) == [0]


def test_a_correction_breaks_the_run_and_the_run_is_what_a_week_rests_on() -> None:
    facts = [admitted(), *session("a", 2, None), *session("b", 7, None)]
    first, second = measured(facts)
    assert {facts[2].id, facts[4].id} <= second.rests_on
    assert facts[4].id not in first.rests_on
    assert missed_in_a_row([*facts, attended("a", 2, 90, correction=1)]) == [0, 1]


def test_a_cancelled_session_is_neither_open_nor_missed() -> None:
    facts = [admitted(), *session("a", 0, 180), scheduled("b", 2), cancelled("b", 2)]
    [week] = measured(facts)
    assert (week.complete, week.attended, week.missed) == (True, 1, 0)
    assert facts[-1].id in week.rests_on
    [week] = measured([*facts, attended("b", 2, 60)])
    assert (week.attended, week.delivered_minutes) == (2, 240)


def test_what_was_cancelled_after_everybody_missed_it_counts_against_nobody() -> None:
    missed, off = session("b", 2, None), cancelled("b", 2)
    before = [admitted(), *session("a", 0, None)]
    for told in permutations([*missed, off, attended("b", 2, None, correction=1)]):
        [week] = measured([*before, *told])
        assert (week.complete, week.missed, week.consecutive_missed) == (True, 1, 1)
        assert off.id in week.rests_on
    [alone] = measured([*before, *session("c", 7, None), cancelled("c", 7)])
    assert alone.week_start == day(0)


def test_cancelled_sessions_make_no_further_weeks() -> None:
    facts = [admitted(), *session("a", 0, 180), scheduled("b", 14), scheduled("c", 7)]
    assert len(measured(facts)) == 3
    assert len(measured([*facts, cancelled("b", 14)])) == 2
    assert len(measured([*facts, cancelled("b", 14), cancelled("c", 7)])) == 1


def test_objectives_are_those_of_the_plan_in_force_by_its_latest_review() -> None:
    facts = [admitted(), plan("p1", 0, 3), plan("p2", 14, 2), scheduled("s", 27)]
    facts += [reviewed("p1", 6, 1), reviewed("p1", 9, 2), reviewed("p2", 21, 2, objectives=2)]
    facts += [reviewed("other", 0, 9)]
    weeks = measured(facts)
    assert [(week.objectives_met, week.objectives) for week in weeks] == [
        (1, 3),
        (2, 3),
        (0, 2),
        (2, 2),
    ]
    assert facts[5].id in weeks[1].rests_on
    assert facts[5].id not in weeks[0].rests_on


@pytest.mark.parametrize(
    ("latest", "change"),
    [
        (18, Change.NONE_RELIABLE),
        (13, Change.NONE_RELIABLE),
        (12, Change.RELIABLY_IMPROVED),
        (23, Change.NONE_RELIABLE),
        (24, Change.RELIABLY_DETERIORATED),
    ],
)
def test_a_change_is_reliable_from_the_instruments_threshold_on(
    latest: int, change: Change
) -> None:
    assert RELIABLE_CHANGE["phq9"].value == 6
    assert trend_of([18, latest]) == Trend(
        first=18, latest=latest, change=change, lowest=min(18, latest)
    )


def test_a_week_has_the_first_score_of_the_episode_and_the_latest_by_its_end() -> None:
    facts = [admitted(), score(18, -2), score(14, 6), score(9, 7), scheduled("s", 8)]
    facts += [score(0, 5, partial=True), score(1, 6, instrument="gad7/1")]
    first, second = measured(facts)
    assert first.phq9 == Trend(first=18, latest=14, change=Change.NONE_RELIABLE, lowest=14)
    assert second.phq9 == Trend(first=18, latest=9, change=Change.RELIABLY_IMPROVED, lowest=9)
    assert {facts[1].id, facts[3].id} <= second.rests_on
    assert facts[2].id not in second.rests_on


def test_a_baseline_is_not_older_than_it_may_be_and_no_score_is_no_trend() -> None:
    old = score(27, -BASELINE_DAYS.value - 1)
    assert measured([admitted(), old, scheduled("s", 0)])[0].phq9 is None
    youngest = score(27, -BASELINE_DAYS.value)
    assert measured([admitted(), youngest, scheduled("s", 0)])[0].phq9 is not None


def test_a_score_belongs_to_the_episode_that_was_open() -> None:
    facts = [admitted(0, "e1"), admitted(21, "e2"), scheduled("a", 1), scheduled("b", 22)]
    facts += [score(20, 1), score(10, 15)]
    without = measured(facts)[-1]
    assert (without.episode_id, without.phq9) == ("e2", None)
    # Discharged before the second score: that one is the next episode's first.
    with_discharge = measured([*facts, discharged(14)])
    assert with_discharge[-1].phq9 == Trend(
        first=10, latest=10, change=Change.NONE_RELIABLE, lowest=10
    )
    assert with_discharge[0].phq9 == Trend(
        first=20, latest=20, change=Change.NONE_RELIABLE, lowest=20
    )


def test_the_floor_is_that_of_the_level_on_the_weeks_last_day() -> None:
    facts = [admitted(), *session("a", 0, 600), *session("b", 7, 600), *session("c", 14, 600)]
    change, back = level("2.5", 13), level("2.1", 20)
    weeks = measured([*facts, change, back, level("1", 0, episode="other")])
    assert [week.reaches_band for week in weeks] == [True, False, True]
    assert change.id in weeks[1].rests_on
    assert change.id not in weeks[2].rests_on
    replaced = level("2.1", 13)
    assert measured([*facts, change, replaced])[1].reaches_band


@given(FACTS, some.data())
def test_order_and_repetition_do_not_matter(facts: list[Any], data: some.DataObject) -> None:
    more = data.draw(some.lists(some.sampled_from(facts), max_size=6)) if facts else []
    assert measured(data.draw(some.permutations([*facts, *more]))) == measured(facts)


@given(FACTS)
def test_a_run_is_never_longer_than_what_was_missed(facts: list[Any]) -> None:
    weeks = measured(facts)
    for episode in {week.episode_id for week in weeks}:
        missed = 0
        for week in (week for week in weeks if week.episode_id == episode):
            missed += week.missed
            assert week.consecutive_missed <= missed
            assert week.attended or week.consecutive_missed >= week.missed

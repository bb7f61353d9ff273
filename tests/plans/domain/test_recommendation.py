"""Recommendations as a pure function: precedence, thresholds and their reasons."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.plans.domain.history import SafetyClosed, SafetyTask
from services.plans.domain.recommendation import (
    MadeRecommendation,
    recommend,
)
from services.plans.domain.recommendation import RecommendationKind as Kind
from services.plans.domain.rules import LevelRules
from tests.harness.plans.history import (
    FACTS,
    RULES,
    admitted,
    at,
    cancelled,
    care,
    day,
    discharged,
    fact,
    level,
    plan,
    reviewed,
    scheduled,
    score,
    session,
)


def made(facts: list[Any], *rules: LevelRules) -> list[MadeRecommendation]:
    return recommend(care(facts, *(rules or (RULES,))))


def kinds(facts: list[Any], *rules: LevelRules) -> list[str]:
    return [advice.kind for advice in made(facts, *rules)]


def weeks(number: int, *, missed: int = 0) -> list[Any]:
    """Three sessions a week, all attended but the last ones."""
    facts = []
    for place in range(3 * number):
        on = 7 * (place // 3) + 2 * (place % 3)
        facts += session(f"s{place}", on, None if place >= 3 * number - missed else 180)
    return facts


def task(on: int, assessment: str = "unknown") -> Any:
    return fact(SafetyTask, task_id="t1", assessment_id=assessment, due_at=at(on))


def closed(on: int) -> Any:
    return fact(SafetyClosed, task_id="t1", closed_at=at(on))


DOING_WELL = [admitted(), plan("p1", 0, 3), reviewed("p1", 1, 2), score(18, 0), score(12, 4)]


def test_early_weeks_continue_and_say_what_is_missing() -> None:
    [early] = made([*DOING_WELL, *weeks(1)])
    assert early.kind == Kind.CONTINUE
    assert early.in_words == (
        "weeks_at_level 1 < 2",
        "complete_weeks 1 < 3",
        "objectives_met_percent 66 < 100",
    )


def test_a_step_down_rests_on_objectives_attendance_and_scores() -> None:
    facts = [*DOING_WELL, *weeks(2, missed=1)]
    found = made(facts)[-1]
    assert found.kind == Kind.STEP_DOWN
    assert found.in_words == (
        "weeks_at_level 2 >= 2",
        "objectives_met_percent 66 >= 60",
        "attended_percent 83 >= 75",
        "phq9 18 -> 12 RELIABLY_IMPROVED",
    )
    used = {fact.id for fact in (*DOING_WELL, *facts)}
    assert found.rests_on == used | {"rules-1"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"step_down_attended_percent": 84}, "attended_percent 83 < 84"),
        ({"step_down_objectives_met_percent": 67}, "objectives_met_percent 66 < 67"),
        ({"minimum_weeks": 3}, "weeks_at_level 2 < 3"),
    ],
)
def test_a_threshold_not_reached_continues(changes: dict[str, Any], reason: str) -> None:
    found = made([*DOING_WELL, *weeks(2, missed=1)], replace(RULES, **changes))[-1]
    assert found.kind == Kind.CONTINUE
    assert reason in found.in_words


def test_a_step_down_without_improvement_only_where_the_rules_do_not_ask_for_it() -> None:
    facts = [*DOING_WELL[:3], *weeks(2)]
    assert made(facts)[-1].kind == Kind.CONTINUE
    assert "phq9 unknown, not RELIABLY_IMPROVED" in made(facts)[-1].in_words
    assert (
        kinds(facts, replace(RULES, step_down_needs_reliable_improvement=False))[-1]
        == Kind.STEP_DOWN
    )


def test_complete_goes_before_step_down() -> None:
    facts = [*DOING_WELL, reviewed("p1", 15, 3), *weeks(3)]
    assert kinds(facts) == [Kind.CONTINUE, Kind.STEP_DOWN, Kind.COMPLETE]
    assert made(facts)[-1].in_words == (
        "weeks_at_level 3 >= 2",
        "complete_weeks 3 >= 3",
        "objectives_met_percent 100 >= 100",
        "attended_percent 100 >= 75",
    )


def test_a_plan_without_objectives_has_met_none() -> None:
    assert kinds([admitted(), plan("p1", 0, 0), *weeks(4)])[-1] == Kind.CONTINUE


def test_sessions_missed_in_a_row_step_up_only_with_a_risk() -> None:
    facts = [*DOING_WELL[:3], *weeks(1, missed=3)]
    assert kinds(facts) == [Kind.CONTINUE]
    worse = made([*facts, score(10, 0), score(16, 5)])
    assert [advice.kind for advice in worse] == [Kind.STEP_UP]
    assert worse[0].in_words == (
        "consecutive_missed 3 >= 3",
        "phq9 10 -> 16 RELIABLY_DETERIORATED",
    )
    at_risk = made([*facts, task(4)])
    assert at_risk[0].in_words == ("consecutive_missed 3 >= 3", "safety_task open")
    assert kinds([*DOING_WELL[:3], *weeks(1, missed=2), task(4)]) == [Kind.CONTINUE]


def test_deterioration_and_an_open_task_step_up_alone_where_the_rules_say_so() -> None:
    facts = [*DOING_WELL[:3], *weeks(1)]
    worse = [*facts, score(10, 0), score(16, 5)]
    assert kinds(worse) == [Kind.CONTINUE]
    assert kinds(worse, replace(RULES, step_up_on_reliable_deterioration=True)) == [Kind.STEP_UP]
    assert kinds([*facts, task(4)]) == [Kind.CONTINUE]
    assert kinds([*facts, task(4)], replace(RULES, step_up_on_open_safety_task=True)) == [
        Kind.STEP_UP
    ]


def test_step_up_goes_before_everything() -> None:
    rules = replace(RULES, step_up_on_open_safety_task=True)
    facts = [*DOING_WELL, reviewed("p1", 15, 3), *weeks(3)]
    assert kinds([*facts, task(15)], rules)[-1] == Kind.STEP_UP


def test_a_task_counts_from_its_assessment_until_it_is_closed() -> None:
    rules = replace(RULES, step_up_on_open_safety_task=True)
    arose = score(15, 1)
    opened = task(8, arose.assessment_id)
    facts = [*DOING_WELL[:3], *weeks(3), arose, opened]
    assert kinds(facts, rules) == [Kind.STEP_UP] * 3
    assert {opened.id, arose.id} <= made(facts, rules)[0].rests_on
    # Closed on the first day of the third week: at the end of the second it was open.
    assert kinds([*facts, closed(14)], rules) == [Kind.STEP_UP, Kind.STEP_UP, Kind.CONTINUE]
    assert kinds([*facts, closed(13)], rules) == [Kind.STEP_UP, Kind.CONTINUE, Kind.CONTINUE]


def test_nothing_is_recommended_of_a_week_that_is_open_or_in_which_nothing_happened() -> None:
    assert made([*DOING_WELL, *weeks(1), scheduled("open", 5)]) == []
    empty = [*DOING_WELL, *session("a", 0, 60), scheduled("b", 7), cancelled("b", 7)]
    assert [advice.week_start for advice in made([*empty, *session("c", 14, 60)])] == [
        day(0),
        day(14),
    ]


def test_nothing_is_recommended_without_rules_in_effect_and_the_highest_version_holds() -> None:
    facts = [*DOING_WELL, *weeks(3)]
    later = replace(RULES, version=2, effective_from=day(13))
    assert made(facts, replace(RULES, effective_from=day(7))) == made(facts)[1:]
    assert [advice.rules_version for advice in made(facts, RULES, later)] == [1, 2, 2]
    assert recommend(care(facts)) == []
    third = replace(RULES, version=3, effective_from=day(0))
    assert [advice.rules_version for advice in made(facts, RULES, later, third)] == [3, 3, 3]


def test_nothing_is_recommended_after_the_week_of_the_discharge() -> None:
    facts = [*DOING_WELL, *weeks(3)]
    assert [advice.week_start for advice in made([*facts, discharged(8)])] == [day(0), day(7)]


def test_after_a_step_the_weeks_at_the_new_level_count_and_the_week_that_led_to_it_stays() -> None:
    facts = [*DOING_WELL, *weeks(4)]
    rules = replace(RULES, complete_weeks=9)
    assert kinds(facts, rules) == [Kind.CONTINUE, Kind.STEP_DOWN, Kind.STEP_DOWN, Kind.STEP_DOWN]
    step = level("1", 11)  # within the second week, which recommended it
    assert kinds([*facts, step], rules) == [
        Kind.CONTINUE,
        Kind.STEP_DOWN,
        Kind.STEP_DOWN,
        Kind.STEP_DOWN,
    ]
    step = level("1", 14)
    assert kinds([*facts, step], rules) == [
        Kind.CONTINUE,
        Kind.STEP_DOWN,
        Kind.CONTINUE,
        Kind.STEP_DOWN,
    ]
    assert step.id in made([*facts, step], rules)[-1].rests_on


MORE = some.lists(
    some.builds(task, some.integers(0, 20)) | some.builds(closed, some.integers(0, 20))
)


@given(FACTS, MORE, some.data())
def test_order_and_repetition_do_not_matter(
    facts: list[Any], more: list[Any], data: some.DataObject
) -> None:
    facts = [*facts, *more]
    again = data.draw(some.lists(some.sampled_from(facts), max_size=6)) if facts else []
    second = replace(RULES, version=2, effective_from=day(9), minimum_weeks=0)
    untidy = data.draw(some.permutations([*facts, *again]))
    assert made(untidy, second, RULES) == made(facts, RULES, second)


@given(FACTS)
def test_each_week_is_recommended_once_with_reasons_and_what_it_rests_on(facts: list[Any]) -> None:
    found = made(facts)
    assert len({(advice.episode_id, advice.week_start) for advice in found}) == len(found)
    ids = {fact.id for fact in facts} | {"rules-1"}
    for advice in found:
        assert advice.checks
        assert "rules-1" in advice.rests_on
        assert advice.rests_on <= ids

"""An instrument left incomplete where safety turns on it is acted on as its worst answer is."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ninehours.intake.v1 import intake_events_pb2 as events

from services.intake.domain.instruments import c_ssrs, phq9
from tests.harness.intake.service import Desk

UP_TO_EIGHT = dict.fromkeys(range(1, 9), 1)
NO_THOUGHTS = {1: 0, 2: 0, 6: 0}
THOUGHTS = {1: 1, 2: 1, 3: 0, 4: 0, 5: 0, 6: 0}


def test_phq9_without_its_last_item_is_incomplete_where_it_matters() -> None:
    scored = phq9.score(UP_TO_EIGHT)
    assert (scored.score, scored.partial, scored.incomplete, scored.safety_flag) == (
        8,
        True,
        True,
        True,
    )


def test_phq9_without_another_item_is_partial_and_no_more() -> None:
    scored = phq9.score({**dict.fromkeys(range(1, 8), 1), 9: 0})
    assert (scored.partial, scored.incomplete, scored.safety_flag) == (True, False, False)


@pytest.mark.parametrize(
    "answers",
    [
        {1: 1, 2: 1},
        {1: 0, 2: 0},
        {1: 0},
        {6: 0},
        {item: THOUGHTS[item] for item in (1, 2, 3, 4, 6)},
        {item: THOUGHTS[item] for item in (1, 2, 3, 5, 6)},
        {item: THOUGHTS[item] for item in (1, 2, 3, 4, 5)},
    ],
)
def test_a_c_ssrs_that_stops_early_is_incomplete_where_it_matters(answers: dict[int, int]) -> None:
    scored = c_ssrs.score(answers)
    assert (scored.partial, scored.incomplete, scored.safety_flag) == (True, True, True)


@pytest.mark.parametrize(
    ("answers", "band"),
    [
        ({2: 0, 6: 0}, "NONE"),
        ({item: THOUGHTS[item] for item in (1, 2, 4, 5, 6)}, "LOW"),
    ],
)
def test_what_can_not_make_it_high_may_be_missing(answers: dict[int, int], band: str) -> None:
    scored = c_ssrs.score(answers)
    assert (scored.band, scored.partial, scored.incomplete) == (band, True, False)
    assert not scored.safety_flag


@given(some.sets(some.integers(1, 7)))
def test_who_is_flagged_when_all_is_answered_worst_is_flagged_before(asked: set[int]) -> None:
    """Leaving answers out never takes a flag away."""
    worst = {1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1}
    answers = {item: worst[item] for item in asked}
    if 2 not in answers:
        answers = {item: answer for item, answer in answers.items() if item not in (3, 4, 5)}
    if 6 not in answers:
        answers.pop(7, None)
    if answers:
        scored = c_ssrs.score(answers)
        assert scored.safety_flag
        assert scored.incomplete <= scored.partial


@pytest.mark.parametrize(
    ("instrument", "incomplete", "worst"),
    [
        ("phq9/1", UP_TO_EIGHT, {**UP_TO_EIGHT, 9: 3}),
        ("c_ssrs/1", {1: 1, 2: 1}, {**THOUGHTS, 5: 1}),
    ],
)
def test_the_task_and_its_deadline_are_those_of_the_worst_answer(
    desk: Desk, instrument: str, incomplete: dict[int, int], worst: dict[int, int]
) -> None:
    client_id = desk.registered()
    first = desk.scored(client_id, incomplete, instrument)
    second = desk.scored(client_id, worst, instrument)
    assert (first.safety_flag, first.incomplete) == (True, True)
    assert (second.safety_flag, second.incomplete) == (True, False)
    by_id = {task.task_id: task for task in desk.tasks()}
    tasks = [by_id[either.safety_task_id] for either in (first, second)]
    assert tasks[0].due_at == tasks[1].due_at
    assert tasks[0].due_at.ToDatetime(desk.now.tzinfo) >= desk.now + timedelta(hours=1)
    told = [
        events.AssessmentCompleted.FromString(row.body)
        for row in desk.rows(
            "SELECT body FROM published WHERE type LIKE '%AssessmentCompleted' ORDER BY position"
        )
    ]
    assert [completed.incomplete for completed in told] == [True, False]

"""What completes, steps down and steps up: attendance, scores from low and back up, and whose fault
a session was that did not take place."""

from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import Malformed
from kernel.rpc.translate import to_timestamp
from services.plans.adapters.level_rules import level_rules_message, to_proposed_rules
from services.plans.domain.completion import criteria_of
from services.plans.domain.explain import clauses_of
from services.plans.domain.progress import WeekOfProgress
from services.plans.domain.recommendation import (
    MadeRecommendation,
    recommend,
)
from services.plans.domain.recommendation import RecommendationKind as Kind
from services.plans.domain.rules import LevelRules
from tests.harness.plans import facts as heard
from tests.harness.plans.history import (
    RULES,
    admitted,
    at,
    care,
    day,
    measured,
    plan,
    reviewed,
    score,
    session,
    visit,
)

EIGHT = replace(RULES, complete_weeks=8)
ALERT = replace(RULES, step_up_on_reliable_deterioration=True)
IN_CARE = [admitted(), plan("p1", 0, 1)]


def made(facts: list[Any], rules: LevelRules) -> list[MadeRecommendation]:
    return recommend(care(facts, rules))


def weeks(number: int, *, attended: int = 3) -> list[Any]:
    """Three sessions each, so many of them attended."""
    return [
        fact
        for place in range(3 * number)
        for fact in session(
            f"s{place}",
            7 * (place // 3) + 2 * (place % 3),
            180 if place % 3 < attended else None,
        )
    ]


def test_eight_weeks_of_no_shows_complete_nothing() -> None:
    facts = [*IN_CARE, reviewed("p1", 1, 1, objectives=1), *weeks(8, attended=0)]
    last = made(facts, EIGHT)[-1]
    assert last.kind == Kind.CONTINUE
    # Rules that don't say what completing takes ask for the attendance of a step down.
    assert "attended_percent 0 < 75" in last.in_words


def test_visits_to_a_prescriber_complete_nothing_in_place_of_groups() -> None:
    """One group a week, always missed; four visits a week."""
    groups = [fact for week in range(8) for fact in session(f"g{week}", 7 * week, None)]
    visits = [
        fact
        for week in range(8)
        for number in range(1, 5)
        for fact in visit(f"v{week}{number}", 7 * week + number, 30)
    ]
    facts = [*IN_CARE, reviewed("p1", 1, 1, objectives=1), *groups, *visits]
    last = made(facts, EIGHT)[-1]
    assert last.kind == Kind.CONTINUE
    assert "attended_percent 0 < 75" in last.in_words


def test_the_rules_say_which_attendance_completes() -> None:
    facts = [*IN_CARE, reviewed("p1", 1, 1, objectives=1), *weeks(8, attended=2)]
    rules = replace(EIGHT, complete_attended_percent=66)
    last = made(facts, rules)[-1]
    assert last.kind == Kind.COMPLETE
    assert "attended_percent 66 >= 66" in last.in_words
    [clause] = [clause for clause in clauses_of(last.checks, rules) if "attended" in clause.field]
    assert (clause.field, clause.value) == ("complete_attended_percent", "66")
    assert made(facts, replace(rules, complete_attended_percent=67))[-1].kind == Kind.CONTINUE


def test_a_program_is_completed_by_the_same_attendance() -> None:
    missed = measured([*IN_CARE, reviewed("p1", 1, 1, objectives=1), *weeks(8, attended=0)])
    assert criteria_of(missed, [EIGHT], day(60)).missing == ("attended_percent 0 < 75",)
    there = [replace(without, attended=3, missed=0) for without in missed]
    assert criteria_of(there, [EIGHT], day(60)).missing == ()


LOW = [*IN_CARE, reviewed("p1", 1, 1, objectives=1), score(5, 0), score(0, 10), *weeks(2)]


def test_from_a_low_score_nobody_improves_reliably_where_the_rules_say_no_more() -> None:
    assert made(LOW, EIGHT)[-1].kind == Kind.CONTINUE


def test_from_a_low_score_remission_is_enough_where_the_rules_say_so() -> None:
    rules = replace(EIGHT, step_down_remission_below=5)
    last = made(LOW, rules)[-1]
    assert last.kind == Kind.STEP_DOWN
    assert "phq9_latest 0 < 5" in last.in_words
    assert "step_down_remission_below" in [
        clause.field for clause in clauses_of(last.checks, rules)
    ]


RELAPSED = [*IN_CARE, score(20, 0), score(5, 3), *weeks(2), score(19, 10)]


def test_a_relapse_after_improvement_is_seen() -> None:
    """20, 5, 19: from the first to the last nothing changed."""
    before, after = made(RELAPSED, ALERT)
    assert (before.kind, after.kind) == (Kind.CONTINUE, Kind.STEP_UP)
    assert after.in_words == ("phq9_rise 14 >= 6",)
    assert {fact.id for fact in RELAPSED[2:4]} <= after.rests_on


def test_the_rules_say_which_rise_is_a_relapse() -> None:
    assert made(RELAPSED, replace(ALERT, relapse_points=15))[-1].kind == Kind.CONTINUE
    rules = replace(ALERT, relapse_points=14)
    last = made(RELAPSED, rules)[-1]
    assert last.in_words == ("phq9_rise 14 >= 14",)
    assert "relapse_points" in [clause.field for clause in clauses_of(last.checks, rules)]


def test_who_relapsed_is_not_better_though_better_than_at_first() -> None:
    facts = [*IN_CARE, reviewed("p1", 1, 1, objectives=1), *weeks(2)]
    scores = [score(20, 0), score(4, 3), score(12, 10)]
    last = made([*facts, *scores], EIGHT)[-1]
    assert last.kind == Kind.CONTINUE
    assert "phq9_rise 8 >= 6" in last.in_words


GIVEN = [
    fact
    for number in (0, 2)
    for fact in (
        heard.scheduled(f"s{number}", number=number),
        heard.attended(f"s{number}", 180, number=number),
    )
]
CANCELLED = [heard.scheduled("off", number=4), heard.cancelled("off", 4)]


def a_week(*messages: Message) -> WeekOfProgress:
    [week] = heard.weeks(heard.admitted(), *messages)
    return week


def test_a_session_that_the_program_cancelled_is_not_asked_of_the_client() -> None:
    week = a_week(*GIVEN, heard.scheduled("s4", number=4), heard.cancelled("s4", 4))
    assert (week.delivered_minutes, week.cancelled_minutes) == (360, 180)
    assert week.reaches_band


def test_a_cancelled_session_that_another_was_held_in_place_of_is_counted_once() -> None:
    monday = [heard.scheduled("off", number=0), heard.cancelled("off", 0)]
    week = a_week(*GIVEN, *monday)
    assert (week.delivered_minutes, week.cancelled_minutes) == (360, 0)
    assert not week.reaches_band


def test_of_a_cancelled_session_its_breaks_count_for_nothing() -> None:
    spans = [
        attendance.Treatment(**{"from": to_timestamp(at(4, begin)), "to": to_timestamp(at(4, end))})
        for begin, end in ((9, 10), (11, 12))
    ]
    off = heard.cancelled("off", 4, **{"treatment": spans})
    week = a_week(*GIVEN, heard.scheduled("off", number=4), off)
    assert (week.delivered_minutes, week.cancelled_minutes) == (360, 120)


def broken_off(*beside: Message) -> WeekOfProgress:
    """Given for an hour on Friday, from nine to ten; the program called off the rest, to twelve."""
    hours = {"from": to_timestamp(at(4, 10)), "to": to_timestamp(at(4, 12))}
    cut = [
        heard.scheduled("cut", number=4),
        heard.attended("cut", 60, number=4),
        heard.cancelled("cut", 4, treatment=[attendance.Treatment(**hours)]),
    ]
    return a_week(*GIVEN, *cut, *beside)


def test_of_a_session_that_was_broken_off_the_rest_is_not_asked_of_who_was_there() -> None:
    week = broken_off()
    assert (week.delivered_minutes, week.cancelled_minutes) == (420, 120)
    assert (week.attended, week.reaches_band) == (3, True)


def test_the_rest_is_asked_after_all_where_another_session_was_held_in_its_place() -> None:
    there = [heard.scheduled("on", 10, 2, number=4), heard.attended("on", 120, number=4)]
    week = broken_off(*there)
    assert (week.delivered_minutes, week.cancelled_minutes) == (540, 0)


def test_who_missed_what_was_held_in_place_of_a_cancelled_session_missed_its_hours() -> None:
    week = a_week(*GIVEN, *CANCELLED, heard.scheduled("again", number=4), heard.missed("again", 4))
    assert (week.cancelled_minutes, week.missed) == (0, 1)


def test_hours_that_were_cancelled_twice_count_once() -> None:
    again = [heard.scheduled("again", number=4), heard.cancelled("again", 4)]
    week = a_week(*GIVEN, *CANCELLED, *again)
    assert week.cancelled_minutes == 180


def test_of_a_cancelled_session_what_nothing_was_held_in_place_of_counts() -> None:
    again = [heard.scheduled("again", 11, 2, number=4), heard.attended("again", 120, number=4)]
    week = a_week(*GIVEN, *CANCELLED, *again)
    assert (week.delivered_minutes, week.cancelled_minutes) == (480, 120)


def test_what_makes_up_for_a_cancelled_session_in_its_week_is_asked_in_its_place() -> None:
    makes_up = heard.scheduled("again", hours=2, number=5, makes_up="off")
    missed = a_week(*GIVEN, *CANCELLED, makes_up, heard.missed("again", 5))
    assert (missed.delivered_minutes, missed.cancelled_minutes) == (360, 60)
    there = a_week(*GIVEN, *CANCELLED, makes_up, heard.attended("again", 120, number=5))
    assert (there.delivered_minutes, there.cancelled_minutes) == (480, 60)
    # In another week it adds to that week's hours, and this one's were cancelled all the same.
    later = heard.scheduled("again", number=11, makes_up="off")
    first, _ = heard.weeks(heard.admitted(), *GIVEN, *CANCELLED, later)
    assert first.cancelled_minutes == 180


def test_rules_name_the_source_of_what_they_ask() -> None:
    stated = level_rules_message(replace(RULES, relapse_points=6))
    with pytest.raises(Malformed) as refused:
        to_proposed_rules(stated)
    assert list(refused.value.details) == ["sources"]
    stated.sources.append(pb.RuleSource(field="relapse_points", source="IAPT manual"))
    assert to_proposed_rules(stated).sources == (("relapse_points", "IAPT manual"),)
    stated.sources.append(pb.RuleSource(field="weather", source="the window"))
    with pytest.raises(Malformed):
        to_proposed_rules(stated)

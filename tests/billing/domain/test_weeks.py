"""The payer's weeks: complete ones, and those that must have nine hours."""

from dataclasses import replace
from typing import Any

import pytest

from services.billing.domain.days.release import releases_of
from services.billing.domain.history.history import (
    Cancellation,
    Level,
)
from services.billing.domain.payers.rules import DiscreteService
from tests.harness.billing.history import (
    ADMISSION,
    MENTAL_HEALTH,
    MONDAY,
    OUTPATIENT,
    attended,
    billable,
    confirmed,
    day,
    days_of,
    missed,
    outcome,
    session,
    the_day,
)

PER_DIEM = ("PER_DIEM", ())


def hold(*reasons: str) -> tuple[str, tuple[str, ...]]:
    return "HOLD", reasons


def not_billable(*reasons: str) -> tuple[str, tuple[str, ...]]:
    return "NOT_BILLABLE", reasons


@pytest.mark.parametrize(
    ("week_start", "open_on", "expected"),
    [
        ("MONDAY", 4, hold("WEEK_INCOMPLETE")),
        ("MONDAY", 6, hold("WEEK_INCOMPLETE")),
        ("MONDAY", 7, PER_DIEM),
        ("MONDAY", -1, PER_DIEM),
        ("SUNDAY", -1, hold("WEEK_INCOMPLETE")),
        ("SUNDAY", 5, hold("WEEK_INCOMPLETE")),
        ("SUNDAY", 6, PER_DIEM),
    ],
)
def test_a_payer_of_whole_weeks_waits_until_every_session_of_its_week_is_closed(
    week_start: str, open_on: int, expected: tuple[str, tuple[str, ...]]
) -> None:
    rules = confirmed(complete_weeks_only=True, week_start=week_start)
    sessions = (session(MONDAY), session(day(open_on)))
    assert outcome(billable(MONDAY, sessions=sessions, confirmed=(rules,))) == expected
    without = confirmed(complete_weeks_only=False, week_start=week_start)
    assert outcome(billable(MONDAY, sessions=sessions, confirmed=(without,))) == PER_DIEM


def test_a_missed_session_completes_its_week() -> None:
    history = billable(
        MONDAY,
        sessions=(session(MONDAY), session(day(1))),
        attendances=(attended(MONDAY), missed(day(1))),
        confirmed=(confirmed(complete_weeks_only=True),),
    )
    assert [billed.outcome for billed in days_of(history)] == ["PER_DIEM", "NOT_BILLABLE"]


def test_a_cancelled_session_completes_its_week_and_is_no_day() -> None:
    history = billable(
        MONDAY,
        sessions=(session(MONDAY), session(day(1))),
        confirmed=(confirmed(complete_weeks_only=True),),
    )
    assert outcome(history) == hold("WEEK_INCOMPLETE")
    cancelled = (Cancellation(fact="cancelled", session_id=f"{day(1)} s"),)
    assert outcome(replace(history, cancelled=cancelled)) == PER_DIEM
    assert "cancelled" in the_day(replace(history, cancelled=cancelled)).rests_on


def test_a_session_cancelled_after_everybody_missed_it_is_not_said_to_be_missed() -> None:
    told = billable(attendances=(missed(MONDAY), missed(MONDAY, "pm")))
    off = [Cancellation(fact=f"off {name}", session_id=f"{MONDAY} {name}") for name in ("s", "pm")]
    assert outcome(replace(told, cancelled=(off[0],))) == not_billable("MISSED")
    assert outcome(replace(told, cancelled=tuple(off))) == not_billable("NOT_HELD")
    assert {missing.fact for missing in off} <= the_day(
        replace(told, cancelled=tuple(off))
    ).rests_on


def test_what_was_not_held_waits_for_the_other_sessions_of_its_date() -> None:
    off = Cancellation(fact="off", session_id=f"{MONDAY} s")
    told = billable(
        sessions=(session(MONDAY), session(MONDAY, "pm")),
        attendances=(missed(MONDAY),),
        cancelled=(off,),
    )
    on_monday = the_day(told)
    [verdict] = [verdict for verdict in on_monday.verdicts if verdict.reason == "NOT_HELD"]
    assert not verdict.final
    [release] = releases_of(verdict, on_monday, told)
    assert f"closes session {MONDAY} pm" in release.says


def in_a_week(*minutes: int, **rules: Any) -> list[tuple[str, tuple[str, ...]]]:
    """Days from Monday on, of these minutes, to a payer who wants nine hours a week."""
    changes = {"weekly_minimum_minutes": 540, "week_consequence": "HOLD", **rules}
    days = [day(n) for n in range(len(minutes))]
    history = billable(
        *days,
        attendances=tuple(
            attended(on, minutes_attended)
            for on, minutes_attended in zip(days, minutes, strict=True)
        ),
        confirmed=(confirmed(**changes),),
    )
    return [(billed.outcome, billed.reasons) for billed in days_of(history)]


def test_a_complete_week_short_of_nine_hours_has_the_payers_consequence() -> None:
    assert in_a_week(180, 180, 180) == [PER_DIEM] * 3
    assert in_a_week(200, 200, 139) == [
        hold("WEEK_SHORT_OF_MINUTES"),
        hold("WEEK_SHORT_OF_MINUTES"),
        not_billable("SHORT_OF_MINUTES", "WEEK_SHORT_OF_MINUTES"),
    ]
    denied = in_a_week(180, 180, week_consequence="NOT_BILLABLE")
    assert denied == [not_billable("WEEK_SHORT_OF_MINUTES")] * 2
    assert in_a_week(180, weekly_minimum_minutes=0) == [PER_DIEM]


def test_a_week_is_not_judged_before_it_is_complete() -> None:
    rules = confirmed(weekly_minimum_minutes=540, week_consequence="NOT_BILLABLE")
    history = billable(MONDAY, sessions=(session(MONDAY), session(day(1))), confirmed=(rules,))
    assert outcome(history) == hold("WEEK_INCOMPLETE")


def test_a_short_week_with_a_check_out_missing_is_not_judged_either() -> None:
    rules = confirmed(weekly_minimum_minutes=540, week_consequence="NOT_BILLABLE")
    history = billable(MONDAY, day(1), confirmed=(rules,))
    forgot = (attended(MONDAY), attended(day(1), 0, no_check_out=True))
    first, _ = days_of(replace(history, attendances=forgot))
    assert (first.outcome, first.reasons) == hold("WEEK_INCOMPLETE")


def test_minutes_at_two_sessions_at_once_make_no_nine_hours() -> None:
    rules = confirmed(weekly_minimum_minutes=540, week_consequence="NOT_BILLABLE")
    history = billable(MONDAY, day(1), day(2), confirmed=(rules,))
    at_two = (attended(MONDAY), attended(day(1)), attended(day(2), overlap=True))
    first, *_ = days_of(replace(history, attendances=at_two))
    assert (first.outcome, first.reasons) == hold("WEEK_INCOMPLETE")


def test_sessions_of_an_episode_at_another_level_make_no_nine_hours() -> None:
    outpatient = replace(OUTPATIENT, admitted_on=day(3))
    history = billable(
        *(day(n) for n in range(3)),
        attendances=(attended(day(0)), attended(day(1)), attended(day(2), 60)),
        admissions=(ADMISSION, outpatient),
        confirmed=(confirmed(weekly_minimum_minutes=540),),
    )
    hours = replace(
        history,
        sessions=(*history.sessions, session(day(4), program=MENTAL_HEALTH)),
        attendances=(*history.attendances, attended(day(4), 120)),
    )
    first, *_ = days_of(hours)
    assert (first.outcome, first.reasons) == hold("WEEK_SHORT_OF_MINUTES")


def test_a_week_in_which_the_level_changes_is_still_that_episodes() -> None:
    up = Level(fact="up", episode_id="episode", level_of_care="2.5", effective_from=day(2))
    rules = confirmed(weekly_minimum_minutes=540)
    days = days_of(billable(*(day(n) for n in range(3)), levels=(up,), confirmed=(rules,)))
    assert [billed.reasons for billed in days] == [(), (), ("OTHER_LEVEL",)]


def test_the_week_of_the_minimum_is_the_payers() -> None:
    days = (day(4), day(5), day(6))  # Friday, Saturday; Sunday begins a week
    for start, expected in (("MONDAY", "PER_DIEM"), ("SUNDAY", "HOLD")):
        rules = confirmed(weekly_minimum_minutes=540, week_start=start)
        found = days_of(billable(*days, confirmed=(rules,)))
        assert {billed.outcome for billed in found} == {expected}


def test_single_services_of_a_short_day_ask_for_no_nine_hours() -> None:
    group = DiscreteService(service_kind="GROUP", code="H0015", minimum_minutes=45)
    fallback = {"discrete_fallback": True, "discrete": (group,)}
    assert in_a_week(90, **fallback) == [("DISCRETE", ())]

"""Who was there and for how long: check-ins, notes, corrections, and the minutes they make."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.refusal import AgainstTheRules, Malformed
from services.attendance.domain.encounter import NEAR
from services.attendance.domain.presence import (
    PRESENCE,
    AttendanceCorrected,
    CheckedIn,
    CheckedOut,
    CheckIn,
    CheckOut,
    CorrectAttendance,
    Interval,
    NoteSigned,
    PresenceCommand,
    PresenceFact,
    SignNote,
    minutes_of,
    treated_within,
)
from tests.harness.attendance.values import AFTER_CLOSING, ENCOUNTER, END, START, minute, there
from tests.harness.deciders import (
    assert_evolving_never_refuses,
    assert_repeating_adds_nothing,
    facts_of,
)


def after(*commands: PresenceCommand) -> list[PresenceFact]:
    facts: list[PresenceFact] = []
    for command in commands:
        facts += PRESENCE.decide(command, PRESENCE.fold(facts))
    return facts


def come(at_minute: float) -> CheckIn:
    return CheckIn(encounter=ENCOUNTER, came=minute(at_minute), now=minute(at_minute))


def leave(at_minute: float) -> CheckOut:
    return CheckOut(encounter=ENCOUNTER, left=minute(at_minute), now=minute(at_minute))


def correct(*intervals: Interval, reason: str = "WRONG_TIME") -> CorrectAttendance:
    return CorrectAttendance(encounter=AFTER_CLOSING, intervals=intervals, reason=reason)


SIGN = SignNote(encounter=AFTER_CLOSING, signed_by="staff/1", signed_at=END)


@pytest.mark.parametrize(
    ("intervals", "minutes"),
    [
        ([], 0),
        ([there(0, 180)], 180),
        ([there(-30, 200)], 180),
        ([there(-30, 0)], 0),
        ([there(180, 240)], 0),
        ([there(10, 10)], 0),
        ([there(0, 59.99)], 59),
        ([there(0, 30.5), there(40, 70.5)], 61),
        ([there(0, 60), there(30, 90)], 90),
        ([there(0, 60), there(0, 60)], 60),
        ([there(0, 90), there(10, 20)], 90),
        ([there(100, 120), there(0, 20)], 40),
        ([there(0)], 0),
        ([there(0), there(60, 120)], 60),
    ],
)
def test_minutes_are_whole_within_the_session_and_counted_once(
    intervals: list[Interval], minutes: int
) -> None:
    assert minutes_of(treated_within(intervals, START, END)) == minutes


SPANS = some.lists(
    some.tuples(some.integers(-30, 210), some.integers(-30, 210)).map(sorted), max_size=5
)


@given(SPANS, some.randoms())
def test_minutes_are_those_that_a_clock_on_the_wall_would_count(
    spans: list[list[int]], shuffled: object
) -> None:
    counted = {n for came, left in spans for n in range(came, left) if 0 <= n < 180}
    intervals = [there(came, left) for came, left in spans]
    shuffled.shuffle(intervals)  # type: ignore[attr-defined]
    assert minutes_of(treated_within(intervals, START, END)) == len(counted)


def test_coming_twice_without_leaving_is_coming_once() -> None:
    assert after(come(0), come(5)) == after(come(0))


def test_who_left_may_come_again() -> None:
    facts = after(come(0), leave(60), come(90), leave(120))
    assert PRESENCE.fold(facts).intervals == (there(0, 60), there(90, 120))


@pytest.mark.parametrize("before", [(), (come(0), leave(10))])
def test_who_is_not_there_can_not_leave(before: tuple[PresenceCommand, ...]) -> None:
    with pytest.raises(AgainstTheRules) as refused:
        after(*before, leave(20))
    assert refused.value.reason == "NOT_CHECKED_IN"


def test_nobody_leaves_before_coming() -> None:
    with pytest.raises(Malformed) as refused:
        after(come(10), leave(9))
    assert set(refused.value.details) == {"at"}
    assert len(after(come(10), leave(10))) == 2


@pytest.mark.parametrize("said", [come(10), leave(10)])
def test_nobody_came_or_left_who_is_still_to(said: CheckIn | CheckOut) -> None:
    """But for how far the clocks of one installation differ."""
    before = after(come(0)) if isinstance(said, CheckOut) else []
    presence = PRESENCE.fold(before)
    with pytest.raises(AgainstTheRules, match="still to come") as refused:
        list(PRESENCE.decide(replace(said, now=minute(8.9)), presence))
    assert refused.value.details.keys() == {"at", "now"}
    [fact] = PRESENCE.decide(replace(said, now=minute(9)), presence)
    assert isinstance(fact, CheckedIn | CheckedOut)


@pytest.mark.parametrize(
    "late",
    [
        CheckIn(encounter=AFTER_CLOSING, came=START, now=END),
        CheckOut(encounter=AFTER_CLOSING, left=END, now=END),
    ],
)
def test_after_closing_attendance_is_corrected_not_checked(late: PresenceCommand) -> None:
    with pytest.raises(AgainstTheRules) as refused:
        after(come(0), late)
    assert refused.value.reason == "SESSION_CLOSED"


def test_before_closing_there_is_nothing_to_correct() -> None:
    with pytest.raises(AgainstTheRules) as refused:
        after(CorrectAttendance(encounter=ENCOUNTER, intervals=(), reason="NOT_THERE"))
    assert refused.value.reason == "SESSION_NOT_CLOSED"


def test_corrections_are_counted_and_each_says_what_holds() -> None:
    facts = after(come(0), correct(), correct(there(0, 90)), correct(there(0, 90)), correct())
    corrected = [fact for fact in facts if isinstance(fact, AttendanceCorrected)]
    assert [(fact.correction, fact.minutes) for fact in corrected] == [(1, 0), (2, 90), (3, 0)]


def test_a_note_is_signed_once() -> None:
    with pytest.raises(AgainstTheRules) as refused:
        after(come(0), SIGN, SIGN)
    assert refused.value.reason == "NOTE_ALREADY_SIGNED"


def test_a_note_is_signed_of_who_came_and_of_nobody_else() -> None:
    with pytest.raises(AgainstTheRules) as refused:
        after(SIGN)
    assert refused.value.reason == "CLIENT_NOT_THERE"
    [_, fact] = after(come(0), SIGN)
    assert isinstance(fact, NoteSigned)
    assert (fact.service_date, fact.signed_at) == (ENCOUNTER.service_date, END)


MOMENTS: some.SearchStrategy[datetime] = some.integers(-10, 190).map(minute)
INTERVALS = some.tuples(some.integers(0, 90), some.integers(91, 180)).map(lambda c: there(*c))
COMMANDS = (
    some.builds(CheckIn, encounter=some.just(ENCOUNTER), came=MOMENTS, now=some.just(END + NEAR))
    | some.builds(CheckOut, encounter=some.just(ENCOUNTER), left=MOMENTS, now=some.just(END + NEAR))
    | some.just(SIGN)
    | some.lists(INTERVALS, max_size=2).map(lambda intervals: correct(*intervals))
)
FACTS = (
    some.builds(CheckedIn, came=MOMENTS)
    | some.builds(CheckedOut, left=MOMENTS)
    | some.builds(NoteSigned, signed_at=MOMENTS)
    | some.builds(AttendanceCorrected, intervals=some.lists(INTERVALS).map(tuple))
)


@given(some.lists(COMMANDS, max_size=6), COMMANDS)
def test_a_command_twice_adds_nothing_the_second_time(
    commands: list[PresenceCommand], again: PresenceCommand
) -> None:
    assert_repeating_adds_nothing(PRESENCE, commands, again)


@given(some.lists(FACTS, max_size=6), some.integers(0, 6))
def test_every_fact_is_taken_in_every_state(facts: list[PresenceFact], cut: int) -> None:
    assert_evolving_never_refuses(PRESENCE, facts, cut)


@given(some.lists(COMMANDS, max_size=8))
def test_nobody_is_there_twice_at_a_time(commands: list[PresenceCommand]) -> None:
    intervals = PRESENCE.fold(facts_of(PRESENCE, commands)).intervals
    assert all(interval.left is not None for interval in intervals[:-1])

"""Breaks are no treatment: minutes never exceed the session without them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.attendance.domain.minutes import (
    Interval,
    Span,
    minutes_of,
    overlap_themselves,
    treated_within,
)

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
END = START + timedelta(minutes=180)


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def there(came: float, left: float) -> Interval:
    return Interval(came=minute(came), left=minute(left))


def pause(begin: float, end: float) -> Span:
    return Span(starts_at=minute(begin), ends_at=minute(end))


@pytest.mark.parametrize(
    ("intervals", "breaks", "minutes"),
    [
        ([there(0, 180)], [pause(90, 105)], 165),
        ([there(0, 180)], [pause(60, 70), pause(120, 130)], 160),
        ([there(0, 180)], [pause(60, 80), pause(70, 90)], 150),
        ([there(0, 180)], [pause(60, 90), pause(70, 80)], 150),
        ([there(0, 180)], [pause(0, 180)], 0),
        ([there(0, 180)], [pause(0, 10), pause(170, 180)], 160),
        ([there(95, 180)], [pause(90, 105)], 75),
        ([there(0, 95)], [pause(90, 105)], 90),
        ([there(92, 100)], [pause(90, 105)], 0),
        ([there(0, 60), there(100, 180)], [pause(50, 110)], 120),
        ([there(0, 90.5)], [pause(10, 20)], 80),
        ([there(0, 30.5), there(40, 70.5)], [pause(30, 40)], 60),
    ],
)
def test_breaks_are_not_counted(
    intervals: list[Interval], breaks: list[Span], minutes: int
) -> None:
    assert minutes_of(treated_within(intervals, START, END, breaks)) == minutes


PAIRS = some.tuples(some.integers(-30, 210), some.integers(-30, 210)).map(sorted)
INTERVALS = some.lists(PAIRS.map(lambda pair: there(*pair)), max_size=5)
BREAKS = some.lists(PAIRS.map(lambda pair: pause(*pair)), max_size=4)


@given(INTERVALS, BREAKS)
def test_minutes_never_exceed_the_session_without_its_breaks(
    intervals: list[Interval], breaks: list[Span]
) -> None:
    whole = minutes_of(treated_within([there(-60, 300)], START, END, breaks))
    counted = {
        n
        for n in range(180)
        if not any(away.starts_at <= minute(n) < away.ends_at for away in breaks)
    }
    assert whole == len(counted)
    assert 0 <= minutes_of(treated_within(intervals, START, END, breaks)) <= whole


@given(INTERVALS, BREAKS, PAIRS)
def test_more_presence_is_never_less_and_more_breaks_are_never_more(
    intervals: list[Interval], breaks: list[Span], pair: list[int]
) -> None:
    minutes = minutes_of(treated_within(intervals, START, END, breaks))
    assert minutes_of(treated_within([*intervals, there(*pair)], START, END, breaks)) >= minutes
    assert minutes_of(treated_within(intervals, START, END, [*breaks, pause(*pair)])) <= minutes


@given(BREAKS)
def test_spans_overlap_when_any_two_share_time(spans: list[Span]) -> None:
    spans = [span for span in spans if span.starts_at < span.ends_at]
    pairs = [(a, b) for n, a in enumerate(spans) for b in spans[n + 1 :]]
    shared = any(a.starts_at < b.ends_at and b.starts_at < a.ends_at for a, b in pairs)
    assert overlap_themselves(spans) == shared

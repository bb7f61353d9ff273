"""Time of treatment: what a client's intervals cover of a session, without its breaks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """From coming to leaving; `left` is None while nobody recorded it."""

    came: datetime
    left: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one moment to a later one: a session, or a break within it."""

    starts_at: datetime
    ends_at: datetime


def treated_within(
    intervals: Iterable[Interval],
    starts_at: datetime,
    ends_at: datetime,
    breaks: Iterable[Span] = (),
) -> tuple[Span, ...]:
    """What the intervals cover of the session, by start: no moment twice, an open one not at all.

    Breaks and meals are no treatment: they are taken out first (domain guide, section 4).
    """
    there = sorted(intervals, key=lambda interval: interval.came)
    spans = _treatment(starts_at, ends_at, breaks)
    return tuple(covered for span in spans for covered in _covered(there, span))


def minutes_of(spans: Iterable[Span]) -> int:
    """Whole minutes of all of it."""
    return _length(spans) // MINUTE


def seconds_of(spans: Iterable[Span]) -> int:
    """Whole seconds of all of it."""
    return _length(spans) // SECOND


def overlap_themselves(spans: Iterable[Span]) -> bool:
    """Whether any two of the spans share time."""
    in_order = sorted(spans, key=lambda span: span.starts_at)
    return any(later.starts_at < earlier.ends_at for earlier, later in pairwise(in_order))


def _treatment(starts_at: datetime, ends_at: datetime, breaks: Iterable[Span]) -> Iterator[Span]:
    """The session without its breaks."""
    reached = starts_at
    for pause in sorted(breaks, key=lambda span: span.starts_at):
        if reached < min(pause.starts_at, ends_at):
            yield Span(starts_at=reached, ends_at=min(pause.starts_at, ends_at))
        reached = max(reached, pause.ends_at)
    if reached < ends_at:
        yield Span(starts_at=reached, ends_at=ends_at)


def _covered(intervals: Iterable[Interval], span: Span) -> Iterator[Span]:
    """What of the span these intervals cover; they are sorted by coming."""
    reached = span.starts_at
    for interval in intervals:
        if interval.left is None:
            continue
        begin, end = max(interval.came, reached), min(interval.left, span.ends_at)
        if begin < end:
            yield Span(starts_at=begin, ends_at=end)
            reached = end


def _length(spans: Iterable[Span]) -> timedelta:
    return sum((span.ends_at - span.starts_at for span in spans), timedelta())

"""Presence of one person who was told of as several clients: the union, each minute once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from services.billing.domain.history.history import Attendance, Span

BOTH = ""  # as whom a person came who came as several clients


def united(attendances: Sequence[Attendance]) -> list[Attendance]:
    """Of each session one word; of several sessions at one time each minute is the earlier one's.

    `attendances`: of each client and session the latest word. What was told of one client alone
    stays as it is: that their sessions overlap is in doubt until a correction. Where one client's
    minutes were told without their time, on a date of another one's, they are in doubt likewise.
    """
    if len({attendance.client_id for attendance in attendances}) < 2:
        return list(attendances)
    by_session: dict[str, list[Attendance]] = {}
    for attendance in sorted(attendances, key=lambda one: (not one.attended, one.fact)):
        by_session.setdefault(attendance.session_id, []).append(attendance)
    found: list[Attendance] = []
    for attendance in sorted(map(_at_one_session, by_session.values()), key=_begin):
        others = [
            one
            for one in found
            if one.attended
            and (one.client_id == BOTH or one.client_id != attendance.client_id)
            and _near(one, attendance)
        ]
        if not attendance.attended or not others:
            found.append(attendance)
        elif not attendance.treatment or not all(one.treatment for one in others):
            found.append(replace(attendance, overlap=True))
        else:
            _add(found, attendance, others)
    return found


def _at_one_session(told: Sequence[Attendance]) -> Attendance:
    """Attended if it was as one of the clients, for the union of the times; attended ones first."""
    first, *others = told
    there = [one for one in told if one.attended]
    also = first.also.union(one.fact for one in others)
    if len(there) < 2:
        return replace(first, also=also)
    both = replace(
        first,
        client_id=BOTH,
        also=also,
        no_check_out=any(one.no_check_out for one in there),
        overlap=any(one.overlap for one in there),
    )
    if not all(one.treatment for one in there):
        return _lasting(replace(both, treatment=()), max(one.time for one in there))
    spans = tuple(_union(span for one in there for span in one.treatment))
    return _lasting(replace(both, treatment=spans), _seconds(spans))


def _add(found: list[Attendance], attendance: Attendance, others: Sequence[Attendance]) -> None:
    """What nobody has yet; a session of which nothing is left is part of the one that has it."""
    taken = list(_union(span for one in others for span in one.treatment))
    left = tuple(rest for span in attendance.treatment for rest in _without(span, taken))
    if left == attendance.treatment:
        found.append(attendance)
    elif left:
        sharing = frozenset(one.fact for one in others)
        shared = replace(attendance, treatment=left, also=attendance.also | sharing)
        found.append(_lasting(shared, _seconds(left)))
    else:
        place = found.index(others[0])
        also = others[0].also | attendance.also | {attendance.fact}
        found[place] = replace(others[0], also=also)


def _lasting(attendance: Attendance, seconds: int) -> Attendance:
    return replace(attendance, seconds=seconds, minutes=seconds // 60)


def _near(one: Attendance, other: Attendance) -> bool:
    """A session may reach into the next day, and no further."""
    return abs(one.service_date - other.service_date) <= timedelta(days=1 if one.treatment else 0)


def _begin(attendance: Attendance) -> tuple[date, bool, float, str]:
    """Those told without their time last."""
    spans = attendance.treatment
    starts_at = min((span.starts_at.timestamp() for span in spans), default=0.0)
    return attendance.service_date, not spans, starts_at, attendance.session_id


def _seconds(spans: Iterable[Span]) -> int:
    return int(sum((span.ends_at - span.starts_at for span in spans), timedelta()).total_seconds())


def _union(spans: Iterable[Span]) -> Iterator[Span]:
    """In order, none touching another."""
    current: Span | None = None
    for span in sorted(spans, key=lambda span: (span.starts_at, span.ends_at)):
        if current is not None and span.starts_at <= current.ends_at:
            current = replace(current, ends_at=max(current.ends_at, span.ends_at))
            continue
        if current is not None:
            yield current
        current = span
    if current is not None:
        yield current


def _without(span: Span, taken: Iterable[Span]) -> Iterator[Span]:
    """The parts of the span that none of these has, which are in order."""
    reached = span.starts_at
    for other in taken:
        if reached < min(other.starts_at, span.ends_at):
            yield Span(starts_at=reached, ends_at=min(other.starts_at, span.ends_at))
        reached = max(reached, other.ends_at)
    if reached < span.ends_at:
        yield Span(starts_at=reached, ends_at=span.ends_at)

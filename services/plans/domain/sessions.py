"""The sessions of a client as they stand: expected, cancelled, attended, missed, corrected."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from services.plans.domain.civil import week_of
from services.plans.domain.history import (
    Attendance,
    Cancelled,
    HistoryFact,
    ProgressFact,
    Scheduled,
    Span,
    order,
)
from services.plans.domain.reference_values import THERAPY

DAY = timedelta(days=1)
LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Session:
    """A session once, with what holds of it. Attended and cancelled, it was held until the program
    broke it off; missed and cancelled, whichever was told first, it was not held.

    `delivered`: the client's time of therapy in it that no session before it has; `called_off`:
    time of therapy that the program cancelled, and asked for in no other session. `shared_with`:
    facts of those that have the rest.
    """

    session_id: str
    service_date: date
    scheduled: Scheduled | None
    cancellation: Cancelled | None
    attendance: Attendance | None
    delivered: timedelta = timedelta()
    called_off: timedelta = timedelta()
    shared_with: frozenset[str] = frozenset()

    @property
    def cancelled(self) -> bool:
        return self.cancellation is not None and not self.attended

    @property
    def settled(self) -> bool:
        """Attended, missed or cancelled: nothing is to be told any more."""
        return self.cancellation is not None or self.attendance is not None

    @property
    def missed(self) -> bool:
        return self.attendance is not None and not self.attended and not self.cancelled

    @property
    def program_id(self) -> str:
        """Whose it is; empty where nobody said."""
        attended = "" if self.attendance is None else self.attendance.program_id
        return attended or ("" if self.scheduled is None else self.scheduled.program_id)

    @property
    def is_therapy(self) -> bool:
        """Of a kind that is treatment; what nobody scheduled is taken for it."""
        return self.scheduled is None or self.scheduled.service_kind in THERAPY

    @property
    def attended(self) -> bool:
        return self.attendance is not None and self.attendance.attended

    @property
    def facts(self) -> list[HistoryFact]:
        latest = (self.scheduled, self.cancellation, self.attendance)
        return [fact for fact in latest if fact is not None]


def sessions_of(facts: Sequence[ProgressFact]) -> list[Session]:
    """Each session once, in order of start, with the highest correction, else what closing said.

    A minute at two sessions is delivered by the earlier one.

    One that was not scheduled comes last on its day: when it began is not told.
    """
    scheduled = {fact.session_id: fact for fact in facts if isinstance(fact, Scheduled)}
    cancelled = {fact.session_id: fact for fact in facts if isinstance(fact, Cancelled)}
    attendances = sorted(
        (fact for fact in facts if isinstance(fact, Attendance)),
        key=lambda fact: (fact.correction, order(fact)),
    )
    holding = {(fact.client_id, fact.session_id): fact for fact in attendances}
    attendance: dict[str, Attendance] = {}
    also: defaultdict[str, set[str]] = defaultdict(set)
    for told in holding.values():  # of merged clients several, for one who was there
        before = attendance.get(told.session_id)
        if before is not None:
            also[told.session_id] |= {before.id, told.id}
        attendance[told.session_id] = told if before is None else _both(before, told)
    # The service date is computed once, by attendance: all these facts carry the same.
    dates = {key: fact.service_date for key, fact in (scheduled | cancelled | attendance).items()}
    sessions = [
        Session(
            session_id=session_id,
            service_date=service_date,
            scheduled=scheduled.get(session_id),
            cancellation=cancelled.get(session_id),
            attendance=attendance.get(session_id),
            shared_with=frozenset(also.get(session_id, ())),
        )
        for session_id, service_date in dates.items()
    ]
    return list(_each_minute_once(sorted(sessions, key=_start)))


def _both(one: Attendance, other: Attendance) -> Attendance:
    """What two merged clients attended of one session: each minute once."""
    if not (one.attended and other.attended):
        return one if one.attended or not other.attended else other
    overlap = one.overlap or other.overlap
    if not (one.treatment and other.treatment):
        longest = max(one, other, key=lambda fact: (fact.time, order(fact)))
        return replace(longest, treatment=(), overlap=overlap)
    rest = [part for span in other.treatment for part in _without(span, one.treatment)]
    treatment = tuple(sorted((*one.treatment, *rest), key=lambda span: span.starts_at))
    return replace(one, treatment=treatment, time=_length(treatment), overlap=overlap)


class _Hours:
    """Spans, each with the session that has it, by service date."""

    def __init__(self) -> None:
        self._by_day: defaultdict[date, list[tuple[Span, Session]]] = defaultdict(list)

    def add(self, session: Session, spans: Iterable[Span]) -> None:
        self._by_day[session.service_date] += [(span, session) for span in spans]

    def near(self, day: date) -> list[tuple[Span, Session]]:
        # A session may reach into the next day, and no further: the longest has twelve hours.
        return [*self._by_day[day - DAY], *self._by_day[day], *self._by_day[day + DAY]]


def _each_minute_once(sessions: Sequence[Session]) -> Iterator[Session]:
    """The sessions, which are in order of start, each with what it delivered or called off.

    Of a cancelled session, or the rest of one that was broken off, those hours are called off that
    no other one asks of the client: none held in its place, cancelled with it, or making up for it
    in its week.
    """
    delivered, asked = _Hours(), _Hours()
    for session in sessions:
        if session.is_therapy and not session.cancelled:
            asked.add(session, _asked(session))
    for session in sessions:
        if session.is_therapy and session.attended:
            spans = _spans(session)
            time, shared_with = _left_of(spans, delivered.near(session.service_date))
            delivered.add(session, spans)
            rest = session.cancellation.treatment if session.cancellation else ()
            not_given = [left for span in rest for left in _without(span, spans)]
            off, _ = _called_off(session, not_given, asked, sessions)
            yield replace(
                session,
                delivered=time + _unplaced(session),
                called_off=off,
                shared_with=shared_with | session.shared_with,
            )
        elif session.is_therapy and session.cancelled:
            spans = _asked(session)
            off, shared_with = _called_off(session, spans, asked, sessions)
            asked.add(session, spans)
            yield replace(session, called_off=off, shared_with=shared_with)
        else:
            yield session


def _called_off(
    session: Session, spans: Sequence[Span], asked: _Hours, sessions: Sequence[Session]
) -> tuple[timedelta, frozenset[str]]:
    """Of these spans of the session; and facts of those that ask for the rest."""
    others = [
        held
        for held in asked.near(session.service_date)
        if held[1].session_id != session.session_id and not _makes_up(held[1], session)
    ]
    time, shared_with = _left_of(spans, others)
    made_up = [_asked(one) for one in sessions if _makes_up(one, session)]
    time -= sum((_length(spans) for spans in made_up), timedelta())
    return max(time, timedelta()), shared_with


def _makes_up(one: Session, other: Session) -> bool:
    """In another week it is asked beside that week's hours."""
    if one.scheduled is None or one.scheduled.makes_up_session_id != other.session_id:
        return False
    return week_of(one.service_date) == week_of(other.service_date)


def _left_of(
    spans: Sequence[Span], taken: Iterable[tuple[Span, Session]]
) -> tuple[timedelta, frozenset[str]]:
    """Time of the spans that none of these has; and facts of those that have some of it."""
    sharing = [held for held in taken if any(_share(held[0], span) for span in spans)]
    left = [rest for span in spans for rest in _without(span, [held for held, _ in sharing])]
    return _length(left), frozenset(fact.id for _, other in sharing for fact in other.facts)


def _length(spans: Iterable[Span]) -> timedelta:
    return sum((span.ends_at - span.starts_at for span in spans), timedelta())


def _asked(session: Session) -> tuple[Span, ...]:
    """When the client was to be in treatment; where that was not told, to be there."""
    cancellation = session.cancellation
    if cancellation is not None and cancellation.treatment and not session.attended:
        return cancellation.treatment
    scheduled = session.scheduled
    if scheduled is None or scheduled.starts_at is None or scheduled.ends_at is None:
        return ()
    return (Span(starts_at=scheduled.starts_at, ends_at=scheduled.ends_at),)


def _spans(session: Session) -> tuple[Span, ...]:
    """When the client was in treatment; where minutes alone were told, from the session's start."""
    attendance, scheduled = session.attendance, session.scheduled
    if attendance is None or attendance.treatment:
        return () if attendance is None else attendance.treatment
    if scheduled is None or scheduled.starts_at is None:
        return ()
    return (Span(starts_at=scheduled.starts_at, ends_at=scheduled.starts_at + attendance.time),)


def _unplaced(session: Session) -> timedelta:
    """Time of which nothing says when it was: it counts, unless it was at another session too."""
    attendance = session.attendance
    if attendance is None or _spans(session) or attendance.overlap:
        return timedelta()
    return attendance.time


def _share(one: Span, other: Span) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _without(span: Span, taken: Iterable[Span]) -> Iterator[Span]:
    """The parts of the span that none of these has."""
    reached = span.starts_at
    for other in sorted(taken, key=lambda other: other.starts_at):
        if reached < min(other.starts_at, span.ends_at):
            yield Span(starts_at=reached, ends_at=min(other.starts_at, span.ends_at))
        reached = max(reached, other.ends_at)
    if reached < span.ends_at:
        yield Span(starts_at=reached, ends_at=span.ends_at)


def _start(session: Session) -> tuple[date, datetime, str]:
    starts_at = None if session.scheduled is None else session.scheduled.starts_at
    return session.service_date, starts_at or LATEST, session.session_id

"""A session: scheduled with its roster, then cancelled, or closed: everybody attended or missed.

What everybody missed may turn out not to have been held: then it is cancelled after all. What can't
go on is broken off: closed with what was given until then, and missed by nobody.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from kernel.decider import Decider, filled
from kernel.refusal import BrokenRule, Malformed, Unknown
from services.attendance.domain.minutes import (
    Interval,
    Span,
    minutes_of,
    seconds_of,
    treated_within,
)
from services.attendance.domain.presence import Flag, Presence
from services.attendance.domain.refusals import (
    SessionCancelledAlready,
    SessionClosedAlready,
    SessionNotStarted,
    require_past,
)
from services.attendance.domain.roster import (
    AddedToRoster,
    AddToRoster,
    RosterChange,
    TakeFromRoster,
    TakenFromRoster,
    add,
    changed,
    take,
)
from services.attendance.domain.scheduling import (
    CorrectSession,
    ScheduleSession,
    SessionCorrected,
    SessionScheduled,
    correct,
    corrected,
    require_possible,
)
from services.attendance.domain.site import Program


class SessionBegun(BrokenRule):
    """What has begun is closed, or broken off, and not simply cancelled."""

    code, about = "SESSION_BEGUN", "session_id"
    words = "the session has begun; say given_until, or use CloseSession"


class NobodyWasThere(BrokenRule):
    """Of a session to which nobody came nothing was given."""

    code, about = "NOBODY_WAS_THERE", "session_id"
    words = "nobody came to the session; cancel it as not held"


class BrokenOff(BrokenRule):
    """When it ended is part of what was said of its end."""

    code, about = "SESSION_BROKEN_OFF", "session_id"
    words = "the session was broken off; take that back first, and say it again afterwards"


class ClosedOtherwise(BrokenRule):
    """A closing says again what it said of whom; of others it takes another."""

    code, about = "CLOSED_OTHERWISE", "session_id"
    words = "who was there is another now; use CloseSession, once the closing is taken back"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSession:
    """`not_held`: the program didn't hold it. `given_until`: it broke it off then.

    `presences`: filled in, of everybody who was expected or came, by corrections too; and the rest
    as of `CloseSession`.
    """

    session_id: str
    now: datetime
    not_held: bool = False
    given_until: datetime | None = None
    presences: Mapping[str, Presence] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    not_admitted: frozenset[str] = frozenset()
    grace: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession:
    """`presences`: of everybody on the roster, and of everybody who came without being on it.

    `elsewhere`: those of them who were at another session, closed already, at the same time.
    `not_admitted`: those who aren't admitted at the site on the session's date.
    `grace`: the site's, before somebody is called late, or gone early.
    """

    session_id: str
    now: datetime
    presences: Mapping[str, Presence]
    elsewhere: frozenset[str] = frozenset()
    not_admitted: frozenset[str] = frozenset()
    grace: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """Of one client, at closing; `minutes` and `seconds` are whole, `treatment` is when they were.

    Facts of before have minutes alone.
    """

    client_id: str
    attended: bool
    minutes: int
    flags: tuple[Flag, ...]
    seconds: int = 0
    treatment: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed:
    """`program`: the session's; None in facts of before it was kept."""

    session_id: str
    site_id: str
    service_date: date
    under_part2: bool
    attendances: tuple[Attendance, ...]
    program: Program | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCancelled:
    """`not_held`: somebody said that the program didn't hold it. It takes back what closing said.

    `roster`: whoever was told of the session. `treatment`: what there would have been, without
    breaks; facts of before don't say.
    """

    session_id: str
    site_id: str
    service_date: date
    under_part2: bool
    roster: tuple[str, ...]
    not_held: bool = False
    treatment: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBrokenOff:
    """Closed by the program before its end. `attendances`: of who came; `absent`: who didn't.

    `treatment`: what there would have been of it, without breaks; `rest`: of that, what those who
    came were not given.
    """

    session_id: str
    site_id: str
    service_date: date
    under_part2: bool
    given_until: datetime
    attendances: tuple[Attendance, ...]
    absent: tuple[str, ...]
    treatment: tuple[Span, ...]
    rest: tuple[Span, ...]
    program: Program


SessionCommand = (
    ScheduleSession | CorrectSession | CancelSession | CloseSession | AddToRoster | TakeFromRoster
)
SessionFact = (
    SessionScheduled
    | SessionCorrected
    | SessionCancelled
    | SessionClosed
    | SessionBrokenOff
    | AddedToRoster
    | TakenFromRoster
)


@dataclass(frozen=True, slots=True)
class Session:
    """What later decisions need to know. `scheduled`: with the roster it has now, and the end."""

    scheduled: SessionScheduled | None = None
    closed: bool = False
    cancelled: bool = False
    broken_off: datetime | None = None


def decide(command: SessionCommand, session: Session) -> Iterator[SessionFact]:
    match command:
        case ScheduleSession():
            require_possible(command)
            if session.scheduled is None:
                yield filled(SessionScheduled, command)
        case CorrectSession():
            yield from correct(command, _whole_one(command, session))
        case CancelSession():
            scheduled = _scheduled(command, session)
            if command.given_until is not None:
                yield from _broken_off(command, session, scheduled)
            elif not session.cancelled:
                yield _cancelled(command, scheduled, closed=session.closed)
        case CloseSession():
            scheduled = _held(command, session)
            if command.now < scheduled.starts_at:
                raise SessionNotStarted(command.session_id)
            if not session.closed:
                yield _closed(command, scheduled)
        case AddToRoster():
            yield from add(command, _open(command, session))
        case TakeFromRoster():
            yield from take(command, _held(command, session), closed=session.closed)
        case _:
            assert_never(command)


def evolve(session: Session, fact: SessionFact) -> Session:
    match fact:
        case SessionScheduled():
            return replace(session, scheduled=fact)
        case SessionCancelled():
            return replace(session, cancelled=True, closed=False)
        case SessionClosed():
            return replace(session, closed=True)
        case SessionBrokenOff():
            return _ended(session, fact.given_until)
        case SessionCorrected() | AddedToRoster() | TakenFromRoster():
            if session.scheduled is None:
                return session
            return replace(session, scheduled=_put_right(session.scheduled, fact))
        case _:
            assert_never(fact)


SESSION = Decider(decide, evolve, Session())


def as_scheduled(facts: Iterable[SessionFact]) -> SessionScheduled | None:
    """As it was to be, by all that was said of it since, whenever it ended."""
    scheduled: SessionScheduled | None = None
    for fact in facts:
        if isinstance(fact, SessionScheduled):
            scheduled = fact
        elif scheduled is not None and isinstance(fact, SessionCorrected | RosterChange):
            scheduled = _put_right(scheduled, fact)
    return scheduled


def service_date(starts_at: datetime, time_zone: str) -> date:
    """The site's local date at the start; where a session ends is of no matter."""
    return starts_at.astimezone(ZoneInfo(time_zone)).date()


def attendance_of(
    client_id: str,
    presence: Presence,
    scheduled: SessionScheduled,
    *also: Flag,
    grace: timedelta = timedelta(),
) -> Attendance:
    """What closing says of one client: from check-in to check-out, within the session.

    `also`: flags that don't show in the client's own presence. `grace` is for flags alone: what is
    counted is the time there was.
    """
    intervals = presence.intervals
    flags: list[Flag] = []
    if intervals:
        if any(interval.left is None for interval in intervals):
            flags.append(Flag.NO_CHECK_OUT)
        if client_id not in scheduled.roster:
            flags.append(Flag.NOT_ON_ROSTER)
        if first_came(presence) > scheduled.starts_at + grace:
            flags.append(Flag.LATE)
        left = [interval.left for interval in intervals if interval.left is not None]
        if len(left) == len(intervals) and max(left) < scheduled.ends_at - grace:
            flags.append(Flag.LEFT_EARLY)
    treated = treated_within(intervals, scheduled.starts_at, scheduled.ends_at, scheduled.breaks)
    return Attendance(
        client_id=client_id,
        attended=bool(intervals),
        minutes=minutes_of(treated),
        flags=(*flags, *also),
        seconds=seconds_of(treated),
        treatment=treated,
    )


def over_capacity(presences: Mapping[str, Presence], scheduled: SessionScheduled) -> set[str]:
    """Who came when the session was full: the roster's places are theirs, then first come."""
    if not scheduled.capacity:
        return set()
    came = [client_id for client_id, presence in presences.items() if presence.intervals]
    in_turn = sorted(
        came,
        key=lambda client_id: (
            client_id not in scheduled.roster,
            first_came(presences[client_id]),
            client_id,
        ),
    )
    return set(in_turn[scheduled.capacity :])


def first_came(presence: Presence) -> datetime:
    """Of who came at all. Intervals stand as they were recorded, which may be out of order."""
    return min(interval.came for interval in presence.intervals)


def _scheduled(
    command: CorrectSession | CancelSession | CloseSession | AddToRoster | TakeFromRoster,
    session: Session,
) -> SessionScheduled:
    if session.scheduled is None:
        raise Unknown("session", command.session_id)
    return session.scheduled


def _held(
    command: CorrectSession | CloseSession | AddToRoster | TakeFromRoster, session: Session
) -> SessionScheduled:
    """Refuses (SESSION_CANCELLED) a session that wasn't held, or won't be."""
    scheduled = _scheduled(command, session)
    if session.cancelled:
        raise SessionCancelledAlready(command.session_id)
    return scheduled


def _whole_one(command: CorrectSession, session: Session) -> SessionScheduled:
    """Refuses one that was cancelled (SESSION_CANCELLED) or broken off (SESSION_BROKEN_OFF)."""
    scheduled = _held(command, session)
    if session.broken_off is not None:
        raise BrokenOff(command.session_id)
    return scheduled


def _put_right(
    scheduled: SessionScheduled, fact: SessionCorrected | RosterChange
) -> SessionScheduled:
    if isinstance(fact, SessionCorrected):
        return corrected(scheduled, fact)
    return changed(scheduled, fact)


def _open(command: AddToRoster, session: Session) -> SessionScheduled:
    """Refuses (SESSION_CANCELLED, SESSION_CLOSED) a session with nobody left to come."""
    scheduled = _held(command, session)
    if session.closed:
        raise SessionClosedAlready(command.session_id)
    return scheduled


def _ended(session: Session, given_until: datetime) -> Session:
    """It ended then: nothing that is corrected later counts beyond."""
    if session.scheduled is None:
        return session
    scheduled = replace(session.scheduled, ends_at=given_until)
    return replace(session, scheduled=scheduled, closed=True, broken_off=given_until)


def _cancelled(
    command: CancelSession, scheduled: SessionScheduled, *, closed: bool
) -> SessionCancelled:
    """Before it begins; or, where the program didn't hold it, while nobody was there."""
    was_held = not command.not_held or any(
        presence.was_there for presence in command.presences.values()
    )
    if closed and was_held:
        raise SessionClosedAlready(command.session_id)
    if command.now >= scheduled.starts_at and was_held:
        raise SessionBegun(command.session_id)
    others = sorted(command.presences.keys() - {*scheduled.roster}) if closed else []
    return filled(
        SessionCancelled,
        command,
        scheduled,
        under_part2=scheduled.program.under_part2,
        roster=(*scheduled.roster, *others),
        treatment=_whole(scheduled),
    )


def _broken_off(
    command: CancelSession, session: Session, scheduled: SessionScheduled
) -> Iterator[SessionBrokenOff]:
    """Once it began, and before its end; refuses one to which nobody came (NOBODY_WAS_THERE)."""
    until = command.given_until
    if until is None or command.not_held:
        raise Malformed(given_until="is said beside not_held")
    if session.cancelled:
        raise SessionCancelledAlready(command.session_id)
    if session.broken_off == until:
        return
    if session.closed:
        raise SessionClosedAlready(command.session_id)
    if command.now < scheduled.starts_at:
        raise SessionNotStarted(command.session_id)
    if not scheduled.starts_at < until < scheduled.ends_at:
        raise Malformed(given_until="must lie within the session")
    require_past(until, command.now)
    came = {client: there for client, there in command.presences.items() if there.intervals}
    if not came:
        raise NobodyWasThere(command.session_id)
    whole = _whole(scheduled)
    yield filled(
        SessionBrokenOff,
        command,
        scheduled,
        under_part2=scheduled.program.under_part2,
        attendances=_attendances(
            replace(command, presences=came), replace(scheduled, ends_at=until)
        ),
        absent=tuple(client for client in scheduled.roster if client not in came),
        treatment=whole,
        rest=tuple(
            Span(starts_at=max(span.starts_at, until), ends_at=span.ends_at)
            for span in whole
            if span.ends_at > until
        ),
    )


def _whole(scheduled: SessionScheduled) -> tuple[Span, ...]:
    """All the treatment that the session holds."""
    begin, end = scheduled.starts_at, scheduled.ends_at
    return treated_within([Interval(came=begin, left=end)], begin, end, scheduled.breaks)


def _closed(command: CloseSession, scheduled: SessionScheduled) -> SessionClosed:
    return filled(
        SessionClosed,
        scheduled,
        under_part2=scheduled.program.under_part2,
        attendances=_attendances(command, scheduled),
    )


def _attendances(
    command: CloseSession | CancelSession, scheduled: SessionScheduled
) -> tuple[Attendance, ...]:
    """Of everybody in the command's presences."""
    full = over_capacity(command.presences, scheduled)
    attendances = []
    for client_id, presence in sorted(command.presences.items()):
        also = [Flag.OVER_CAPACITY] if client_id in full else []
        also += [Flag.OVERLAP] if client_id in command.elsewhere else []
        came = bool(presence.intervals)
        also += [Flag.NOT_ADMITTED_HERE] if came and client_id in command.not_admitted else []
        attendances.append(
            attendance_of(client_id, presence, scheduled, *also, grace=command.grace)
        )
    return tuple(attendances)

"""A session: scheduled with its roster, then closed: from then on everybody attended or missed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from kernel.decider import Decider
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from services.attendance.domain.presence import Presence, minutes_within
from services.attendance.domain.site import Program

LONGEST = timedelta(hours=12)


class SessionNotStarted(AgainstTheRules):
    """Nobody can have missed what has not begun."""

    def __init__(self, session_id: str) -> None:
        super().__init__("SESSION_NOT_STARTED", "the session has not begun", session_id=session_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSession:
    """`service_date` is the site's local date at the start; `roster` holds client ids."""

    session_id: str
    site_id: str
    program: Program
    facilitator_id: str
    service_kind: str
    modality: str
    service_date: date
    starts_at: datetime
    ends_at: datetime
    roster: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession:
    """`presences`: of everybody on the roster, and of everybody who came without being on it."""

    session_id: str
    now: datetime
    presences: Mapping[str, Presence]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionScheduled:
    session_id: str
    site_id: str
    program: Program
    facilitator_id: str
    service_kind: str
    modality: str
    service_date: date
    starts_at: datetime
    ends_at: datetime
    roster: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """Of one client, at closing; `minutes` are whole.

    `flags`: NO_CHECK_OUT, NOT_ON_ROSTER, LATE, LEFT_EARLY.
    """

    client_id: str
    attended: bool
    minutes: int
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed:
    session_id: str
    site_id: str
    service_date: date
    under_part2: bool
    attendances: tuple[Attendance, ...]


SessionCommand = ScheduleSession | CloseSession
SessionFact = SessionScheduled | SessionClosed


@dataclass(frozen=True, slots=True)
class Session:
    """What later decisions need to know."""

    scheduled: SessionScheduled | None = None
    closed: bool = False


def decide(command: SessionCommand, session: Session) -> Iterator[SessionFact]:
    match command:
        case ScheduleSession():
            if not timedelta(0) < command.ends_at - command.starts_at <= LONGEST:
                raise Malformed(ends_at="must follow starts_at, by 12 hours at most")
            if not command.roster or len(set(command.roster)) != len(command.roster):
                raise Malformed(roster="must name at least one client, and each once")
            if session.scheduled is None:
                yield SessionScheduled(
                    session_id=command.session_id,
                    site_id=command.site_id,
                    program=command.program,
                    facilitator_id=command.facilitator_id,
                    service_kind=command.service_kind,
                    modality=command.modality,
                    service_date=command.service_date,
                    starts_at=command.starts_at,
                    ends_at=command.ends_at,
                    roster=command.roster,
                )
        case CloseSession():
            if session.scheduled is None:
                raise Unknown("session", command.session_id)
            if command.now < session.scheduled.starts_at:
                raise SessionNotStarted(command.session_id)
            if not session.closed:
                yield SessionClosed(
                    session_id=command.session_id,
                    site_id=session.scheduled.site_id,
                    service_date=session.scheduled.service_date,
                    under_part2=session.scheduled.program.under_part2,
                    attendances=tuple(
                        attendance_of(client_id, presence, session.scheduled)
                        for client_id, presence in sorted(command.presences.items())
                    ),
                )
        case _:
            assert_never(command)


def evolve(session: Session, fact: SessionFact) -> Session:
    match fact:
        case SessionScheduled():
            return replace(session, scheduled=fact)
        case SessionClosed():
            return replace(session, closed=True)
        case _:
            assert_never(fact)


SESSION = Decider(decide, evolve, Session())


def service_date(starts_at: datetime, time_zone: str) -> date:
    """The site's local date at the start; where a session ends is of no matter."""
    return starts_at.astimezone(ZoneInfo(time_zone)).date()


def attendance_of(client_id: str, presence: Presence, scheduled: SessionScheduled) -> Attendance:
    """What closing says of one client: from check-in to check-out, within the session."""
    intervals = presence.intervals
    flags = []
    if intervals:
        if any(interval.left is None for interval in intervals):
            flags.append("NO_CHECK_OUT")
        if client_id not in scheduled.roster:
            flags.append("NOT_ON_ROSTER")
        if intervals[0].came > scheduled.starts_at:
            flags.append("LATE")
        last = intervals[-1].left
        if last is not None and last < scheduled.ends_at:
            flags.append("LEFT_EARLY")
    return Attendance(
        client_id=client_id,
        attended=bool(intervals),
        minutes=minutes_within(intervals, scheduled.starts_at, scheduled.ends_at),
        flags=tuple(flags),
    )

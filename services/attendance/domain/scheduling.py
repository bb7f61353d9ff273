"""What is asked and said when a session is scheduled: when, where, for whom, with which breaks."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from kernel.decider import filled
from kernel.refusal import AgainstTheRules, Malformed
from services.attendance.domain.minutes import Span
from services.attendance.domain.site import Program

LONGEST = timedelta(hours=12)
PutRightReason = Literal["MISTYPED", "WRONG_CLIENT", "MISUNDERSTOOD", "TWICE", "TOLD_LATER"]
ServiceKind = Literal["GROUP", "INDIVIDUAL", "FAMILY", "INTAKE_EVALUATION", "PRESCRIBER_VISIT"]
Modality = Literal["IN_PERSON", "TELEHEALTH"]


class OverCapacity(AgainstTheRules):
    """Nobody is scheduled beyond a session's capacity. Who comes all the same is recorded."""

    def __init__(self, capacity: int, clients: int) -> None:
        super().__init__(
            "OVER_CAPACITY",
            "the roster holds more clients than the session",
            capacity=str(capacity),
            clients=str(clients),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The place in a template that a session fills; `on` is the template's date."""

    template_id: str
    on: date
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSession:
    """`service_date` is the site's local date at the start; `roster` holds client ids.

    `capacity` 0: no limit. `makes_up_session_id`: the session this one makes up for. It counts on
    its own date alone (domain guide, section 4).
    """

    session_id: str
    site_id: str
    program: Program
    facilitator_id: str
    service_kind: ServiceKind
    modality: Modality
    service_date: date
    starts_at: datetime
    ends_at: datetime
    roster: tuple[str, ...]
    capacity: int = 0
    breaks: tuple[Span, ...] = ()
    makes_up_session_id: str | None = None
    slot: Slot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionScheduled:
    session_id: str
    site_id: str
    program: Program
    facilitator_id: str
    service_kind: ServiceKind
    modality: Modality
    service_date: date
    starts_at: datetime
    ends_at: datetime
    roster: tuple[str, ...]
    capacity: int = 0
    breaks: tuple[Span, ...] = ()
    makes_up_session_id: str | None = None
    slot: Slot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A client on the roster: by which fact others heard of the place, and by which telling."""

    client_id: str
    told_by: UUID
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectSession:
    """What a session was to be all along. `places`: filled in, each with its next telling.

    `remark_version`: of the sealed remark, filled in when it is.
    """

    session_id: str
    program: Program
    facilitator_id: str
    service_kind: ServiceKind
    modality: Modality
    service_date: date
    starts_at: datetime
    ends_at: datetime
    capacity: int
    breaks: tuple[Span, ...]
    places: tuple[Placed, ...]
    reason: PutRightReason
    remark_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCorrected:
    """The session is this; others hear it of each client on its roster."""

    session_id: str
    site_id: str
    program: Program
    facilitator_id: str
    service_kind: ServiceKind
    modality: Modality
    service_date: date
    starts_at: datetime
    ends_at: datetime
    capacity: int
    breaks: tuple[Span, ...]
    makes_up_session_id: str | None
    places: tuple[Placed, ...]
    reason: PutRightReason
    remark_version: int


# What a correction says of a session.
SAID = (
    *("program", "facilitator_id", "service_kind", "modality", "service_date"),
    *("starts_at", "ends_at", "capacity", "breaks"),
)


def correct(command: CorrectSession, scheduled: SessionScheduled) -> Iterator[SessionCorrected]:
    """Refuses what can't take place (Malformed), and more clients than it holds (OVER_CAPACITY);
    what it is already changes nothing."""
    require_possible_times(command)
    if 0 < command.capacity < len(scheduled.roster):
        raise OverCapacity(command.capacity, len(scheduled.roster))
    if any(getattr(command, name) != getattr(scheduled, name) for name in SAID):
        yield filled(SessionCorrected, command, scheduled)


def corrected(scheduled: SessionScheduled, fact: SessionCorrected) -> SessionScheduled:
    """The session as it is now."""
    return replace(scheduled, **{name: getattr(fact, name) for name in SAID})


def require_possible(command: ScheduleSession) -> None:
    """Refuses what can't take place (Malformed), and more clients than it holds (OVER_CAPACITY)."""
    require_possible_times(command)
    if not command.roster or len(set(command.roster)) != len(command.roster):
        raise Malformed(roster="must name at least one client, and each once")
    if 0 < command.capacity < len(command.roster):
        raise OverCapacity(command.capacity, len(command.roster))


def require_possible_times(command: ScheduleSession | CorrectSession) -> None:
    """Refuses (Malformed) times at which no session can take place."""
    if not timedelta(0) < command.ends_at - command.starts_at <= LONGEST:
        raise Malformed(ends_at="must follow starts_at, by 12 hours at most")
    if not all(
        command.starts_at <= pause.starts_at < pause.ends_at <= command.ends_at
        for pause in command.breaks
    ):
        raise Malformed(breaks="must lie within the session")

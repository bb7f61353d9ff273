"""A place on a session's roster, given or taken after the session was scheduled."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from kernel.decider import filled
from kernel.refusal import BrokenRule
from services.attendance.domain.refusals import ClientWasThere
from services.attendance.domain.scheduling import (
    Modality,
    OverCapacity,
    ServiceKind,
    SessionScheduled,
)
from services.attendance.domain.site import Program


class NotOnRoster(BrokenRule):
    """Who has no place can't lose it, nor be missed."""

    code, about = "NOT_ON_ROSTER", "session_id"
    words = "the client isn't on the roster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What others heard of a client's place: by which fact first (None: by none yet), and how often
    it was said otherwise since."""

    told_by: UUID | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToRoster:
    """`seat`: filled in under the session's lock."""

    session_id: str
    client_id: str
    seat: Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsoTold:
    """What others heard of a client at a session beside the place: by which fact, and of which
    telling this is another."""

    told_by: UUID
    revision: int
    kind: Literal["MISSED", "ATTENDED", "CALLED_OFF", "CORRECTED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeFromRoster:
    """Filled in under the session's lock: `seat`; `there`: it is recorded that the client came;
    `also`: what is told besides of who didn't."""

    session_id: str
    client_id: str
    seat: Seat
    there: bool = False
    also: tuple[AlsoTold, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChange:
    """With what others hear of a session that is scheduled with them.

    `told_by`: the fact of which this is another telling; None: it is the first. `revision`: of the
    telling.
    """

    session_id: str
    client_id: str
    site_id: str
    program: Program
    facilitator_id: str
    service_kind: ServiceKind
    modality: Modality
    service_date: date
    starts_at: datetime
    ends_at: datetime
    makes_up_session_id: str | None
    told_by: UUID | None
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedToRoster(RosterChange):
    """The client is expected from here on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenFromRoster(RosterChange):
    """The client never was to come. `also`: what was told of it, and is told no more: of a session
    that was closed, that they missed it."""

    also: tuple[AlsoTold, ...] = ()


def add(command: AddToRoster, scheduled: SessionScheduled) -> Iterator[AddedToRoster]:
    """Who is on it stays there; refuses more clients than the session holds (OVER_CAPACITY)."""
    if command.client_id in scheduled.roster:
        return
    clients = len(scheduled.roster) + 1
    if 0 < scheduled.capacity < clients:
        raise OverCapacity(scheduled.capacity, clients)
    seat, revision = command.seat, command.seat.revision + 1
    yield filled(AddedToRoster, command, scheduled, told_by=seat.told_by, revision=revision)


def take(
    command: TakeFromRoster, scheduled: SessionScheduled, *, closed: bool
) -> Iterator[TakenFromRoster]:
    """Refuses who isn't on it (NOT_ON_ROSTER), and of a closed session who came
    (CLIENT_WAS_THERE)."""
    if closed and command.there:
        raise ClientWasThere(command.session_id)
    if command.client_id not in scheduled.roster:
        raise NotOnRoster(command.session_id)
    seat, revision = command.seat, command.seat.revision + 1
    yield filled(TakenFromRoster, command, scheduled, told_by=seat.told_by, revision=revision)


def changed(scheduled: SessionScheduled, change: RosterChange) -> SessionScheduled:
    """The session with the roster that it has now."""
    others = tuple(client for client in scheduled.roster if client != change.client_id)
    on_it = (change.client_id,) if isinstance(change, AddedToRoster) else ()
    return replace(scheduled, roster=(*others, *on_it))

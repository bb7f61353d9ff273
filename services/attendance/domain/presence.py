"""One client at one session: when they came and went, their note, and what was corrected later."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Decider, filled
from kernel.refusal import AgainstTheRules, Malformed
from services.attendance.domain.absence import (
    Absence,
    CalledOff,
    ClientAbsent,
    RecordAbsence,
    absent,
)
from services.attendance.domain.encounter import Encounter
from services.attendance.domain.minutes import (
    Interval,
    Span,
    minutes_of,
    seconds_of,
    treated_within,
)
from services.attendance.domain.note import (
    AddAddendum,
    AddendumAdded,
    AttestNote,
    NoteAttested,
    NoteSigned,
    SignNote,
    add,
    attest,
    sign,
)
from services.attendance.domain.refusals import require_past
from services.attendance.domain.site import Program


class CorrectionReason(StrEnum):
    """Why what was recorded of a client at a session wasn't so."""

    WRONG_TIME = "WRONG_TIME"
    WRONG_CLIENT = "WRONG_CLIENT"
    NOT_THERE = "NOT_THERE"
    WAS_THERE = "WAS_THERE"


class Flag(StrEnum):
    """What somebody ought to look at in an attendance, or a payer may ask about."""

    NO_CHECK_OUT = "NO_CHECK_OUT"
    NOT_ON_ROSTER = "NOT_ON_ROSTER"
    LATE = "LATE"
    LEFT_EARLY = "LEFT_EARLY"
    OVER_CAPACITY = "OVER_CAPACITY"
    OVERLAP = "OVERLAP"
    NOT_ADMITTED_HERE = "NOT_ADMITTED_HERE"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    encounter: Encounter
    came: datetime
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOut:
    encounter: Encounter
    left: datetime
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectAttendance:
    """`intervals`: when the client was there after all; none: was not.

    `elsewhere` is filled in under the client's lock: at another session, closed already, meanwhile.
    `not_admitted`: at the session's site, on its date. `anew`: the session itself was put right.
    """

    encounter: Encounter
    intervals: tuple[Interval, ...]
    reason: CorrectionReason
    elsewhere: bool = False
    not_admitted: bool = False
    anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIn:
    session_id: str
    client_id: str
    came: datetime
    on_roster: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedOut:
    session_id: str
    client_id: str
    left: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceCorrected:
    """`correction` counts from 1; the highest holds. `minutes` and `seconds` are whole.

    `treatment`: when they were, within the session and without its breaks. Facts of before have
    minutes alone.
    `flags`: OVERLAP, while it still says that the client was at two places at once, and
    NOT_ADMITTED_HERE.
    `program`: the session's; None in facts of before it was kept.
    """

    session_id: str
    client_id: str
    site_id: str
    service_date: date
    under_part2: bool
    correction: int
    intervals: tuple[Interval, ...]
    minutes: int
    reason: CorrectionReason
    flags: tuple[Flag, ...] = ()
    program: Program | None = None
    seconds: int = 0
    treatment: tuple[Span, ...] = ()


PresenceCommand = (
    CheckIn | CheckOut | RecordAbsence | SignNote | AddAddendum | AttestNote | CorrectAttendance
)
PresenceFact = (
    CheckedIn
    | CheckedOut
    | ClientAbsent
    | CalledOff
    | NoteSigned
    | AddendumAdded
    | NoteAttested
    | AttendanceCorrected
)


@dataclass(frozen=True, slots=True)
class Presence:
    """What later decisions need to know."""

    intervals: tuple[Interval, ...] = ()
    note_signed: bool = False
    note_attested: bool = False
    corrections: int = 0
    corrected_to: tuple[Interval, ...] | None = None
    corrected_flags: tuple[Flag, ...] = ()
    absence: Absence | None = None

    @property
    def was_there(self) -> bool:
        """As it stands: by the last correction, else by check-ins."""
        return bool(self.intervals if self.corrected_to is None else self.corrected_to)


def decide(command: PresenceCommand, presence: Presence) -> Iterator[PresenceFact]:
    match command:
        case CheckIn():
            yield from _come(command, presence)
        case CheckOut():
            yield from _leave(command, presence)
        case RecordAbsence():
            yield from absent(command, said=presence.absence, there=presence.was_there)
        case AddAddendum():
            yield add(command, signed=presence.note_signed)
        case SignNote():
            yield sign(command, signed=presence.note_signed, there=presence.was_there)
        case AttestNote():
            yield attest(command, attested=presence.note_attested, there=presence.was_there)
        case CorrectAttendance():
            yield from _correct(command, presence)
        case _:
            assert_never(command)


def evolve(presence: Presence, fact: PresenceFact) -> Presence:
    match fact:
        case CheckedIn():
            return replace(presence, intervals=(*presence.intervals, Interval(came=fact.came)))
        case CheckedOut():
            return replace(presence, intervals=_left(presence.intervals, fact.left))
        case ClientAbsent() | CalledOff():
            absence = fact.absence if isinstance(fact, ClientAbsent) else "BY_PROGRAM"
            return replace(presence, absence=absence)
        case NoteSigned() | NoteAttested() | AddendumAdded():
            return replace(
                presence,
                note_signed=presence.note_signed or isinstance(fact, NoteSigned),
                note_attested=presence.note_attested or isinstance(fact, NoteAttested),
            )
        case AttendanceCorrected():
            return replace(
                presence,
                corrections=fact.correction,
                corrected_to=fact.intervals,
                corrected_flags=fact.flags,
            )
        case _:
            assert_never(fact)


PRESENCE = Decider(decide, evolve, Presence())


def _left(intervals: tuple[Interval, ...], left: datetime) -> tuple[Interval, ...]:
    """With the last one ended; as they are where its arrival was taken back."""
    if not intervals or intervals[-1].left is not None:
        return intervals
    return (*intervals[:-1], replace(intervals[-1], left=left))


def require_in_order(presence: Presence) -> None:
    """Refuses (Malformed) comings and goings that can't have been, once one was put right."""
    reached: datetime | None = None
    for interval in presence.intervals:
        if reached is not None and interval.came < reached:
            raise Malformed(at="is before the client had left")
        if interval.left is not None and interval.left < interval.came:
            raise Malformed(at="is before the check-in, or after the check-out")
        reached = interval.left or interval.came


def _come(command: CheckIn, presence: Presence) -> Iterator[CheckedIn]:
    """Who is there can't come; an arrival said again, even after leaving, is the same arrival."""
    encounter = command.encounter
    encounter.require_open()
    encounter.require_held()
    encounter.require_near("at", command.came)
    require_past(command.came, command.now)
    if not any(
        interval.left is None or interval.came == command.came for interval in presence.intervals
    ):
        yield filled(CheckedIn, command, encounter)


def _leave(command: CheckOut, presence: Presence) -> Iterator[CheckedOut]:
    """A departure said again is the same departure. Of a cancelled session too: who came, left."""
    encounter = command.encounter
    encounter.require_open()
    last = presence.intervals[-1] if presence.intervals else None
    if last is not None and last.left == command.left:
        return
    if last is None or last.left is not None:
        raise AgainstTheRules(
            "NOT_CHECKED_IN", "the client isn't checked in", session_id=encounter.session_id
        )
    encounter.require_near("at", command.left)
    require_past(command.left, command.now)
    if command.left < last.came:
        raise Malformed(at="is before the check-in")
    yield filled(CheckedOut, command, encounter)


def _correct(command: CorrectAttendance, presence: Presence) -> Iterator[AttendanceCorrected]:
    encounter = command.encounter
    encounter.require_closed()
    for interval in command.intervals:
        encounter.require_near("intervals", interval.came, interval.left)
    if command.reason == CorrectionReason.NOT_THERE and command.intervals:
        raise Malformed(intervals="are of somebody who was there")
    if command.reason == CorrectionReason.WAS_THERE and not command.intervals:
        raise Malformed(intervals="are required of somebody who was there")
    flags: tuple[Flag, ...] = (Flag.OVERLAP,) if command.elsewhere else ()
    if command.intervals and command.not_admitted:
        flags = (*flags, Flag.NOT_ADMITTED_HERE)
    treated = treated_within(
        command.intervals, encounter.starts_at, encounter.ends_at, encounter.breaks
    )
    if command.anew or (presence.corrected_to, presence.corrected_flags) != (
        command.intervals,
        flags,
    ):
        yield filled(
            AttendanceCorrected,
            command,
            encounter,
            correction=presence.corrections + 1,
            minutes=minutes_of(treated),
            flags=flags,
            seconds=seconds_of(treated),
            treatment=treated,
        )

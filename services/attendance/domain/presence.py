"""One client at one session: when they came and went, their note, and what was corrected later."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import assert_never

from kernel.decider import Decider
from kernel.refusal import AgainstTheRules, Malformed
from services.attendance.domain.at import At, require_closed, require_near, require_open
from services.attendance.domain.minutes import (
    Interval,
    Span,
    minutes_of,
    seconds_of,
    treated_within,
)
from services.attendance.domain.note import (
    AttestNote,
    NoteAttested,
    NoteSigned,
    SignNote,
    attest,
    sign,
)
from services.attendance.domain.refusals import SessionCancelledAlready
from services.attendance.domain.site import Program

# Of the contract's CorrectionReason.
NOT_THERE, WAS_THERE = "NOT_THERE", "WAS_THERE"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    at: At
    came: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOut:
    at: At
    left: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectAttendance:
    """`intervals`: when the client was there after all; none: was not.

    `elsewhere` is filled in under the client's lock: at another session, closed already, meanwhile.
    `not_admitted`: at the session's site, on its date.
    """

    at: At
    intervals: tuple[Interval, ...]
    reason: str
    elsewhere: bool = False
    not_admitted: bool = False


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
    reason: str
    flags: tuple[str, ...] = ()
    program: Program | None = None
    seconds: int = 0
    treatment: tuple[Span, ...] = ()


PresenceCommand = CheckIn | CheckOut | SignNote | AttestNote | CorrectAttendance
PresenceFact = CheckedIn | CheckedOut | NoteSigned | NoteAttested | AttendanceCorrected


@dataclass(frozen=True, slots=True)
class Presence:
    """What later decisions need to know."""

    intervals: tuple[Interval, ...] = ()
    note_signed: bool = False
    note_attested: bool = False
    corrections: int = 0
    corrected_to: tuple[Interval, ...] | None = None
    corrected_flags: tuple[str, ...] = ()

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
            if not presence.intervals:
                return presence
            last = replace(presence.intervals[-1], left=fact.left)
            return replace(presence, intervals=(*presence.intervals[:-1], last))
        case NoteSigned():
            return replace(presence, note_signed=True)
        case NoteAttested():
            return replace(presence, note_attested=True)
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


def _come(command: CheckIn, presence: Presence) -> Iterator[CheckedIn]:
    """Who is there can't come; an arrival said again, even after leaving, is the same arrival."""
    at = command.at
    require_open(at)
    if at.cancelled:
        raise SessionCancelledAlready(at.session_id)
    require_near(at, "at", command.came)
    if not any(each.left is None or each.came == command.came for each in presence.intervals):
        yield CheckedIn(
            session_id=at.session_id,
            client_id=at.client_id,
            came=command.came,
            on_roster=at.on_roster,
        )


def _leave(command: CheckOut, presence: Presence) -> Iterator[CheckedOut]:
    """A departure said again is the same departure. Of a cancelled session too: who came, left."""
    at = command.at
    require_open(at)
    last = presence.intervals[-1] if presence.intervals else None
    if last is not None and last.left == command.left:
        return
    if last is None or last.left is not None:
        raise AgainstTheRules(
            "NOT_CHECKED_IN", "the client isn't checked in", session_id=at.session_id
        )
    require_near(at, "at", command.left)
    if command.left < last.came:
        raise Malformed(at="is before the check-in")
    yield CheckedOut(session_id=at.session_id, client_id=at.client_id, left=command.left)


def _correct(command: CorrectAttendance, presence: Presence) -> Iterator[AttendanceCorrected]:
    at = command.at
    require_closed(at)
    for interval in command.intervals:
        require_near(at, "intervals", interval.came, interval.left)
    if command.reason == NOT_THERE and command.intervals:
        raise Malformed(intervals="are of somebody who was there")
    if command.reason == WAS_THERE and not command.intervals:
        raise Malformed(intervals="are required of somebody who was there")
    flags = ("OVERLAP",) if command.elsewhere else ()
    if command.intervals and command.not_admitted:
        flags = (*flags, "NOT_ADMITTED_HERE")
    treated = treated_within(command.intervals, at.starts_at, at.ends_at, at.breaks)
    if (presence.corrected_to, presence.corrected_flags) != (command.intervals, flags):
        yield AttendanceCorrected(
            session_id=at.session_id,
            client_id=at.client_id,
            site_id=at.site_id,
            service_date=at.service_date,
            under_part2=at.program.under_part2,
            correction=presence.corrections + 1,
            intervals=command.intervals,
            minutes=minutes_of(treated),
            reason=command.reason,
            flags=flags,
            program=at.program,
            seconds=seconds_of(treated),
            treatment=treated,
        )

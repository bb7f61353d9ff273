"""One client at one session: when they came and went, their note, and what was corrected later."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import assert_never

from kernel.decider import Decider
from kernel.refusal import AgainstTheRules, Malformed


class SessionClosedAlready(AgainstTheRules):
    """After closing, attendance is corrected, with a reason."""

    def __init__(self, session_id: str) -> None:
        super().__init__(
            "SESSION_CLOSED", "the session is closed; use CorrectAttendance", session_id=session_id
        )


class SessionNotClosed(AgainstTheRules):
    """Before closing there is nothing to correct: check in and check out."""

    def __init__(self, session_id: str) -> None:
        super().__init__(
            "SESSION_NOT_CLOSED",
            "the session is not closed; use CheckIn and CheckOut, then CloseSession",
            session_id=session_id,
        )


class NoteAlreadySigned(AgainstTheRules):
    """A signed note is never changed."""

    def __init__(self, session_id: str) -> None:
        super().__init__("NOTE_ALREADY_SIGNED", "this note is signed", session_id=session_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """From coming to leaving; `left` is None while nobody recorded it."""

    came: datetime
    left: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """The session a presence belongs to, as far as facts about it must stand alone."""

    session_id: str
    client_id: str
    site_id: str
    service_date: date
    starts_at: datetime
    ends_at: datetime
    under_part2: bool
    on_roster: bool
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    at: At
    came: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOut:
    at: At
    left: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignNote:
    at: At
    signed_by: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectAttendance:
    """`intervals`: when the client was there after all; none: was not."""

    at: At
    intervals: tuple[Interval, ...]
    reason: str


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
class NoteSigned:
    session_id: str
    client_id: str
    site_id: str
    service_date: date
    under_part2: bool
    signed_by: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceCorrected:
    """`correction` counts from 1; the highest holds. `minutes` are whole, within the session."""

    session_id: str
    client_id: str
    site_id: str
    service_date: date
    under_part2: bool
    correction: int
    intervals: tuple[Interval, ...]
    minutes: int
    reason: str


PresenceCommand = CheckIn | CheckOut | SignNote | CorrectAttendance
PresenceFact = CheckedIn | CheckedOut | NoteSigned | AttendanceCorrected


@dataclass(frozen=True, slots=True)
class Presence:
    """What later decisions need to know."""

    intervals: tuple[Interval, ...] = ()
    note_signed: bool = False
    corrections: int = 0
    corrected_to: tuple[Interval, ...] | None = None


def decide(command: PresenceCommand, presence: Presence) -> Iterator[PresenceFact]:
    match command:
        case CheckIn(at=at):
            if at.closed:
                raise SessionClosedAlready(at.session_id)
            if not any(interval.left is None for interval in presence.intervals):
                yield CheckedIn(
                    session_id=at.session_id,
                    client_id=at.client_id,
                    came=command.came,
                    on_roster=at.on_roster,
                )
        case CheckOut(at=at):
            if at.closed:
                raise SessionClosedAlready(at.session_id)
            _must_follow_check_in(command, presence)
            yield CheckedOut(session_id=at.session_id, client_id=at.client_id, left=command.left)
        case SignNote(at=at):
            if presence.note_signed:
                raise NoteAlreadySigned(at.session_id)
            yield NoteSigned(
                session_id=at.session_id,
                client_id=at.client_id,
                site_id=at.site_id,
                service_date=at.service_date,
                under_part2=at.under_part2,
                signed_by=command.signed_by,
                signed_at=command.signed_at,
            )
        case CorrectAttendance(at=at):
            if not at.closed:
                raise SessionNotClosed(at.session_id)
            if presence.corrected_to != command.intervals:
                yield AttendanceCorrected(
                    session_id=at.session_id,
                    client_id=at.client_id,
                    site_id=at.site_id,
                    service_date=at.service_date,
                    under_part2=at.under_part2,
                    correction=presence.corrections + 1,
                    intervals=command.intervals,
                    minutes=minutes_within(command.intervals, at.starts_at, at.ends_at),
                    reason=command.reason,
                )
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
        case AttendanceCorrected():
            return replace(presence, corrections=fact.correction, corrected_to=fact.intervals)
        case _:
            assert_never(fact)


PRESENCE = Decider(decide, evolve, Presence())


def _must_follow_check_in(command: CheckOut, presence: Presence) -> None:
    if not presence.intervals or presence.intervals[-1].left is not None:
        raise AgainstTheRules(
            "NOT_CHECKED_IN", "the client isn't checked in", session_id=command.at.session_id
        )
    if command.left < presence.intervals[-1].came:
        raise Malformed(at="is before the check-in")


def minutes_within(intervals: Iterable[Interval], starts_at: datetime, ends_at: datetime) -> int:
    """Whole minutes of the session the intervals cover; overlaps count once, an open one none."""
    covered = 0.0
    reached = starts_at
    for interval in sorted(intervals, key=lambda each: each.came):
        if interval.left is None:
            continue
        begin = max(interval.came, reached)
        end = min(interval.left, ends_at)
        if end > begin:
            covered += (end - begin).total_seconds()
            reached = end
    return int(covered // 60)

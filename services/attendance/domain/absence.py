"""Why somebody on a session's roster wasn't there, as far as anybody said."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from kernel.decider import filled
from kernel.refusal import BrokenRule
from services.attendance.domain.encounter import Encounter
from services.attendance.domain.minutes import Interval, Span, treated_within
from services.attendance.domain.refusals import ClientWasThere, SessionNotStarted
from services.attendance.domain.roster import NotOnRoster

OfClient = Literal["EXCUSED", "BY_CLIENT", "NO_SHOW"]
Absence = Literal[OfClient, "BY_PROGRAM"]


class AbsenceRecordedAlready(BrokenRule):
    """One reason at a time: another one is a correction."""

    code, about = "ABSENCE_RECORDED", "session_id"
    words = "another reason is recorded; correct it, or take it back"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAbsence:
    encounter: Encounter
    absence: Absence
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAbsent:
    session_id: str
    client_id: str
    site_id: str
    absence: OfClient


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledOff:
    """The program called the session off for this client alone. `treatment`: what there would have
    been, without breaks."""

    session_id: str
    client_id: str
    site_id: str
    service_date: date
    under_part2: bool
    treatment: tuple[Span, ...]


def absent(
    command: RecordAbsence, *, said: Absence | None, there: bool
) -> Iterator[ClientAbsent | CalledOff]:
    """Before the session or after, closed or not; said again, it changes nothing."""
    encounter = command.encounter
    encounter.require_held()
    if not encounter.on_roster:
        raise NotOnRoster(encounter.session_id)
    if there:
        raise ClientWasThere(encounter.session_id)
    if command.absence == "NO_SHOW" and command.now < encounter.starts_at:
        raise SessionNotStarted(encounter.session_id)
    if said == command.absence:
        return
    if said is not None:
        raise AbsenceRecordedAlready(encounter.session_id)
    if command.absence == "BY_PROGRAM":
        begin, end = encounter.starts_at, encounter.ends_at
        whole = treated_within([Interval(came=begin, left=end)], begin, end, encounter.breaks)
        yield filled(CalledOff, encounter, treatment=whole)
    else:
        yield filled(ClientAbsent, encounter, absence=command.absence)

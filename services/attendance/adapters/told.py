"""What is told of sessions, sites and staff: as it was recorded, with its words."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.store.telling import Told, ToldWhole, Words
from services.attendance.domain.absence import Absence, CalledOff, ClientAbsent
from services.attendance.domain.note import AddendumAdded, NoteAttested, NoteSigned
from services.attendance.domain.presence import AttendanceCorrected, CheckedIn, CheckedOut
from services.attendance.domain.roster import RosterChange
from services.attendance.domain.scheduling import SessionCorrected, SessionScheduled
from services.attendance.domain.session import (
    Attendance,
    SessionBrokenOff,
    SessionCancelled,
    SessionClosed,
)
from services.attendance.domain.site import GraceSet, ProgramOpened, SiteClosedForDay, SiteOpened
from services.attendance.domain.staff import CredentialEnded, StaffCredentialed
from services.attendance.domain.template import TemplateDefined

NO_LIMIT = 0
GROUP = "GROUP"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldArrival(Told):
    fact: CheckedIn


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldDeparture(Told):
    fact: CheckedOut


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCorrection(Told):
    fact: AttendanceCorrected


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAddendum(Told):
    fact: AddendumAdded
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldNote:
    """`group`: of a group's note, the part for all."""

    fact: NoteSigned
    words: Words
    group: Words
    addenda: tuple[ToldAddendum, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAbsence(Told):
    fact: ClientAbsent | CalledOff
    absence: Absence


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAttestation:
    fact: NoteAttested
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPresence:
    """One client at one session. `closed`: as closing has it; None: it is open, or was cancelled.

    `note` and `attestation` None: there is none, or the reader sees none.
    """

    client_id: str
    on_roster: bool
    version: int
    arrivals: tuple[ToldArrival, ...]
    departures: tuple[ToldDeparture, ...]
    corrections: tuple[ToldCorrection, ...]
    closed: Attendance | None
    absence: ToldAbsence | None
    note: ToldNote | None
    attestation: ToldAttestation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCancellation(Told):
    fact: SessionCancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBreakOff(Told):
    fact: SessionBrokenOff


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldClosing(Told):
    fact: SessionClosed


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSessionCorrected(Told):
    fact: SessionCorrected
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRosterChange(Told):
    fact: RosterChange
    on_roster: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSession(ToldWhole):
    """`fact`: as it stands."""

    fact: SessionScheduled
    closed: bool
    cancelled: ToldCancellation | None
    broken_off: ToldBreakOff | None
    closing: ToldClosing | None
    corrections: tuple[ToldSessionCorrected, ...]
    roster_changes: tuple[ToldRosterChange, ...]
    presences: tuple[ToldPresence, ...]

    @property
    def no_limit(self) -> bool:
        return self.fact.service_kind == GROUP and self.fact.capacity == NO_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldProgram(Told):
    fact: ProgramOpened


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldHoliday(Told):
    fact: SiteClosedForDay


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldGrace(Told):
    fact: GraceSet


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTemplate(ToldWhole):
    fact: TemplateDefined


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSite(ToldWhole):
    fact: SiteOpened
    programs: tuple[ToldProgram, ...]
    holidays: tuple[ToldHoliday, ...]
    grace_seconds: int
    grace: ToldGrace | None
    templates: tuple[ToldTemplate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCredentialEnd(Told):
    fact: CredentialEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCredential(Told):
    fact: StaffCredentialed
    ends: tuple[ToldCredentialEnd, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStaff:
    staff_id: str
    credentials: Sequence[ToldCredential]
    version: int

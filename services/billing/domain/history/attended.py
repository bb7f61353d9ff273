"""What was attended: of each session the latest word, with what was scheduled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.billing.domain.history.history import (
    NOT_KNOWN,
    Attendance,
    BillingHistory,
    Program,
    Session,
    facts_of,
)
from services.billing.domain.history.presence import united
from services.billing.domain.payers.rules import RuleSet
from services.billing.domain.reasons import Reason

TELEHEALTH = "TELEHEALTH"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendedService:
    """One attended session; `session` None: nobody scheduled the client for it."""

    attendance: Attendance
    session: Session | None = None

    @property
    def kind(self) -> str:
        """GROUP, INDIVIDUAL …; empty while nothing says which."""
        return self.session.service_kind if self.session else ""

    @property
    def in_doubt(self) -> Reason | None:
        """Why the minutes aren't known until a correction says them; None when they are."""
        if self.attendance.no_check_out:
            return Reason.NO_CHECK_OUT
        return Reason.OVERLAP if self.attendance.overlap else None

    @property
    def facts(self) -> frozenset[str]:
        """What is known of it."""
        return facts_of([self.attendance], [self.session] if self.session else [])

    @property
    def minutes(self) -> int:
        return self.attendance.time // 60

    @property
    def site_id(self) -> str:
        return self.attendance.site_id

    @property
    def telehealth(self) -> bool:
        return self.session is not None and self.session.modality == TELEHEALTH

    @property
    def program(self) -> Program:
        """As scheduling it said, else as closing or correcting it did."""
        history = self.session.program if self.session else NOT_KNOWN
        return self.attendance.program if history == NOT_KNOWN else history

    @property
    def facilitator_id(self) -> str:
        return self.session.facilitator_id if self.session else ""


def attendance_that_holds(attendances: Sequence[Attendance]) -> list[Attendance]:
    """Of each session the latest word: the highest correction, else what closing said.

    Of merged clients, who may have come to one session as both, each minute once.
    """
    latest: dict[tuple[str, str], Attendance] = {}
    for attendance in sorted(
        attendances, key=lambda attendance: (attendance.correction, attendance.fact)
    ):
        latest[attendance.client_id, attendance.session_id] = attendance
    holding = united(list(latest.values()))
    return sorted(holding, key=lambda attendance: attendance.session_id)


def services_of(
    history: BillingHistory, attendances: Iterable[Attendance]
) -> list[AttendedService]:
    """The attended ones among them, each with its session."""
    return [
        service for service in scheduled_of(history, attendances) if service.attendance.attended
    ]


def scheduled_of(
    history: BillingHistory, attendances: Iterable[Attendance]
) -> list[AttendedService]:
    """Each with its session, attended or missed."""
    sessions = {
        session.session_id: session
        for session in sorted(history.sessions, key=lambda session: session.fact)
    }
    return [
        AttendedService(attendance=attendance, session=sessions.get(attendance.session_id))
        for attendance in attendances
    ]


def unclosed(history: BillingHistory, start: date, end: date) -> list[Session]:
    """Sessions of these days, both included, that were neither closed nor cancelled."""
    settled = {attendance.session_id for attendance in history.attendances}
    settled |= {cancellation.session_id for cancellation in history.cancelled}
    found = [
        session
        for session in history.sessions
        if start <= session.service_date <= end and session.session_id not in settled
    ]
    return sorted(found, key=lambda session: (session.service_date, session.session_id))


def programs_of(services: Iterable[AttendedService]) -> frozenset[Program]:
    """Whose sessions they were."""
    return frozenset(service.program for service in services)


def countable(services: Iterable[AttendedService], rules: RuleSet | None) -> list[AttendedService]:
    """Those inside the per diem and the episode: the payer's ancillary kinds aren't."""
    return [
        service for service in services if rules is None or not rules.ancillary_to(service.kind)
    ]


def minutes_of(services: Iterable[AttendedService]) -> int:
    """Whole minutes attended, of the sum of all seconds.

    Facts carry minutes, no intervals: what overlaps is counted twice here, and its day waits until
    a correction says which minutes were where.
    """
    return sum(service.attendance.time for service in services) // 60


def reach(services: Iterable[AttendedService], minimum_minutes: int, rules: RuleSet) -> bool:
    """Whether they come to the payer's minimum, with the grace it gives."""
    attended = sum(service.attendance.time for service in services)
    return attended + rules.grace_seconds >= minimum_minutes * 60


def longest(services: Sequence[AttendedService]) -> AttendedService:
    """The longest service; of several the first by the session's id."""
    return min(
        services, key=lambda service: (-service.attendance.time, service.attendance.session_id)
    )


def site_of(attendances: Iterable[Attendance]) -> str:
    """Where most of the time was; one per diem a day, whichever sites were attended."""
    time: dict[str, int] = {}
    for attendance in attendances:
        time[attendance.site_id] = time.get(attendance.site_id, 0) + attendance.time
    return min(time, key=lambda site_id: (-time[site_id], site_id))


def dates_of(attendances: Iterable[Attendance]) -> list[date]:
    return sorted({attendance.service_date for attendance in attendances})

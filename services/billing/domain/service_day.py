"""A service day: one client, one date, what was attended, each gate's verdict, and the outcome.

Source: domain guide 5.6. Never silently dropped: what can't be billed yet is on HOLD, with reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.billing.domain import gates
from services.billing.domain.gates import Verdict
from services.billing.domain.known import Attendance, Known, Line, Session
from services.billing.domain.rules import RuleSet, rules_in_effect

PER_DIEM, NOT_BILLABLE, HOLD = "PER_DIEM", "NOT_BILLABLE", "HOLD"
# These gates, closed, say that the day is not billable; the others that something is awaited.
FINAL = {"NOTE_LATE_DENIED", "MISSED", "SHORT_OF_MINUTES"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDay:
    """`line` is what a claim would carry; None while nothing says what that is."""

    service_date: date
    payer_id: str
    minutes: int
    verdicts: tuple[Verdict, ...]
    rules: RuleSet | None
    site_id: str
    provider_id: str = ""
    coverage_id: str = ""
    under_part2: bool = True
    level_of_care: str = ""
    line: Line | None = None
    authorization_id: str = ""
    rests_on: frozenset[str] = frozenset()

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(verdict.reason for verdict in self.verdicts if not verdict.open)

    @property
    def outcome(self) -> str:
        """PER_DIEM when every gate is open; NOT_BILLABLE when one says so for good; else HOLD."""
        reasons = set(self.reasons)
        if "NO_CHECK_OUT" in reasons:
            reasons.discard("SHORT_OF_MINUTES")  # the minutes aren't known yet
        if FINAL & reasons:
            return NOT_BILLABLE
        return HOLD if reasons else PER_DIEM

    def with_verdict(self, verdict: Verdict, *, authorization_id: str = "") -> "ServiceDay":
        """The day after one more gate."""
        return replace(
            self,
            verdicts=(*self.verdicts, verdict),
            rests_on=self.rests_on | verdict.rests_on,
            authorization_id=authorization_id,
        )


def resolve(known: Known) -> list[ServiceDay]:
    """Every date on which a session of the client was closed, before allocation."""
    holding = attendance_that_holds(known.attendances)
    closed = {attendance.session_id for attendance in known.attendances}
    dates = sorted({attendance.service_date for attendance in holding})
    return [
        _resolve(known, on, [each for each in holding if each.service_date == on], closed)
        for on in dates
    ]


def attendance_that_holds(attendances: Sequence[Attendance]) -> list[Attendance]:
    """Of each session the latest word: the highest correction, else what closing said."""
    latest: dict[str, Attendance] = {}
    for attendance in sorted(attendances, key=lambda each: (each.correction, each.fact)):
        latest[attendance.session_id] = attendance
    return sorted(latest.values(), key=lambda each: each.session_id)


def _resolve(known: Known, on: date, of_day: Sequence[Attendance], closed: set[str]) -> ServiceDay:
    attended = [attendance for attendance in of_day if attendance.attended]
    minutes = sum(attendance.minutes for attendance in attended)
    rests_on = frozenset(attendance.fact for attendance in of_day)
    coverage = gates.coverage_on(known, on)
    confirmed = [
        each for each in known.confirmed if coverage and each.rules.payer_id == coverage.payer_id
    ]
    rules = rules_in_effect((each.rules for each in confirmed), on)
    site_id = _site_of(attended or of_day)
    day = ServiceDay(
        service_date=on,
        payer_id=coverage.payer_id if coverage else "",
        minutes=minutes,
        verdicts=(),
        rules=rules,
        site_id=site_id,
        coverage_id=coverage.coverage_id if coverage else "",
        rests_on=rests_on,
    )
    if not attended:
        return day.with_verdict(Verdict(gate="ATTENDANCE", reason="MISSED"))
    day = day.with_verdict(_attendance_gate(attended))
    if coverage is None:
        return day.with_verdict(Verdict(gate="COVERAGE", reason="NO_COVERAGE"))
    day = day.with_verdict(Verdict(gate="COVERAGE", rests_on=frozenset({coverage.fact})))
    if rules is None:
        return day.with_verdict(Verdict(gate="RULES", reason="NO_RULES_IN_EFFECT"))
    ruling = frozenset(each.fact for each in confirmed if each.rules == rules)
    day = day.with_verdict(Verdict(gate="RULES", rests_on=ruling))
    return _under_rules(known, day, rules, attended, closed)


def _under_rules(
    known: Known,
    day: ServiceDay,
    rules: RuleSet,
    attended: Sequence[Attendance],
    closed: set[str],
) -> ServiceDay:
    on = day.service_date
    sessions = _sessions_of(known, attended)
    admission = gates.admission_on(known, on)
    enrollment = gates.enrollment_on(known, day.payer_id, day.site_id, on)
    for verdict in (
        _minutes_gate(day.minutes, rules),
        gates.level_gate(admission, rules),
        gates.plan_gate(known, admission, rules, on),
        gates.diagnosis_gate(known, on),
        gates.consent_gate(known, admission, day.payer_id, on),
        gates.note_gate(known, attended, sessions, rules),
        gates.week_gate(known, closed, rules, on),
    ):
        day = day.with_verdict(verdict)
    day = replace(
        day,
        under_part2=admission is None or admission.under_part2,
        level_of_care=admission.level_of_care if admission else "",
    )
    if enrollment is None:
        return day.with_verdict(Verdict(gate="ENROLLMENT", reason="NOT_ENROLLED"))
    day = day.with_verdict(Verdict(gate="ENROLLMENT", rests_on=frozenset({enrollment.fact})))
    fee = gates.fee_on(known, enrollment.provider_id, rules.per_diem.code, on)
    if fee is None:
        return day.with_verdict(Verdict(gate="FEE", reason="NO_FEE"))
    line = Line(
        service_date=on,
        code=rules.per_diem.code,
        modifiers=rules.per_diem.modifiers,
        units=1,
        charge_minor=fee.charge_minor,
        place_of_service=_place(sessions, rules),
    )
    day = day.with_verdict(Verdict(gate="FEE", rests_on=frozenset({fee.fact})))
    return replace(day, provider_id=enrollment.provider_id, line=line)


def _attendance_gate(attended: Sequence[Attendance]) -> Verdict:
    """An assumed check-out counts no minutes until somebody confirms it."""
    missing = any(attendance.no_check_out for attendance in attended)
    return Verdict(gate="ATTENDANCE", reason="NO_CHECK_OUT" if missing else "")


def _minutes_gate(minutes: int, rules: RuleSet) -> Verdict:
    short = minutes < rules.per_diem.minimum_minutes
    return Verdict(gate="MINUTES", reason="SHORT_OF_MINUTES" if short else "")


def _sessions_of(known: Known, attended: Sequence[Attendance]) -> list[Session]:
    ids = {attendance.session_id for attendance in attended}
    return sorted(
        (session for session in known.sessions if session.session_id in ids),
        key=lambda session: session.session_id,
    )


def _site_of(attendances: Sequence[Attendance]) -> str:
    """Where most of the day's minutes were; one per diem a day, whichever sites were attended."""
    minutes: dict[str, int] = {}
    for attendance in attendances:
        minutes[attendance.site_id] = minutes.get(attendance.site_id, 0) + attendance.minutes
    return min(minutes, key=lambda site_id: (-minutes[site_id], site_id))


def _place(sessions: Sequence[Session], rules: RuleSet) -> str:
    """In person if any session of the day was."""
    if sessions and all(session.modality == "TELEHEALTH" for session in sessions):
        return rules.place_of_service_telehealth
    return rules.place_of_service_in_person

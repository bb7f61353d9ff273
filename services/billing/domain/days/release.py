"""What would release a HOLD, and the command that does it; who may is that command's policy."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.billing.domain.days.gates import Verdict
from services.billing.domain.days.service_day import ServiceDay
from services.billing.domain.history.attended import attendance_that_holds, services_of, unclosed
from services.billing.domain.history.history import BillingHistory
from services.billing.domain.payers.rules import RuleSet, week_of

ATTENDANCE = "ninehours.attendance.v1.AttendanceService"
INTAKE = "ninehours.intake.v1.IntakeService"
PLANS = "ninehours.plans.v1.PlansService"
BILLING = "ninehours.billing.v1.BillingService"

# Reason → what, and by which command. `{on}`: the service date.
BY_COMMAND = {
    "NO_COVERAGE": ("verifies a coverage in force on {on}", f"{INTAKE}/VerifyCoverage"),
    "NO_RULES_IN_EFFECT": (
        "confirms rules of the payer that are in effect on {on}",
        f"{BILLING}/ConfirmRuleSet",
    ),
    "SERVICE_UNKNOWN": (
        "corrects the attendance, if it was another session",
        f"{ATTENDANCE}/CorrectAttendance",
    ),
    "WEEK_SHORT_OF_MINUTES": (
        "corrects an attendance of the week, if minutes are missing",
        f"{ATTENDANCE}/CorrectAttendance",
    ),
    "NOT_ADMITTED": ("admits the client by {on}", f"{INTAKE}/AdmitClient"),
    "NOT_ADMITTED_HERE": (
        "admits the client, by {on}, at the site that was attended",
        f"{INTAKE}/AdmitClient",
    ),
    "OTHER_LEVEL": (
        "changes the level of care from {on} or before, if it was recorded wrongly",
        f"{PLANS}/ChangeLevelOfCare",
    ),
    "DISCHARGED": (
        "admits the client again by {on}, if that was another episode's",
        f"{INTAKE}/AdmitClient",
    ),
    "NO_DIAGNOSIS": (
        "records a principal diagnosis in effect by {on}",
        f"{INTAKE}/RecordDiagnosis",
    ),
    "NO_CONSENT": ("records a consent to this payer given by {on}", f"{INTAKE}/GiveConsent"),
    "CONSENT_REVOKED": (
        "records another consent to this payer given by {on}",
        f"{INTAKE}/GiveConsent",
    ),
    "NOT_ENROLLED": (
        "enrolls a provider with the payer for the site, from {on} or before",
        f"{BILLING}/EnrollProvider",
    ),
    "NO_FEE": ("sets the provider's charge, from {on} or before", f"{BILLING}/SetFee"),
}
TOO_LITTLE = {
    "MISSED",
    "NOT_HELD",
    "ONLY_ANCILLARY",
    "SHORT_OF_MINUTES",
    "SHORT_OF_SERVICES",
    "NO_LISTED_SERVICE",
    "SESSION_NOT_CLOSED",
}
"""What more of the date's sessions may end."""
AUTHORIZING = {
    "NO_AUTHORIZATION",
    "OTHER_LEVEL_AUTHORIZED",
    "OTHER_UNIT_AUTHORIZED",
    "OTHER_SITE_AUTHORIZED",
    "AUTHORIZATION_USED_UP",
}


@dataclass(frozen=True, slots=True)
class Release:
    """`rpc` empty: nobody can any more. `staff_id`: whom it waits for, where that is known.

    `alternative`: any one of those of the gate that say so is enough; of the others all are needed.
    """

    says: str
    rpc: str = ""
    staff_id: str = ""
    alternative: bool = False


def releases_of(verdict: Verdict, day: ServiceDay, history: BillingHistory) -> tuple[Release, ...]:
    """What would open this gate of the day; nothing for one that is open, or closed for good."""
    if verdict.open or verdict.final:
        return ()
    return tuple(_releases(verdict.reason, day, history))


def may_open(verdict: Verdict, day: ServiceDay, history: BillingHistory) -> bool:
    """Whether a closed gate of the day may open yet: not one that nobody can release."""
    releases = releases_of(verdict, day, history)
    return not verdict.final and (not releases or any(each.rpc for each in releases))


def _releases(reason: str, day: ServiceDay, history: BillingHistory) -> Iterator[Release]:
    on = day.service_date
    if reason in BY_COMMAND:
        says, rpc = BY_COMMAND[reason]
        yield Release(says.format(on=on), rpc)
    elif reason in TOO_LITTLE:
        yield from _unclosed(on, on, history)
        yield from _doubts(on, on, history)
    elif reason in ("NO_CHECK_OUT", "OVERLAP"):
        yield from _doubts(on, on, history)
    elif reason in ("NOTE_UNSIGNED", "NOTE_LATE"):
        yield from _notes(day, history)
    elif reason == "WEEK_INCOMPLETE":
        yield from _week(day, history)
    elif reason == "NO_PLAN_IN_FORCE":
        yield Release(f"a plan signed later doesn't reach back to {on}: it has to be written off")
    elif reason in AUTHORIZING:
        yield Release(
            f"records an authorization that covers {on}, with units left",
            f"{BILLING}/RecordAuthorization",
            alternative=True,
        )
        yield Release(
            "bills the date without authorization, with a reason",
            f"{BILLING}/BillWithoutAuthorization",
            alternative=True,
        )


def _doubts(start: date, end: date, history: BillingHistory) -> Iterator[Release]:
    """Sessions of these days whose minutes nobody knows until a correction says them."""
    holding = attendance_that_holds(history.attendances)
    of_days = [each for each in holding if start <= each.service_date <= end]
    for service in services_of(history, of_days):
        session_id = service.attendance.session_id
        if service.in_doubt == "NO_CHECK_OUT":
            says = f"confirms when the client left session {session_id}"
            yield Release(says, f"{ATTENDANCE}/CorrectAttendance")
        elif service.in_doubt:
            says = f"corrects which minutes the client was at session {session_id}"
            yield Release(says, f"{ATTENDANCE}/CorrectAttendance")


def _notes(day: ServiceDay, history: BillingHistory) -> Iterator[Release]:
    signed = {note.session_id for note in history.notes}
    attested = {each.session_id for each in history.attested}
    rule = day.rules.late_signature if day.rules else ""
    holding = attendance_that_holds(history.attendances)
    of_day = [each for each in holding if each.service_date == day.service_date]
    for service in services_of(history, of_day):
        session_id, facilitator = service.attendance.session_id, service.facilitator_id
        if rule == "ATTEST" and session_id not in attested:
            yield Release(
                f"attests the note of session {session_id}", f"{ATTENDANCE}/AttestNote", facilitator
            )
        elif session_id not in signed:
            yield Release(
                f"signs the note of session {session_id}", f"{ATTENDANCE}/SignNote", facilitator
            )
        elif rule == "HOLD":
            yield Release(
                f"the payer keeps days of late notes on HOLD (session {session_id})"
                ": only other confirmed rules release it",
                f"{BILLING}/ConfirmRuleSet",
            )


def _week(day: ServiceDay, history: BillingHistory) -> Iterator[Release]:
    rules: RuleSet | None = day.rules
    if rules is None:
        return
    start, end = week_of(day.service_date, rules.week_start)
    yield from _unclosed(start, end, history)
    yield from _doubts(start, end, history)


def _unclosed(start: date, end: date, history: BillingHistory) -> Iterator[Release]:
    for session in unclosed(history, start, end):
        yield Release(
            f"closes session {session.session_id} of {session.service_date}",
            f"{ATTENDANCE}/CloseSession",
            session.facilitator_id,
        )

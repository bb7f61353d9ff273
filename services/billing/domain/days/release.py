"""What would release a HOLD, and the command that does it; who may is that command's policy."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.billing.domain.days.gates import Verdict
from services.billing.domain.days.service_day import ServiceDay
from services.billing.domain.history.attended import attendance_that_holds, services_of, unclosed
from services.billing.domain.history.history import BillingHistory
from services.billing.domain.payers.rules import LateSignature, RuleSet, week_of
from services.billing.domain.reasons import ATTENDANCE, BILLING, LookFor, Reason, Remedy


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
    if verdict.reason is None or verdict.final:
        return ()
    return tuple(_releases(verdict.reason, day, history))


def may_open(verdict: Verdict, day: ServiceDay, history: BillingHistory) -> bool:
    """Whether a closed gate of the day may open yet: not one that nobody can release."""
    releases = releases_of(verdict, day, history)
    return not verdict.final and (not releases or any(release.rpc for release in releases))


def _releases(reason: Reason, day: ServiceDay, history: BillingHistory) -> Iterator[Release]:
    on = day.service_date
    for opener in reason.opened_by:
        match opener:
            case Remedy():
                says = opener.says.format(on=on)
                yield Release(says, opener.rpc, alternative=opener.alternative)
            case LookFor.SESSIONS_OF_THE_DATE:
                yield from _unclosed(on, on, history)
                yield from _doubts(on, on, history)
            case LookFor.MINUTES_OF_THE_DATE:
                yield from _doubts(on, on, history)
            case LookFor.NOTES_OF_THE_DATE:
                yield from _notes(day, history)
            case LookFor.SESSIONS_OF_THE_WEEK:
                yield from _week(day, history)
            case _:
                assert_never(opener)


def _doubts(start: date, end: date, history: BillingHistory) -> Iterator[Release]:
    """Sessions of these days whose minutes nobody knows until a correction says them."""
    holding = attendance_that_holds(history.attendances)
    of_days = [attendance for attendance in holding if start <= attendance.service_date <= end]
    for service in services_of(history, of_days):
        session_id = service.attendance.session_id
        if service.in_doubt is Reason.NO_CHECK_OUT:
            says = f"confirms when the client left session {session_id}"
            yield Release(says, f"{ATTENDANCE}/CorrectAttendance")
        elif service.in_doubt:
            says = f"corrects which minutes the client was at session {session_id}"
            yield Release(says, f"{ATTENDANCE}/CorrectAttendance")


def _notes(day: ServiceDay, history: BillingHistory) -> Iterator[Release]:
    signed = {note.session_id for note in history.notes}
    attested = {attestation.session_id for attestation in history.attested}
    rule = day.rules.late_signature if day.rules else ""
    holding = attendance_that_holds(history.attendances)
    of_day = [attendance for attendance in holding if attendance.service_date == day.service_date]
    for service in services_of(history, of_day):
        session_id, facilitator = service.attendance.session_id, service.facilitator_id
        if rule == LateSignature.ATTEST and session_id not in attested:
            yield Release(
                f"attests the note of session {session_id}", f"{ATTENDANCE}/AttestNote", facilitator
            )
        elif session_id not in signed:
            yield Release(
                f"signs the note of session {session_id}", f"{ATTENDANCE}/SignNote", facilitator
            )
        elif rule == LateSignature.HOLD:
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

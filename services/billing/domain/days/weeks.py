"""Weeks, where a payer looks at them: its own weeks, and only when they are complete."""

from collections.abc import Sequence
from datetime import date

from services.billing.domain.days.gates import Verdict, at_billed_level
from services.billing.domain.history.attended import countable, minutes_of, services_of
from services.billing.domain.history.history import Attendance, BillingHistory
from services.billing.domain.payers.rules import RuleSet, week_of
from services.billing.domain.payers.terms import WeekConsequence
from services.billing.domain.reasons import Gate, Reason


def week_gate(
    history: BillingHistory,
    holding: Sequence[Attendance],
    rules: RuleSet,
    on: date,
    *,
    of_the_week: bool,
) -> Verdict:
    """Every session scheduled in the week was attended, missed or cancelled; and it is long enough.

    `holding`: of each session the latest word. `of_the_week`: whether what is billed asks for the
    week's minimum at all; a single service that a short day falls back to doesn't.
    """
    minimum = rules.weekly_minimum_minutes if of_the_week else 0
    if not rules.complete_weeks_only and not minimum:
        return Verdict(gate=Gate.WEEK)
    start, end = week_of(on, rules.week_start)
    scheduled = [session for session in history.sessions if start <= session.service_date <= end]
    recorded = [attendance for attendance in holding if start <= attendance.service_date <= end]
    ids = {session.session_id for session in scheduled}
    cancelled = [
        cancellation for cancellation in history.cancelled if cancellation.session_id in ids
    ]
    rests_on = frozenset(
        [
            *(session.fact for session in scheduled),
            *(attendance.fact for attendance in recorded),
            *(cancellation.fact for cancellation in cancelled),
        ]
    )
    closed = {attendance.session_id for attendance in holding} | {
        cancellation.session_id for cancellation in cancelled
    }
    if not ids <= closed:
        return Verdict(gate=Gate.WEEK, reason=Reason.WEEK_INCOMPLETE, rests_on=rests_on)
    services = countable(services_of(history, recorded), rules)
    services = at_billed_level(history, services, rules, on)
    if minutes_of(service for service in services if not service.attendance.overlap) >= minimum:
        return Verdict(gate=Gate.WEEK, rests_on=rests_on)
    if any(service.in_doubt for service in services):
        # The minutes aren't known yet.
        return Verdict(gate=Gate.WEEK, reason=Reason.WEEK_INCOMPLETE, rests_on=rests_on)
    return Verdict(
        gate=Gate.WEEK,
        reason=Reason.WEEK_SHORT_OF_MINUTES,
        rests_on=rests_on,
        for_good=rules.week_consequence == WeekConsequence.NOT_BILLABLE,
    )

"""Between weeks: what happens to those who have a story of their own, and nobody planned for."""

from datetime import date, datetime, timedelta

from ninehours.attendance.v1.attendance_service_pb2 import ScheduledSession

from ninehours.story import days
from ninehours.story.days import at
from ninehours.story.requests import attendance, billing, intake, plans
from ninehours.story.stories import (
    AUTHORIZATION_USED_UP,
    CONSENT_REVOKED,
    CORRECTED_REPLACED,
    CORRECTED_VOIDED,
    CORRECTED_WAITING,
    FULL_COURSE,
    LATE_DAY,
    LATE_NOTE,
    PAID_IN_FULL,
)
from ninehours.story.story import BILLER, DESK, Chart, Telling, clinician_of, group_in
from ninehours.story.weeks import moments, schedule_visits, sign_one


def sign_late(telling: Telling) -> None:
    """A note is still missing when the week is over: its day is on HOLD until it is signed."""
    telling.stage.scene("week 1 is over: one day on HOLD for want of a note, then signed")
    chart = telling.charts[LATE_NOTE]
    telling.stage.settle()
    signed_at = at(days.SIGNED_AT_LAST, 8, 15)
    sign_one(telling, chart, group_in(chart.client, 1), days.UNSIGNED, signed_at)
    telling.stage.settle()


def correct(telling: Telling) -> None:
    """After claims were issued, somebody finds out who was where."""
    telling.stage.scene("attendance corrected after its claim was issued, of three clients")
    now = at(days.CORRECTING, 10)
    left_early = telling.charts[CORRECTED_REPLACED]
    _had_left_early(telling, left_early, days.CORRECTED, now=now)
    never_there = telling.charts[CORRECTED_VOIDED]
    _correct(telling, never_there, days.NEVER_THERE, there=None, reason="NOT_THERE", now=now)
    forgotten = telling.charts[LATE_DAY]
    whole = moments(_session(telling, forgotten, days.LATE_DAY))
    _correct(telling, forgotten, days.LATE_DAY, there=whole, reason="WAS_THERE", now=now)
    group = group_in(forgotten.client, 1)
    sign_one(telling, forgotten, group, days.LATE_DAY, now + timedelta(minutes=30))
    telling.stage.settle()


def correct_again(telling: Telling) -> None:
    """After the last claims were issued: the payer hasn't answered, the correction waits."""
    telling.stage.scene("attendance corrected once more; the payer has not answered yet")
    chart = telling.charts[CORRECTED_WAITING]
    now = at(days.CORRECTING_LAST, 14)
    _had_left_early(telling, chart, days.CORRECTED_LAST, now=now)


def restrict(telling: Telling) -> None:
    """A client pays for a week, and asks that the payer not hear of it."""
    chart = telling.charts[PAID_IN_FULL]
    week = days.PAID_IN_FULL_WEEK
    payer_id, known = telling.payer_of(chart), telling.payer_registered(chart)
    request = intake.restrict(chart.client_id, payer_id, week, after=known)
    telling.of(chart, DESK, "restrict disclosure", request, at(days.day_of(week + 1), 9))


def waive(telling: Telling) -> None:
    """An authorization is used up; for one day of the rest, a biller answers for it."""
    chart = telling.charts[AUTHORIZATION_USED_UP]
    request = billing.waive(chart.client_id, telling.payer_of(chart), days.WAIVED)
    telling.of(chart, BILLER, "bill without authorization", request, at(days.ending(1), 8))


def revoke(telling: Telling) -> None:
    """A client revokes the consent to tell the payer; the groups go on."""
    chart = telling.charts[CONSENT_REVOKED]
    request = intake.revoke(chart.client_id, chart.consent_id, days.REVOKED)
    telling.of(chart, DESK, "revoke consent", request, at(days.REVOKED, 8))


def settle_revocation(telling: Telling) -> None:
    """A named person decides what becomes of days before: they stay in the house."""
    chart = telling.charts[CONSENT_REVOKED]
    request = billing.settle_revocation(chart.client_id, telling.payer_of(chart))
    now = at(days.REVOKED + timedelta(days=8), 9)
    telling.of(chart, BILLER, "settle revocation", request, now)


def follow_up(telling: Telling) -> None:
    """Two weeks after the program somebody calls."""
    chart = telling.charts[FULL_COURSE]
    on = days.FOLLOWED_UP
    request = plans.follow_up(chart.client_id, chart.episode_id, on)
    telling.of(chart, clinician_of(chart.client, 1), "follow up", request, at(on, 11))


# After which week: on the Monday before claims are issued, after that, and after a block's end.
ON_MONDAY = {1: sign_late, 3: restrict, 4: waive, 5: revoke, 10: follow_up}
ONCE_ISSUED = {2: correct, 6: settle_revocation, 12: correct_again}
ONCE_ENDED = {4: schedule_visits}


def _session(telling: Telling, chart: Chart, day: date) -> ScheduledSession:
    return telling.sessions[group_in(chart.client, days.block_of(day)).key, day]


def _had_left_early(telling: Telling, chart: Chart, day: date, *, now: datetime) -> None:
    came, _ = moments(_session(telling, chart, day))
    there = (came, came + timedelta(minutes=days.CORRECTED_TO))
    _correct(telling, chart, day, there=there, reason="WRONG_TIME", now=now)


def _correct(
    telling: Telling,
    chart: Chart,
    day: date,
    *,
    there: tuple[datetime, datetime] | None,
    reason: str,
    now: datetime,
) -> None:
    session_id = _session(telling, chart, day).session_id
    request = attendance.correct(session_id, chart.client_id, there, reason)
    telling.of(chart, DESK, f"correct {day}", request, now)

"""Between weeks: what happens to those who have a story of their own, and nobody planned for."""

from datetime import date, datetime, timedelta

from ninehours.attendance.v1.attendance_service_pb2 import ScheduledSession
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import to_date
from ninehours.story import days
from ninehours.story.actors import BILLER
from ninehours.story.days import at
from ninehours.story.requests.attendance import correct, since
from ninehours.story.stories import StoryName
from ninehours.story.story import Chart, DemoStory, group_in
from ninehours.story.weeks import sign_note, span_of


def sign_late(story: DemoStory) -> None:
    """A note is still missing when the week is over: its day is on HOLD until it is signed."""
    chart = story.charts[StoryName.LATE_NOTE]
    # Everybody heard of the week: without that, the day would never be seen on HOLD.
    story.gateway.catch_up()
    _sign(story, chart, days.UNSIGNED, at(days.SIGNED_AT_LAST, 8, 15))
    story.gateway.catch_up()


def correct_issued(story: DemoStory) -> None:
    """After claims were issued, somebody finds out who was where."""
    now = at(days.CORRECTING, 10)
    _had_left_early(story, story.charts[StoryName.CORRECTED_REPLACED], days.CORRECTED, now)
    never_there = story.charts[StoryName.CORRECTED_VOIDED]
    _correct(story, never_there, days.NEVER_THERE, there=[], reason="NOT_THERE", now=now)
    forgotten = story.charts[StoryName.LATE_DAY]
    whole = span_of(_session(story, forgotten, days.LATE_DAY))
    _correct(story, forgotten, days.LATE_DAY, there=[whole], reason="WAS_THERE", now=now)
    _sign(story, forgotten, days.LATE_DAY, now + timedelta(minutes=30))
    story.gateway.catch_up()


def correct_unanswered(story: DemoStory) -> None:
    """After the last claims were issued: the payer hasn't answered, the correction waits."""
    chart = story.charts[StoryName.CORRECTED_WAITING]
    _had_left_early(story, chart, days.CORRECTED_LAST, at(days.CORRECTING_LAST, 14))


def restrict(story: DemoStory) -> None:
    """A client pays for a week, and asks that the payer not hear of it."""
    chart, week = story.charts[StoryName.PAID_IN_FULL], days.PAID_IN_FULL_WEEK
    request = intake.RestrictDisclosureRequest(
        payer_id=story.payer_of(chart),
        to=to_date(days.day_of(week, days.SUNDAY)),
        **since(days.day_of(week)),
    )
    front_desk, now = story.network.front_desk, at(days.day_of(week + 1), 9)
    known = story.payer_registered(chart)
    story.give_for(chart, front_desk, "restrict disclosure", request, now, after=known)


def waive(story: DemoStory) -> None:
    """An authorization is used up; for one day of the rest, a biller answers for it."""
    chart = story.charts[StoryName.AUTHORIZATION_USED_UP]
    request = billing.BillWithoutAuthorizationRequest(
        payer_id=story.payer_of(chart),
        service_date=to_date(days.WAIVED),
        reason="WAIVER_REASON_NETWORK_DECISION",
    )
    now = at(days.ending(1), 8)
    story.give_for(chart, BILLER, "bill without authorization", request, now)


def revoke(story: DemoStory) -> None:
    """A client revokes the consent to tell the payer; the groups go on."""
    chart = story.charts[StoryName.CONSENT_REVOKED]
    request = intake.RevokeConsentRequest(
        consent_id=chart.consent_id, revoked_on=to_date(days.REVOKED)
    )
    front_desk = story.network.front_desk
    story.give_for(chart, front_desk, "revoke consent", request, at(days.REVOKED, 8))


def settle_revocation(story: DemoStory) -> None:
    """A named person decides what becomes of days before: they stay in the house."""
    chart = story.charts[StoryName.CONSENT_REVOKED]
    request = billing.SettleRevocationRequest(payer_id=story.payer_of(chart), disclose=False)
    now = at(days.REVOKED + timedelta(days=8), 9)
    story.give_for(chart, BILLER, "settle revocation", request, now)


def follow_up(story: DemoStory) -> None:
    """Two weeks after the program somebody calls."""
    chart, on = story.charts[StoryName.FULL_COURSE], days.FOLLOWED_UP
    request = plans.RecordFollowUpRequest(
        episode_id=chart.episode_id, contacted_on=to_date(on), reached=True
    )
    clinician = story.clinician_of(chart.client, 1)
    story.give_for(chart, clinician, "follow up", request, at(on, 11))


def _session(story: DemoStory, chart: Chart, day: date) -> ScheduledSession:
    return story.sessions[group_in(chart.client, days.block_of(day)).key, day]


def _sign(story: DemoStory, chart: Chart, day: date, now: datetime) -> None:
    sign_note(story, chart, _session(story, chart, day).session_id, day, now=now)


def _had_left_early(story: DemoStory, chart: Chart, day: date, now: datetime) -> None:
    came, _ = span_of(_session(story, chart, day))
    left = came + timedelta(minutes=days.CORRECTED_TO)
    _correct(story, chart, day, there=[(came, left)], reason="WRONG_TIME", now=now)


def _correct(
    story: DemoStory,
    chart: Chart,
    day: date,
    *,
    there: list[tuple[datetime, datetime]],
    reason: str,
    now: datetime,
) -> None:
    request = correct(_session(story, chart, day).session_id, there, reason)
    story.give_for(chart, story.network.front_desk, f"correct {day}", request, now)

"""A week, and what happens between weeks to those who have a story of their own."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1.attendance_service_pb2 import ScheduledSession
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.intake.v1 import intake_service_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import to_date, to_timestamp
from ninehours.story import days
from ninehours.story.courses import DemoScore, StoryName
from ninehours.story.days import at
from ninehours.story.gateway import BILLER
from ninehours.story.network import GROUPS, DemoGroup
from ninehours.story.people import VOCABULARY
from ninehours.story.requests import moments, phq9, review, since
from ninehours.story.story import Chart, DemoStory, group_in, zone_of

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def play_week(story: DemoStory, week: int) -> None:
    """Groups don't wait for one another; what clinicians measure comes when they have met."""
    block = days.block_of(days.day_of(week))
    meetings = [
        partial(_meet_all, story, group, week) for group in GROUPS if story.roster(group, block)
    ]
    visits = [
        partial(_visit, story, day) for day in days.OUTPATIENT_VISITS if day in days.days_of(week)
    ]
    story.gateway.together([*meetings, *visits])
    story.gateway.together(
        partial(_measure, story, chart, week)
        for chart in story.charts.values()
        if chart.client.course.episode_in(block)
    )


def play_day(story: DemoStory, day: date) -> None:
    """One day of it alone."""
    week = (day - days.FIRST_MONDAY).days // 7 + 1
    story.gateway.together(
        partial(_meet, story, group, week, day)
        for group in GROUPS
        if (group.key, day) in story.sessions
    )


def schedule_visits(story: DemoStory) -> None:
    """At the level below, a client has an hour alone instead of groups."""
    chart, network = story.charts[StoryName.STEP_DOWN], story.network
    group = group_in(chart.client, 1)
    for day in days.OUTPATIENT_VISITS:
        starts_at = days.at(day, 14)
        request = attendance.ScheduleSessionRequest(
            site_id=network.site_ids["lantern row"],
            program_id=network.program_ids[group.program],
            facilitator_id=network.staff_ids[group.facilitator],
            service_kind="SERVICE_KIND_INDIVIDUAL",
            modality="MODALITY_IN_PERSON",
            starts_at=to_timestamp(starts_at),
            ends_at=to_timestamp(starts_at + HOUR),
            roster=[chart.client_id],
        )
        step, now = f"schedule visit on {day}", days.at(days.STEPPED_DOWN, 16)
        scheduled = story.give_for(chart, network.front_desk, step, request, now)
        story.visits[day] = scheduled.session_id


def span_of(session: attendance.ScheduledSession) -> tuple[datetime, datetime]:
    """From when to when."""
    return session.starts_at.ToDatetime(UTC), session.ends_at.ToDatetime(UTC)


def sign_note(
    story: DemoStory, chart: Chart, session_id: str, day: date, *, now: datetime, of: str = ""
) -> None:
    """One client's note by itself, by their clinician; `of`: `visit on `, where it's no group's."""
    note = attendance.SignNoteRequest(session_id=session_id, text=_text(chart, day))
    clinician = story.clinician_of(chart.client, days.block_of(day))
    story.give_for(chart, clinician, f"sign note of {of}{day}", note, now)


def _meet_all(story: DemoStory, group: DemoGroup, week: int) -> None:
    for day in sorted(days.days_of(week)):
        if (group.key, day) in story.sessions:
            _meet(story, group, week, day)


def _meet(story: DemoStory, group: DemoGroup, week: int, day: date) -> None:
    session, front_desk = story.sessions[group.key, day], story.network.front_desk
    session_id = session.session_id
    starts_at, ends_at = span_of(session)
    here = [
        chart
        for chart in story.roster(group, days.block_of(day))
        if day not in chart.client.course.missed
    ]
    step = f"{group.key} of {day}"
    if here:
        came = {chart.client_id: starts_at - chart.client.early * MINUTE for chart in here}
        arrivals = attendance.CheckInRosterRequest(session_id=session_id, arrivals=moments(came))
        story.give(front_desk, f"{step}: check in", arrivals, starts_at)
        left = {chart.client_id: _leaves(chart, day, starts_at, ends_at) for chart in here}
        departures = attendance.CheckOutRosterRequest(
            session_id=session_id, departures=moments(left)
        )
        story.give(front_desk, f"{step}: check out", departures, ends_at + 10 * MINUTE)
    closing = attendance.CloseSessionRequest(session_id=session_id)
    story.give(front_desk, f"{step}: close", closing, ends_at + 15 * MINUTE)
    parts = [
        attendance.IndividualPart(client_id=chart.client_id, text=_text(chart, day))
        for chart in here
        if day not in chart.client.course.unsigned
    ]
    if parts:
        note = attendance.SignGroupNoteRequest(
            session_id=session_id,
            group_text=VOCABULARY.group_notes[week % len(VOCABULARY.group_notes)],
            parts=parts,
        )
        clinician = story.network.clinician(group.facilitator)
        story.give(clinician, f"{step}: sign notes", note, ends_at + 30 * MINUTE)


def _text(chart: Chart, day: date) -> str:
    """A note of one day; no two clients' are the same."""
    return f"{chart.client.note} ({day})"


def _leaves(chart: Chart, day: date, starts_at: datetime, ends_at: datetime) -> datetime:
    early = dict(chart.client.course.leaves_after).get(day)
    if early is not None:
        return starts_at + early * MINUTE
    return ends_at + chart.client.early * MINUTE


def _visit(story: DemoStory, day: date) -> None:
    """An hour with one client alone."""
    chart, front_desk = story.charts[StoryName.STEP_DOWN], story.network.front_desk
    session_id, came = story.visits[day], days.at(day, 14)
    left = came + HOUR
    arrival = attendance.CheckInRequest(session_id=session_id, at=to_timestamp(came))
    story.give_for(chart, front_desk, f"check in to visit on {day}", arrival, came)
    departure = attendance.CheckOutRequest(session_id=session_id, at=to_timestamp(left))
    story.give_for(chart, front_desk, f"check out of visit on {day}", departure, left)
    closing = attendance.CloseSessionRequest(session_id=session_id)
    story.give_for(chart, front_desk, f"close visit on {day}", closing, left + 5 * MINUTE)
    sign_note(story, chart, session_id, day, now=left + 10 * MINUTE, of="visit on ")


def _measure(story: DemoStory, chart: Chart, week: int) -> None:
    """On Friday: PHQ-9 where it is due, and at the end of a block the plan's review."""
    friday = days.day_of(week, days.FRIDAY)
    block, course = days.block_of(friday), chart.client.course
    zone = zone_of(group_in(chart.client, block))
    for score in course.scores:
        if score.week == week:
            _score(story, chart, score, days.at(friday, 15, zone=zone))
    if week == days.weeks_of(block)[-1]:
        request = review(chart.plan_id, course.objectives(block), friday)
        step, now = f"review plan after week {week}", days.at(friday, 16, zone=zone)
        story.give_for(chart, story.clinician_of(chart.client, block), step, request, now)


def _score(story: DemoStory, chart: Chart, score: DemoScore, now: datetime) -> None:
    """Where the ninth item is answered, a safety task is opened: it is closed the same day."""
    client = chart.client
    clinician = story.clinician_of(client, days.block_of(now.date()))
    scored = story.give_for(chart, clinician, f"phq9 of week {score.week}", phq9(score), now)
    if score.self_harm:
        name = f"{client.given_name} {client.family_name}"
        closing = intake.CloseSafetyTaskRequest(
            task_id=scored.safety_task_id,
            action="SAFETY_ACTION_SAFETY_PLAN_MADE",
            note=f"Plan made with {name}; called again at nine.",
        )
        step = f"close safety task of week {score.week}"
        story.give_for(chart, clinician, step, closing, now + 40 * MINUTE)


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
    payer_at = story.payer_registered(chart)
    story.give_for(chart, front_desk, "restrict disclosure", request, now, after=payer_at)


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
    """`there`: from when to when the client was there after all; none: not at all."""
    request = attendance.CorrectAttendanceRequest(
        session_id=_session(story, chart, day).session_id,
        intervals=[
            attendance.Interval(**{"from": to_timestamp(came), "to": to_timestamp(left)})
            for came, left in there
        ],
        reason=f"CORRECTION_REASON_{reason}",
    )
    story.give_for(chart, story.network.front_desk, f"correct {day}", request, now)

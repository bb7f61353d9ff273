"""A week: groups meet, some stay away or leave early, notes are signed, plans reviewed."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.rpc.translate import to_timestamp
from ninehours.story import days
from ninehours.story.courses import DemoScore
from ninehours.story.network import GROUPS, DemoGroup
from ninehours.story.requests.attendance import moments
from ninehours.story.requests.intake import phq9
from ninehours.story.requests.plans import review
from ninehours.story.stories import StoryName
from ninehours.story.story import Chart, DemoStory, group_in, zone_of
from ninehours.story.vocabulary import GROUP_NOTES

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
            session_id=session_id, group_text=GROUP_NOTES[week % len(GROUP_NOTES)], parts=parts
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

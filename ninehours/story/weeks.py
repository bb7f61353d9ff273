"""A week: groups meet, some stay away or leave early, notes are signed, plans reviewed."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

from ninehours.attendance.v1.attendance_service_pb2 import ScheduledSession

from ninehours.story import days
from ninehours.story.courses import Score
from ninehours.story.network import GROUPS, Group
from ninehours.story.requests import attendance, intake, plans
from ninehours.story.stories import STEP_DOWN
from ninehours.story.story import DESK, Chart, Telling, clinician_of, group_in, zone_of
from ninehours.story.vocabulary import GROUP_NOTES

MINUTE = timedelta(minutes=1)


def play_week(telling: Telling, week: int) -> None:
    """Groups don't wait for one another; what clinicians measure comes when they have met."""
    telling.stage.scene(f"week {week}: groups meet, notes are signed")
    block = _block_of(week)
    meetings = [
        partial(_meet_all, telling, group, week) for group in GROUPS if telling.roster(group, block)
    ]
    visits = [
        partial(_visit, telling, day) for day in days.OUTPATIENT_VISITS if day in days.days_of(week)
    ]
    telling.stage.together([*meetings, *visits])
    telling.stage.together(
        partial(_measure, telling, chart, week)
        for chart in telling.charts.values()
        if chart.client.course.stay_in(block)
    )


def schedule_visits(telling: Telling) -> None:
    """At the level below, a client has an hour alone instead of groups."""
    chart, now = telling.charts[STEP_DOWN], days.at(days.STEPPED_DOWN, 16)
    group = group_in(chart.client, 1)
    for day in days.OUTPATIENT_VISITS:
        request = attendance.schedule_visit(
            telling.place.site_ids["lantern row"],
            telling.place.program_ids[group.program],
            telling.place.staff_ids[group.facilitator],
            chart.client_id,
            days.at(day, 14),
        )
        scheduled = telling.of(chart, DESK, f"schedule visit on {day}", request, now)
        telling.visits[day] = scheduled.session_id


def moments(session: ScheduledSession) -> tuple[datetime, datetime]:
    """From when to when."""
    return session.starts_at.ToDatetime(UTC), session.ends_at.ToDatetime(UTC)


def sign_one(telling: Telling, chart: Chart, group: Group, day: date, now: datetime) -> None:
    """A note by itself, after the group's."""
    session_id = telling.sessions[group.key, day].session_id
    note = attendance.sign_note(session_id, chart.client_id, f"{chart.client.note} ({day})")
    telling.of(chart, group.facilitator, f"sign note of {day}", note, now)


def _meet_all(telling: Telling, group: Group, week: int) -> None:
    for day in sorted(days.days_of(week)):
        if (group.key, day) in telling.sessions:
            _meet(telling, group, week, day)


def _meet(telling: Telling, group: Group, week: int, day: date) -> None:
    session = telling.sessions[group.key, day]
    starts_at, ends_at = moments(session)
    here = [
        chart
        for chart in telling.roster(group, _block_of(week))
        if day not in chart.client.course.missed
    ]
    step = f"{group.key} of {day}"
    if here:
        came = {c.client_id: starts_at - c.client.early * MINUTE for c in here}
        arrivals = attendance.check_in_roster(session.session_id, came)
        telling.tell(DESK, f"{step}: check in", arrivals, starts_at)
        left = {c.client_id: _leaves(c, day, starts_at, ends_at) for c in here}
        departures = attendance.check_out_roster(session.session_id, left)
        telling.tell(DESK, f"{step}: check out", departures, ends_at + 10 * MINUTE)
    closing = attendance.close(session.session_id)
    telling.tell(DESK, f"{step}: close", closing, ends_at + 15 * MINUTE)
    parts = {
        chart.client_id: f"{chart.client.note} ({day})"
        for chart in here
        if day not in chart.client.course.unsigned
    }
    if parts:
        text = GROUP_NOTES[week % len(GROUP_NOTES)]
        note = attendance.sign_group_note(session.session_id, text, parts)
        telling.tell(group.facilitator, f"{step}: sign notes", note, ends_at + 30 * MINUTE)


def _leaves(chart: Chart, day: date, starts_at: datetime, ends_at: datetime) -> datetime:
    early = dict(chart.client.course.leaves_after).get(day)
    if early is not None:
        return starts_at + early * MINUTE
    return ends_at + chart.client.early * MINUTE


def _visit(telling: Telling, day: date) -> None:
    chart = telling.charts[STEP_DOWN]
    group = group_in(chart.client, 1)
    session_id, came = telling.visits[day], days.at(day, 14)
    left = came + timedelta(hours=1)
    arrival = attendance.check_in(session_id, chart.client_id, came)
    telling.of(chart, DESK, f"check in to visit on {day}", arrival, came)
    departure = attendance.check_out(session_id, chart.client_id, left)
    telling.of(chart, DESK, f"check out of visit on {day}", departure, left)
    closing = attendance.close(session_id)
    telling.of(chart, DESK, f"close visit on {day}", closing, left + 5 * MINUTE)
    note = attendance.sign_note(session_id, chart.client_id, f"{chart.client.note} ({day})")
    telling.of(chart, group.facilitator, f"sign note of visit on {day}", note, left + 10 * MINUTE)


def _measure(telling: Telling, chart: Chart, week: int) -> None:
    """On Friday: PHQ-9 where it is due, and at the end of a block the plan's review."""
    friday = days.day_of(week, days.FRIDAY)
    block = _block_of(week)
    zone = zone_of(group_in(chart.client, block))
    clinician = clinician_of(chart.client, block)
    for score in chart.client.course.scores:
        if score.week == week:
            _score(telling, chart, clinician, score, days.at(friday, 15, zone=zone))
    if week == days.weeks_of(block)[-1]:
        review = plans.review(chart.plan_id, chart.client.course.faring(block), friday)
        step = f"review plan after week {week}"
        telling.of(chart, clinician, step, review, days.at(friday, 16, zone=zone))


def _score(telling: Telling, chart: Chart, clinician: str, score: Score, now: datetime) -> None:
    phq9 = intake.phq9(chart.client_id, score)
    told = telling.of(chart, clinician, f"phq9 of week {score.week}", phq9, now)
    if score.self_harm:
        closing = intake.close_safety_task(chart.client, chart.client_id, told.safety_task_id)
        step = f"close safety task of week {score.week}"
        telling.of(chart, clinician, step, closing, now + 40 * MINUTE)


def _block_of(week: int) -> int:
    return (week - 1) // days.WEEKS_OF_A_BLOCK + 1

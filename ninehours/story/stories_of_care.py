"""Stories of care: how much of it, at which level, and how it begins and ends."""

from datetime import date
from itertools import chain

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.intake.v1 import intake_service_pb2 as intake_service
from ninehours.plans.v1 import plans_events_pb2 as plans
from ninehours.plans.v1 import plans_service_pb2 as plans_service

from ninehours.story import days, looks
from ninehours.story.evidence import Evidence
from ninehours.story.expecting import expect, some
from ninehours.story.network import STEP_DOWN_LEVEL, STEP_UP_LEVEL, TREATED_MINUTES

A_WEEK = 3 * TREATED_MINUTES


def full_course(told: Evidence) -> None:
    """Eight weeks, every objective met, completed, cared for afterwards, called."""
    weeks = [*days.weeks_of(1), *days.weeks_of(2)]
    for week in weeks:
        measured = some(f"progress of week {week}", told.week(week))
        delivered = (measured.delivered_minutes, measured.reaches_band, measured.complete)
        expect(f"week {week}", delivered, (A_WEEK, True, True))
    _decided(told, weeks[-1], plans_service.RECOMMENDATION_KIND_COMPLETE)
    completed, discharged = told.of(plans.ProgramCompleted), told.of(plans.ClientDischarged)
    expect("completions", len(completed), 1)
    reasons = [each.reason for each in discharged]
    expect("discharges", reasons, [plans_service.DISCHARGE_REASON_COMPLETED])
    expect("closed episodes", len(told.of(intake.EpisodeClosed)), 1)
    kinds = {each.kind for each in told.of(plans.AftercareArranged)}
    outpatient = plans_service.AFTERCARE_KIND_OUTPATIENT
    expect("aftercare", kinds, {outpatient, plans_service.AFTERCARE_KIND_ALUMNI})
    expect("follow-ups", [each.reached for each in told.of(plans.FollowedUp)], [True])
    expect("claims, one a week", len(told.issued()), len(weeks))
    expect("days on them", len(told.claimed()), 3 * len(weeks))


def short_of_nine_hours(told: Evidence) -> None:
    """Every Wednesday the client leaves after a hundred minutes: no week makes nine hours."""
    for week in days.weeks_of(1):
        measured = some(f"progress of week {week}", told.week(week))
        expect(f"week {week} reaching its hours", measured.reaches_band, False)
        some(f"attendance in week {week}", measured.attended == 3)
    for on in days.SHORT_DAYS:
        expect(f"{on}", told.outcome(on), "NOT_BILLABLE")
        expect(f"reasons of {on}", told.reasons(on), {"SHORT_OF_MINUTES"})
    expect("days on claims", len(told.claimed()), 2 * len(days.SHORT_DAYS))


def step_down(told: Evidence) -> None:
    """After four weeks a step down is recommended and accepted; the per diem stops that day."""
    _decided(told, days.weeks_of(1)[-1], plans_service.RECOMMENDATION_KIND_STEP_DOWN)
    _level(told, STEP_DOWN_LEVEL, days.STEPPED_DOWN)
    expect("days on claims", len(told.claimed()), 3 * days.WEEKS_OF_A_BLOCK)
    expect("claims after the step", [on for on in told.claimed() if on >= days.STEPPED_DOWN], [])
    for on in days.OUTPATIENT_VISITS:
        some(f"a service day on {on}", told.day(on))
        some(f"OTHER_LEVEL on {on}", "OTHER_LEVEL" in told.reasons(on))


def step_up(told: Evidence) -> None:
    """The score is reliably worse, a safety flag is raised and closed; a step up is accepted."""
    week = days.weeks_of(2)[-1]
    measured = some(f"progress of week {week}", told.week(week))
    worse = plans_service.SCORE_CHANGE_RELIABLY_DETERIORATED
    expect("the score's change", measured.phq9.change, worse)
    tasks = told.safety_tasks
    expect("safety tasks", len(tasks), 1)
    expect("what was done", tasks[0].action, intake_service.SAFETY_ACTION_SAFETY_PLAN_MADE)
    some("a task closed in time", tasks[0].closed_at.ToDatetime() <= tasks[0].due_at.ToDatetime())
    expect("flags raised", len(told.of(intake.SafetyTaskOpened)), 1)
    expect("flags closed", len(told.of(intake.SafetyTaskClosed)), 1)
    recommended = _decided(told, week, plans_service.RECOMMENDATION_KIND_STEP_UP)
    reasons = [each for each in recommended.reasons if "RELIABLY_DETERIORATED" in each]
    some("deterioration among the reasons", reasons)
    _level(told, STEP_UP_LEVEL, days.STEPPED_UP)


def no_show_week(told: Evidence) -> None:
    """A whole week missed: three days without a claim, and nobody says otherwise."""
    week = days.NO_SHOW_WEEK
    measured = some(f"progress of week {week}", told.week(week))
    expect("the week", (measured.attended, measured.missed), (0, 3))
    expect("missed in a row", measured.consecutive_missed, 3)
    missed = [
        day
        for day in told.days
        if any(looks.is_on(day.service_date, on) for on in days.days_of(week))
    ]
    expect("outcomes", [looks.outcome_name(day) for day in missed], ["NOT_BILLABLE"] * 3)
    expect("claims of that week", days.days_of(week) & set(told.claimed()), set())
    expect("weeks on claims", len(told.issued()), 2 * days.WEEKS_OF_A_BLOCK - 1)


def screened_out(told: Evidence) -> None:
    """Withdrawal comes first: declined, with a referral, and never admitted."""
    declined = told.of(intake.AdmissionDeclined)
    expect("declined", [list(each.reasons) for each in declined], [["NEEDS_DETOX"]])
    withdrawal = intake_service.REFERRAL_TARGET_WITHDRAWAL_MANAGEMENT
    expect("referred", declined[0].referred_to, withdrawal)
    left = chain(told.of(intake.ClientAdmitted), told.of(attendance.SessionScheduled), told.claims)
    expect("what happened afterwards", list(left), [])


def readmitted(told: Evidence) -> None:
    """Left against advice, back four weeks later: a second episode that names the first."""
    admitted = told.of(intake.ClientAdmitted)
    expect("admissions", len(admitted), 2)
    expect("the episode before", admitted[1].previous_episode_id, admitted[0].episode_id)
    closed = [each.episode_id for each in told.of(intake.EpisodeClosed)]
    expect("closed episodes", closed, [admitted[0].episode_id])
    reasons = [each.reason for each in told.of(plans.ClientDischarged)]
    expect("discharges", reasons, [plans_service.DISCHARGE_REASON_LEFT_AGAINST_ADVICE])
    expect("authorizations", len(told.authorizations), 2)
    expect("days on claims", len(told.claimed()), 2 * 3 * days.WEEKS_OF_A_BLOCK)
    expect("episodes with progress", len({each.episode_id for each in told.progress}), 2)


def _decided(
    told: Evidence, week: int, kind: plans_service.RecommendationKind
) -> plans_service.Recommendation:
    """What was recommended after a week, and that it was accepted."""
    recommended = some(f"a recommendation of week {week}", told.recommended(week))
    expect(f"the recommendation of week {week}", recommended.kind, kind)
    expect("its decision", recommended.decision, "ACCEPTED")
    return recommended


def _level(told: Evidence, level: str, on: date) -> None:
    changes = told.of(plans.LevelOfCareChanged)
    expect("changes of level", [each.level_of_care for each in changes], [level])
    some(f"the change on {on}", looks.is_on(changes[0].effective_from, on))

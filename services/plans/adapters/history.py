"""Public facts as the derivations know them: one reader for each type that is used."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import HeardFact
from kernel.rpc.translate import date_of, optional, required_enum, timestamp_of
from services.plans.adapters.level_rules import level_rules_of
from services.plans.domain import history as known
from services.plans.domain.rules import LevelRules

SITES = "site/"  # what a site's subject begins with
Reader = Callable[[Any, Any], known.ProgressFact]  # of the fact's id and place, and its message


def known_of(client: str, facts: Mapping[str, Iterable[HeardFact]]) -> list[known.ProgressFact]:
    """A client's facts, and the clocks of their sites; a type without a reader is an error."""
    sites = [
        heard
        for subject in facts
        if subject.startswith(SITES)
        for heard in facts[subject]
        if isinstance(heard.message, attendance.SiteOpened)
    ]
    return [READERS[fact.type](_place(fact), fact.message) for fact in (*facts[client], *sites)]


def rules_of(facts: Iterable[HeardFact]) -> dict[LevelRules, str]:
    """The confirmed rules, each with the id of its fact."""
    return {level_rules_of(_confirmed(fact).rules): str(fact.id) for fact in facts}


def _confirmed(fact: HeardFact) -> plans.LevelRulesConfirmed:
    if not isinstance(fact.message, plans.LevelRulesConfirmed):
        raise TypeError(f"no derivation uses {fact.type}")
    return fact.message


def _place(fact: HeardFact) -> dict[str, Any]:
    return {"id": str(fact.id), "sequence": fact.sequence}


def _site(place: Any, told: attendance.SiteOpened) -> known.SiteClocks:
    return known.SiteClocks(**place, site_id=told.site_id, time_zone=told.time_zone)


def _admission(place: Any, told: intake.ClientAdmitted) -> known.Admission:
    return known.Admission(
        **place,
        episode_id=told.episode_id,
        level_of_care=told.level_of_care,
        admitted_on=date_of(told, "admitted_on"),
        site_id=told.site_id,
        program_id=told.program.program_id,
    )


def _assessed(place: Any, told: intake.AssessmentCompleted) -> known.Assessed:
    return known.Assessed(
        **place,
        assessment_id=told.assessment_id,
        instrument=told.instrument,
        score=told.score,
        partial=told.partial,
        completed_at=timestamp_of(told, "completed_at"),
    )


def _safety_task(place: Any, told: intake.SafetyTaskOpened) -> known.SafetyTask:
    return known.SafetyTask(
        **place,
        task_id=told.task_id,
        assessment_id=told.assessment_id,
        due_at=timestamp_of(told, "due_at"),
    )


def _safety_closed(place: Any, told: intake.SafetyTaskClosed) -> known.SafetyClosed:
    return known.SafetyClosed(
        **place, task_id=told.task_id, closed_at=timestamp_of(told, "closed_at")
    )


def _plan(place: Any, told: plans.PlanActivated) -> known.PlanInForce:
    return known.PlanInForce(
        **place,
        episode_id=told.episode_id,
        plan_id=told.plan_id,
        in_force_from=date_of(told, "in_force_from"),
        planned_minutes_per_week=told.planned_minutes_per_week,
        objectives=told.objectives,
    )


def _review(place: Any, told: plans.PlanReviewed) -> known.Review:
    return known.Review(
        **place,
        plan_id=told.plan_id,
        reviewed_on=date_of(told, "reviewed_on"),
        objectives=told.objectives,
        objectives_met=told.objectives_met,
    )


def _level(place: Any, told: plans.LevelOfCareChanged) -> known.LevelChange:
    return known.LevelChange(
        **place,
        episode_id=told.episode_id,
        level_of_care=told.level_of_care,
        effective_from=date_of(told, "effective_from"),
    )


def _discharge(place: Any, told: plans.ClientDischarged) -> known.Discharge:
    return known.Discharge(
        **place, episode_id=told.episode_id, discharged_on=date_of(told, "discharged_on")
    )


def _scheduled(place: Any, told: attendance.SessionScheduled) -> known.Scheduled:
    return known.Scheduled(
        **place,
        session_id=told.session_id,
        service_date=date_of(told, "service_date"),
        starts_at=optional(timestamp_of, told, "starts_at"),
        ends_at=optional(timestamp_of, told, "ends_at"),
        # Facts of the first release say no kind: there were groups alone.
        service_kind=optional(required_enum, told, "service_kind") or "GROUP",
        program_id=told.program.program_id,
        makes_up_session_id=told.makes_up_session_id,
    )


def _cancelled(place: Any, told: attendance.SessionCancelled) -> known.Cancelled:
    return known.Cancelled(
        **place,
        session_id=told.session_id,
        service_date=date_of(told, "service_date"),
        treatment=_treatment(told),
    )


def _attended(place: Any, told: attendance.SessionAttended) -> known.Attendance:
    return _attendance(place, told, attended=True)


def _missed(place: Any, told: attendance.SessionMissed) -> known.Attendance:
    return known.Attendance(
        **place,
        session_id=told.session_id,
        service_date=date_of(told, "service_date"),
        correction=0,
        attended=False,
        program_id=told.program.program_id,
    )


def _corrected(place: Any, told: attendance.AttendanceCorrected) -> known.Attendance:
    return _attendance(place, told, correction=told.correction, attended=told.attended)


def _attendance(
    place: Any,
    told: attendance.SessionAttended | attendance.AttendanceCorrected,
    *,
    attended: bool,
    correction: int = 0,
) -> known.Attendance:
    return known.Attendance(
        **place,
        session_id=told.session_id,
        service_date=date_of(told, "service_date"),
        correction=correction,
        attended=attended,
        # Releases before told minutes alone.
        time=timedelta(seconds=told.seconds or told.minutes * 60),
        treatment=_treatment(told),
        overlap=attendance.FLAG_OVERLAP in told.flags,
        program_id=told.program.program_id,
    )


def _treatment(told: Any) -> tuple[known.Span, ...]:
    return tuple(
        known.Span(starts_at=timestamp_of(span, "from"), ends_at=timestamp_of(span, "to"))
        for span in told.treatment
    )


def _by_type(readers: Mapping[type[Message], Reader]) -> dict[str, Reader]:
    return {message.DESCRIPTOR.full_name: read for message, read in readers.items()}


READERS = _by_type(
    {
        attendance.SiteOpened: _site,
        intake.ClientAdmitted: _admission,
        intake.AssessmentCompleted: _assessed,
        intake.SafetyTaskOpened: _safety_task,
        intake.SafetyTaskClosed: _safety_closed,
        attendance.SessionScheduled: _scheduled,
        attendance.SessionCancelled: _cancelled,
        attendance.SessionAttended: _attended,
        attendance.SessionMissed: _missed,
        attendance.AttendanceCorrected: _corrected,
        plans.PlanActivated: _plan,
        plans.PlanReviewed: _review,
        plans.LevelOfCareChanged: _level,
        plans.ClientDischarged: _discharge,
    }
)

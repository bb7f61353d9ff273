"""Public facts as projections know them: one reader for each type that is used."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import HeardFact, id_of
from kernel.mapping.reading import fact_reader, named
from kernel.messaging.amendments import AMENDED
from kernel.messaging.persons import SAYINGS
from services.plans.adapters.level_rules import to_level_rules
from services.plans.app.streams import RULES_SUBJECT
from services.plans.domain import history
from services.plans.domain.reference_values import ASAM_ADULTS
from services.plans.domain.rules import LevelRules

SITES = "site/"  # what a site's subject begins with
PLACE = ("id", "sequence")  # of a fact: its envelope says them


def history_of(client: str, facts: Mapping[str, Iterable[HeardFact]]) -> history.CareHistory:
    """A client's facts, the clocks of their sites, and the confirmed rules.

    A type of the client's without a reader is an error. What was put right stands among them as it
    is said now.
    """
    sites = [
        fact
        for subject in facts
        if subject.startswith(SITES)
        for fact in facts[subject]
        if isinstance(fact.message, attendance.SiteOpened)
    ]
    own = [fact for fact in facts.get(client, ()) if fact.type not in SAYINGS]
    return history.CareHistory(
        client_id=id_of(client),
        facts=[_read(fact) for fact in (*own, *sites) if fact.type != AMENDED],
        rules={_confirmed(fact): str(fact.id) for fact in facts.get(RULES_SUBJECT, ())},
        bands=ASAM_ADULTS,
    )


def _read(fact: HeardFact) -> history.ProgressFact:
    read = READERS[fact.type]
    return read(fact.message, id=str(fact.id), sequence=fact.sequence)


def _confirmed(fact: HeardFact) -> LevelRules:
    if not isinstance(fact.message, plans.LevelRulesConfirmed):
        raise TypeError(f"no projection uses {fact.type}")
    return to_level_rules(fact.message.rules)


def _time(attended: Any, _: str) -> timedelta:
    """Releases before told minutes alone."""
    return timedelta(seconds=attended.seconds or attended.minutes * 60)


def _overlaps(attended: Any, _: str) -> bool:
    return attendance.FLAG_OVERLAP in attended.flags


_of_program = named("program.program_id")
_to_span = fact_reader(
    attendance.Treatment, history.Span, starts_at=named("from"), ends_at=named("to")
)
_attended: Mapping[str, Any] = {
    "given": PLACE,
    "program_id": _of_program,
    "time": named("seconds", _time, "minutes"),
    "treatment": _to_span,
    "overlap": named("flags", _overlaps),
}

READERS: Mapping[str, Callable[..., history.ProgressFact]] = {
    reader.message.DESCRIPTOR.full_name: reader
    for reader in (
        fact_reader(attendance.SiteOpened, history.SiteClocks, given=PLACE),
        fact_reader(intake.ClientAdmitted, history.Admission, given=PLACE, program_id=_of_program),
        fact_reader(
            intake.ClientTransferred, history.Transfer, given=PLACE, program_id=_of_program
        ),
        fact_reader(intake.AssessmentCompleted, history.Assessed, given=PLACE),
        fact_reader(intake.SafetyTaskOpened, history.SafetyTask, given=PLACE),
        fact_reader(intake.SafetyTaskClosed, history.SafetyClosed, given=PLACE),
        fact_reader(
            # Facts of the first release say no kind: there were groups alone.
            attendance.SessionScheduled,
            history.Scheduled,
            given=PLACE,
            program_id=_of_program,
        ),
        fact_reader(
            attendance.SessionCancelled, history.Cancelled, given=PLACE, treatment=_to_span
        ),
        fact_reader(
            attendance.SessionAttended,
            history.Attendance,
            correction=0,
            attended=True,
            **_attended,
        ),
        fact_reader(
            attendance.SessionMissed,
            history.Attendance,
            given=PLACE,
            correction=0,
            attended=False,
            program_id=_of_program,
        ),
        fact_reader(attendance.AttendanceCorrected, history.Attendance, **_attended),
        fact_reader(plans.PlanActivated, history.PlanInForce, given=PLACE),
        fact_reader(plans.PlanReviewed, history.Review, given=PLACE),
        fact_reader(plans.LevelOfCareChanged, history.LevelChange, given=PLACE),
        fact_reader(plans.ClientDischarged, history.Discharge, given=PLACE),
    )
}

"""What plans hears, and the progress derived from it: public facts in, rows and others out."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import HeardFact, Row, id_of
from kernel.messaging.interests import Derivation, Facts, Interest, Interests
from kernel.rpc.translate import date_of, to_date
from services.plans.domain.progress import (
    Admission,
    Attendance,
    Bands,
    PlanInForce,
    ProgressFact,
    Scheduled,
    measure,
)

PROGRESS = "progress"
# Intensive outpatient, adults: at least nine hours a week (ASAM level 2.1; domain.md, section 1.1).
BANDS = Bands(version="asam-adults/1", floor_minutes={"2.1": 540})


def derive(client: str, facts: Facts) -> Sequence[Row]:
    """One row for each week of each episode of the client."""
    client_id = id_of(client)
    heard = [_known(fact) for fact in facts[client]]
    return [
        Row(
            kind=PROGRESS,
            key=f"{client_id}|{week.episode_id}|{week.week_start}",
            content={
                "client_id": client_id,
                "episode_id": week.episode_id,
                "week_start": week.week_start.isoformat(),
                "planned_minutes": week.planned_minutes,
                "delivered_minutes": week.delivered_minutes,
                "attended": week.attended,
                "missed": week.missed,
                "complete": week.complete,
                "reaches_band": week.reaches_band,
            },
            rests_on=week.rests_on,
            rules=BANDS.version,
        )
        for week in measure(heard, BANDS)
    ]


def publish(_: str, content: Mapping[str, Any], revision: int, withdrawn: bool) -> Message:
    """The public fact of a week that changed."""
    return plans.ProgressMeasured(
        client_id=content["client_id"],
        episode_id=content["episode_id"],
        week_start=to_date(date.fromisoformat(content["week_start"])),
        planned_minutes=content["planned_minutes"],
        delivered_minutes=content["delivered_minutes"],
        attended=content["attended"],
        missed=content["missed"],
        complete=content["complete"],
        reaches_band=content["reaches_band"],
        revision=revision,
        withdrawn=withdrawn,
    )


INTERESTS = Interests(
    [
        Interest(intake.ClientAdmitted),
        Interest(attendance.SessionScheduled),
        Interest(attendance.SessionAttended),
        Interest(attendance.SessionMissed),
        Interest(attendance.AttendanceCorrected),
        Interest(plans.PlanActivated),
    ],
    [Derivation(name=PROGRESS, code="1", derive=derive, publish=publish)],
)


def _known(fact: HeardFact) -> ProgressFact:
    """The fact as the derivation knows it."""
    match fact.message:
        case intake.ClientAdmitted() as told:
            return Admission(
                id=str(fact.id),
                sequence=fact.sequence,
                episode_id=told.episode_id,
                level_of_care=told.level_of_care,
                admitted_on=date_of(told, "admitted_on"),
            )
        case plans.PlanActivated() as told:
            return PlanInForce(
                id=str(fact.id),
                sequence=fact.sequence,
                episode_id=told.episode_id,
                in_force_from=date_of(told, "in_force_from"),
                planned_minutes_per_week=told.planned_minutes_per_week,
            )
        case attendance.SessionScheduled() as told:
            return Scheduled(
                id=str(fact.id),
                sequence=fact.sequence,
                session_id=told.session_id,
                service_date=date_of(told, "service_date"),
            )
        case attendance.SessionAttended() as told:
            return _attendance(fact, told, attended=True, minutes=told.minutes)
        case attendance.SessionMissed() as told:
            return _attendance(fact, told, attended=False)
        case attendance.AttendanceCorrected() as told:
            return _attendance(
                fact,
                told,
                correction=told.correction,
                attended=told.attended,
                minutes=told.minutes,
            )
        case _:
            raise TypeError(f"no derivation uses {fact.type}")


def _attendance(
    fact: HeardFact,
    told: attendance.SessionAttended | attendance.SessionMissed | attendance.AttendanceCorrected,
    *,
    attended: bool,
    minutes: int = 0,
    correction: int = 0,
) -> Attendance:
    return Attendance(
        id=str(fact.id),
        sequence=fact.sequence,
        session_id=told.session_id,
        service_date=date_of(told, "service_date"),
        correction=correction,
        attended=attended,
        minutes=minutes,
    )

"""What plans hears of a client, as messages, and what it derives from them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as attending
from ninehours.common.v1 import common_pb2 as common
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import HeardFact, Row, derived_id
from kernel.rpc.translate import to_date, to_timestamp
from services.plans.adapters.subscriptions import derive
from services.plans.app.streams import PROGRESS
from services.plans.domain.progress import WeekOfProgress
from tests.harness.plans.history import at, day

CLIENT = "client/6f1c2a44-8b57-4d0e-9a43-1f0c7a2e9b01"
GROUP, VISIT = attending.SERVICE_KIND_GROUP, attending.SERVICE_KIND_PRESCRIBER_VISIT


def on(number: int) -> common.Date:
    return to_date(day(number))


def as_heard(messages: Iterable[Message], subject: str = CLIENT) -> list[HeardFact]:
    """As if published in this order."""
    return [
        HeardFact(
            id=derived_id("heard", subject, str(number)),
            topic="ninehours.any.v1",
            subject=subject,
            sequence=number,
            type=message.DESCRIPTOR.full_name,
            message=message,
            label="PART2",
            signed_at=at(0),
        )
        for number, message in enumerate(messages, start=1)
    ]


def derived(*messages: Message, zones: dict[str, str] | None = None) -> list[Row]:
    """`zones`: of the sites that opened, by id."""
    facts = {CLIENT: as_heard(messages)}
    for site_id, zone in (zones or {}).items():
        opened = attendance.SiteOpened(site_id=site_id, time_zone=zone)
        facts[f"site/{site_id}"] = as_heard([opened], f"site/{site_id}")
    return list(derive(CLIENT, facts))


def weeks(*messages: Message, zones: dict[str, str] | None = None) -> list[WeekOfProgress]:
    """What was measured, week by week."""
    rows = derived(*messages, zones=zones)
    return [row.content for row in rows if row.kind == PROGRESS]


def admitted(
    admitted_on: int = 0, episode: str = "e1", program: str = "", site: str = ""
) -> Message:
    return intake.ClientAdmitted(
        episode_id=episode,
        site_id=site,
        program=common.Program(program_id=program),
        level_of_care="2.1",
        admitted_on=on(admitted_on),
    )


def scheduled(
    name: str,
    hour: int = 9,
    hours: int = 3,
    kind: attending.ServiceKind = GROUP,
    *,
    number: int = 0,
    program: str = "",
    makes_up: str = "",
) -> Message:
    """On that day, in UTC."""
    return attendance.SessionScheduled(
        session_id=name,
        program=common.Program(program_id=program),
        service_date=on(number),
        service_kind=kind,
        starts_at=to_timestamp(at(number, hour)),
        ends_at=to_timestamp(at(number, hour) + timedelta(hours=hours)),
        makes_up_session_id=makes_up,
    )


def cancelled(name: str, number: int, **rest: Any) -> Message:
    return attendance.SessionCancelled(session_id=name, service_date=on(number), **rest)


def missed(name: str, number: int) -> Message:
    return attendance.SessionMissed(session_id=name, service_date=on(number))


def attended(
    name: str, minutes: int, *, number: int = 0, program: str = "", **rest: Any
) -> Message:
    return attendance.SessionAttended(
        session_id=name,
        service_date=on(number),
        minutes=minutes,
        program=common.Program(program_id=program) if program else None,
        **rest,
    )


def discharged(number: int, episode: str = "e1") -> Message:
    return plans.ClientDischarged(episode_id=episode, discharged_on=on(number))


def transferred(number: int, episode: str, program: str) -> Message:
    return intake.ClientTransferred(
        episode_id=episode,
        program=common.Program(program_id=program),
        transferred_on=on(number),
    )


def phq9(score: int, moment: datetime) -> Message:
    return intake.AssessmentCompleted(
        assessment_id=f"{score} {moment}",
        instrument="phq9/1",
        score=score,
        completed_at=to_timestamp(moment),
    )

"""What progress counts as delivered: each minute of treatment once, and only treatment."""

from datetime import date, timedelta
from itertools import permutations
from typing import Any

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as attending
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.facts import HeardFact
from kernel.ids import derived_id
from kernel.rpc.translate import to_date, to_timestamp
from services.plans.adapters.heard import BANDS
from services.plans.adapters.known import known_of
from services.plans.domain.progress import measure
from tests.plans.history import at, day

GROUP, VISIT = attending.SERVICE_KIND_GROUP, attending.SERVICE_KIND_PRESCRIBER_VISIT


def heard(*messages: Message) -> list[HeardFact]:
    """As if published in this order."""
    return [
        HeardFact(
            id=derived_id("heard", str(number)),
            topic="ninehours.attendance.v1",
            subject="client/1",
            sequence=number,
            type=message.DESCRIPTOR.full_name,
            message=message,
            label="PART2",
            signed_at=at(0),
        )
        for number, message in enumerate(messages, start=1)
    ]


def admitted() -> Message:
    return intake.ClientAdmitted(episode_id="e1", level_of_care="2.1", admitted_on=on(0))


def on(number: int) -> Any:
    return to_date(day(number))


def scheduled(name: str, hour: int, hours: int, kind: int = GROUP) -> Message:
    return attendance.SessionScheduled(
        session_id=name,
        service_date=on(0),
        service_kind=kind,
        starts_at=to_timestamp(at(0, hour)),
        ends_at=to_timestamp(at(0, hour) + timedelta(hours=hours)),
    )


def attended(name: str, minutes: int, **rest: Any) -> Message:
    return attendance.SessionAttended(session_id=name, service_date=on(0), minutes=minutes, **rest)


def delivered(*messages: Message) -> int:
    [week] = measure(known_of(heard(*messages)), BANDS)
    return week.delivered_minutes


def test_a_minute_at_two_sessions_is_counted_once_whichever_was_closed_first() -> None:
    facts = (
        scheduled("long", 9, 3),
        scheduled("short", 11, 1),
        attended("long", 180),
        attended("short", 60, flags=[attendance.FLAG_OVERLAP]),
    )
    assert {delivered(admitted(), *order) for order in permutations(facts)} == {180}


def test_what_two_sessions_do_not_share_counts_for_both() -> None:
    assert (
        delivered(
            admitted(),
            scheduled("first", 9, 3),
            scheduled("second", 11, 2),
            attended("first", 180),
            attended("second", 120),
        )
        == 240
    )


def test_a_visit_to_the_prescriber_is_no_therapy() -> None:
    assert (
        delivered(
            admitted(),
            scheduled("group", 9, 3),
            scheduled("visit", 13, 1, VISIT),
            attended("group", 180),
            attended("visit", 60),
        )
        == 180
    )


def test_seconds_add_up_before_they_are_minutes() -> None:
    def told(name: str) -> Message:
        return attended(name, 89, **{"seconds": 89 * 60 + 40})

    three = [
        fact
        for number, name in enumerate(("a", "b", "c"))
        for fact in (scheduled(name, 9 + 2 * number, 2), told(name))
    ]
    assert delivered(admitted(), *three) == 269


def test_a_client_sits_in_the_week_of_these_tests() -> None:
    assert day(0) == date(2026, 3, 2)

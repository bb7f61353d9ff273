"""What progress counts as delivered: each minute of treatment once, and only treatment."""

from itertools import permutations

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance

from tests.harness.plans.facts import VISIT, admitted, attended, scheduled, weeks


def delivered(*messages: Message) -> int:
    [week] = weeks(*messages)
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

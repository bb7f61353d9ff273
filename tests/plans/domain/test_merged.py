"""Two clients who were merged are measured as one: of the facts of both, each minute once."""

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as some
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.common.v1.persons_pb2 import ClientMerged, ClientUnmerged
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import HeardFact, derived_id, id_of
from kernel.messaging.amendments import history_of
from kernel.messaging.persons import MergeSaid, Persons, standing
from kernel.messaging.subscriptions import as_the_survivors
from kernel.rpc.translate import to_timestamp
from services.plans.adapters.subscriptions import SUBSCRIPTIONS, derive
from services.plans.app.streams import PROGRESS
from services.plans.domain.progress import WeekOfProgress
from tests.harness.plans.facts import CLIENT, admitted, attended, missed, on, phq9, scheduled
from tests.harness.plans.history import at

OTHER = "client/6f1c2a44-8b57-4d0e-9a43-1f0c7a2e9b02"
MERGED = MergeSaid(
    ClientMerged(survivor_client_id=id_of(CLIENT), absorbed_client_id=id_of(OTHER), revision=1),
    at(0),
)
UNMERGED = MergeSaid(
    ClientUnmerged(survivor_client_id=id_of(CLIENT), absorbed_client_id=id_of(OTHER), revision=2),
    at(1),
)


def said(number: int, message: Any, client: str) -> HeardFact:
    if "client_id" in message.DESCRIPTOR.fields_by_name:
        message = type(message).FromString(message.SerializeToString())
        message.client_id = id_of(client)
    return HeardFact(
        id=derived_id("heard", number),
        topic="ninehours.any.v1",
        subject=client,
        sequence=number,
        type=message.DESCRIPTOR.full_name,
        message=message,
        label="PART2",
        signed_at=at(0, 1).replace(minute=number),
    )


def weeks(told: Sequence[tuple[str, Message]], *sayings: MergeSaid) -> list[WeekOfProgress]:
    """Of the survivor, or of whoever they are without a merge; told in this order."""
    facts: dict[str, list[HeardFact]] = {CLIENT: [], OTHER: []}
    for number, (client, message) in enumerate(told):
        facts[client].append(said(number, message, client))
    persons = Persons(standing(sayings))
    gathered = {client: facts[client] for client in persons.clients_of(CLIENT)}
    as_the_survivors(CLIENT, persons, gathered)
    history = history_of(gathered, SUBSCRIPTIONS.decode)
    return [row.content for row in derive(CLIENT, history) if row.kind == PROGRESS]


def group(name: str, hours: tuple[int, int], number: int = 0) -> Message:
    """Attended for these hours."""
    first, last = hours
    spans: dict[str, Any] = {
        "from": to_timestamp(at(number, first)),
        "to": to_timestamp(at(number, last)),
    }
    return attended(
        name,
        (last - first) * 60,
        number=number,
        treatment=[attendance.Treatment(**spans)],
    )


def test_the_survivors_weeks_have_what_both_attended() -> None:
    told = [(CLIENT, admitted()), (CLIENT, group("a", (9, 12))), (OTHER, group("b", (13, 15)))]
    [alone], [merged] = weeks(told), weeks(told, MERGED)
    assert (alone.delivered_minutes, merged.delivered_minutes) == (180, 300)
    assert merged.client_id == id_of(CLIENT)


def test_an_episode_of_the_absorbed_one_is_measured_of_the_survivor() -> None:
    told = [(OTHER, admitted()), (OTHER, group("a", (9, 12)))]
    assert weeks(told) == []
    [week] = weeks(told, MERGED)
    assert (week.client_id, week.delivered_minutes) == (id_of(CLIENT), 180)


def test_one_session_as_both_is_one_presence() -> None:
    told = [
        (CLIENT, admitted()),
        (CLIENT, scheduled("a")),
        (CLIENT, group("a", (9, 11))),
        (OTHER, group("a", (10, 12))),
    ]
    [week] = weeks(told, MERGED)
    assert (week.delivered_minutes, week.attended, week.missed) == (180, 1, 0)


def test_missed_as_one_and_attended_as_the_other_it_was_attended() -> None:
    told = [(CLIENT, admitted()), (CLIENT, missed("a", 0)), (OTHER, group("a", (9, 11)))]
    for order in (told, [told[0], *told[:0:-1]]):
        [week] = weeks(order, MERGED)
        assert (week.delivered_minutes, week.attended, week.missed) == (120, 1, 0)


def test_a_minute_at_two_sessions_is_delivered_once() -> None:
    told = [
        (CLIENT, admitted()),
        *((CLIENT, scheduled(name, hour)) for name, hour in (("a", 9), ("b", 11))),
        (CLIENT, group("a", (9, 12))),
        (OTHER, group("b", (11, 14))),
    ]
    [week] = weeks(told, MERGED)
    assert week.delivered_minutes == 300


GROUP = group("a", (9, 12))


def plan(minutes: int) -> Message:
    """In force from Monday."""
    return plans.PlanActivated(
        episode_id="e1", in_force_from=on(0), planned_minutes_per_week=minutes
    )


STORY = (
    admitted(),
    group("a", (9, 12)),
    missed("b", 1),
    phq9(14, at(1)),
    group("c", (9, 11), 2),
    group("d", (12, 13), 2),
    phq9(9, at(3)),
    group("e", (9, 12), 8),
)


@given(some.lists(some.booleans(), min_size=len(STORY), max_size=len(STORY)))
def test_told_of_two_who_are_one_or_of_one_alone_the_weeks_are_the_same(split: list[bool]) -> None:
    told = [
        (OTHER if of_other else CLIENT, fact) for fact, of_other in zip(STORY, split, strict=True)
    ]
    assert weeks(told, MERGED) == weeks([(CLIENT, fact) for fact in STORY])


@given(some.lists(some.booleans(), min_size=len(STORY), max_size=len(STORY)), some.booleans())
def test_merged_and_taken_apart_the_weeks_are_as_they_were(split: list[bool], late: bool) -> None:
    told = [
        (OTHER if of_other else CLIENT, fact) for fact, of_other in zip(STORY, split, strict=True)
    ]
    sayings = (UNMERGED, MERGED) if late else (MERGED, UNMERGED)
    assert weeks(told, *sayings) == weeks(told)


def test_a_later_word_counts_whichever_of_both_it_was_said_of() -> None:
    told = [(OTHER, admitted()), (OTHER, plan(600)), (CLIENT, plan(540)), (CLIENT, GROUP)]
    [merged] = weeks(told, MERGED)
    assert merged.planned_minutes == 540
    [merged] = weeks([told[0], told[2], told[1], told[3]], MERGED)
    assert merged.planned_minutes == 600

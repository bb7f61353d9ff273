"""Two clients who were merged are measured as one: of the facts of both, each minute once."""

from collections.abc import Sequence
from random import Random
from typing import Any

from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as some
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.common.v1.persons_pb2 import ClientMerged, ClientUnmerged
from ninehours.common.v1.statements_pb2 import StatementAmended
from ninehours.plans.v1 import plans_events_pb2 as plans

from kernel.facts import HeardFact, derived_id, id_of
from kernel.messaging.amendments import derived, history_of
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


TOLD = (
    (CLIENT, STORY[0]),
    (OTHER, plan(540)),
    *((OTHER, fact) for fact in STORY[1:4]),
    *((CLIENT, fact) for fact in STORY[4:]),
)
SAYS: dict[int, list[Message | None]] = {
    0: [None, STORY[0], admitted(3)],
    1: [None, plan(540), plan(180)],
    4: [None, phq9(14, at(1)), phq9(22, at(1))],
    7: [None, phq9(9, at(3)), phq9(20, at(3))],
}
"""What each statement may say, by its number among those told; None: it was taken back."""
ONE = [(CLIENT, OTHER), (OTHER, CLIENT)]
"""Survivor and absorbed; None: they are two."""
statement_says = some.sampled_from(sorted(SAYS)).flatmap(
    lambda number: some.tuples(some.just(number), some.sampled_from(SAYS[number]))
)
merges = some.sampled_from([None, *ONE])


def rows_after(steps: Sequence[Any]) -> dict[tuple[str, str], tuple[object, frozenset[str]]]:
    """Of both, once all this was said: each with what it rests on."""
    heard = [said(number, message, client) for number, (client, message) in enumerate(TOLD)]
    sayings: list[MergeSaid] = []
    revisions = dict.fromkeys(SAYS, 1)
    merged: Any = None
    for step in steps:
        if step is None or step in ONE:
            for kind, pair in ((ClientUnmerged, merged), (ClientMerged, step)):
                if merged != step and pair is not None:
                    survivor, absorbed = map(id_of, pair)
                    message = kind(
                        survivor_client_id=survivor,
                        absorbed_client_id=absorbed,
                        revision=len(sayings) + 1,
                    )
                    sayings.append(MergeSaid(message, at(0)))
            merged = step
            continue
        number, content = step
        revisions[number] += 1
        heard.append(amending(heard[number], revisions[number], content, len(heard)))
    persons = Persons(standing(sayings))
    found: dict[tuple[str, str], tuple[object, frozenset[str]]] = {}
    for client in {persons.survivor_of(each) for each in (CLIENT, OTHER)}:
        gathered = {
            each: [fact for fact in heard if fact.subject == each]
            for each in persons.clients_of(client)
        }
        as_the_survivors(client, persons, gathered)
        history = history_of(gathered, SUBSCRIPTIONS.decode)
        for row in derived(derive, client, history):
            found[row.kind, row.key] = (row.content, row.rests_on)
    return found


def amending(first: HeardFact, revision: int, content: Any, number: int) -> HeardFact:
    if content is not None:
        content.client_id = id_of(first.subject)
    amended = StatementAmended(
        client_id=id_of(first.subject),
        fact_id=str(first.id),
        revision=revision,
        type=first.type,
        voided=content is None,
        content=b"" if content is None else content.SerializeToString(deterministic=True),
    )
    return said(number, amended, first.subject)


def contents(found: dict[tuple[str, str], tuple[object, frozenset[str]]]) -> dict[Any, object]:
    return {key: content for key, (content, _) in found.items()}


last_says = some.fixed_dictionaries(
    {number: some.sampled_from(says) for number, says in SAYS.items()}
)


@given(some.lists(statement_says | merges, max_size=7), last_says, merges, some.randoms())
def test_corrections_and_merges_in_any_order_end_where_the_tidy_telling_would(
    slips: list[Any], last: dict[int, Any], end: Any, chance: Random
) -> None:
    steps: list[Any] = [*last.items(), end]
    chance.shuffle(steps)
    assert contents(rows_after([*slips, *steps])) == contents(rows_after([end, *last.items()]))


@given(last_says, merges)
def test_a_week_that_a_correction_changed_names_it(last: dict[int, Any], end: Any) -> None:
    before = contents(rows_after([end]))
    amendments = {str(derived_id("heard", number)) for number in range(len(TOLD), 99)}
    for key, (content, rests_on) in rows_after([end, *last.items()]).items():
        assert before.get(key) == content or rests_on & amendments

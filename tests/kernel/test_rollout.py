"""Two releases at once: a worker drains what its own code may, and own facts are caught up with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import pytest
from ninehours.attendance.v1.attendance_events_pb2 import SessionAttended

from kernel.codec import Codec
from kernel.facts import Row
from kernel.mapping.reading import fact_reader
from kernel.messaging.pending_work import PendingWork
from kernel.messaging.subscriptions import Facts, Projection, Subscriptions
from kernel.store.store import Store
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    COUNTER,
    EVE,
    INPUTS,
    TALLY,
    Count,
    Gate,
    Listener,
    Log,
    attended,
    context,
    executor_of,
    held,
)


@dataclass(frozen=True, slots=True)
class Newer:
    by: str = "newer"


def newer(_: str, facts: Facts) -> Sequence[Row]:
    """What the next release derives: a row of everybody, sessions or not."""
    [client] = [subject for subject in facts if subject.startswith("client/")]
    return [Row(kind="tally", key=client, content=Newer(), rests_on=frozenset())]


NEWER = Subscriptions(
    INPUTS.by_type.values(), [replace(TALLY, code="2", derive=newer, rows=Codec({"tally": Newer}))]
)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def old(tallying: Store, log: Log) -> Listener:
    """A worker of the old release, at work."""
    listener = Listener(tallying, log)
    listener.pending_work.mark_outdated()
    listener.hear(log.tell(ADA, attended("s", 1)), log.tell(BOB, attended("s", 0, client=BOB)))
    listener.pending_work.drain()
    return listener


def test_an_old_worker_leaves_what_a_new_release_raised(old: Listener, log: Log) -> None:
    new = PendingWork(old.store, NEWER)
    assert new.mark_outdated() == 2
    assert old.pending_work.drain() == 0
    old.hear(log.tell(ADA, attended("s", 2)))
    assert old.pending_work.drain() == 0
    assert new.drain() == 2
    assert old.tallies() == {ADA: {"by": "newer"}, BOB: {"by": "newer"}}


class Kind(StrEnum):
    """What the old release knows of a closed set."""

    GROUP = "GROUP"


class NewerKind(StrEnum):
    """The same set, a release later."""

    GROUP = "GROUP"
    FAMILY = "FAMILY"


@dataclass(frozen=True, slots=True)
class Kinds:
    kinds: tuple[str, ...]


def kinds_by(kind: type[StrEnum]) -> Projection:
    """A row of each client with the kinds of their sessions, as a release knows them."""

    @dataclass(frozen=True, slots=True)
    class OfSession:
        session_id: kind  # type: ignore[valid-type]

    read = fact_reader(SessionAttended, OfSession)

    def derive(client: str, facts: Facts) -> Sequence[Row]:
        kinds = Kinds(tuple(read(fact.message).session_id for fact in facts[client]))
        return [Row(kind="kinds", key=client, content=kinds, rests_on=frozenset())]

    return replace(TALLY, derive=derive, rows=Codec({"kinds": Kinds}))


def test_a_client_with_a_word_of_a_newer_release_waits_alone_until_that_release_starts(
    tallying: Store, log: Log
) -> None:
    """The old release goes on with everybody else; nobody has to release what is parked."""
    kinds = Subscriptions(INPUTS.by_type.values(), [kinds_by(Kind)])
    old = Listener(tallying, log, subscriptions=kinds)
    old.pending_work.mark_outdated()
    old.hear(log.tell(ADA, attended("FAMILY", 1)), log.tell(BOB, attended("GROUP", 1, client=BOB)))
    old.pending_work.drain()
    assert old.tallies() == {BOB: {"kinds": ["GROUP"]}}
    [(parked, error)] = old.due()
    assert parked == ADA
    assert error is not None
    assert error.startswith("kernel.codec.UnreadableFact at ")
    old.pending_work.mark_outdated()  # the old one starts again: it waits as before
    old.pending_work.drain()
    assert [(key, parked is not None) for key, parked in old.due()] == [(ADA, True)]
    new = Subscriptions(INPUTS.by_type.values(), [kinds_by(NewerKind)])
    work = PendingWork(tallying, new)
    assert work.mark_outdated() == 1
    work.drain()
    assert old.tallies() == {ADA: {"kinds": ["FAMILY"]}, BOB: {"kinds": ["GROUP"]}}
    assert old.due() == []


def test_a_client_heard_while_a_new_release_takes_over_is_not_left_to_old_code(
    old: Listener, log: Log
) -> None:
    """It looked for clients already; nobody would derive this one again."""
    gate = Gate("outdated")
    new = PendingWork(old.store, NEWER, barrier=gate)
    with held(gate, new.mark_outdated) as waiting:
        eve = log.tell(EVE, attended("s", 0, client=EVE))
        old.hear(eve)
        assert waiting.meanwhile(old.store, old.pending_work.drain) == 0
    new.drain()
    assert len(old.tallies()) == 3


def test_what_an_old_api_publishes_after_a_new_worker_caught_up_is_heard(counting: Store) -> None:
    new = Listener(counting)
    old_api = executor_of(counting)
    for amount in (1, 2):
        old_api.execute(COUNTER, "counter/1", Count(ADA, amount), context())
        new.gap_repair.compare()
        assert new.heard(ADA) == list(range(1, amount + 1))
    assert new.pending_work.drain() == 1

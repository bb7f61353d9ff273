"""Two releases at once: a worker drains what its own code may, and own facts are caught up with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from kernel.codec import Codec
from kernel.facts import Row
from kernel.messaging.pending_work import PendingWork
from kernel.messaging.subscriptions import Facts, Subscriptions
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
    book_of,
    context,
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
    old_api = book_of(counting)
    for amount in (1, 2):
        old_api.execute(COUNTER, "counter/1", Count(ADA, amount), context())
        new.gap_repair.compare()
        assert new.heard(ADA) == list(range(1, amount + 1))
    assert new.pending_work.drain() == 1

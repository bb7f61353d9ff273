"""Reacting: each fact leads to its command, whoever drains at once and whatever is refused."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from ninehours.common.v1.statements_pb2 import StatementAmended

from kernel.execute import CommandExecutor
from kernel.messaging.amendments import Amended
from kernel.messaging.caught_up import clients_not_caught_up
from kernel.messaging.envelope import Record
from kernel.messaging.owners import Fingerprint, OwnersConfirm
from kernel.messaging.pending import mark_pending, mark_reactions
from kernel.messaging.pending_work import PendingWork
from kernel.messaging.subscriptions import Reaction, Subscriptions
from kernel.refusal import NotYet, Unknown
from kernel.store.store import Context, Store
from operations.parked import list_parked, parked_of
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    COUNTER,
    INPUTS,
    NOW,
    TALLY,
    TOPIC,
    Count,
    Gate,
    Listener,
    Log,
    SessionAttended,
    attended,
    executor_of,
    held,
    released,
)

TOO_MUCH = 101  # a counter ends at 100


def count_up(store: Store, fact: SessionAttended, context: Context) -> None:
    executor: CommandExecutor = executor_of(
        store, publish=lambda _: ()
    )  # its own facts would be reacted to
    client = f"client/{fact.client_id}"
    executor.execute(COUNTER, f"counter/{fact.session_id}", Count(client, fact.minutes), context)


def count_otherwise(store: Store, amended: Amended, context: Context) -> None:
    said: Any = amended.first.message
    kind = "gone" if amended.voids else "otherwise"
    count_up(store, attended(f"{kind}/{said.session_id}", 1, client=ADA), context)


COUNT_UP = Reaction(name="count_up", to=SessionAttended, react=count_up)
REACTING = Subscriptions(INPUTS.by_type.values(), reactions=[COUNT_UP])


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def listener(tallying: Store, log: Log) -> Listener:
    return Listener(tallying, log, subscriptions=REACTING)


def counted(listener: Listener) -> list[str]:
    """The streams that a command was given on."""
    return [row.stream for row in listener.ask("SELECT stream FROM fact ORDER BY stream")]


def test_a_fact_heard_while_two_react_to_the_one_before_is_reacted_to(
    listener: Listener, log: Log
) -> None:
    listener.hear(log.tell(ADA, attended("first", 1)))
    gate = Gate("reacted")
    slow = PendingWork(listener.store, REACTING, confirm=OwnersConfirm({TOPIC: log}), barrier=gate)
    with held(gate, slow.drain):
        listener.pending_work.drain()
        listener.hear(log.tell(ADA, attended("second", 1)))
    listener.pending_work.drain()
    assert counted(listener) == ["counter/first", "counter/second"]


def test_what_a_reaction_decides_depends_on_when_its_fact_was_signed(
    listener: Listener, log: Log
) -> None:
    """Whenever it was recorded, heard and reacted to."""
    signed_at = NOW - timedelta(days=30)
    listener.hear(log.tell(ADA, attended("late", 1), signed_at=signed_at))
    listener.pending_work.drain()
    [fact] = listener.ask("SELECT at FROM fact")
    assert fact.at == signed_at


def reacting_to(listener: Listener) -> list[tuple[str, bool]]:
    """The facts that are due, or were refused, by session."""
    rows = listener.ask(
        "SELECT h.body, d.error FROM due_reaction d JOIN heard_fact h ON h.id = d.fact"
        " ORDER BY mark"
    )
    return [
        (SessionAttended.FromString(bytes(row.body)).session_id, row.error is not None)
        for row in rows
    ]


def test_a_reaction_that_is_refused_is_parked_alone(listener: Listener, log: Log) -> None:
    listener.hear(
        log.tell(ADA, attended("refused", TOO_MUCH)),
        log.tell(ADA, attended("second", 1)),
        log.tell(BOB, attended("third", 1, client=BOB)),
    )
    listener.pending_work.drain()
    assert counted(listener) == ["counter/second", "counter/third"]
    listener.hear(log.tell(ADA, attended("fourth", 1)))
    listener.pending_work.drain()
    assert counted(listener) == ["counter/fourth", "counter/second", "counter/third"]
    assert reacting_to(listener) == [("refused", True)]


def test_a_refused_reaction_is_released_by_the_name_it_is_listed_with(
    listener: Listener, log: Log
) -> None:
    refused = log.tell(ADA, attended("refused", TOO_MUCH))
    listener.hear(refused)
    listener.pending_work.drain()
    with listener.store.transaction() as tx:
        [parked] = list_parked(tx.connection)
        assert str(parked.id) == f"reaction:count_up:{refused.headers['ce_id'].decode()}"
        shown = parked_of(tx.connection, str(parked.id))
        assert (shown.subject, shown.error) == (ADA, parked.error)
        assert clients_not_caught_up(tx.connection, [ADA, BOB]) == {ADA}
        assert released(tx, str(parked.id)) == "its command is given again"
        with pytest.raises(Unknown):
            released(tx, str(parked.id))
    assert reacting_to(listener) == [("refused", False)]


def test_one_that_has_to_wait_holds_back_its_clients_later_ones(tallying: Store, log: Log) -> None:
    waits = ["first"]

    def react(store: Store, fact: SessionAttended, context: Context) -> None:
        if fact.session_id in waits:
            raise NotYet("NOT_HEARD_YET", "soon")
        count_up(store, fact, context)

    subscriptions = Subscriptions(
        INPUTS.by_type.values(), reactions=[replace(COUNT_UP, react=react)]
    )
    listener = Listener(tallying, log, subscriptions=subscriptions)
    listener.hear(
        log.tell(ADA, attended("first", 1)),
        log.tell(ADA, attended("second", 1)),
        log.tell(BOB, attended("third", 1, client=BOB)),
    )
    listener.pending_work.drain()
    assert counted(listener) == ["counter/third"]
    waits.clear()
    listener.pending_work.drain()
    assert counted(listener) == ["counter/first", "counter/second", "counter/third"]


def test_what_the_release_before_heard_and_never_reacted_to_is_reacted_to(
    tallying: Store, log: Log
) -> None:
    """It knew no such reaction, or kept it by client, among projections."""
    before = Listener(tallying, log, subscriptions=INPUTS)
    before.hear(log.tell(ADA, attended("first", 1)), log.tell(ADA, attended("refused", TOO_MUCH)))
    with tallying.transaction() as tx:
        mark_pending(tx, [("count_up", ADA)])
    listener = Listener(tallying, log, subscriptions=REACTING)
    for expected in (2, 0, 0):
        assert listener.pending_work.mark_outdated() == expected
        listener.pending_work.drain()
    assert counted(listener) == ["counter/first"]
    assert (listener.due(), reacting_to(listener)) == ([], [("refused", True)])


# What its owner is asked first


def forged(subject: str) -> Record:
    """The subject's first fact, that no owner published."""
    return Log().tell(subject, attended("forged", 1, client=subject), id=uuid4())


def amending(first: Record, revision: int, content: SessionAttended | None) -> StatementAmended:
    return StatementAmended(
        fact_id=first.headers["ce_id"].decode(),
        type=SessionAttended.DESCRIPTOR.full_name,
        revision=revision,
        content=b"" if content is None else content.SerializeToString(),
        voided=content is None,
    )


def test_what_was_reacted_to_and_is_put_right_is_reacted_to_again_as_it_stands(
    tallying: Store, log: Log
) -> None:
    again = Subscriptions(
        INPUTS.by_type.values(), reactions=[replace(COUNT_UP, again=count_otherwise)]
    )
    listener = Listener(tallying, log, subscriptions=again)
    first = log.tell(ADA, attended("first", 1))
    listener.hear(first)
    listener.pending_work.drain()
    listener.hear(log.tell(ADA, amending(first, 2, attended("first", 2))))
    listener.pending_work.drain()
    assert counted(listener) == ["counter/first", "counter/otherwise/first"]
    # Of several that were heard together the last one stands, and what it voids is no command's.
    second = log.tell(ADA, attended("second", 1))
    listener.hear(
        second,
        log.tell(ADA, amending(second, 2, attended("second", 2))),
        log.tell(ADA, amending(second, 3, None)),
    )
    listener.pending_work.drain()
    assert counted(listener) == [
        "counter/first",
        "counter/gone/second",
        "counter/otherwise/first",
    ]
    assert reacting_to(listener) == []
    # What nobody reacts to any more is done all the same: nobody looks for it again.
    listener.pending_work.mark_all()
    assert reacting_to(listener) == []


def test_a_reaction_given_again_after_its_fact_was_put_right_is_the_same_command(
    tallying: Store, log: Log
) -> None:
    """It was accepted, its process was killed before that was noted, and the fact changed."""
    listener = Listener(tallying, log, subscriptions=REACTING)
    first = log.tell(ADA, attended("first", 1))
    listener.hear(first)
    pending = reacting_to(listener)
    listener.pending_work.drain()
    listener.hear(log.tell(ADA, amending(first, 2, attended("first", 2))))
    with tallying.transaction() as tx:
        fact_id = UUID(first.headers["ce_id"].decode())
        mark_reactions(tx, [(COUNT_UP.name, fact_id, ADA, None)])
    assert reacting_to(listener) == pending
    listener.pending_work.drain()
    assert reacting_to(listener) == []
    assert counted(listener) == ["counter/first"]


def test_what_was_put_right_before_anybody_reacted_to_that_is_reacted_to(
    tallying: Store, log: Log
) -> None:
    before = Listener(tallying, log, subscriptions=REACTING)
    first = log.tell(ADA, attended("first", 1))
    before.hear(first, log.tell(ADA, amending(first, 2, attended("first", 2))))
    before.pending_work.drain()
    assert counted(before) == ["counter/first"]
    again = Subscriptions(
        INPUTS.by_type.values(), reactions=[replace(COUNT_UP, again=count_otherwise)]
    )
    listener = Listener(tallying, log, subscriptions=again)
    listener.pending_work.mark_all()
    listener.pending_work.drain()
    assert counted(listener) == ["counter/first", "counter/otherwise/first"]


def test_a_forged_fact_is_never_reacted_to(listener: Listener, log: Log) -> None:
    listener.hear(log.tell(ADA, attended("real", 1)), forged(BOB))
    listener.pending_work.drain()
    assert counted(listener) == ["counter/real"]
    with listener.store.transaction() as tx:
        assert clients_not_caught_up(tx.connection, [ADA, BOB]) == {BOB}
    repair(listener)
    assert listener.head(BOB)[2] == "BEYOND_OWNER"
    with listener.store.transaction() as tx:
        released(tx, f"subject:{TOPIC}:{BOB}")
    repair(listener)
    log.tell(BOB, attended("second", 1, client=BOB))
    repair(listener)
    assert counted(listener) == ["counter/real", "counter/second"]
    assert reacting_to(listener) == []


def test_a_fact_with_a_forged_content_is_reacted_to_as_its_owner_has_it(
    listener: Listener, log: Log
) -> None:
    real = log.tell(ADA, attended("real", 1))
    body = attended("forged", 9).SerializeToString(deterministic=True)
    listener.hear(replace(real, body=body))
    listener.pending_work.drain()
    repair(listener)
    assert counted(listener) == ["counter/real"]


class Away(Log):
    """An owner that doesn't answer for fingerprints while it is away."""

    is_away = True
    asked = 0

    def fingerprints_at(self, positions: Sequence[tuple[str, int]]) -> Iterator[Fingerprint]:
        self.asked += 1
        if self.is_away:
            raise ConnectionError("away")
        return super().fingerprints_at(positions)


def test_while_its_owner_is_away_a_reaction_waits_and_nothing_else_does(tallying: Store) -> None:
    log, other = Away(), Log("ninehours.other.v1")
    reacting = Subscriptions(INPUTS.by_type.values(), [TALLY], [COUNT_UP])
    clock = [0.0]
    listener = Listener(tallying, log, other, subscriptions=reacting, clock=lambda: clock[0])
    listener.hear(log.tell(ADA, attended("waits", 1)))
    listener.hear(other.tell(BOB, attended("goes on", 1, client=BOB)))
    for _ in range(3):
        listener.pending_work.drain()
    assert counted(listener) == ["counter/goes on"]
    assert sorted(listener.tallies()) == [f"{ADA}|waits", f"{BOB}|goes on"]
    assert (log.asked, listener.pending_work.has_left) == (1, True)
    assert reacting_to(listener) == [("waits", False)]
    log.is_away = False
    listener.pending_work.drain()
    assert log.asked == 1
    clock[0] += 1.0
    listener.pending_work.drain()
    assert counted(listener) == ["counter/goes on", "counter/waits"]
    assert not listener.pending_work.has_left


def repair(listener: Listener) -> None:
    for _ in range(2):
        listener.gap_repair.compare()
        listener.gap_repair.repair()
    listener.pending_work.drain()

"""Following a published log while transactions commit in any order: all of it, once."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from ninehours.exchange.v1 import published_log_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed
from kernel.rpc.published_log import PublishedLogServicer
from kernel.store.published import Cursor, before_the_last, end_of, follow
from kernel.store.statements import text
from kernel.store.store import Store
from tests.harness.kernel.counters import ADA, BOB, EVE, ask, attended, published, subject_of
from tests.harness.kernel.owner import as_owner

BEGINNING = Cursor(1)


class Follower:
    """Somebody who follows, page by page."""

    def __init__(self, store: Store, cursor: Cursor = BEGINNING, page: int = 500) -> None:
        self.store = store
        self.cursor = cursor
        self.page = page
        self.seen: list[int] = []

    def look(self) -> int:
        """How many facts came."""
        with self.store.transaction() as tx:
            rows, cursor, _ = follow(tx.connection, self.cursor, self.page)
            self.cursor = Cursor.read(tx.connection, str(cursor))
        self.seen += [row.position for row in rows]
        return len(rows)

    def to_the_end(self) -> list[int]:
        for _ in range(50):
            self.look()
        return self.seen


def positions(store: Store) -> list[int]:
    return [row.position for row in ask(store, "SELECT position FROM published ORDER BY 1")]


def test_a_fact_that_commits_late_is_waited_for(counting: Store) -> None:
    follower = Follower(counting)
    with ExitStack() as held:
        first = held.enter_context(counting.transaction())
        first.publish([published(ADA)])
        with counting.transaction() as tx:
            tx.publish([published(BOB)])
        assert [follower.look() for _ in range(3)] == [0, 0, 0]
    assert follower.look() == 2
    assert follower.seen == positions(counting)


def test_who_began_later_but_took_a_lower_position_is_waited_for(counting: Store) -> None:
    """No snapshot that sees the higher position tells of the transaction below it."""
    follower = Follower(counting)
    with ExitStack() as held:
        with counting.transaction() as began_first:
            began_first.connection.execute(text("SELECT pg_current_xact_id()"))
            lower = held.enter_context(counting.transaction())
            lower.publish([published(ADA)])
            began_first.publish([published(BOB)])
        assert [follower.look() for _ in range(3)] == [0, 0, 0]
    assert follower.look() == 2
    assert follower.seen == positions(counting)


def test_a_position_that_was_rolled_back_is_gone_past(counting: Store) -> None:
    follower = Follower(counting)
    with pytest.raises(ZeroDivisionError), counting.transaction() as tx:
        tx.publish([published(ADA)])
        raise ZeroDivisionError
    with counting.transaction() as tx:
        tx.publish([published(BOB), published(EVE)])
    assert follower.to_the_end() == positions(counting)
    assert len(follower.seen) == 2


def test_waiting_ends_though_there_is_always_somebody_at_work(counting: Store) -> None:
    """A gap's horizon is kept: others that begin later don't push it on."""
    follower = Follower(counting)
    with pytest.raises(ZeroDivisionError), counting.transaction() as tx:
        tx.publish([published(ADA)])
        raise ZeroDivisionError
    with counting.transaction() as tx:
        tx.publish([published(BOB)])
    assert follower.look() == 0
    with ExitStack() as later:
        later.enter_context(counting.transaction()).publish([published(EVE)])
        assert follower.look() == 1


def test_pages_are_followed_to_the_end(counting: Store) -> None:
    with counting.transaction() as tx:
        tx.publish([published(subject_of("client", n)) for n in range(25)])
    assert Follower(counting, page=4).to_the_end() == positions(counting)


def test_from_now_on_is_after_what_there_is(counting: Store) -> None:
    with counting.transaction() as tx:
        tx.publish([published(ADA)])
        end = end_of(tx.connection)
    with counting.transaction() as tx:
        tx.publish([published(BOB)])
    assert Follower(counting, end).to_the_end() == positions(counting)[1:]


@pytest.mark.parametrize("last", [1, 2, 3, 9])
def test_the_last_ones_are_followed_from_where_they_stand(counting: Store, last: int) -> None:
    with counting.transaction() as tx:
        tx.publish([published(ADA), published(BOB), published(EVE)])
        begin = before_the_last(tx.connection, last)
    assert Follower(counting, begin).to_the_end() == positions(counting)[-last:]


def test_the_relays_mark_moves_nothing(counting: Store) -> None:
    follower = Follower(counting)
    with counting.transaction() as tx:
        tx.publish([published(ADA), published(BOB)])
    follower.look()
    with counting.transaction() as tx:
        tx.connection.execute(text("UPDATE published SET sent_at = now()"))
    assert follower.to_the_end() == positions(counting)


def test_who_follows_busy_writers_sees_each_fact_once_in_order(counting: Store) -> None:
    follower, done = Follower(counting, page=7), threading.Event()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for n in range(25):
            try:
                with counting.transaction() as tx:
                    clients = [subject_of("client", 100 * seed + n + m) for m in range(2)]
                    tx.publish([published(client, attended("s", n)) for client in clients])
                    threading.Event().wait(chance.random() / 200)
                    if chance.random() < 0.3:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue

    def look() -> None:
        while not done.is_set():
            follower.look()

    with ThreadPoolExecutor(5) as threads:
        looking = threads.submit(look)
        for writer in [threads.submit(write, seed) for seed in range(1, 5)]:
            writer.result(30)
        done.set()
        looking.result(30)
    assert follower.to_the_end() == positions(counting)
    assert len(follower.seen) > 50


def test_a_cursor_from_before_a_restore_is_refused(counting: Store) -> None:
    """Else whoever followed to the seventh fact of before begins after the seventh of now."""
    servicer: Any = PublishedLogServicer(counting, "counting")
    with counting.transaction() as tx:
        tx.publish([published(ADA)])
    told = servicer.Follow(pb.FollowRequest(), None).cursor
    with as_owner(counting) as tx:
        tx.connection.execute(text("UPDATE epoch SET epoch = epoch + 1"))
    with pytest.raises(AgainstTheRules) as refused:
        servicer.Follow(pb.FollowRequest(cursor=told), None)
    assert refused.value.reason == "CURSOR_OF_ANOTHER_EPOCH"


@pytest.mark.parametrize(
    "cursor", ["x", "1", "1.2", "1.2.3", "1.2.3.4.5", "1.1.-2.3", "a.b.c.d", f"1.{2**63}.1.1"]
)
def test_a_cursor_that_no_answer_gave_is_refused(counting: Store, cursor: str) -> None:
    with pytest.raises(Malformed), counting.transaction() as tx:
        Cursor.read(tx.connection, cursor)

"""Resting: who has nothing to do sleeps, is woken by what is written, and by nothing else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import Connection

from kernel.messaging import resting
from kernel.messaging.pending import mark_pending
from kernel.messaging.resting import Resting
from kernel.store.bells import PENDING, PUBLISHED
from kernel.store.database import is_passing
from kernel.store.store import Store
from tests.harness.kernel.counters import ADA, PATIENCE, ask, is_asleep, published, until

FOR_EVER = 3600.0


@pytest.fixture(autouse=True)
def no_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what wakes a sleeper ends these tests in time."""
    monkeypatch.setattr(resting, "POLL", FOR_EVER)
    monkeypatch.setattr(resting, "AWAKE", 0.0)


class Sleeper:
    """A thread that looks at the outbox for ever, and sleeps in between."""

    def __init__(self, store: Store) -> None:
        self.seen = 0
        self.looks = 0
        self.error: Exception | None = None
        self._store = store
        self._resting = Resting(PUBLISHED, 0.01)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._resting.wake()
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive()

    def _run(self) -> None:
        with self._store.engine.connect() as connection:
            connection.detach()
            self._resting.on(connection)
            try:
                while not self._stop.is_set():
                    self._look()
            except Exception as error:
                self.error = error

    def _look(self) -> None:
        [(found,)] = ask(self._store, "SELECT count(*) FROM published")
        self.looks += 1
        if found > self.seen:
            self.seen = found
            self._resting.worked()
        else:
            self._resting.rest()


def publish(store: Store) -> None:
    with store.transaction() as tx:
        tx.publish([published(ADA)])


def rung(connection: Connection) -> int:
    """How often the bell rang since it was last asked."""
    raw = connection.connection.driver_connection
    assert raw is not None
    return sum(1 for _ in raw.notifies(timeout=0))


def test_what_is_written_wakes_who_sleeps(counting: Store) -> None:
    sleeper = Sleeper(counting)
    with sleeper.at_work():
        for n in (1, 2, 3):
            until(lambda: is_asleep(counting, PUBLISHED.lock))
            publish(counting)
            until(lambda n=n: sleeper.seen == n)  # type: ignore[misc]


def test_who_sleeps_asks_nothing(counting: Store) -> None:
    sleeper = Sleeper(counting)
    with sleeper.at_work():
        until(lambda: is_asleep(counting, PUBLISHED.lock))
        until(lambda: sleeper.looks >= 2)
        looks = sleeper.looks
        for _ in range(20):
            ask(counting, "SELECT count(*) FROM published")
        assert sleeper.looks - looks <= 1


def test_nobody_rings_while_nobody_sleeps(counting: Store) -> None:
    with counting.engine.connect() as listening:
        Resting(PUBLISHED, 0.01).on(listening)
        publish(counting)
        assert rung(listening) == 0
        with counting.engine.connect() as asleep:
            ask_lock = "SELECT pg_advisory_lock(905004)"
            asleep.exec_driver_sql(ask_lock)
            publish(counting)
            until(lambda: rung(listening) == 1)


def test_nobody_falls_asleep_while_what_it_waits_for_is_written(counting: Store) -> None:
    sleeper = Sleeper(counting)
    with counting.transaction() as tx:
        tx.publish([published(ADA)])
        with sleeper.at_work():
            until(lambda: sleeper.looks > 5)
            assert not is_asleep(counting, PUBLISHED.lock)
            assert sleeper.seen == 0
            tx.connection.commit()
            until(lambda: sleeper.seen == 1)
            until(lambda: is_asleep(counting, PUBLISHED.lock))


def test_two_sleep_beside_one_lock_and_are_both_woken(counting: Store) -> None:
    first, second = Sleeper(counting), Sleeper(counting)
    with first.at_work(), second.at_work():
        until(lambda: is_asleep(counting, PUBLISHED.lock))
        until(lambda: first.looks >= 2 and second.looks >= 2)
        publish(counting)
        until(lambda: first.seen == second.seen == 1)


def test_a_lost_connection_wakes_who_sleeps_on_it(counting: Store) -> None:
    sleeper = Sleeper(counting)
    with sleeper.at_work():
        until(lambda: is_asleep(counting, PUBLISHED.lock))
        ask(
            counting,
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE objid = :lock"
            " AND locktype = 'advisory'",
            lock=PUBLISHED.lock,
        )
        until(lambda: sleeper.error is not None)
    assert sleeper.error is not None
    assert is_passing(sleeper.error)


def test_who_works_notices_that_its_connection_is_lost(counting: Store) -> None:
    resting_ = Resting(PUBLISHED, 0.01)
    with counting.engine.connect() as connection:
        connection.detach()
        resting_.on(connection)
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        connection.commit()
        resting_.worked()
        ask(counting, "SELECT pg_terminate_backend(:pid)", pid=pid)

        def is_noticed() -> bool:
            try:
                resting_.worked()
            except psycopg.OperationalError:
                return True
            return False

        until(is_noticed)


def test_what_becomes_due_rings_for_stream_workers(counting: Store) -> None:
    with counting.engine.connect() as listening, counting.engine.connect() as asleep:
        Resting(PENDING, 0.01).on(listening)
        asleep.exec_driver_sql(f"SELECT pg_advisory_lock({PENDING.lock})")
        with counting.transaction() as tx:
            mark_pending(tx, [("tally", ADA), ("tally", "client/2")])
        until(lambda: rung(listening) == 1)

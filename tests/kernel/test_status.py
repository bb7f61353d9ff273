"""How a service is doing, as it tells itself: who is at work, how far behind, what waits."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from kernel.messaging.brokers import Brokers
from kernel.messaging.comparison import Lag
from kernel.messaging.heartbeat import Heartbeat
from kernel.messaging.ordinal import Ordinal
from kernel.messaging.pending import mark_pending
from kernel.messaging.relay import ACTIVE
from kernel.store.statements import text
from kernel.store.store import Store
from kernel.tls.certificates import Certificate
from kernel.watching.waiting import relay_is_active, stream_ordinals, waiting
from operations import status
from operations.kafka_topic import answers
from operations.status import lag_now
from tests.harness.kernel.counters import ADA, BOB, BROKEN, Listener, Log, attended, published


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def listener(tallying: Store, log: Log) -> Listener:
    return Listener(tallying, log)


def test_a_relay_is_at_work_while_one_holds_the_lock(tallying: Store, counting: Store) -> None:
    def active(store: Store) -> bool:
        with store.transaction() as tx:
            return relay_is_active(tx.connection)

    assert not active(tallying)
    with tallying.engine.connect() as relay:
        relay.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ACTIVE})
        assert active(tallying)
        assert not active(counting)  # each database's own
        relay.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ACTIVE})
    assert not active(tallying)


def test_stream_workers_are_known_by_the_ordinals_they_hold(tallying: Store) -> None:
    workers = [Ordinal(tallying.engine, number) for number in (0, 2)]
    with ExitStack() as closing:
        for consumer in workers:
            closing.callback(consumer.take().close)
        with tallying.transaction() as tx:
            assert stream_ordinals(tx.connection) == [0, 2]


def test_a_heartbeat_tells_what_its_process_shows(tallying: Store) -> None:
    began = datetime(2026, 11, 29, 17, tzinfo=UTC)
    shown = [
        Certificate(wire=wire, name="tallying", valid_from=began, valid_until=began + timedelta(90))
        for wire in ("kafka", "database")
    ]
    with tallying.engine.connect() as connection:
        assert Heartbeat("relay", shown=lambda: shown).beat_with_room(connection) == ""
        assert Heartbeat("stream", 2).beat_with_room(connection) == ""
        beats = status.heartbeats(connection)
    assert beats["relay", 0].certificates == shown
    assert beats["stream", 2].certificates == []
    assert all(0 <= beat.seconds < 60 for beat in beats.values())


def test_what_waits_is_counted(listener: Listener, log: Log) -> None:
    listener.hear(log.tell(ADA, attended("s", BROKEN)))
    listener.pending_work.drain()
    log.tell(BOB, attended("s", 1, client=BOB))
    listener.hear(log.tell(BOB, attended("s", 2, client=BOB)))
    listener.hear(log.tell(ADA, attended("t", 2), type="made.v1.Unheard"))
    with listener.store.transaction() as tx:
        tx.publish([published(ADA)])
        mark_pending(tx, [("tally", BOB)])
    with listener.store.transaction() as tx:
        waits = waiting(tx.connection)
    assert (waits.unsent, waits.behind, waits.stopped) == (1, 1, 1)
    assert (waits.due, waits.failed, waits.parked) == (1, 1, 1)
    assert 0 < waits.unsent_seconds < 60 and 0 < waits.due_seconds < 60


def test_lag_is_what_the_owner_published_and_was_not_heard(listener: Listener, log: Log) -> None:
    listener.hear(log.tell(ADA, attended("s", 1)))
    nothing = Lag(facts=0, subjects=0, seconds=0.0, contradicted=0, epoch=1)
    assert lag_now(listener.store, log) == nothing
    for n in (2, 3):
        log.tell(ADA, attended("s", n))
    log.tell(BOB, attended("s", 1, client=BOB))
    lag = lag_now(listener.store, log)
    assert (lag.facts, lag.subjects) == (3, 2)
    assert lag.seconds > 60  # the log's clock stands in March


def test_what_was_heard_beyond_an_owners_log_is_told_before_it_is_compared(
    listener: Listener, log: Log
) -> None:
    listener.hear(*[log.tell(ADA, attended("s", n)) for n in (1, 2)])
    log.restore({ADA: log.records[ADA][:1]}, raise_epoch=True)
    lag = lag_now(listener.store, log)
    assert (lag.contradicted, lag.epoch) == (1, 2)


def test_a_kafka_that_nobody_runs_does_not_answer() -> None:
    assert not answers(Brokers("127.0.0.1:1,nowhere"), "ninehours.counting.v1")

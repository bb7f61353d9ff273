"""The relay on a real Kafka: everything, in order, once or again, by one relay. (Slow: 8 s.)"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaTimeoutError

from kernel.messaging.envelope import Record, read_envelope
from kernel.messaging.relay import ACTIVE, Relay
from kernel.services import service_of
from kernel.store.store import Store
from ninehours.local.servers import LocalServers
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    EVE,
    PATIENCE,
    Listener,
    Log,
    ask,
    attended,
    is_asleep,
    published,
    until,
)
from tests.harness.signing import signatures_of, signer_of

NUMBERS = count(1)
CANARY = "compressed-it-could-not-be-found " * 40


@pytest.fixture
def store(counting: Store, broker: LocalServers) -> Store:
    """On a topic of its own."""
    counting.topic = f"ninehours.counting{next(NUMBERS)}.v1"
    counting.signer = signer_of(service_of(counting.topic))
    broker.declare_topics(counting.topic)
    return counting


@pytest.fixture
def producer(broker: LocalServers) -> Iterator[KafkaProducer]:
    made = KafkaProducer(
        bootstrap_servers=broker.bootstrap, compression_type=None, acks="all", linger_ms=0
    )
    yield made
    made.close(timeout=PATIENCE)


def publish_all(store: Store) -> None:
    for n in range(1, 6):
        with store.transaction() as tx:
            tx.publish([published(client, attended("s", n)) for client in (ADA, BOB, EVE)])


def unsent(store: Store) -> int:
    [(found,)] = ask(store, "SELECT count(*) FROM published WHERE sent_at IS NULL")
    return int(found)


def received(broker: LocalServers, topic: str, number: int) -> list[Any]:
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap,
        auto_offset_reset="earliest",
        consumer_timeout_ms=int(PATIENCE * 1000),
    )
    found = [next(consumer) for _ in range(number)]
    consumer.close()
    return found


def record_of(message: Any, topic: str) -> Record:
    return Record(
        topic=topic,
        partition=message.partition,
        offset=message.offset,
        headers=dict(message.headers),
        body=message.value,
    )


@contextmanager
def running(relay: Relay) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=relay.run, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        relay.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def relay_of(store: Store, producer: Any, ready: Callable[[], None] = lambda: None) -> Relay:
    return Relay(store, producer, "counting", ready=ready)


def test_everything_unsent_arrives_in_order_with_its_envelope_and_is_marked(
    store: Store, producer: KafkaProducer, broker: LocalServers
) -> None:
    publish_all(store)
    with running(relay_of(store, producer)):
        until(lambda: unsent(store) == 0)
        with store.transaction() as tx:
            tx.publish([published(ADA, attended("s", 6))])
        until(lambda: unsent(store) == 0)
    messages = received(broker, store.topic, 16)
    envelopes = [read_envelope(dict(message.headers)) for message in messages]
    by_subject: dict[str, list[int]] = {}
    for envelope in envelopes:
        by_subject.setdefault(envelope.subject, []).append(envelope.sequence)
    assert by_subject == {
        ADA: [1, 2, 3, 4, 5, 6],
        BOB: [1, 2, 3, 4, 5],
        EVE: [1, 2, 3, 4, 5],
    }
    rows = {row.id: row for row in ask(store, "SELECT * FROM published")}
    for message, envelope in zip(messages, envelopes, strict=True):
        row = rows.pop(envelope.id)
        assert message.key == row.subject.partition("/")[2].encode()
        assert message.value == bytes(row.body)
        assert (envelope.type, envelope.epoch, envelope.time) == (row.type, 1, row.recorded_at)
        assert envelope.source == "/services/counting"
        assert dict(message.headers)["content-type"] == b"application/protobuf"
    assert rows == {}


def test_after_a_crash_between_ack_and_mark_it_is_sent_again_and_listeners_skip_it(
    store: Store, producer: KafkaProducer, broker: LocalServers, tallying: Store
) -> None:
    publish_all(store)
    relay = relay_of(store, producer)
    with store.engine.connect() as connection:
        commit, connection.commit = connection.commit, connection.rollback  # type: ignore[method-assign]
        assert relay.send_batch(connection) == (15, 15)
        assert unsent(store) == 15
        connection.commit = commit  # type: ignore[method-assign]
        assert relay.send_batch(connection) == (15, 15)
    assert unsent(store) == 0
    messages = received(broker, store.topic, 30)
    believed = signatures_of([service_of(store.topic)])
    listener = Listener(tallying, Log(store.topic), signatures=believed)
    for message in messages:
        listener.hear(record_of(message, store.topic))
    assert listener.heard(ADA) == listener.heard(BOB) == listener.heard(EVE) == [1, 2, 3, 4, 5]
    assert listener.ask("SELECT FROM heard_head WHERE behind_to IS NOT NULL") == []
    assert listener.due() == [(ADA, None), (BOB, None), (EVE, None)]


def holder(store: Store) -> int | None:
    rows = ask(
        store,
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = :key"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND granted",
        key=ACTIVE,
    )
    return rows[0].pid if rows else None


def test_a_second_relay_stands_by_and_takes_over_when_the_firsts_connection_dies(
    store: Store, producer: KafkaProducer, broker: LocalServers
) -> None:
    class Counting:
        """A producer that counts what it was given, and can be held."""

        def __init__(self) -> None:
            self.sent = 0

        def send(self, *args: Any, **kwargs: Any) -> Any:
            self.sent += 1
            return producer.send(*args, **kwargs)

    producers = [Counting(), Counting()]
    standing_by = threading.Event()
    with ExitStack() as relays:
        first = relay_of(store, producers[0])
        relays.enter_context(running(first))
        until(lambda: holder(store) is not None)
        relays.enter_context(running(relay_of(store, producers[1], ready=standing_by.set)))
        assert standing_by.wait(PATIENCE)
        publish_all(store)
        until(lambda: unsent(store) == 0)
        assert (producers[0].sent, producers[1].sent) == (15, 0)
        was = holder(store)
        first.stop()  # else the first may be faster to come back
        ask(store, "SELECT pg_terminate_backend(:pid)", pid=was)
        until(lambda: holder(store) not in (None, was))
        publish_all(store)
        until(lambda: unsent(store) == 0)
        assert producers[1].sent == 15
    until(lambda: holder(store) is None)  # with the relay its lock goes
    assert len(received(broker, store.topic, 30)) == 30


def test_a_relay_with_nothing_to_send_sleeps_and_is_woken(
    store: Store, producer: KafkaProducer
) -> None:
    with running(relay_of(store, producer)):
        until(lambda: is_asleep(store, 905_004))
        publish_all(store)
        until(lambda: unsent(store) == 0)


def test_a_broker_that_is_away_marks_nothing_and_ends_nothing(store: Store) -> None:
    class Away:
        def send(self, *_: Any, **__: Any) -> Any:
            raise KafkaTimeoutError("no metadata within 60 s")

    publish_all(store)
    with store.engine.connect() as connection:
        assert relay_of(store, Away()).send_batch(connection) == (15, 0)
    assert unsent(store) == 15


def test_what_follows_a_record_that_did_not_arrive_is_not_marked(store: Store) -> None:
    class Failing:
        sent = 0

        def send(self, *_: Any, **__: Any) -> Any:
            Failing.sent += 1
            number = Failing.sent

            class Answer:
                def get(self, timeout: float) -> None:
                    if number == 4:
                        raise KafkaTimeoutError

            return Answer()

    publish_all(store)
    with store.engine.connect() as connection:
        assert relay_of(store, Failing()).send_batch(connection) == (15, 3)
    assert unsent(store) == 12


def test_records_are_not_compressed_so_that_a_log_can_be_searched(
    store: Store, producer: KafkaProducer, broker: LocalServers
) -> None:
    with store.transaction() as tx:
        tx.publish([published(ADA, attended(CANARY, 1))])
    with store.engine.connect() as connection:
        assert relay_of(store, producer).send_batch(connection) == (1, 1)
    received(broker, store.topic, 1)
    # By its folders alone: others, of topics just deleted, vanish meanwhile.
    segments = list((broker.folder.path / "kafka").glob(f"{store.topic}-*/*.log"))
    assert len(segments) == 4
    assert [segment for segment in segments if CANARY.encode() in segment.read_bytes()]

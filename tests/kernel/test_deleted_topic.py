"""A topic deleted under its relay and its listener, on a real Kafka: what goes on, and the way out.

(Slow: 20 s.)
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from kafka import KafkaProducer
from ninehours.exchange.v1 import published_log_service_pb2 as log_pb2

from kernel.facts import Position
from kernel.messaging.caught_up import wait_until_heard
from kernel.messaging.relay import Relay
from kernel.rpc.published_log import SERVICE, PublishedLogServicer
from kernel.store.store import Store
from ninehours.local.servers import LocalServers
from operations.kafka_topic import KafkaTopic, answers
from tests.harness.kernel.consumers import TOPIC, consumer
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    EVE,
    PATIENCE,
    Listener,
    Log,
    ask,
    attended,
    published,
    until,
)
from tests.harness.kernel.health import assert_healthy
from tests.harness.kernel.rpc import Ask, Serve
from tests.harness.kernel.sending import declare_empty, delete
from tests.kernel.rpc.conftest import ask as ask_rpc
from tests.kernel.rpc.conftest import operator, serve, settings_of
from tests.kernel.test_relay import running, unsent

__all__ = ["ask_rpc", "operator", "serve", "settings_of"]


@pytest.fixture
def topic(broker: LocalServers) -> Iterator[str]:
    """Declared and empty; nothing of it is left to other tests."""
    declare_empty(broker, TOPIC)
    yield TOPIC
    delete(broker, TOPIC)


def held(broker: LocalServers, topic: str) -> int:
    with KafkaTopic(broker.brokers, topic) as kept:
        return sum(1 for _ in kept.records())


def test_a_deleted_topic_is_declared_again_and_facts_travel_by_it_again(
    *,
    new_of_kernel: Callable[[str], Store],
    tallying: Store,
    broker: LocalServers,
    topic: str,
    serve: Serve,
    secrets_dir: Path,
    tmp_path: Path,
    ask_rpc: Ask,
) -> None:
    attendance = new_of_kernel("attendance")
    attendance.topic = topic
    owner, hearer = (
        serve(
            {SERVICE: PublishedLogServicer(store, name)},
            ready=lambda store=store: bool(ask(store, "SELECT true")),  # type: ignore[misc]
            service=name,
        )
        for name, store in (("attendance", attendance), ("plans", tallying))
    )
    listener = Listener(tallying, Log(TOPIC))

    def publish(client: str) -> None:
        with attendance.transaction() as tx:
            tx.publish([published(client, attended("s", 5, client=client))])

    with ExitStack() as processes:
        producer = KafkaProducer(bootstrap_servers=broker.bootstrap, max_block_ms=2_000)
        processes.callback(producer.close, PATIENCE)
        relay = Relay(attendance, producer, "attendance", ready=lambda: None)
        processes.enter_context(running(relay))
        peer = f"127.0.0.1:{owner.port}"
        process = processes.enter_context(
            consumer(tallying, secrets_dir, tmp_path, kafka=broker.bootstrap, peer=peer)
        )

        def tallied(count: int) -> bool:
            assert process.poll() is None, (tmp_path / "log").read_text()
            return len(listener.tallies()) == count

        publish(ADA)
        until(lambda: unsent(attendance) == 0 and tallied(1))

        delete(broker, TOPIC)
        publish(BOB)
        wait_until_heard(tallying, [Position(TOPIC, BOB, 1)], PATIENCE)
        until(lambda: tallied(2))
        for server in (owner, hearer):  # The topic stays away: nobody waited for it.
            assert_healthy(server)
        heads = ask_rpc(owner, SERVICE).Heads(log_pb2.HeadsRequest()).heads
        assert {head.subject for head in heads} == {ADA, BOB}
        assert ask_rpc(hearer, SERVICE).Heads(log_pb2.HeadsRequest()).topic == tallying.topic
        assert not answers(broker.brokers, topic)
        assert unsent(attendance) == 1

        broker.declare_topics(TOPIC)
        until(lambda: unsent(attendance) == 0)
        owner.stop(0)  # from here on there is only Kafka
        publish(EVE)
        until(lambda: tallied(3))

        ask(attendance, "UPDATE published SET sent_at = NULL RETURNING position")
        until(lambda: unsent(attendance) == 0)
        assert held(broker, TOPIC) == 5  # two after it was declared, and all three again
    assert listener.ask("SELECT FROM parked") == []
    assert len(listener.tallies()) == 3

"""What Kafka holds, read back by its owner, on a real Kafka."""

from itertools import count

import pytest
from kafka import KafkaProducer

from kernel.messaging.relay import Relay
from kernel.store.store import Store
from ninehours.local.servers import LocalServers
from operations.kafka_topic import KafkaTopic
from operations.verifying.examination import ServiceChecks
from operations.verifying.verification import Verification
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    PATIENCE,
    TALLYING,
    Log,
    NoText,
    attended,
    declare_compressible,
    publish,
    published,
    send_compressed,
)
from tests.harness.signing import signatures_of

NUMBERS = count(1)


@pytest.fixture
def topic(broker: LocalServers) -> str:
    name = f"ninehours.sent{next(NUMBERS)}.v1"
    declare_compressible(broker.bootstrap, name)
    return name


def test_what_can_not_be_read_is_passed_over_and_the_rest_is_compared(
    counting: Store, broker: LocalServers, topic: str
) -> None:
    """Before, between and behind what was sent; each partition ends with one."""
    counting.topic = topic
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, linger_ms=0)
    relay = Relay(counting, producer, "counting", ready=lambda: None)

    def garble() -> None:
        for partition in range(4):
            headers = [(NoText("x"), b"")]
            producer.send(topic, b"", partition=partition, headers=headers).get(PATIENCE)

    garble()
    for n in range(2):
        with counting.transaction() as tx:
            tx.publish([published(client, attended("s", n)) for client in (ADA, BOB)])
        with counting.engine.connect() as connection:
            assert relay.send_batch(connection) == (2, 2)
        garble()
    producer.close()
    verification = Verification(
        store=counting,
        subscriptions=TALLYING,
        signatures=signatures_of(),
        service_checks=ServiceChecks(publish=publish),
        owners={},
        brokers=broker.brokers,
    )
    [checked] = [
        outcome
        for outcome in verification.verify(0, lambda: True)
        if outcome.check.name == "sent facts are in Kafka" and not outcome.in_progress
    ]
    assert (checked.looked_at, checked.findings) == (4, ())


def test_what_is_compressed_is_read(broker: LocalServers, topic: str) -> None:
    log = Log(topic)
    codecs = ("lz4", "snappy", "zstd", "gzip")
    facts = {codec: log.tell(ADA, attended(codec, 10)) for codec in codecs}
    send_compressed(broker.bootstrap, facts)
    with KafkaTopic(broker.brokers, topic) as kept:
        found = [record.body for record in kept.records()]
    assert found == [record.body for record in facts.values()]

"""Facts that wait are relayed to Kafka, beside the same bytes sent by the producer alone.

Ours reads them of PostgreSQL, sends them in order, waits until each arrived, and marks it. What it
is held against is kafka-python's idempotent producer with the relay's own settings, sending the
same records, made before, and waiting until all arrived. One process, one thread of ours each.
"""

import statistics
import time
from collections.abc import Iterator
from typing import Any

from kafka import KafkaProducer

from benchmarks.places import StorePlace
from benchmarks.rows import Row, measured, median_ratio
from benchmarks.signatures import publication
from kernel.facts import id_of
from kernel.messaging.brokers import Brokers
from kernel.messaging.checksums import compute_in_c
from kernel.messaging.relay import Relay, producer_of
from kernel.store.published import envelope_of
from kernel.store.store import Store
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers

FACTS = 50_000
AT_ONCE = 500
SERVICE = "attendance"


def rows(servers: LocalServers, secrets: MachineSecrets, rounds: int) -> Iterator[Row]:
    """One row: facts a second."""
    place = StorePlace.made(SERVICE, servers, secrets)
    store = place.open()
    lay(store)
    servers.declare_topics(store.topic)
    compute_in_c()
    producer = producer_of(Brokers(servers.bootstrap), SERVICE)
    records = _records(store)
    found = measured(
        rounds,
        {
            "ours": lambda: FACTS / _relayed(store, producer),
            "against": lambda: FACTS / _sent(store.topic, producer, records),
        },
    )
    producer.close()
    store.close()
    yield Row(
        name=f"relay, {FACTS:,} waiting",
        ours=statistics.median(found["ours"]),
        against=statistics.median(found["against"]),
        unit="facts/s",
        ratio=median_ratio(found["ours"], found["against"]),
        at_least=0.6,
    )


def lay(store: Store) -> None:
    """Signed and numbered as commands leave them."""
    for first in range(0, FACTS, AT_ONCE):
        with store.transaction() as tx:
            tx.publish([publication(number) for number in range(first, first + AT_ONCE)])


def _relayed(store: Store, producer: KafkaProducer) -> float:
    """Seconds until all that waits was sent and marked."""
    with store.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE published SET sent_at = NULL")
        connection.commit()
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("VACUUM ANALYZE published")
    relay = Relay(store, producer, SERVICE, ready=lambda: None)
    with store.engine.connect() as connection:
        began = time.perf_counter()
        sent = 0
        while (done := relay.send_batch(connection)) != (0, 0):
            sent += done[1]
        took = time.perf_counter() - began
    if sent != FACTS:
        raise RuntimeError(f"{sent} of {FACTS} were sent")
    return took


def _sent(topic: str, producer: KafkaProducer, records: list[dict[str, Any]]) -> float:
    began = time.perf_counter()
    for future in [producer.send(topic, **record) for record in records]:
        future.get(timeout=60)
    return time.perf_counter() - began


def _records(store: Store) -> list[dict[str, Any]]:
    with store.transaction() as tx:
        published = tx.execute("SELECT * FROM published ORDER BY position").all()
    return [
        {
            "key": id_of(row.subject).encode(),
            "value": bytes(row.body),
            "headers": list(
                envelope_of(row, source=f"/services/{SERVICE}", epoch=1).headers().items()
            ),
        }
        for row in published
    ]

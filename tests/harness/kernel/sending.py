"""Records, put on a topic as a relay does."""

from kafka import KafkaProducer

from kernel.messaging.envelope import Record
from ninehours.local.servers import LocalServers

PATIENCE = 600.0  # seconds: no test fails for being slow


def send(broker: LocalServers, topic: str, *records: Record) -> None:
    """Each under its subject's key."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for record in records:
        key = record.headers.get("ce_subject", b"?")
        headers = list(record.headers.items())
        producer.send(topic, key=key, value=record.body, headers=headers).get(PATIENCE)
    producer.close()

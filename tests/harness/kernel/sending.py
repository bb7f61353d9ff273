"""Topics for one test alone, and records put on them as a relay does."""

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

from kernel.messaging.envelope import Record
from ninehours.local.servers import LocalServers
from operations.kafka_topic import answers
from tests.harness.kernel.counters import PATIENCE, until


def declare_empty(broker: LocalServers, topic: str) -> None:
    """Whatever other tests told by it, and how far any group had heard it, is gone."""
    if answers(broker.brokers, topic):
        delete(broker, topic)
    broker.declare_topics(topic)


def delete(broker: LocalServers, topic: str) -> None:
    """And wait until it is gone."""
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.delete_topics([topic])
    admin.close()
    until(lambda: not answers(broker.brokers, topic))


def send(broker: LocalServers, topic: str, *records: Record) -> None:
    """Each under its subject's key."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for record in records:
        key = record.headers.get("ce_subject", b"?")
        headers = list(record.headers.items())
        producer.send(topic, key=key, value=record.body, headers=headers).get(PATIENCE)
    producer.close()

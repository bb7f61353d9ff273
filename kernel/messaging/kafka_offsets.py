"""What Kafka itself says of a topic: whether it is there, how far it goes, how far a group is.

Asked by a client that is made for the question: another that hangs can't answer for itself.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from kernel.messaging.brokers import Brokers

ANSWERS_WITHIN = 5_000  # milliseconds

Partition = tuple[str, int]


class KafkaSilent(Exception):
    """It didn't say."""


def why_it_takes_nothing(brokers: Brokers, topic: str) -> str:
    """Empty: it would, of whoever may write and can."""
    try:
        with _asked(brokers) as client:
            return "" if client.partitions_for_topic(topic) else "the topic isn't there"
    except KafkaSilent as silent:
        return str(silent)


def untaken(
    brokers: Brokers, group: str, taken: Mapping[Partition, int], of: Collection[Partition]
) -> set[Partition]:
    """Those of these partitions that go on behind what the group took.

    `taken`: up to where, as far as is known here; what the group committed counts as well. Raises
    KafkaSilent.
    """
    partitions = [TopicPartition(*partition) for partition in of]
    if not partitions:
        return set()
    with _asked(brokers, group_id=group) as client:
        client.assign(partitions)
        ends = client.end_offsets(partitions, timeout_ms=ANSWERS_WITHIN)
        reached = {
            partition: max(
                client.committed(partition, timeout_ms=ANSWERS_WITHIN) or 0,
                taken.get((partition.topic, partition.partition), 0),
            )
            for partition in partitions
        }
    return {
        (partition.topic, partition.partition)
        for partition in partitions
        if ends[partition] > reached[partition]
    }


@contextmanager
def _asked(brokers: Brokers, **options: Any) -> Iterator[Any]:
    # Asked first: a consumer that finds nobody leaves its sockets open, and doesn't say why.
    if refusal := brokers.refusal():
        raise KafkaSilent(refusal)
    try:
        client = KafkaConsumer(
            **brokers.options(),
            **options,
            enable_auto_commit=False,
            bootstrap_timeout_ms=ANSWERS_WITHIN,
        )
        try:
            yield client
        finally:
            client.close(autocommit=False)
    except KafkaError as error:
        raise KafkaSilent(type(error).__name__) from None

"""What Kafka holds of a topic, read back by its owner: all that a stream could be given."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from aiokafka import codec as of_streams  # type: ignore[import-untyped]
from kafka import KafkaConsumer, TopicPartition, codec
from kafka.consumer.fetcher import Fetcher
from kafka.errors import KafkaError
from kafka.record import default_records

from kernel import clock, logs
from kernel.messaging.brokers import Brokers
from kernel.messaging.checksums import compute_in_c
from kernel.messaging.envelope import Record
from kernel.messaging.unfetchable import Noting

log = logs.get("kernel.sent")

QUIET = 10.0  # seconds without a record, before the end was reached, until it counts as away
ANSWER_WITHIN = 3_000  # milliseconds


class KafkaAway(Exception):
    """The broker doesn't answer, or lost what it was about to give."""


def _decompress_as_streams_do() -> None:
    """Each of the two clients asks for other libraries; one serves both."""
    for name in ("snappy", "lz4", "zstd"):
        setattr(codec, f"has_{name}", getattr(of_streams, f"has_{name}"))
        setattr(default_records, f"{name}_decode", getattr(of_streams, f"{name}_decode"))


_decompress_as_streams_do()
compute_in_c()


class _Reader(Fetcher.PartitionRecords):  # type: ignore[misc]
    """The client's reader of batches, which goes on behind what it can't read, as streams do."""

    next_fetch_offset: int

    def _unpack_records(self, tp: Any, records: Any, *deserializers: Any) -> Iterator[Any]:
        while True:
            batches = Noting(records)
            try:
                yield from super()._unpack_records(tp, batches, *deserializers)
            except Exception as error:
                if batches.last is None:
                    raise
                log.warning(
                    "passed_over",
                    topic=tp.topic,
                    offset=self.next_fetch_offset,
                    error=logs.error_of(error),
                )
                self.next_fetch_offset = batches.last.next_offset
            else:
                return


class KafkaTopic:
    """One topic on one cluster; a context manager."""

    def __init__(self, brokers: Brokers, topic: str) -> None:
        self.topic = topic
        self.forgotten_before: datetime | None = None
        # Asked first: a consumer that finds nobody leaves its sockets open, and doesn't say why.
        if refusal := brokers.refusal():
            raise KafkaAway(refusal)
        try:
            self._consumer: Any = KafkaConsumer(
                **brokers.options(),
                enable_auto_commit=False,
                bootstrap_timeout_ms=ANSWER_WITHIN,
            )
        except KafkaError as error:
            raise KafkaAway(type(error).__name__) from None
        self._consumer._fetcher.PartitionRecords = _Reader

    def __enter__(self) -> "KafkaTopic":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close(autocommit=False)

    def partitions(self) -> Sequence[TopicPartition]:
        """Its partitions; none: the topic isn't there."""
        try:
            found = self._consumer.partitions_for_topic(self.topic) or ()
        except KafkaError as error:
            raise KafkaAway(type(error).__name__) from None
        return [TopicPartition(self.topic, number) for number in sorted(found)]

    def records(self) -> Iterator[Record]:
        """All that it holds up to now. `forgotten_before` is then the time up to which it forgot.

        A batch that can't be read is passed over from where it can't: what it held isn't given.
        Raises KafkaAway when the broker stops answering before the end.
        """
        partitions = self.partitions()
        consumer = self._consumer
        try:
            consumer.assign(partitions)
            begins = consumer.beginning_offsets(partitions)
            ends = consumer.end_offsets(partitions)
            cut = {
                partition for partition in partitions if begins[partition] > 0
            }  # none of it read yet
            consumer.seek_to_beginning(*partitions)
            last = time.monotonic()
            while any(consumer.position(partition) < ends[partition] for partition in partitions):
                polled = consumer.poll(timeout_ms=500)
                for partition, found in polled.items():
                    for message in found:
                        if partition in cut:
                            cut.remove(partition)
                            self._forgot(message.timestamp)
                        yield Record(
                            topic=self.topic,
                            partition=message.partition,
                            offset=message.offset,
                            headers=dict(message.headers),
                            body=message.value or b"",
                        )
                if polled:
                    last = time.monotonic()
                elif time.monotonic() - last > QUIET:
                    raise KafkaAway("no record for a while, before the end of the topic")
        except KafkaError as error:
            raise KafkaAway(type(error).__name__) from None
        if cut:
            self._forgot(clock.seconds() * 1000)

    def _forgot(self, milliseconds: float) -> None:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
        self.forgotten_before = max(moment, self.forgotten_before or moment)


def answers(brokers: Brokers, topic: str) -> bool:
    """Whether Kafka answers, and has the topic."""
    try:
        with KafkaTopic(brokers, topic) as kept:
            return bool(kept.partitions())
    except KafkaAway:
        return False

"""Whether Kafka holds what this consumer was assigned, and it doesn't take.

Clients are known to stop fetching, all of it or a partition, after a broker was away or partitions
were given anew, and to say nothing of it.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping

from kernel.messaging.kafka_offsets import KafkaSilent, Partition
from kernel.watching.work import Work

LOOK = 60.0  # seconds between two looks

Untaken = Callable[[Mapping[Partition, int], Collection[Partition]], set[Partition]]


class Fetching:
    """What was assigned to one consumer of a group, and how far it got.

    `work` begins when a partition holds more than was taken and nothing came of it since the last
    look; it rests as soon as something does. Nothing is held against a consumer whose broker
    doesn't answer, or that is hearing a batch.
    """

    def __init__(self, untaken: Untaken, work: Work) -> None:
        """`untaken` asks Kafka which of these partitions go on behind what was taken."""
        self._untaken = untaken
        self._work = work
        self._lock = threading.Lock()
        self._assigned: frozenset[Partition] = frozenset()
        self._reached: dict[Partition, int] = {}  # the offset that is taken next
        self._under_way = False
        self._before: dict[Partition, int] = {}  # what stood untaken at the last look
        self._stuck: frozenset[Partition] = frozenset()

    def assigned(self, partitions: Iterable[Partition]) -> None:
        """These, and no others any more."""
        with self._lock:
            self._assigned = frozenset(partitions)
            self._before = {}
            self._get_on(self._stuck)

    def begins(self) -> None:
        """A batch is being heard."""
        with self._lock:
            self._under_way = True

    def reaches(self, offsets: Mapping[Partition, int]) -> None:
        """It was heard: what is taken next of each partition."""
        with self._lock:
            self._under_way = False
            self._reached |= offsets
            self._get_on(offsets)

    def skips(self, partition: Partition, offset: int) -> None:
        """What can't be read was gone past."""
        with self._lock:
            self._reached[partition] = max(offset, self._reached.get(partition, 0))
            self._get_on([partition])

    def look(self) -> None:
        """Ask Kafka."""
        with self._lock:
            assigned, reached = self._assigned, dict(self._reached)
        try:
            found = self._untaken(reached, assigned)
        except KafkaSilent:
            found = set()
        with self._lock:
            if self._under_way or assigned != self._assigned:
                found = set()
            now = {partition: self._reached.get(partition, 0) for partition in found}
            stuck = frozenset(now.items() & self._before.items())
            self._before = now
            was, self._stuck = self._stuck, frozenset(partition for partition, _ in stuck)
            if not self._stuck:
                self._work.rests()
            elif not was:
                self._work.gets_on()

    def _get_on(self, partitions: Iterable[Partition]) -> None:
        if self._stuck and self._stuck.intersection(partitions):
            self._stuck = frozenset()
            self._work.rests()

"""What the Kafka client can't give to anybody: gone past, and kept by its offsets.

One record with a header whose name is no text, or compressed by what isn't installed here, would
end the consumer at the same place again and again, and with it everybody's stream.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from aiokafka.consumer import fetcher  # type: ignore[import-untyped]

from kernel import logs
from kernel.messaging.envelope import Record
from kernel.messaging.parking import park
from kernel.store.store import Store

log = logs.get("kernel.worker")


class Unfetchable(Exception):
    """Offsets of a partition that the client can't read; nobody knows whose records they are."""


class Skipped:
    """What was gone past and isn't kept yet. The event loop adds, other threads keep."""

    def __init__(self, skips: Callable[[tuple[str, int], int], object]) -> None:
        """`skips` is told of each partition which offset comes next."""
        self._skips = skips
        self._found: list[tuple[str, int, int, int, str]] = []
        self._lock = threading.Lock()

    def add(self, topic: str, partition: int, first: int, last: int, why: str) -> None:
        """These offsets, for this class of error."""
        with self._lock:
            self._found.append((topic, partition, first, last, why))
        self._skips((topic, partition), last + 1)

    def keep(self, store: Store) -> int:
        """Park them; gives how many. What the database doesn't take now is kept later."""
        found = list(self._found)
        if found:
            with store.transaction() as tx:
                for topic, partition, first, last, why in found:
                    record = Record(
                        topic=topic, partition=partition, offset=first, headers={}, body=b""
                    )
                    details = f"to {last}: {why}"
                    park(tx.connection, record, None, None, Unfetchable(), details=details)
            with self._lock:
                del self._found[: len(found)]
        return len(found)


def go_past_unfetchable(skipped: Skipped, wake: Callable[[], None]) -> None:
    """Have the client's readers of batches go on behind what they can't read, and tell of it.

    `wake`: whoever keeps it.

    The reader is the client's own and has no seam: where a batch raises, its iteration ends for
    good, before the offset that the next fetch would begin at has moved.
    """

    class Reader(fetcher.PartitionRecords):  # type: ignore[misc]
        _tp: Any
        _records: Any
        next_fetch_offset: int

        def _unpack_records(self) -> Iterator[Any]:
            while True:
                batches = Noting(self._records)
                self._records = batches
                try:
                    yield from super()._unpack_records()
                except Exception as error:
                    self._records = batches.records
                    if batches.last is None:
                        raise
                    end = batches.last.next_offset
                    first, self.next_fetch_offset = self.next_fetch_offset, end
                    skipped.add(
                        self._tp.topic, self._tp.partition, first, end - 1, logs.error_of(error)
                    )
                    wake()
                    log.error("unfetchable", topic=self._tp.topic, offset=first)
                else:
                    return

    fetcher.PartitionRecords = Reader


class Noting:
    """Batches as the client reads them, with the last one that was begun."""

    def __init__(self, records: Any) -> None:
        self.records = records
        self.last: Any = None

    def has_next(self) -> bool:
        return bool(self.records.has_next())

    def next_batch(self) -> Any:
        self.last = None
        self.last = self.records.next_batch()
        return self.last

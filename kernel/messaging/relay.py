"""The relay: the published log goes to Kafka, in order, by one active process a service.

What was sent is marked up to the first failure; after a crash in between it is sent again, and
listeners skip it.
"""

import threading
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from kernel import logs
from kernel.facts import id_of
from kernel.messaging.brokers import Brokers
from kernel.messaging.heartbeat import Heartbeat
from kernel.messaging.resting import Resting
from kernel.store.bells import PUBLISHED
from kernel.store.database import is_passing
from kernel.store.published import envelope_of, epoch_of
from kernel.store.statements import text
from kernel.store.store import Store
from kernel.tracing import spans
from kernel.watching.metrics import SENT
from kernel.watching.work import Work

log = logs.get("kernel.relay")

ACTIVE = 905_002  # the advisory lock of the one active relay of a database
BATCH = 500
IDLE = 0.03  # seconds between two looks at an empty outbox, before it falls asleep
AWAY = 0.5  # seconds before the database or the broker is tried again
STAND_BY = 2.0  # seconds between two looks of one that stands by: so long facts wait for it


def producer_of(brokers: Brokers, service: str) -> Any:
    """What a service's relay sends with: in order, each record once, until every replica has it."""
    from kafka import KafkaProducer  # noqa: PLC0415 - who looks whether a relay is active sends nothing

    return KafkaProducer(
        **brokers.options(),
        client_id=f"{service}-relay",
        compression_type=None,  # a log that can be searched for what must not be in it
        acks="all",
        max_block_ms=10_000,  # a topic that is gone must not silence its heartbeat
        linger_ms=0,
        max_request_size=1 << 20,
        reconnect_backoff_max_ms=500,  # the default grows to seconds after an outage
    )


class Relay:
    """Sends one service's published log. `run` goes on until it is stopped."""

    def __init__(
        self,
        store: Store,
        producer: Any,
        service: str,
        *,
        ready: Callable[[], None],
        work: Work | None = None,
        why_away: Callable[[], str] = str,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        """`why_away` asks the brokers why they take nothing; empty: they would.

        Where they would, and its own producer sends nothing, `work` stands still: it hangs.
        """
        self._store = store
        self._producer = producer
        self._source = f"/services/{service}"
        self._ready = ready
        self._why_away = why_away
        self._work = work or Work("sending")
        self._stop = threading.Event()
        self._resting = Resting(PUBLISHED, IDLE)
        self._heartbeat = heartbeat or Heartbeat("relay")

    def stop(self) -> None:
        """Let `run` end soon."""
        self._stop.set()
        self._resting.wake()

    def run(self) -> None:
        """Stand by until this is the active relay, then send; start over after a lost database."""
        while not self._stop.is_set():
            self._work.gets_on()
            try:
                with self._store.engine.connect() as connection:
                    connection.detach()  # closed, not pooled: the lock goes with the connection
                    self._stand_by_and_send(connection)
            except (SQLAlchemyError, psycopg.Error) as error:
                if not is_passing(error):
                    raise
                log.warning("database_away")
                self._stop.wait(AWAY)

    def _stand_by_and_send(self, connection: Connection) -> None:
        while not self._stop.is_set():
            active = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": ACTIVE})
            if active.scalar_one():
                break
            connection.commit()
            self._ready()
            self._work.gets_on()
            self._stop.wait(STAND_BY)
        self._heartbeat.beat_in_time(connection)
        self._ready()
        self._resting.on(connection)
        while not self._stop.is_set():
            self._heartbeat.beat_in_time(connection)
            found, sent = self.send_batch(connection)
            if found == 0 or sent > 0:
                self._work.gets_on()
            if found == 0:
                self._resting.rest()
                continue
            self._resting.worked()
            if sent < found:
                self._stop.wait(AWAY)

    def send_batch(self, connection: Connection) -> tuple[int, int]:
        """Send the oldest unsent rows and mark those that arrived; gives (found, sent).

        In the epoch of now: it may have been raised since the last ones.
        """
        began = spans.now()
        rows = connection.execute(
            text("SELECT * FROM published WHERE sent_at IS NULL ORDER BY position LIMIT :batch"),
            {"batch": BATCH},
        ).all()
        if not rows:
            connection.commit()
            return 0, 0
        epoch = epoch_of(connection)
        futures: list[Any] = []
        arrived: list[Any] = []
        try:
            futures.extend(self._send(row, epoch) for row in rows)
        except Exception as error:  # of the broker's, which was away for longer than it waits
            self._tell_away(error)
        for row, future in zip(rows, futures, strict=False):
            try:
                future.get(timeout=30)
            except Exception as error:
                self._tell_away(error)
                break
            arrived.append(row)
        if arrived:
            connection.execute(
                text(
                    "UPDATE published SET sent_at = clock_timestamp()"
                    " WHERE position = ANY(CAST(:positions AS bigint[]))"
                ),
                {"positions": [row.position for row in arrived]},
            )
        connection.commit()
        SENT.inc(len(arrived))
        spans.sent([row.headers["traceparent"] for row in arrived], self._store.topic, began)
        return len(rows), len(arrived)

    def _tell_away(self, error: Exception) -> None:
        reason = self._why_away()
        if reason:
            self._work.gets_on()
        log.warning("broker_away", reason=reason, exc_info=error)

    def _send(self, row: Any, epoch: int) -> Any:
        envelope = envelope_of(row, source=self._source, epoch=epoch)
        return self._producer.send(
            self._store.topic,
            key=id_of(row.subject).encode(),
            value=bytes(row.body),
            headers=list(envelope.headers().items()),
        )

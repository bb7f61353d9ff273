"""The stream process: Faust hands batches over; a second thread repairs gaps and projects.

Correctness lives in PostgreSQL. No exception leaves the agent: Faust would acknowledge the batch
and forget it.
"""

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

import faust
from faust.worker import Worker

from kernel import logs
from kernel.messaging.brokers import Brokers
from kernel.messaging.coordination import end_with_coordination
from kernel.messaging.envelope import Record
from kernel.messaging.fetching import LOOK as LOOK_AT_KAFKA
from kernel.messaging.fetching import Fetching
from kernel.messaging.gap_repair import GapRepair
from kernel.messaging.heartbeat import Heartbeat
from kernel.messaging.inbox import Inbox
from kernel.messaging.kafka_offsets import untaken
from kernel.messaging.ordinal import Ordinal, OrdinalLost
from kernel.messaging.pending_work import PendingWork
from kernel.messaging.resting import Resting
from kernel.messaging.unfetchable import Skipped, go_past_unfetchable
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.store.bells import PENDING
from kernel.store.database import is_passing, when_possible
from kernel.store.store import Store
from kernel.tracing import spans
from kernel.watching.metrics import HEARD
from kernel.watching.work import Watch, Work

log = logs.get("kernel.worker")

BATCH = 500
LOOK = 0.05  # seconds between two looks at what is pending, before it falls asleep
COMPARE = 60.0  # seconds between two comparisons of checkpoints
AWAY = 0.5  # seconds before a database or a peer that is away is tried again
WITHIN = 0.02  # seconds a batch may wait to fill, while records come
AT_REST = 5.0  # seconds between two looks, while none do; one that comes is taken at once
METADATA = 10_000  # milliseconds within which a topic made anew is seen; by default 5 minutes
STOP_WITHIN = 5.0  # seconds a clean stop may take; what is not committed is heard again


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """What a stream process needs: where it listens, and the parts that know nothing of Faust.

    `member`: its static id in the consumer group, made of its ordinal. `compare` is set for a
    comparison of checkpoints, `stopping` for a stop.
    """

    service: str
    topics: Sequence[str]
    brokers: Brokers
    session_timeout: float
    member: str
    ordinal: Ordinal
    heartbeat: Heartbeat
    store: Store
    inbox: Inbox
    gap_repair: GapRepair
    pending_work: PendingWork
    ready: Callable[[], None]
    watch: Watch
    deriving: Work
    skipped: Skipped = field(init=False)
    fetching: Fetching = field(init=False)
    hearing: Work = field(init=False)
    resting: Resting = field(default_factory=lambda: Resting(PENDING, LOOK), init=False)
    stopping: threading.Event = field(default_factory=threading.Event, init=False)
    compare: threading.Event = field(default_factory=threading.Event, init=False)

    def __post_init__(self) -> None:
        asks = partial(untaken, self.brokers, group_of(self.service))
        fetching = Fetching(asks, self.watch.work("fetching"))
        object.__setattr__(self, "fetching", fetching)
        object.__setattr__(self, "skipped", Skipped(fetching.skips))
        object.__setattr__(self, "hearing", self.watch.work("hearing"))


def group_of(service: str) -> str:
    """The consumer group of a service's stream workers."""
    return f"{service}-stream"


def run(consumer: Consumer) -> None:
    """Listen until a signal comes. Ends the process."""
    resting = consumer.resting
    for topic in consumer.topics:
        HEARD.labels(topic)  # told from the beginning, at 0
    consumer.compare.set()  # at once: a topic's epoch is its owner's to say
    go_past_unfetchable(consumer.skipped, resting.wake)
    end_with_coordination(partial(_end, "coordination_ended"))  # whoever keeps it begins it again
    resting.on(consumer.ordinal.take())
    when_possible(lambda: consumer.heartbeat.beat_in_time(resting.connection))
    when_possible(lambda: consumer.inbox.begin(consumer.topics))
    when_possible(consumer.pending_work.mark_outdated)
    threading.Thread(target=_derive, args=(consumer,), name="deriving", daemon=True).start()
    threading.Thread(target=_look, args=(consumer,), name="fetching", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: consumer.stopping.set())
    # Faust ends when no broker answers: repairs and projections go on meanwhile.
    if not consumer.brokers.await_answer(consumer.stopping):
        os._exit(0)
    worker = _StoppingWorker(_app(consumer), consumer, loglevel="WARNING", redirect_stdouts=False)
    worker.execute_from_commandline()


class _RestingStream(faust.Stream[Any]):
    """Faust's own looks at its buffer in each window that `take_events` is given, full or not.

    This one begins such a window when something came, and otherwise waits until something does.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._came = asyncio.Event()
        self.add_processor(self._note)

    async def wait_for_stopped(self, *events: Any, timeout: Any = None) -> bool:
        """As Faust's, which waits until the buffer is full; `timeout` is the window."""
        if self._came.is_set():
            self._came.clear()
            return bool(await super().wait_for_stopped(*events, timeout=timeout))
        came: Any = self._came  # anything with `wait()`, as Faust's own are
        return bool(await super().wait_for_stopped(came, timeout=AT_REST))

    async def _note(self, value: Any) -> Any:
        self._came.set()
        return value


class _StoppingWorker(Worker):
    """Tells the threads of a stop, and ends the process when Faust doesn't."""

    def __init__(self, app: Any, consumer: Consumer, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self._consumer = consumer
        self.spinner = None  # its handler takes the root logger to DEBUG

    def _schedule_shutdown(self, signal: Any) -> None:
        self._consumer.stopping.set()
        self._consumer.resting.wake()
        threading.Timer(STOP_WITHIN, os._exit, (0,)).start()
        super()._schedule_shutdown(signal)

    def on_worker_shutdown(self) -> None:
        spans.close_tracer()
        os._exit(0)  # offsets are committed; Faust's own farewell sleeps for seconds


class _TablelessApp(faust.App):
    """Keeps no tables, so it makes no directories for them."""

    async def on_first_start(self) -> None:
        """Nothing to make ready."""


def _app(consumer: Consumer) -> Any:
    app = _TablelessApp(
        group_of(consumer.service),
        broker=[f"kafka://{address}" for address in consumer.brokers.addresses],
        broker_credentials=_credentials(consumer.brokers),
        store="memory://",
        processing_guarantee="at_least_once",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        broker_session_timeout=consumer.session_timeout,
        broker_heartbeat_interval=consumer.session_timeout / 5,
        broker_commit_interval=1.0,
        consumer_metadata_max_age_ms=METADATA,
        stream_wait_empty=False,
        Stream=_RestingStream,
        consumer_group_instance_id=consumer.member,
        loghandlers=[logs.StandardLogging()],  # Faust sets up logging anew
    )
    topic = app.topic(
        *consumer.topics,
        key_type=bytes,
        key_serializer="raw",
        value_type=bytes,
        value_serializer="raw",
    )
    thread = ThreadPoolExecutor(1, thread_name_prefix="hearing")

    def hear(records: Sequence[Record]) -> None:
        # First: what follows them commits their offsets too.
        consumer.skipped.keep(consumer.store)
        consumer.inbox.hear(records)
        for topic, number in Counter(record.topic for record in records).items():
            HEARD.labels(topic).inc(number)
        consumer.fetching.reaches(
            {(record.topic, record.partition): record.offset + 1 for record in records}
        )

    async def listen(stream: Any) -> None:
        async for events in stream.take_events(BATCH, within=WITHIN):
            consumer.fetching.begins()
            await _hear(hear, [_record(event) for event in events], thread, consumer)
            consumer.hearing.rests()
            consumer.resting.wake()

    app.agent(topic, concurrency=1)(listen)

    async def assigned(*given: Any, **_: Any) -> None:
        _app, partitions = given
        consumer.fetching.assigned((each.topic, each.partition) for each in partitions)
        consumer.compare.set()
        consumer.resting.wake()
        consumer.ready()

    async def revoked(*_: Any, **__: Any) -> None:
        consumer.fetching.assigned(())

    app.on_partitions_assigned.connect(assigned)
    app.on_partitions_revoked.connect(revoked)
    return app


def _credentials(brokers: Brokers) -> faust.SSLCredentials | None:
    return faust.SSLCredentials(brokers.context) if brokers.context else None


def _record(event: Any) -> Record:
    message = event.message
    headers: Iterable[tuple[str, bytes]] = (
        message.headers.items() if hasattr(message.headers, "items") else message.headers or ()
    )
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        headers=dict(headers),
        body=event.value or b"",
    )


async def _hear(
    hear: Callable[[Sequence[Record]], None],
    records: Sequence[Record],
    thread: ThreadPoolExecutor,
    consumer: Consumer,
) -> None:
    """Hear, off the event loop; wait in place for a database that is away; let no exception out."""
    loop = asyncio.get_running_loop()
    while True:
        consumer.hearing.gets_on()
        try:
            await asyncio.shield(loop.run_in_executor(thread, hear, records))
            return
        except asyncio.CancelledError:
            thread.shutdown(wait=True)
            os._exit(0)
        except BaseException as error:
            if not is_passing(error):
                _end("hearing_failed", error)
            log.warning("hearing_waits", exc_info=error)
            if consumer.stopping.is_set():
                os._exit(0)  # the offset stays; the batch is heard again
            await asyncio.sleep(AWAY)


def _derive(consumer: Consumer) -> None:
    resting = consumer.resting
    compared = time.monotonic()
    while not consumer.stopping.is_set():
        consumer.deriving.gets_on()
        if consumer.compare.is_set() or time.monotonic() - compared > COMPARE:
            compared = time.monotonic()
            consumer.compare.set()
        worked = _work(consumer)
        try:
            consumer.heartbeat.beat_in_time(resting.connection)
            if worked:
                resting.worked()
            else:
                resting.rest(lightly=consumer.pending_work.has_left)
        except Exception as error:
            if not is_passing(error):
                _end("deriving_failed", error)
            log.warning("ordinal_away", exc_info=error)
            _take_again(consumer.ordinal, resting)


def _look(consumer: Consumer) -> None:
    while not consumer.stopping.wait(min(LOOK_AT_KAFKA, consumer.watch.hangs_after / 4)):
        consumer.fetching.look()


def _work(consumer: Consumer) -> bool:
    """Repair and project, whoever is away; whether there was, or still is, anything to do."""
    worked = False
    for work in (_keep, _repair_gaps, _drain_some):
        try:
            worked = bool(work(consumer)) or worked
            continue
        except RemoteRefusal as refusal:
            log.warning("owner_away", reason=refusal.reason)
        except Exception as error:
            if not is_passing(error):
                _end("deriving_failed", error)
            log.warning("deriving_waits", exc_info=error)
        consumer.deriving.gets_on()
        consumer.stopping.wait(AWAY)
        worked = True
    return worked


def _take_again(ordinal: Ordinal, resting: Resting) -> None:
    """The ordinal's connection is lost; if another was faster, this one ends, and waits anew."""
    while True:
        try:
            resting.on(ordinal.take_again())
            return
        except Exception as error:
            if not is_passing(error):
                _end("deriving_failed", error)


def _keep(consumer: Consumer) -> int:
    """Whoever's records couldn't be fetched misses something: checkpoints are compared at once."""
    kept = consumer.skipped.keep(consumer.store)
    if kept:
        consumer.compare.set()
    return kept


def _repair_gaps(consumer: Consumer) -> int:
    """Look for holes when asked to, until every owner answered; fetch what is missing."""
    asked = consumer.compare.is_set()
    consumer.compare.clear()
    try:
        if asked:
            consumer.gap_repair.compare()
    except Exception:
        consumer.compare.set()
        consumer.gap_repair.repair()
        raise
    return consumer.gap_repair.repair()


def _drain_some(consumer: Consumer) -> int:
    return consumer.pending_work.drain_some()


def _end(why: str, error: BaseException) -> NoReturn:
    log.error("ordinal_lost" if isinstance(error, OrdinalLost) else why, exc_info=error)
    os._exit(1)

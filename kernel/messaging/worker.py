"""The stream process: Faust takes batches and hands them over; a second thread heals and derives.

Correctness lives in PostgreSQL. No exception leaves the agent: Faust would acknowledge the batch
and forget it.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import faust
from faust.worker import Worker

from kernel import logs
from kernel.messaging.draining import Draining
from kernel.messaging.healing import Healing
from kernel.messaging.hearing import Hearing, Record
from kernel.messaging.ordinal import Ordinal
from kernel.rpc.status import RemoteRefusal
from kernel.store.database import is_passing
from kernel.store.store import Store

log = logs.get("kernel.worker")

BATCH = 500
WITHIN = 0.02  # seconds a batch may wait to fill
LOOK = 0.05  # seconds between two looks at what is due, when nothing was heard
COMPARE = 60.0  # seconds between two comparisons of heads
AWAY = 0.5  # seconds before a database or a peer that is away is tried again
STOP_WITHIN = 5.0  # seconds a clean stop may take; what is not committed is heard again


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What a stream process needs: where it listens, and the parts that know nothing of Faust."""

    service: str
    topics: Sequence[str]
    bootstrap: str
    session_timeout: float
    ordinal: int
    store: Store
    hearing: Hearing
    healing: Healing
    draining: Draining
    ready: Callable[[], None]


def run(listening: Listening) -> None:
    """Listen until a signal comes. Ends the process."""
    stopping = threading.Event()
    heard = threading.Event()
    compare = threading.Event()
    ordinal = Ordinal(listening.store.engine, listening.ordinal)
    deriving = threading.Thread(
        target=_derive,
        args=(listening, ordinal, stopping, heard, compare),
        name="deriving",
        daemon=True,
    )
    ordinal.take()
    listening.hearing.begin(listening.topics)
    listening.draining.raise_outdated()
    deriving.start()
    app = _app(listening, stopping, heard, compare)
    _StoppingWorker(
        app, stopping, loglevel="WARNING", redirect_stdouts=False
    ).execute_from_commandline()


class _StoppingWorker(Worker):
    """Tells the threads of a stop, and ends the process when Faust doesn't."""

    def __init__(self, app: Any, stopping: threading.Event, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self._stopping = stopping

    def _schedule_shutdown(self, signal: Any) -> None:
        self._stopping.set()
        threading.Timer(STOP_WITHIN, os._exit, (0,)).start()
        super()._schedule_shutdown(signal)

    def on_worker_shutdown(self) -> None:
        os._exit(0)  # offsets are committed; Faust's own farewell sleeps for seconds


def _app(
    listening: Listening,
    stopping: threading.Event,
    heard: threading.Event,
    compare: threading.Event,
) -> Any:
    app = faust.App(
        f"{listening.service}-stream",
        broker=[f"kafka://{address}" for address in listening.bootstrap.split(",")],
        store="memory://",
        datadir=f"/tmp/ninehours-{listening.service}-{os.getpid()}",  # noqa: S108 - no Tables: never written
        processing_guarantee="at_least_once",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        broker_session_timeout=listening.session_timeout,
        broker_heartbeat_interval=listening.session_timeout / 5,
        broker_commit_interval=1.0,
        stream_wait_empty=False,
        consumer_group_instance_id=f"{listening.service}-stream-{listening.ordinal}",
        loghandlers=[logs.StandardLogging()],  # Faust sets up logging anew
    )
    topic = app.topic(
        *listening.topics,
        key_type=bytes,
        key_serializer="raw",
        value_type=bytes,
        value_serializer="raw",
    )
    thread = ThreadPoolExecutor(1, thread_name_prefix="hearing")

    async def listen(stream: Any) -> None:
        async for events in stream.take_events(BATCH, within=WITHIN):
            await _hear(listening.hearing, [_record(event) for event in events], thread, stopping)
            heard.set()

    app.agent(topic, concurrency=1)(listen)

    async def assigned(*_: Any, **__: Any) -> None:
        compare.set()
        listening.ready()

    app.on_partitions_assigned.connect(assigned)
    return app


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
    hearing: Hearing,
    records: Sequence[Record],
    thread: ThreadPoolExecutor,
    stopping: threading.Event,
) -> None:
    """Hear, off the event loop; wait in place for a database that is away; let no exception out."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            await asyncio.shield(loop.run_in_executor(thread, hearing.hear, records))
            return
        except asyncio.CancelledError:
            thread.shutdown(wait=True)
            os._exit(0)
        except BaseException as error:
            if not is_passing(error):
                log.error("hearing_failed", exc_info=error)
                os._exit(1)
            log.warning("hearing_waits", exc_info=error)
            if stopping.is_set():
                os._exit(0)  # the offset stays; the batch is heard again
            await asyncio.sleep(AWAY)


def _derive(
    listening: Listening,
    ordinal: Ordinal,
    stopping: threading.Event,
    heard: threading.Event,
    compare: threading.Event,
) -> None:
    compared = time.monotonic()
    while not stopping.is_set():
        heard.wait(LOOK)
        heard.clear()
        if compare.is_set() or time.monotonic() - compared > COMPARE:
            compared = time.monotonic()
            compare.set()
        healing = partial(_heal, listening.healing, compare)
        work: Callable[[], object]
        for work in (healing, listening.draining.drain):  # it derives whoever is away
            try:
                work()
            except RemoteRefusal as refusal:
                log.warning("owner_away", reason=refusal.reason)
                stopping.wait(AWAY)
            except Exception as error:
                if not is_passing(error):
                    log.error("deriving_failed", exc_info=error)
                    os._exit(1)
                log.warning("deriving_waits", exc_info=error)
                stopping.wait(AWAY)
                ordinal.keep()


def _heal(healing: Healing, compare: threading.Event) -> None:
    """Look for holes when asked to, until every owner answered; fetch what is missing."""
    asked = compare.is_set()
    compare.clear()
    try:
        if asked:
            healing.compare()
    except Exception:
        compare.set()
        raise
    finally:
        healing.heal()

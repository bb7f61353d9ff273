"""Liveness with the real parts: a worker that hangs is told, one that waits for others isn't.

(Slow: two minutes.)
"""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from kernel.messaging.brokers import Brokers
from kernel.messaging.kafka_offsets import KafkaSilent, untaken, why_it_takes_nothing
from kernel.messaging.relay import Relay
from kernel.process import Service
from kernel.store.database import open_database
from kernel.store.store import Store
from kernel.watching.work import Watch
from ninehours.local.probes import LOOPBACK, free_ports
from ninehours.local.servers import LocalServers
from tests.conftest import NewStore, stores
from tests.harness.kernel.consumers import TOPIC, consumer
from tests.harness.kernel.counters import (
    ADA,
    COUNTED,
    HELD,
    PATIENCE,
    Listener,
    Log,
    ask,
    attended,
    published,
    subject_of,
    until,
)
from tests.harness.kernel.databases import Databases
from tests.harness.kernel.health import told
from tests.harness.kernel.owner import as_owner
from tests.harness.kernel.sending import declare_empty, send

HANGS_AFTER = 20  # seconds, of the workers here: as few as may be set
LONG = 10_000.0  # seconds, of the test's clock


@contextmanager
def sending(
    store: Store, producer: "Producing", why_away: Callable[[], str] = str
) -> Iterator[Watch]:
    """A relay at work; its watch, whose clock the test turns."""
    watch = Watch(300)
    relay = Relay(
        store,
        producer,
        "counting",
        ready=lambda: None,
        work=watch.work("sending"),
        why_away=why_away,
    )
    thread = threading.Thread(target=relay.run, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        relay.stop()
        producer.go.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def names(watch: Watch) -> list[str]:
    """Of what hangs."""
    return [work.name for work in watch.hanging()]


class Producing:
    """A producer: `send` waits for the test, then fails as one whose broker is away does."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.go = threading.Event()

    def send(self, *_: Any, **__: Any) -> Any:
        self.asked.set()
        self.go.wait(PATIENCE)
        raise TimeoutError


def publish(store: Store) -> None:
    with store.transaction() as tx:
        tx.publish([published(ADA, attended("s", 1))])


def gets_on(watch: Watch) -> None:
    """Twice: nothing that it did before the clock was turned counts."""
    for _ in range(2):
        watch.look(LONG)
        until(lambda: watch.hanging() == [])


def test_a_relay_whose_producer_does_not_return_hangs(counting: Store) -> None:
    producer = Producing()
    publish(counting)
    with sending(counting, producer, lambda: "nobody listens there") as watch:
        assert producer.asked.wait(PATIENCE)
        watch.look(LONG)
        assert names(watch) == ["sending"]
        producer.go.set()
        gets_on(watch)


def test_a_relay_whose_broker_or_topic_is_away_does_not_hang(counting: Store) -> None:
    producer = Producing()
    producer.go.set()
    publish(counting)
    with sending(counting, producer, lambda: "nobody listens there") as watch:
        gets_on(watch)


def test_a_relay_that_sends_nothing_though_the_broker_would_take_it_hangs(counting: Store) -> None:
    producer = Producing()
    producer.go.set()
    publish(counting)
    asked: list[bool] = []

    def it_would() -> str:
        asked.append(True)
        return ""

    with sending(counting, producer, it_would) as watch:
        until(lambda: len(asked) > 1)
        watch.look(LONG)
        before = len(asked)
        until(lambda: len(asked) > before + 1)
        assert names(watch) == ["sending"]


def test_a_relay_that_waits_for_a_lock_is_busy_and_does_not_hang(counting: Store) -> None:
    """For longer than it waits: a lock that isn't given is tried again."""
    engine = counting.engine
    counting.engine = open_database(
        engine.url.render_as_string(hide_password=False), lock_timeout=0.1
    )
    try:
        with as_owner(counting) as other:
            other.execute("LOCK TABLE published IN ACCESS EXCLUSIVE MODE")
            with sending(counting, Producing()) as watch:
                gets_on(watch)
    finally:
        counting.engine.dispose()
        counting.engine = engine


def test_a_relay_whose_database_is_gone_does_not_hang(counting: Store) -> None:
    engine = counting.engine
    counting.engine = open_database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    try:
        with sending(counting, Producing()) as watch:
            gets_on(watch)
    finally:
        counting.engine = engine


@pytest.fixture
def frozen_store(tmp_path: Path, secrets_dir: Path, no_migrations: Path) -> Iterator[Any]:
    """A store on a PostgreSQL of its own, and what stops every process of it until let go."""
    with LocalServers(tmp_path / "data", kafka=False) as servers:

        @contextmanager
        def frozen() -> Iterator[None]:
            postmaster = psutil.Process(servers.supervisor.processes["postgres"])
            every = [postmaster, *postmaster.children(recursive=True)]
            for process in every:
                process.suspend()
            try:
                yield
            finally:
                for process in reversed(every):
                    process.resume()

        databases = closing(Databases(servers))
        with databases as given, stores(given, secrets_dir) as make:
            yield _tallying(make, no_migrations), frozen


def _tallying(make: NewStore, no_migrations: Path) -> Store:
    return make(
        Service(name="plans", codec=COUNTED, migrations=no_migrations, servicers=lambda *_: {})
    )


def test_a_worker_whose_database_stopped_is_alive_and_not_ready_and_goes_on_by_itself(
    frozen_store: Any, broker: LocalServers, secrets_dir: Path, tmp_path: Path
) -> None:
    """It takes connections and says nothing, for several times what a worker may stand still."""
    store, frozen = frozen_store
    declare_empty(broker, TOPIC)
    log = Log(TOPIC)
    listener = Listener(store, log, asks=False)
    [port] = free_ports(1)
    with consumer(
        store,
        secrets_dir,
        tmp_path,
        kafka=broker.bootstrap,
        health=f"{LOOPBACK}:{port}",
        hangs_after=str(HANGS_AFTER),
    ) as process:
        until(lambda: answered(port, "/readyz") == 200)
        with frozen():
            send(broker, TOPIC, log.tell(ADA, attended("s", 10)))
            until(lambda: answered(port, "/readyz") == 503)
            enough = threading.Event()
            for _ in range(2 * HANGS_AFTER):
                assert answered(port, "/livez") == 200
                enough.wait(1.0)
            assert answered(port, "/readyz") == 503
            assert "ninehours_database_up{" in told(port, "/metrics")[1]
        until(lambda: listener.heard(ADA) == [1])
        until(lambda: answered(port, "/readyz") == answered(port, "/livez") == 200)
        assert process.poll() is None, (tmp_path / "log").read_text()


def answered(port: int, path: str) -> int:
    """Its status; 0: nobody answers yet."""
    try:
        return told(port, path)[0]
    except OSError:
        return 0


def test_a_worker_that_hangs_is_told_by_name(
    tallying: Store, broker: LocalServers, secrets_dir: Path, tmp_path: Path
) -> None:
    """A projection that waits for what never comes; the database and the broker answer."""
    declare_empty(broker, TOPIC)
    log = Log(TOPIC)
    Listener(tallying, log, asks=False)
    held = subject_of("client", 99)
    send(broker, TOPIC, log.tell(held, attended("s", HELD, client=held)))
    [port] = free_ports(1)
    with consumer(
        tallying,
        secrets_dir,
        tmp_path,
        kafka=broker.bootstrap,
        health=f"{LOOPBACK}:{port}",
        hangs_after=str(HANGS_AFTER),
    ) as process:
        until(lambda: answered(port, "/livez") == 503)
        assert told(port, "/livez") == (503, "hangs: deriving\n")
        until(lambda: answered(port, "/readyz") == 200)
        assert process.poll() is None
    line, *_ = [
        json.loads(line)
        for line in (tmp_path / "log").read_text().splitlines()
        if '"event": "hangs"' in line
    ]
    assert (line["kind"], line["place"].partition(":")[0]) == (
        "deriving",
        "kernel/messaging/time_limits.py",
    )


def test_a_worker_that_was_paused_beyond_its_session_and_woken_does_no_harm(
    tallying: Store, broker: LocalServers, secrets_dir: Path, tmp_path: Path
) -> None:
    """Another takes over what it had; woken, both go on, and every fact is heard once, in order."""
    declare_empty(broker, TOPIC)
    log = Log(TOPIC)
    listener = Listener(tallying, log, asks=False)
    clients = [subject_of("client", 100 + n) for n in range(12)]
    ports = free_ports(2)
    folders = [tmp_path / str(ordinal) for ordinal in range(2)]
    for folder in folders:
        folder.mkdir()

    def worker(ordinal: int) -> Any:
        return consumer(
            tallying,
            secrets_dir,
            folders[ordinal],
            kafka=broker.bootstrap,
            health=f"{LOOPBACK}:{ports[ordinal]}",
            ordinal=ordinal,
            session_timeout="6",
        )

    def tell_everybody(sequence: int) -> None:
        for client in clients:
            send(broker, TOPIC, log.tell(client, attended(f"s{sequence}", 10, client=client)))

    def everybody_heard(sequence: int) -> bool:
        return all(listener.heard(client) == [*range(1, sequence + 1)] for client in clients)

    with worker(0) as first, worker(1) as second:
        until(lambda: all(answered(port, "/readyz") == 200 for port in ports))
        tell_everybody(1)
        until(lambda: everybody_heard(1))
        os.kill(first.pid, signal.SIGSTOP)
        try:
            tell_everybody(2)
            until(lambda: everybody_heard(2))  # by the second: the first's session is over
        finally:
            os.kill(first.pid, signal.SIGCONT)
        tell_everybody(3)
        until(lambda: everybody_heard(3) and len(listener.tallies()) == 3 * len(clients))
        until(lambda: not listener.due())
        for port, process, folder in zip(ports, (first, second), folders, strict=True):
            until(lambda port=port: answered(port, "/readyz") == 200)  # type: ignore[misc]
            assert answered(port, "/livez") == 200
            assert process.poll() is None, (folder / "log").read_text()
    assert ask(tallying, "SELECT FROM parked") == []
    assert ask(tallying, "SELECT FROM heard_head WHERE stopped IS NOT NULL") == []
    [(most,)] = ask(tallying, "SELECT max(revision) FROM derived")
    assert most == 1


def test_kafka_itself_tells_what_a_group_did_not_take(broker: LocalServers) -> None:
    topic = "ninehours.untaken.v1"
    broker.declare_topics(topic)
    brokers = Brokers(broker.bootstrap)
    with_producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for _ in range(3):
        with_producer.send(topic, partition=1, value=b"x").get(PATIENCE)
    with_producer.close()
    every = [(topic, partition) for partition in range(4)]
    held = (topic, 1)
    assert untaken(brokers, "group", {}, every) == {held}
    assert untaken(brokers, "group", {held: 2}, every) == {held}
    assert untaken(brokers, "group", {held: 3}, every) == set()
    assert untaken(brokers, "group", {}, [(topic, 0)]) == untaken(brokers, "group", {}, []) == set()
    _commit(broker.bootstrap, "group", TopicPartition(*held), 3)
    assert untaken(brokers, "group", {}, every) == set()
    with pytest.raises(KafkaSilent):
        untaken(Brokers("127.0.0.1:1"), "group", {}, every)


def test_why_a_broker_takes_nothing_is_told(broker: LocalServers) -> None:
    topic = "ninehours.taken.v1"
    broker.declare_topics(topic)
    brokers = Brokers(broker.bootstrap)
    assert why_it_takes_nothing(brokers, topic) == ""
    assert why_it_takes_nothing(brokers, "ninehours.nowhere.v1") == "the topic isn't there"
    assert "nobody listens" in why_it_takes_nothing(Brokers("127.0.0.1:1"), topic)


def _commit(bootstrap: str, group: str, partition: TopicPartition, offset: int) -> None:

    client = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    client.assign([partition])
    client.commit({partition: OffsetAndMetadata(offset, "", -1)})
    client.close(autocommit=False)

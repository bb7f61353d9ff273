"""The stream process itself, with Faust, on a real Kafka. (Slow: 8 s.)"""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import KafkaProducer
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from kernel.messaging import consumer as consumer_module
from kernel.messaging import ordinal as ordinal_module
from kernel.messaging.envelope import Record
from kernel.messaging.inbox import Inbox
from kernel.messaging.ordinal import ORDINAL, Ordinal, OrdinalLost
from kernel.store.statements import text
from kernel.store.store import Store
from ninehours.local.probes import LOOPBACK, free_ports
from ninehours.local.servers import LocalServers
from ninehours.local.system import serves
from tests.harness.kernel.consumers import TOPIC, consumer
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    PATIENCE,
    TALLYING,
    Gate,
    Listener,
    Log,
    NoText,
    ask,
    attended,
    declare_compressible,
    held,
    is_waiting,
    send_compressed,
    subject_of,
    until,
)
from tests.harness.kernel.owner import as_owner
from tests.harness.kernel.sending import declare_empty, send
from tests.harness.signing import signatures_of

Closing = Callable[[Connection | None], Connection | None]


def test_a_worker_hears_and_derives_though_its_peer_is_away_and_ends_when_told(
    tallying: Store, broker: LocalServers, secrets_dir: Path, tmp_path: Path
) -> None:
    declare_empty(broker, TOPIC)
    log = Log(TOPIC)
    listener = Listener(tallying, log)
    garbled = Record(topic=TOPIC, partition=0, offset=0, headers={"x": b"\xff"}, body=b"\xff")
    send(broker, TOPIC, garbled, log.tell(ADA, attended("s", 10)))
    [port] = free_ports(1)
    health = f"{LOOPBACK}:{port}"
    with consumer(
        tallying, secrets_dir, tmp_path, kafka=broker.bootstrap, health=health
    ) as process:

        def settled(count: int) -> bool:
            assert process.poll() is None, (tmp_path / "log").read_text()
            return len(listener.tallies()) == count and not listener.due()

        until(lambda: settled(1))
        send(
            broker,
            TOPIC,
            log.tell(BOB, attended("s", 5, client=BOB)),
            log.tell(ADA, attended("t", 1)),
        )
        until(lambda: settled(3))
        assert serves(health)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert len(listener.ask("SELECT FROM parked")) == 1
    lines = (tmp_path / "log").read_text()
    assert "owner_away" in lines
    assert "_failed" not in lines


def holder_of(store: Store, ordinal: int) -> int | None:
    """The backend that holds the ordinal's lock."""
    rows = ask(
        store,
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = :kind"
        " AND objid = :ordinal"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        kind=ORDINAL,
        ordinal=ordinal,
    )
    return rows[0].pid if rows else None


def test_a_worker_that_lost_its_ordinal_to_another_ends(
    tallying: Store, broker: LocalServers, secrets_dir: Path, tmp_path: Path
) -> None:
    """Another waits for the lock: it has it as soon as the consumer's connection is ended."""
    declare_empty(broker, TOPIC)
    [port] = free_ports(1)
    health = f"{LOOPBACK}:{port}"
    with (
        consumer(tallying, secrets_dir, tmp_path, kafka=broker.bootstrap, health=health) as process,
        tallying.engine.connect() as other,
        ThreadPoolExecutor(1) as thread,
    ):
        until(lambda: serves(health) and holder_of(tallying, 0) is not None)
        other.execute(text("SET LOCAL lock_timeout = 0"))
        lock = text("SELECT pg_advisory_lock(:kind, 0)")
        taking = thread.submit(other.execute, lock, {"kind": ORDINAL})
        until(lambda: is_waiting(tallying))
        ask(tallying, "SELECT pg_terminate_backend(:pid)", pid=holder_of(tallying, 0))
        taking.result(PATIENCE)
        other.execute(text("UPDATE stream_ordinal SET holder = gen_random_uuid()"))
        other.commit()
        until(lambda: process.poll() is not None)
    assert process.returncode == 1
    assert "ordinal_lost" in (tmp_path / "log").read_text()


def test_a_worker_that_can_not_hear_a_batch_ends_and_the_next_hears_it(
    tallying: Store, broker: LocalServers, secrets_dir: Path, tmp_path: Path
) -> None:
    """Faust would acknowledge what it went past: neither it nor what follows is heard meanwhile."""
    declare_empty(broker, TOPIC)
    log = Log(TOPIC)
    listener = Listener(tallying, log, asks=False)
    client = subject_of("client", 98)
    told = [log.tell(client, attended("s", 1, client=client)) for _ in range(2)]

    def holds(subject: str) -> bool:
        return bool(listener.ask("SELECT FROM heard_head WHERE subject = :s", s=subject))

    def worker() -> Any:
        return consumer(tallying, secrets_dir, tmp_path, kafka=broker.bootstrap)

    # Of which the database doesn't even take that it is parked.
    refused = f"ALTER TABLE heard_head ADD CONSTRAINT refused CHECK (subject <> '{client}')"
    with as_owner(tallying) as owner:
        owner.execute(refused)
    with worker() as process:
        send(broker, TOPIC, told[0])
        until(lambda: "hearing_failed" in (tmp_path / "log").read_text())
        with as_owner(tallying) as owner:
            owner.execute("ALTER TABLE heard_head DROP CONSTRAINT refused")
        send(broker, TOPIC, told[1])
        until(lambda: process.poll() is not None or holds(client))
        assert process.poll() == 1
        assert not holds(client)
    with worker():
        until(lambda: listener.heard(client) == [1, 2])
    assert listener.ask("SELECT FROM parked WHERE subject = :client", client=client) == []


def test_what_can_not_be_fetched_is_skipped_and_kept_by_its_offsets(
    tallying: Store, broker: LocalServers, secrets_dir: Path, tmp_path: Path
) -> None:
    """A header whose name is no text: below Faust, nobody can be given such a record."""
    declare_empty(broker, TOPIC)
    log = Log(TOPIC)
    listener = Listener(tallying, log)
    send(broker, TOPIC, log.tell(ADA, attended("s", 10)))
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    garbled = producer.send(TOPIC, key=b"?", value=b"", headers=[(NoText("x"), b"")]).get(20)
    producer.close()
    with consumer(tallying, secrets_dir, tmp_path, kafka=broker.bootstrap) as process:

        def is_kept() -> bool:
            assert process.poll() is None, (tmp_path / "log").read_text()
            return bool(listener.ask("SELECT FROM parked WHERE error LIKE '%Unfetchable%'"))

        until(is_kept)
        send(broker, TOPIC, *[log.tell(ADA, attended("t", n)) for n in range(3)])
        until(lambda: process.poll() is None and listener.heard(ADA) == [1, 2, 3, 4])
    [row] = listener.ask("SELECT * FROM parked WHERE error LIKE '%Unfetchable%'")
    assert (row.topic, row.partition, row.record_offset) == (
        TOPIC,
        garbled.partition,
        garbled.offset,
    )
    assert row.subject is None
    assert f"to {garbled.offset}" in row.error


def test_what_lies_there_compressed_is_heard_like_any_other(
    tallying: Store, broker: LocalServers, secrets_dir: Path, tmp_path: Path
) -> None:
    """Put there before topics were declared uncompressed."""
    topic = "ninehours.archive.v1"
    declare_compressible(broker.bootstrap, topic)
    log = Log(topic)
    listener = Listener(tallying, log)
    codecs = ("lz4", "snappy", "zstd", "gzip")
    facts = {codec: log.tell(ADA, attended(codec, 10)) for codec in codecs}
    send_compressed(broker.bootstrap, facts)
    with consumer(
        tallying,
        secrets_dir,
        tmp_path,
        kafka=broker.bootstrap,
        service="billing",
        hears="archive",
    ) as process:

        def is_heard() -> bool:
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert not listener.ask("SELECT FROM parked")
            return listener.heard(ADA) == [1, 2, 3, 4]

        until(is_heard)


def test_a_comparison_that_the_database_interrupts_is_asked_for_again() -> None:
    class Interrupted:
        def compare(self) -> int:
            raise OperationalError("S", {}, Exception("the server closed the connection"))

        def repair(self) -> int:
            return 0

    interrupted = SimpleNamespace(gap_repair=Interrupted(), compare=threading.Event())
    interrupted.compare.set()
    with pytest.raises(OperationalError):
        consumer_module._repair_gaps(interrupted)  # type: ignore[arg-type]
    assert interrupted.compare.is_set()


@pytest.fixture
def closing() -> Iterator[Closing]:
    """Passes connections on, and closes them in the end."""
    given: list[Connection] = []

    def pass_on(connection: Connection | None) -> Connection | None:
        if connection is not None:
            given.append(connection)
        return connection

    yield pass_on
    for connection in given:
        connection.close()


def test_two_workers_of_one_ordinal_do_not_join_together(tallying: Store, closing: Closing) -> None:
    first, second = Ordinal(tallying.engine, 0), Ordinal(tallying.engine, 0)
    closing(first.take())
    assert second._take() is None
    assert closing(Ordinal(tallying.engine, 1)._take()) is not None


def test_a_worker_whose_ordinal_another_took_hears_no_more(
    tallying: Store, closing: Closing
) -> None:
    """Its own lock went with its connection, and it doesn't know yet."""
    log = Log(TOPIC)
    first, second = Ordinal(tallying.engine, 0), Ordinal(tallying.engine, 0)
    inbox = Inbox(tallying, TALLYING, signatures_of(), fence=first.fence)
    closing(first.take())
    inbox.begin([TOPIC])
    inbox.hear([log.tell(ADA, attended("s", 1))])
    ask(tallying, "SELECT pg_terminate_backend(:pid)", pid=holder_of(tallying, 0))
    inbox.hear([log.tell(ADA, attended("s", 2))])  # nobody else has it yet
    closing(second.take())
    with pytest.raises(OrdinalLost):
        inbox.hear([log.tell(ADA, attended("s", 3))])
    with pytest.raises(OrdinalLost):
        first.take_again()
    assert Listener(tallying, log).heard(ADA) == [1, 2]


def test_an_ordinal_is_not_taken_while_its_worker_is_in_the_middle_of_a_batch(
    tallying: Store, closing: Closing
) -> None:
    log, gate = Log(TOPIC), Gate("heard")
    first, second = Ordinal(tallying.engine, 0), Ordinal(tallying.engine, 0)
    inbox = Inbox(tallying, TALLYING, signatures_of(), fence=first.fence, barrier=gate)
    closing(first.take())
    inbox.begin([TOPIC])
    record = log.tell(ADA, attended("s", 1))
    with held(gate, lambda: inbox.hear([record])) as waiting:
        ask(tallying, "SELECT pg_terminate_backend(:pid)", pid=holder_of(tallying, 0))
        closing(waiting.meanwhile(tallying, second.take))
    assert Listener(tallying, log).heard(ADA) == [1]


def test_an_ordinal_is_taken_again_after_its_connection_was_lost(
    tallying: Store, closing: Closing
) -> None:
    ordinal = Ordinal(tallying.engine, 0)
    closing(ordinal.take())
    was = holder_of(tallying, 0)
    ask(tallying, "SELECT pg_terminate_backend(:pid)", pid=was)
    closing(ordinal.take_again())
    assert holder_of(tallying, 0) not in (None, was)


def test_an_ordinal_is_taken_again_once_the_server_noticed_that_its_connection_was_lost(
    tallying: Store, closing: Closing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its backend of before stays for a while: another connection of ours stands for it."""
    ordinal = Ordinal(tallying.engine, 0)
    closing(ordinal.take())
    ask(tallying, "SELECT pg_terminate_backend(:pid, 10000)", pid=holder_of(tallying, 0))
    with tallying.engine.connect() as lingering:
        lingering.detach()
        lingering.execute(text("SELECT pg_advisory_lock(:kind, 0)"), {"kind": ORDINAL})
        rested = []

        def notice(seconds: float) -> None:
            rested.append(seconds)
            lingering.close()

        monkeypatch.setattr(ordinal_module, "time", SimpleNamespace(sleep=notice))
        closing(ordinal.take_again())
    assert len(rested) == 1

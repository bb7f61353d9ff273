"""Gap repair: what Kafka lost is read from its owner, in memory or over gRPC by one contract."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from sqlalchemy import event

from kernel.config import Settings
from kernel.messaging import gap_repair as gap_repair_module
from kernel.messaging.envelope import Record
from kernel.messaging.gap_repair import GapRepair
from kernel.messaging.owners import Owner, OwnerHead
from kernel.rpc import published_log as published_log_module
from kernel.rpc.channel import Channel
from kernel.rpc.policy import Scope
from kernel.rpc.published_log import SERVICE, PublishedLogServicer, RemoteOwner
from kernel.rpc.server import Server
from kernel.rpc.tokens import service_tokens
from kernel.rpc.verifier import Verifier
from kernel.store.store import Store
from kernel.watching.health import Health
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    EVE,
    STAFF,
    TOPIC,
    Listener,
    Log,
    attended,
    published,
    subject_of,
)

# A field that nobody knows here: 8191, with a text.
OF_TOMORROW = b"\xfa\xff\x03\x08tomorrow"


class Telling(Owner, Protocol):
    """An owner whose log grows."""

    def tell(self, subject: str, message: Message) -> Record: ...


class Remote:
    """The real one: a published log on PostgreSQL, read over gRPC."""

    topic = TOPIC

    def __init__(self, store: Store, remote: RemoteOwner) -> None:
        self._store = store
        self.read = remote.read
        self.read_whole = remote.read_whole
        self.epoch_and_heads = remote.epoch_and_heads
        self.sealed_to = remote.sealed_to

    def tell(self, subject: str, message: Message) -> Record:
        with self._store.transaction() as tx:
            [written] = tx.publish([published(subject, message)])
        records, _ = self.read(subject, written.sequence - 1)
        return records[0]


@pytest.fixture
def remote(
    counting: Store, secrets_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Remote]]:
    servers: list[Server] = []

    def start() -> Remote:
        settings = Settings(
            service="intake",
            database_url="postgresql://nobody:hush@127.0.0.1:1/none",  # type: ignore[arg-type]
            secrets_dir=secrets_dir,
            environment="test",
        )
        servicer = PublishedLogServicer(counting, "counting")
        server = Server(
            {SERVICE: servicer},
            verifier=Verifier(secrets_dir),
            scope=Scope(counting, {}),
            settings=settings,
            health=Health(lambda: True),
        )
        servers.append(server)
        server.start()
        token = service_tokens(secrets_dir, "plans")
        return Remote(counting, RemoteOwner(TOPIC, Channel(f"127.0.0.1:{server.port}"), token))

    yield start
    for server in servers:
        server.stop(0)


@pytest.fixture(params=["memory", "grpc"])
def owner(request: pytest.FixtureRequest) -> Telling:
    if request.param == "memory":
        return Log()
    start: Callable[[], Telling] = request.getfixturevalue("remote")
    return start()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def listener(tallying: Store, owner: Telling) -> Listener:
    return Listener(tallying, owner)


def tell(owner: Telling, count: int, client: str = ADA) -> list[Record]:
    return [owner.tell(client, attended("s", n, client=client)) for n in range(1, count + 1)]


# What an owner is


def test_an_owner_reads_on_after_a_sequence_page_by_page(owner: Telling) -> None:
    told = tell(owner, 5)
    found: list[Record] = []
    more = True
    while more:
        page, more = owner.read(ADA, len(found))
        assert page
        found += page
    assert [record.body for record in found] == [record.body for record in told]
    assert [record.headers for record in found] == [record.headers for record in told]
    assert owner.read(ADA, 5) == ([], False)
    assert owner.read(BOB, 0) == ([], False)


def test_an_owner_gives_the_last_sequence_and_id_of_every_subject(owner: Telling) -> None:
    tell(owner, 2, EVE)
    [*_, last] = tell(owner, 3)
    heads = {head.subject: head for head in owner.epoch_and_heads()[1]}
    assert set(heads) == {ADA, EVE}
    assert heads[ADA] == OwnerHead(ADA, 3, last.headers["ce_id"].decode())
    assert heads[EVE].sequence == 2


def test_an_owner_gives_what_follows_several_places_of_as_many_as_fit_whole(
    remote: Callable[[], Remote], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_log_module, "READ_PAGE", 4)
    owner = remote()
    tell(owner, 2)
    tell(owner, 3, BOB)
    tell(owner, 1, EVE)

    def given(*places: tuple[str, int]) -> list[list[tuple[str, int]]]:
        return [
            [(subject_of_record(record), record.offset) for record in records]
            for records in owner.read_whole(places)
        ]

    assert given((ADA, 1), (BOB, 1), (EVE, 0)) == [[(ADA, 2)], [(BOB, 2), (BOB, 3)], [(EVE, 1)]]
    assert given((ADA, 0), (BOB, 0), (EVE, 0)) == [[(ADA, 1), (ADA, 2)]]
    assert given((ADA, 1), (STAFF, 0), (EVE, 1), (BOB, 2)) == [[(ADA, 2)], [], [], [(BOB, 3)]]
    tell(owner, 5)
    assert given((ADA, 0), (EVE, 0)) == []


def subject_of_record(record: Record) -> str:
    return record.headers["ce_subject"].decode()


def test_what_is_too_large_for_one_message_is_left_for_the_next(
    remote: Callable[[], Remote],
) -> None:
    owner = remote()
    message = Struct()
    message.update({"text": "x" * 800_000})
    for client in (ADA, BOB, EVE):
        owner.tell(client, message)
    first = owner.read_whole([(ADA, 0), (BOB, 0), (EVE, 0)])
    assert len(first) == 2
    assert len(owner.read_whole([(EVE, 0)])) == 1


# What healing does with it


def test_a_hole_is_filled_from_the_owner(listener: Listener, owner: Telling) -> None:
    records = tell(owner, 6)
    listener.hear(records[0], records[5])
    assert listener.head(ADA) == (1, 6, None)
    assert listener.gap_repair.repair() == 5
    assert listener.head(ADA) == (6, None, None)
    assert listener.heard(ADA) == [1, 2, 3, 4, 5, 6]
    assert listener.gap_repair.repair() == 0
    listener.hear(*records)
    assert listener.heard(ADA) == [1, 2, 3, 4, 5, 6]


def test_where_nothing_is_missing_the_database_is_asked_once(
    listener: Listener, owner: Telling
) -> None:
    """Whoever hears looks for what is missing after each batch."""
    listener.hear(*tell(owner, 3))
    asked: list[str] = []

    def count(*said: Any) -> None:
        asked.append(said[2])

    event.listen(listener.store.engine, "before_cursor_execute", count)
    try:
        assert listener.gap_repair.repair() == 0
    finally:
        event.remove(listener.store.engine, "before_cursor_execute", count)
    assert len(asked) == 1


def test_a_lost_last_fact_is_found_by_comparing(listener: Listener, owner: Telling) -> None:
    records = tell(owner, 3)
    tell(owner, 2, BOB)
    listener.hear(*records[:2])
    assert listener.gap_repair.repair() == 0
    assert listener.gap_repair.compare() == 2
    assert (listener.head(ADA), listener.head(BOB)) == ((2, 3, None), (0, 2, None))
    assert listener.gap_repair.repair() == 3
    assert (listener.heard(ADA), listener.heard(BOB)) == ([1, 2, 3], [1, 2])
    assert listener.gap_repair.compare() == 0


def test_comparing_finds_another_history_and_stops_that_subject(
    listener: Listener, owner: Telling
) -> None:
    listener.hear(*tell(owner, 2), *tell(owner, 2, BOB))
    listener.ask(
        "UPDATE heard_head SET id = :id WHERE subject = :ada RETURNING 1", id=uuid4(), ada=ADA
    )
    listener.gap_repair.compare()
    assert listener.head(ADA)[2] == "OTHER_HISTORY"
    assert listener.head(BOB)[2] is None


def test_poison_in_the_owners_log_parks_its_subject_and_heals_the_rest(
    listener: Listener, owner: Telling
) -> None:
    tell(owner, 1)
    owner.tell(ADA, attended("s", 5, site="site/\x00"))
    tell(owner, 1)
    tell(owner, 2, BOB)
    listener.gap_repair.compare()
    listener.gap_repair.repair()
    assert listener.head(ADA)[2] == "PARKED"
    assert (listener.heard(ADA), listener.heard(BOB)) == ([1], [1, 2])
    assert listener.gap_repair.repair() == 0
    [row] = listener.ask("SELECT * FROM parked")
    assert (row.partition, row.record_offset, row.subject) == (-1, 2, ADA)


def test_a_subject_hears_the_same_from_kafka_as_from_its_owner(
    tallying: Store, remote: Callable[[], Remote]
) -> None:
    """The envelope that the owner reads out is the one that the relay sends."""
    owner = remote()
    told = tell(owner, 2)
    listener = Listener(tallying, owner)
    listener.hear(*told)
    listener.gap_repair.compare()
    assert listener.head(ADA) == (2, None, None)


def test_what_only_a_newer_release_knows_of_a_fact_is_kept_and_passed_on_byte_for_byte(
    tallying: Store, remote: Callable[[], Remote]
) -> None:
    """Published, read out over gRPC, heard, and exchanged for what its owner has."""
    owner = remote()
    known = attended("s", 1)
    body = known.SerializeToString(deterministic=True) + OF_TOMORROW
    record = owner.tell(ADA, type(known).FromString(body))
    assert record.body == body
    listener = Listener(tallying, owner)

    def kept() -> list[bytes]:
        return [bytes(row.body) for row in listener.ask("SELECT body FROM heard_fact")]

    listener.hear(record)
    listener.pending_work.drain()
    assert (kept(), list(listener.tallies().values())) == ([body], [{"minutes": 1, "named": []}])
    assert listener.gap_repair.compare() == 0
    listener.ask("UPDATE heard_head SET anew = true RETURNING 1")
    assert listener.gap_repair.repair() == 1
    assert listener.pending_work.drain() == 0
    assert (kept(), len(listener.told())) == ([body], 1)


def test_a_page_of_large_facts_fits_in_one_message(remote: Callable[[], Remote]) -> None:
    owner = remote()
    message = Struct()
    message.update({"text": "x" * 800_000})
    for _ in range(6):
        owner.tell(ADA, message)
    found: list[Record] = []
    more, pages = True, 0
    while more:
        page, more = owner.read(ADA, len(found))
        found += page
        pages += 1
    assert (len(found), pages) == (6, 2)


class Away(Log):
    """An owner that does not answer."""

    def heads(self) -> Sequence[OwnerHead]:
        raise ConnectionError

    def read(self, subject: str, after: int) -> Any:
        raise ConnectionError


def test_an_owner_that_is_away_keeps_no_other_waiting(tallying: Store) -> None:
    away, there = Away("ninehours.away.v1"), Log()
    listener = Listener(tallying, away, there)
    tell(there, 3)
    listener.hear(*[away.tell(BOB, attended("s", n)) for n in (1, 2)][1:])
    with pytest.raises(ConnectionError):
        listener.gap_repair.compare()
    with pytest.raises(ConnectionError):
        listener.gap_repair.repair()
    assert listener.heard(ADA) == [1, 2, 3]
    assert listener.head(BOB) == (0, 2, None)


def test_who_cannot_be_helped_rests_longer_each_time_and_comes_last(
    tallying: Store, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap_repair_module, "AT_ONCE", 30)
    now = [0.0]
    listener = Listener(tallying, log)
    gap_repair = GapRepair(tallying, listener.inbox, {TOPIC: log}, clock=lambda: now[0])
    hopeless = [subject_of("aaa", n) for n in range(30)]  # more, and earlier, than one look takes
    for subject in hopeless:  # whose log begins with a hole
        log.tell(subject, attended("s", 1), sequence=5)
    listener.ask(
        "INSERT INTO heard_head SELECT :topic, s, 0, NULL, 5 FROM unnest(CAST(:all AS text[])) s"
        " RETURNING 1",
        topic=TOPIC,
        all=hopeless,
    )
    log.tell(ADA, attended("s", 1))
    log.tell(ADA, attended("s", 2))
    listener.hear(log.records[ADA][1])
    gap_repair.repair()
    assert (log.reads, listener.heard(ADA)) == (30, [])
    gap_repair.repair()
    assert (log.reads, listener.heard(ADA)) == (31, [1, 2])
    gap_repair.repair()
    assert log.reads == 31
    pauses = []
    for _ in range(8):
        before, began = log.reads, now[0]
        while log.reads == before:
            now[0] += 0.5
            gap_repair.repair()
        pauses.append(now[0] - began)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_what_many_subjects_miss_is_heard_in_few_transactions(
    listener: Listener, owner: Telling
) -> None:
    """A restored listener misses something of everybody: one by one that is hours."""
    clients = [subject_of("client", n + 50) for n in range(30)]
    for client in clients:
        tell(owner, 2, client)
    listener.gap_repair.compare()
    commits: list[object] = []

    def count(connection: object) -> None:
        commits.append(connection)

    event.listen(listener.store.engine, "commit", count)
    try:
        assert listener.gap_repair.repair() == 60
    finally:
        event.remove(listener.store.engine, "commit", count)
    assert all(listener.heard(client) == [1, 2] for client in clients)
    assert len(commits) < 15


def test_comparing_what_was_heard_locks_no_checkpoint(listener: Listener, owner: Telling) -> None:
    listener.hear(*tell(owner, 2), *tell(owner, 2, BOB))
    before = listener.ask("SELECT xmin, xmax, ctid FROM heard_head ORDER BY subject")
    listener.gap_repair.compare()
    assert listener.ask("SELECT xmin, xmax, ctid FROM heard_head ORDER BY subject") == before


def test_many_subjects_are_compared_at_once(listener: Listener, owner: Telling) -> None:
    for n in range(30):
        tell(owner, 1, subject_of("client", n + 50))
    assert listener.gap_repair.compare() == 30
    assert listener.gap_repair.repair() == 30
    assert listener.gap_repair.compare() == 0

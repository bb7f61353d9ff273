"""A small world of our own: counters that publish, tallies derived from them, gates that hold."""

import asyncio
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, assert_never
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from kafka.admin import KafkaAdminClient, NewTopic
from ninehours.attendance.v1.attendance_events_pb2 import (
    SessionAttended,
    SessionMissed,
    SiteOpened,
    StaffCredentialed,
)

from kernel.codec import Codec
from kernel.decider import Decider
from kernel.execute import CommandExecutor
from kernel.facts import Publication, Recorded, Row, derived_id, publication_of
from kernel.messaging import checkpoints
from kernel.messaging.brokers import Brokers
from kernel.messaging.envelope import Envelope, Record
from kernel.messaging.gap_repair import GapRepair
from kernel.messaging.inbox import Inbox
from kernel.messaging.owners import Fingerprint, Owner, OwnerHead, OwnersConfirm
from kernel.messaging.pending_work import PendingWork
from kernel.messaging.signatures import Signatures
from kernel.messaging.subscriptions import Facts, Projection, Subscription, Subscriptions
from kernel.refusal import AgainstTheRules
from kernel.store.statements import text
from kernel.store.store import Context, Store, Transaction
from ninehours.local.kafka import PARTITIONS, declare_topics
from operations.parked import release
from tests.harness.signing import signatures_of, signed

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
TOPIC = "ninehours.counting.v1"
# Seconds until a test that hangs fails: however slow the machine, none passes by being quick.
PATIENCE = 600.0


def subject_of(kind: str, number: int) -> str:
    """The same each time: `client/…001`."""
    return f"{kind}/{UUID(int=number)}"


ADA, BOB, EVE = (subject_of("client", n) for n in (1, 2, 3))
SITE, STAFF = subject_of("site", 8), subject_of("staff", 9)


# Counting: the write side


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    client: str
    amount: int


@dataclass(frozen=True, slots=True)
class Count:
    client: str
    amount: int


def decide(command: Count, total: int) -> Iterator[Counted]:
    match command:
        case Count(amount=0):
            return
        case Count(client, amount):
            if total + amount > 100:
                raise AgainstTheRules("FULL", "a counter ends at 100")
            yield Counted(client=client, amount=amount)
        case _:
            assert_never(command)


COUNTER: Decider[Count, Counted, int] = Decider(
    decide=decide, evolve=lambda total, fact: total + fact.amount, initial=0
)
COUNTED = Codec({"counting.counted.v1": Counted})


def publish(recorded: Recorded) -> Iterable[Publication]:
    fact: Counted = recorded.fact
    message = attended("counted", fact.amount, client=fact.client)
    yield publication_of(recorded, fact.client, message, label="HIPAA")


def executor_of(store: Store, **changes: Any) -> CommandExecutor:
    wanted: dict[str, Any] = {"publish": publish, "view": lambda *_: None, **changes}
    return CommandExecutor(store=store, **wanted)


def context(**changes: Any) -> Context:
    wanted: dict[str, Any] = {
        "command_id": uuid4(),
        "digest": b"one content",
        "actor": "staff/1",
        "now": NOW,
        "deadline": 0.0,
        **changes,
    }
    return Context(**wanted)


def published(subject: str, message: Message | None = None, n: int = 0) -> Publication:
    return Publication(
        id=uuid4(),
        subject=subject,
        message=message or attended("s", n),
        label="HIPAA",
        causation="",
    )


def attended(session: str, minutes: int, *, client: str = ADA, site: str = "") -> SessionAttended:
    return SessionAttended(
        client_id=client.partition("/")[2], session_id=session, site_id=site, minutes=minutes
    )


# Tallying: the listening side

BROKEN = 666
HELD = 667  # minutes of whose projection nothing ever comes
INPUTS = Subscriptions(
    [
        Subscription(SessionAttended, lambda fact: [fact.site_id] if fact.site_id else []),
        Subscription(SiteOpened, lambda fact: [fact.time_zone] if fact.time_zone else []),
        Subscription(StaffCredentialed),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A row; the first release knew no names."""

    minutes: int
    named: tuple[str, ...] = ()


class Broken(Exception):
    """Raised by a projection, with a name in its text."""


def tally(client: str, facts: Facts) -> Sequence[Row]:
    """A row a session: the last minutes that were told, and what its references are called."""
    last: dict[str, SessionAttended] = {}
    references = [fact for subject in sorted(facts.keys() - {client}) for fact in facts[subject]]
    named: dict[str, str] = {}
    for fact in references:
        match fact.message:
            case SiteOpened() as site:
                named[fact.subject] = site.name
            case StaffCredentialed() as staff:
                named[fact.subject] = staff.credential
    resting: dict[str, set[str]] = defaultdict(set)
    for fact in facts[client]:
        assert isinstance(fact.message, SessionAttended)
        last[fact.message.session_id] = fact.message
        resting[fact.message.session_id].add(str(fact.id))
        if fact.message.minutes == HELD:
            threading.Event().wait()
        if fact.message.minutes == BROKEN:
            raise Broken("Wilhelmina Canary")
    return [
        Row(
            kind="tally",
            key=f"{client}|{session}",
            content=Tally(minutes=told.minutes, named=tuple(sorted(named.values()))),
            rests_on=frozenset(resting[session] | {str(fact.id) for fact in references}),
        )
        for session, told in last.items()
        if told.minutes
    ]


def tell(_: str, content: Any, revision: int, withdrawn: bool) -> Message:
    message = Struct()
    said = json.loads(json.dumps(asdict(content)))
    message.update({**said, "revision": revision, "withdrawn": withdrawn})
    return message


TALLY = Projection(name="tally", code="1", derive=tally, publish=tell, rows=Codec({"tally": Tally}))
TALLYING = Subscriptions(INPUTS.by_type.values(), [TALLY])


class Log:
    """A published log in memory: an Owner, as the real one is."""

    def __init__(self, topic: str = TOPIC, *, page: int = 2) -> None:
        self.topic = topic
        self.records: dict[str, list[Record]] = {}
        self.epoch = 1
        self.reads = 0
        self.sealed: int | None = 0  # position; None: not yet
        self._page = page

    def tell(self, subject: str, message: Message, **envelope: Any) -> Record:
        """The subject's next record; `envelope` changes what it says of itself."""
        records = self.records.setdefault(subject, [])
        wanted: dict[str, Any] = {
            "id": derived_id(self.topic, subject, len(records) + 1),
            "type": message.DESCRIPTOR.full_name,
            "source": "/services/counting",
            "subject": subject,
            "time": NOW,
            "signed_at": NOW,
            "epoch": self.epoch,
            "sequence": len(records) + 1,
            "network": "local",
            "label": "HIPAA",
            "may_ignore": False,
            "causation": "",
            "correlation": "",
            "traceparent": "",
            **envelope,
        }
        record = signed(
            Record(
                topic=self.topic,
                partition=0,
                offset=sum(map(len, self.records.values())),
                headers=Envelope(**wanted).headers(),
                body=message.SerializeToString(deterministic=True),
            )
        )
        records.append(record)
        return record

    def read(self, subject: str, after: int) -> tuple[Sequence[Record], bool]:
        self.reads += 1
        records = self.records.get(subject, [])
        page = records[after : after + self._page]
        read = [
            replace(
                record,
                partition=-1,
                offset=after + n,
                position=record.offset + 1,
                unsigned_to=self.last if self.sealed is None else self.sealed,
            )
            for n, record in enumerate(page, 1)
        ]
        return read, len(records) > after + self._page

    def read_whole(self, places: Sequence[tuple[str, int]]) -> Sequence[Sequence[Record]]:
        given: list[Sequence[Record]] = []
        for subject, after in places:
            records, more = self.read(subject, after)
            if more:
                break
            given.append(records)
        return given

    def restore(self, records: dict[str, list[Record]], *, raise_epoch: bool) -> None:
        """To an earlier point, of which `records` are a copy."""
        self.records = {subject: list(found) for subject, found in records.items()}
        if raise_epoch:
            self.epoch += 1
            for found in self.records.values():
                found[:] = [
                    replace(
                        record, headers={**record.headers, "ce_epoch": str(self.epoch).encode()}
                    )
                    for record in found
                ]

    @property
    def last(self) -> int:
        return max(
            (record.offset + 1 for found in self.records.values() for record in found), default=0
        )

    def sealed_to(self) -> int | None:
        return self.sealed

    def epoch_and_heads(self) -> tuple[int, Sequence[OwnerHead]]:
        return self.epoch, self.heads()

    def heads(self) -> Sequence[OwnerHead]:
        return [
            OwnerHead(subject, len(records), records[-1].headers["ce_id"].decode())
            for subject, records in sorted(self.records.items())
        ]

    def fingerprints(self, types: Sequence[str]) -> Iterator[Fingerprint]:
        for subject, records in sorted(self.records.items()):
            for n, record in enumerate(records, 1):
                headers = {name: value.decode() for name, value in record.headers.items()}
                if not types or headers["ce_type"] in types:
                    said = f"{headers['ce_type']}|{headers['ce_label']}|".encode()
                    digest = sha256(said + record.body).digest()
                    yield Fingerprint(
                        topic=self.topic,
                        subject=subject,
                        sequence=n,
                        fact=headers["ce_id"],
                        digest=digest,
                    )

    def fingerprints_at(self, positions: Sequence[tuple[str, int]]) -> Iterator[Fingerprint]:
        for fingerprint in self.fingerprints(()):
            if (fingerprint.subject, fingerprint.sequence) in positions:
                yield fingerprint


class Listener:
    """The stream side of a service, without Faust. As that does, it asks owners at its start."""

    def __init__(
        self,
        store: Store,
        *owners: Owner,
        subscriptions: Subscriptions = TALLYING,
        signatures: Signatures | None = None,
        asks: bool = True,
        **parts: Any,
    ) -> None:
        self.store = store
        self.subscriptions = subscriptions
        self.inbox = Inbox(store, subscriptions, signatures or signatures_of())
        self.inbox.begin([TOPIC, *(owner.topic for owner in owners if owner.topic != TOPIC)])
        confirm = OwnersConfirm({owner.topic: owner for owner in owners})
        self.pending_work = PendingWork(store, subscriptions, **{"confirm": confirm, **parts})
        self.gap_repair = GapRepair(store, self.inbox, {owner.topic: owner for owner in owners})
        if asks:
            with suppress(ConnectionError):
                self.gap_repair.compare()

    def hear(self, *records: Record) -> None:
        self.inbox.hear(records)

    def head(self, subject: str) -> tuple[int, int | None, str | None]:
        """Sequence, behind_to, stopped."""
        [row] = self.ask("SELECT * FROM heard_head WHERE subject = :subject", subject=subject)
        return row.sequence, row.behind_to, row.stopped

    def heard(self, subject: str) -> list[int]:
        statement = "SELECT sequence FROM heard_fact WHERE subject = :subject ORDER BY sequence"
        return [row.sequence for row in self.ask(statement, subject=subject)]

    def due(self) -> list[tuple[str, str | None]]:
        """Key, error."""
        return [(row.key, row.error) for row in self.ask("SELECT * FROM due ORDER BY key")]

    def tallies(self) -> dict[str, Any]:
        """Current contents by row key."""
        rows = self.ask("SELECT * FROM derived WHERE current AND NOT withdrawn ORDER BY row_key")
        return {row.row_key: row.content for row in rows}

    def told(self) -> list[dict[str, Any]]:
        """What was published of tallies, oldest first."""
        rows = self.ask("SELECT body FROM published ORDER BY position")
        return [dict(Struct.FromString(bytes(row.body))) for row in rows]

    def ask(self, statement: str, **parameters: Any) -> Sequence[Any]:
        return ask(self.store, statement, **parameters)


def ask(store: Store, statement: str, **parameters: Any) -> Sequence[Any]:
    with store.transaction() as tx:
        return tx.connection.execute(text(statement), parameters).all()


# What others put onto a topic


class NoText(str):
    """A header's name as bytes that are no UTF-8."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return b"\xff"


def declare_compressible(bootstrap: str, topic: str) -> None:
    """A topic that keeps batches as producers compress them, as topics of before do."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    kept = {"compression.type": "producer"}
    try:
        admin.create_topics([NewTopic(topic, PARTITIONS, 1, topic_configs=kept)])
    finally:
        admin.close()
    declare_topics(Brokers(bootstrap), [topic])


def send_compressed(bootstrap: str, codecs: Mapping[str, Record]) -> None:
    """Each record in a batch of its own, compressed by the codec that it is given under."""

    async def send(codec: str, record: Record) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type=codec)
        await producer.start()
        try:
            headers = list(record.headers.items())
            key = record.headers["ce_subject"]
            await producer.send_and_wait(record.topic, record.body, key, headers=headers)
        finally:
            await producer.stop()

    async def send_all() -> None:
        for codec, record in codecs.items():
            await send(codec, record)

    asyncio.run(send_all())


# Two transactions at a barrier


class Gate:
    """Holds the first transaction that comes to its place until it is opened."""

    def __init__(self, place: str = "") -> None:
        self.reached = threading.Event()
        self._open = threading.Event()
        self._place = place
        self._first = threading.Lock()

    def __call__(self, place: str = "") -> None:
        if place == self._place and self._first.acquire(blocking=False):
            self.reached.set()
            assert self._open.wait(PATIENCE), "nobody opened the gate"

    def open(self) -> None:
        self._open.set()


@contextmanager
def held(gate: Gate, first: Callable[[], Any]) -> Iterator["Held"]:
    """`first` runs until the gate; inside, others run; at the end everything is over."""
    with ThreadPoolExecutor(2) as threads:
        try:
            running = threads.submit(first)
            assert gate.reached.wait(PATIENCE), running.exception(0)
            yield Held(gate, running, threads)
        finally:
            gate.open()
        running.result(PATIENCE)


@dataclass
class Held:
    gate: Gate
    running: Future[Any]
    threads: ThreadPoolExecutor

    def meanwhile(self, store: Store, second: Callable[[], Any]) -> Any:
        """Run `second` until it is over or waits for a lock; let the first go on; its result."""
        running = self.threads.submit(second)
        until(lambda: running.done() or is_waiting(store))
        self.gate.open()
        self.running.result(PATIENCE)
        return running.result(PATIENCE)


def is_waiting(store: Store) -> bool:
    """Whether a transaction of this database waits for another's lock."""
    return bool(
        ask(
            store,
            "SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
    )


def is_asleep(store: Store, lock: int) -> bool:
    """Whether a process sleeps beside this lock, until writers of the database ring for it."""
    return bool(
        ask(
            store,
            "SELECT FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'"
            " AND granted AND objid = :lock AND objsubid = 1"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            lock=lock,
        )
    )


def until(condition: Callable[[], bool]) -> None:
    """Look until it holds, the less often the longer it takes; fail after a while."""
    look = threading.Event()
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        assert waited < PATIENCE, "it did not come to hold"
        look.wait(min(max(waited / 10, 0.005), 0.25))


def released(tx: Transaction, parked_id: str) -> str:
    """By somebody, for a reason."""
    return release(tx, parked_id, by="person/eve", reason="its cause is gone")


def without_locks(monkeypatch: Any, *, share_only: bool = False) -> None:
    """Take the subject locks out: what a test then shows is what they are for."""
    lock = Transaction.lock

    def none(self: Transaction, subjects: Iterable[str], **how: bool) -> bool:
        if share_only and not how.get("share"):
            return lock(self, subjects, **how)
        self.locked.update(subjects)
        return True

    monkeypatch.setattr(Transaction, "lock", none)


def without_checkpoint_locks(monkeypatch: Any) -> None:
    """Read heads without locking them."""
    unlocked = str(checkpoints.LOCK).removesuffix("FOR UPDATE OF h")
    monkeypatch.setattr(checkpoints, "LOCK", text(unlocked))
    monkeypatch.setattr(checkpoints, "MISSING", text("SELECT false"))


__all__ = ["SessionMissed", "SiteOpened", "StaffCredentialed"]

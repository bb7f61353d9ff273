"""A small world of real parts: two services that speak, one of which hears the other, and a wire.

All is what a system runs, but for two things: the wire is a list, so that what comes, and when, is
for whoever plays to say; and who owns a log is asked in this process.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, assert_never

from kafka.errors import KafkaTimeoutError
from ninehours.attendance.v1.attendance_events_pb2 import SessionAttended, SiteOpened

from kernel.codec import Codec
from kernel.decider import Decider
from kernel.execute import CommandExecutor, Outcome
from kernel.facts import HeardFact, Row, derived_id
from kernel.messaging.checkpoints import Checkpoint, Checkpoints
from kernel.messaging.envelope import Record
from kernel.messaging.gap_repair import GapRepair
from kernel.messaging.inbox import Inbox
from kernel.messaging.owners import OwnersConfirm
from kernel.messaging.pending_work import PendingWork
from kernel.messaging.relay import Relay
from kernel.messaging.subscriptions import Facts, Subscription, Subscriptions
from kernel.publishing import Published, Said, publisher
from kernel.putting_right import put_right
from kernel.refusal import AgainstTheRules
from kernel.rpc.published_log import PublishedLogServicer, RemoteOwner
from kernel.services import service_of
from kernel.statements import Amendment, PutRight, StatementAmended
from kernel.store import published
from kernel.store.privileges import RECORD
from kernel.store.store import Context, Store
from operations.parked import resync
from tests.harness.kernel.counters import SITE, TALLY, Tally, attended, context
from tests.harness.kernel.owner import as_owner
from tests.harness.signing import signatures_of

FULL = 100  # minutes of one client, as one service was told

# What is said


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """So long a client was at a session; at the site, if it is told."""

    client: str
    session: str
    minutes: int
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What the site is called."""

    site: str
    name: str


Words = Attendance | Opening


def decide(words: Words, said: tuple[Words, ...]) -> Iterator[Words]:
    """Says it, unless that was the last of its kind; refuses more than a client's minutes, FULL."""
    match words:
        case Attendance(session=session, minutes=minutes):
            attended = [one for one in said if isinstance(one, Attendance)]
            if [one for one in attended if one.session == session][-1:] == [words]:
                return
            if minutes + sum(one.minutes for one in attended) > FULL:
                raise AgainstTheRules("FULL", f"a client has {FULL} minutes")
        case Opening():
            if said[-1:] == (words,):
                return
        case _:
            assert_never(words)
    yield words


SAYING: Decider[Words, Words, tuple[Words, ...]] = Decider(
    decide=decide, evolve=lambda said, words: (*said, words), initial=()
)
STORED = Codec(
    {
        "saying.attendance.v1": Attendance,
        "saying.opening.v1": Opening,
        "saying.statement_amended.v1": StatementAmended,
    }
)


def _attendance(fact: Attendance) -> Iterator[Said]:
    message = attended(fact.session, fact.minutes, client=fact.client, site=fact.site)
    yield Said(subject=fact.client, message=message, label="HIPAA")


def _opening(fact: Opening) -> Iterator[Said]:
    yield Said(subject=fact.site, message=SiteOpened(name=fact.name), label="HIPAA")


publish = publisher(
    {
        Attendance: Published((SessionAttended,), _attendance),
        Opening: Published((SiteOpened,), _opening),
    }
)


# What is derived: by the release of before, and by the one after


def total(client: str, facts: Facts) -> Sequence[Row]:
    """A row a session: all minutes that were told of it. Of sites that release knew nothing."""
    return [
        _row(client, session, sum(fact.message.minutes for fact in told), (), told)
        for session, told in _by_session(facts[client]).items()
    ]


def last(client: str, facts: Facts) -> Sequence[Row]:
    """A row a session: the minutes that were told last, and what the site is called."""
    opened: list[Any] = [f for f in facts.get(SITE, ()) if isinstance(f.message, SiteOpened)]
    named = tuple(fact.message.name for fact in opened[-1:])
    return [
        _row(client, session, told[-1].message.minutes, named, [*told, *opened])
        for session, told in _by_session(facts[client]).items()
    ]


def _by_session(facts: Sequence[HeardFact]) -> Mapping[str, list[Any]]:
    """Beside what stands, facts hold the amendments by which it does."""
    found: dict[str, list[HeardFact]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact.message, SessionAttended):
            found[fact.message.session_id].append(fact)
    return found


def _row(
    client: str, session: str, minutes: int, named: tuple[str, ...], told: Sequence[HeardFact]
) -> Row:
    return Row(
        kind="tally",
        key=f"{client}|{session}",
        content=Tally(minutes=minutes, named=named),
        rests_on=frozenset(str(fact.id) for fact in told),
    )


def _to_site(fact: SessionAttended) -> list[str]:
    return [fact.site_id] if fact.site_id else []


BEFORE = Subscriptions(
    [Subscription(SessionAttended)], [replace(TALLY, code="of before", derive=total)]
)
AFTER = Subscriptions(
    [Subscription(SessionAttended, _to_site), Subscription(SiteOpened)],
    [replace(TALLY, code="after", derive=last)],
)


# Who speaks, on the wire


class Killed(BaseException):
    """As kill -9: nobody catches it, and what isn't committed is gone."""


class Wire:
    """In the place of a topic: it keeps what it takes, in order, and takes no more than it may."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.records: list[Record] = []
        self.takes: int | None = None  # None: all that comes

    def send(
        self, _: str, *, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> "Answer":
        """As a producer does; what isn't taken fails."""
        if self.takes == 0:
            return Answer(taken=False)
        if self.takes is not None:
            self.takes -= 1
        record = Record(
            topic=self.topic,
            partition=0,
            offset=len(self.records),
            headers=dict(headers),
            body=value,
        )
        self.records.append(record)
        return Answer(taken=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a producer gives for what it was to send."""

    taken: bool

    def get(self, timeout: float) -> None:
        """Raises what kafka-python does where no broker took it in time."""
        if not self.taken:
            raise KafkaTimeoutError(timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command, as values: the same number is the same command."""

    number: int
    subject: str
    words: Words | None  # None: taken back
    amends: int | None = None  # the version of what is said otherwise; None: it is said first
    revision: int = 1
    expected_version: int | None = None

    def context(self) -> Context:
        """Its id depends on its number alone, and its digest on all else."""
        said = repr((self.subject, self.words, self.amends, self.revision))
        return context(
            command_id=derived_id("order", self.number),
            digest=said.encode(),
            expected_version=self.expected_version,
        )


class Service:
    """The write side of a service, and its relay."""

    def __init__(self, store: Store, subscriptions: Subscriptions | None = None) -> None:
        self.store = store
        self.name = service_of(store.topic)
        self.hears(subscriptions or Subscriptions(()))
        self.wire = Wire(store.topic)
        self.relay = Relay(store, self.wire, self.name, ready=lambda: None)

    def hears(self, subscriptions: Subscriptions) -> None:
        """Its api is of the release that derives from these."""
        self.executor = CommandExecutor(
            store=self.store, publish=publish, subscriptions=subscriptions
        )

    def execute(
        self,
        order: Order,
        *,
        before: Callable[[Any], None] = lambda _: None,
        killed: bool = False,
    ) -> Outcome:
        """Refuses what the command does. `before`: within it, once it knows what was said;
        `killed`: at its end, before it is committed."""

        def dies(*_: object) -> None:
            raise Killed

        executor = replace(self.executor, view=dies) if killed else self.executor
        # Only where a service derives from what it says itself; elsewhere two may be at it at once.
        locks = [order.subject] if executor.subscriptions.by_type else []
        if order.amends is None:
            assert order.words is not None
            return executor.execute(
                SAYING, order.subject, order.words, order.context(), locks=locks, before=before
            )
        with self.store.transaction() as tx:
            [first] = tx.load_where(
                "stream = :stream AND version = :version",
                stream=order.subject,
                version=order.amends,
            )
        amendment = Amendment(statement=first.id, revision=order.revision, reason="MISTYPED")
        return put_right(
            executor,
            PutRight(amendment=amendment, remark="", said=order.words),
            order.context(),
            stream=order.subject,
            owner=order.subject,
            locks=locks,
            said_anew=lambda *_: [order.words],
        )

    def send(self, *, takes: int | None = None, killed: bool = False) -> tuple[int, int]:
        """One turn of the relay; `killed`: when all was sent, before it is marked."""
        self.wire.takes = takes
        with self.store.engine.connect() as connection:
            if killed:
                connection.commit = connection.rollback  # type: ignore[method-assign]
            return self.relay.send_batch(connection)

    def kept(self) -> Mapping[str, str]:
        """A backup: table → its rows."""
        with as_owner(self.store) as tx:
            tables = tx.execute(TABLES, names=sorted(RECORD)).scalars().all()
            rows = "SELECT coalesce(json_agg(t), '[]')::text FROM {} t"
            return {table: tx.execute(rows.format(table)).scalar_one() for table in tables}

    def restore(self, kept: Mapping[str, str], above: int) -> int:
        """To what was kept, and says so: in an epoch above any that there was."""
        with as_owner(self.store) as tx:
            for table, rows in kept.items():
                tx.execute(f"DELETE FROM {table}")
                tx.execute(FILL.format(table=table), rows=rows)
            tx.execute(GO_ON)
            while (epoch := published.raise_epoch(tx.connection)) <= above:
                pass  # two restores within a second
            return epoch


TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name = ANY(:names)
ORDER BY table_name
"""
FILL = """
INSERT INTO {table} OVERRIDING SYSTEM VALUE
SELECT * FROM json_populate_recordset(NULL::{table}, CAST(:rows AS json))
"""
GO_ON = """
SELECT setval(pg_get_serial_sequence('published', 'position'),
              greatest(max(position), 1), max(position) IS NOT NULL) FROM published
"""


# Who hears


class OwnerBeside(RemoteOwner):
    """The owner of a log, who is asked in this process what it is asked over gRPC elsewhere."""

    def __init__(self, store: Store) -> None:
        self.topic = store.topic
        self._client: Any = _Direct(PublishedLogServicer(store, service_of(store.topic)))


class _Direct:
    def __init__(self, servicer: PublishedLogServicer) -> None:
        self._servicer = servicer

    def __getattr__(self, rpc: str) -> Callable[[Any], Any]:
        return lambda request: getattr(self._servicer, rpc)(request, None)


class Worker:
    """The stream process of one release, without Faust; made, it has started."""

    def __init__(self, store: Store, owner: RemoteOwner, subscriptions: Subscriptions) -> None:
        self.store, self.owner = store, owner
        self._dies_at = ""
        owners = {owner.topic: owner}
        self.inbox = Inbox(store, subscriptions, signatures_of(), barrier=self._strike)
        self.pending_work = PendingWork(
            store, subscriptions, confirm=OwnersConfirm(owners), barrier=self._strike
        )
        minutes = count(step=60)  # pauses are over whenever it looks
        self.gap_repair = GapRepair(store, self.inbox, owners, clock=lambda: float(next(minutes)))
        self.inbox.begin([owner.topic])
        self.pending_work.mark_outdated()
        self.gap_repair.compare()

    @contextmanager
    def dying(self, place: str) -> Iterator[None]:
        """Whatever it does inside, it is killed where it comes to this place, if it does."""
        self._dies_at = place
        with suppress(Killed):
            yield
        self._dies_at = ""

    def _strike(self, place: str) -> None:
        if place == self._dies_at:
            raise Killed

    def heal(self) -> bool:
        """Look for what is missing, hear it, and derive; whether there was anything to do."""
        found = self.gap_repair.compare()
        return any([found, self.gap_repair.repair(), self.pending_work.drain()])

    def resync_if_stopped(self) -> bool:
        """What an operator says once the owner's database was restored."""
        with self.store.transaction() as tx:
            stopped = tx.execute("SELECT stopped FROM heard_topic").scalar_one()
            if stopped:
                resync(tx.connection, self.owner.topic, *self.owner.epoch_and_heads())
        return bool(stopped)

    def checkpoints(self) -> tuple[int, Mapping[str, Checkpoint]]:
        """In which epoch it hears the topic, and up to where each subject."""
        with self.store.by_statement() as tx:
            epoch = tx.execute("SELECT epoch FROM heard_topic").scalar_one()
            return epoch, Checkpoints(tx.connection).of_topic(self.owner.topic)

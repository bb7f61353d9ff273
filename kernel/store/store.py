"""The record of one service: a transaction locks, loads and appends."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import errors
from sqlalchemy import Connection, CursorResult, Engine
from sqlalchemy.exc import IntegrityError

from kernel.codec import Codec
from kernel.facts import Position, Publication, Recorded, derived_id, kind_of
from kernel.messaging.signatures import Signer
from kernel.refusal import AgainstTheRules
from kernel.sites import EVERY_SITE
from kernel.store.bells import NEWS, PUBLISHED
from kernel.store.database import set_lock_timeout
from kernel.store.documents import Documents
from kernel.store.published import envelope_of
from kernel.store.rows import as_json
from kernel.store.statements import text
from kernel.supposing import SUPPOSING, Supposition
from kernel.vault import Vault

# Bytes of a public fact: with its envelope, what a broker takes by default.
LARGEST = 900 * 1024
MOST_TOLD = 7900  # characters of a NOTIFY
PUBLIC = "published"  # told of whatever is

# Counted first, for what is signed binds its sequence and its time: subjects are taken in order,
# and who waits for one waits here.
COUNT = text("""
INSERT INTO sequence (subject, last, last_id)
SELECT subject, count(*), (array_agg(id ORDER BY n DESC))[1]
FROM unnest(CAST(:subjects AS text[]), CAST(:ids AS uuid[])) WITH ORDINALITY AS x(subject, id, n)
GROUP BY subject ORDER BY subject
ON CONFLICT (subject)
DO UPDATE SET last = sequence.last + excluded.last, last_id = excluded.last_id,
              last_written = greatest(sequence.last_written, excluded.last_written)
RETURNING subject, last, CAST(last_written AS text) AS written_by, clock_timestamp() AS recorded_at
""")
# Rows come as JSON, once parsed here: of arrays a client would write each element by itself.
APPEND = text(f"""
WITH accepted AS (
    INSERT INTO command (id, digest, actor)
    SELECT :command_id, :digest, :actor WHERE CAST(:digest AS bytea) IS NOT NULL
), recorded AS (
    INSERT INTO fact (stream, version, id, type, body, at, actor, command_id, correlation)
    SELECT stream, version, id, type, CAST(body AS jsonb), at, :actor, :command_id, :correlation
    FROM json_to_recordset(CAST(:facts AS json))
        AS x(stream text, version bigint, id uuid, type text, body text, at timestamptz)
), written AS (
    INSERT INTO published (subject, sequence, id, type, body, headers, signed_at, recorded_at,
                           signature, command_id, written_by)
    SELECT subject, sequence, id, type, decode(body, 'hex'), headers, signed_at, recorded_at,
           signature, CASE WHEN CAST(:digest AS bytea) IS NULL THEN NULL ELSE :command_id END,
           written_by
    FROM ROWS FROM (json_to_recordset(CAST(:published AS json))
        AS (subject text, sequence bigint, id uuid, type text, body text, headers jsonb,
            signed_at timestamptz, recorded_at timestamptz, signature text, written_by xid8))
    WITH ORDINALITY AS x(subject, sequence, id, type, body, headers, signed_at, recorded_at,
                         signature, written_by, n)
    ORDER BY n
    RETURNING position
)
SELECT ({PUBLISHED.ring}) AS rung FROM written
UNION ALL SELECT ({NEWS.ring})
""")  # noqa: S608 - what rings is code
# What a command tells of itself, by its context's names; NULL where none made the facts.
OF_COMMAND = ("command_id", "digest", "actor", "correlation")


class Conflict(Exception):
    """Somebody else appended to the stream first."""


class AlreadyAccepted(Exception):
    """A command of this id was accepted before."""


@dataclass(frozen=True, slots=True)
class Appended:
    """A publication with the sequence it was given; `signed_at` None: when it was recorded."""

    publication: Publication
    sequence: int
    signed_at: datetime | None
    traceparent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who commands, when, and under which id; `digest` is keyed: a command may hold identity."""

    command_id: UUID
    digest: bytes
    actor: str
    now: datetime
    correlation: str = ""
    traceparent: str = ""
    # Those the caller speaks for.
    sites: frozenset[str] = frozenset({EVERY_SITE})
    expected_version: int | None = None
    after: tuple[Position, ...] = ()
    deadline: float = 10.0
    # Clients that it names, where it may not be said of one who was merged into another.
    about: tuple[str, ...] = ()

    def new_id(self, *parts: object) -> str:
        """An id of something this command makes; the same each time the command is repeated."""
        return str(derived_id(self.command_id, *parts))


@dataclass(eq=False, slots=True)
class Store:
    """One service's database, and how its private facts are named."""

    engine: Engine
    _: KW_ONLY
    codec: Codec
    topic: str
    network: str
    vault: Vault
    signer: Signer

    def close(self) -> None:
        """Give the connections back: to the record, and to the key store."""
        self.engine.dispose()
        self.vault.keys.close()

    def recorded(self, row: Any) -> Recorded:
        """A private fact of its row; raises whatever decoding does."""
        return Recorded(
            id=row.id,
            stream=row.stream,
            version=row.version,
            fact=self.codec.decode(row.type, row.body),
            at=row.at,
            actor=row.actor,
        )

    @contextmanager
    def transaction(self) -> Iterator["Transaction"]:
        """One database transaction, committed at its end, rolled back on any exception.

        Within `supposing` it is one within that one: seen by those after it, and never committed.
        """
        if (supposed := self._supposed()) is not None:
            with supposed.begin_nested():
                yield Transaction(self, supposed)
            return
        with self.engine.begin() as connection:
            set_lock_timeout(connection)
            yield Transaction(self, connection)

    @contextmanager
    def by_statement(self) -> Iterator["Transaction"]:
        """Each statement is its own transaction: for questions, and for what is written alone.

        A question is as of its own moment within `transaction`, too; here the database isn't asked
        to begin and to end besides. Within `supposing` it is asked as `transaction` asks it.
        """
        if self._supposed() is not None:
            with self.transaction() as tx:
                yield tx
            return
        with self.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            yield Transaction(self, connection)

    def _supposed(self) -> Connection | None:
        """On which this thread supposes, where it does so of this store."""
        supposing = SUPPOSING.get()
        if supposing is None or supposing.connection.engine is not self.engine:
            return None
        connection: Connection = supposing.connection
        return connection

    @contextmanager
    def supposing(self) -> Iterator["Transaction"]:
        """All transactions of this thread see what was written within, and nothing of it stays."""
        with self.engine.connect() as connection, connection.begin() as begun:
            token = SUPPOSING.set(Supposition(connection))
            try:
                yield Transaction(self, connection)
            finally:
                SUPPOSING.reset(token)
                begun.rollback()

    @contextmanager
    def snapshot(self) -> Iterator["Transaction"]:
        """Everything as of one moment, read only: the database refuses whatever would write."""
        with self.engine.connect() as connection:
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            with connection.begin():
                yield Transaction(self, connection)


class Transaction:
    """One transaction: locks, load, append, views, in this order, and no remote call."""

    def __init__(self, store: Store, connection: Connection) -> None:
        self.store = store
        self.connection = connection
        self.documents = Documents(connection, store.vault)
        self.locked: set[str] = set()

    def execute(self, statement: str, **parameters: Any) -> CursorResult[Any]:
        """Run a statement on this service's tables."""
        return self.connection.execute(text(statement), parameters)

    # Locks

    def lock(self, subjects: Iterable[str], *, share: bool = False, skip: bool = False) -> bool:
        """Lock the subjects' rows, references before clients, each sorted.

        False: with `skip`, one of them is somebody else's.
        """
        wanted = sorted(set(subjects), key=lambda subject: (kind_of(subject) == "client", subject))
        if not wanted or self._lock(wanted, share, skip):
            return True
        missing = self.connection.execute(
            text(
                "SELECT s FROM unnest(CAST(:subjects AS text[])) AS x(s)"
                " WHERE NOT EXISTS (SELECT FROM subject WHERE subject = s)"
            ),
            {"subjects": wanted},
        ).all()
        if not missing:
            # With `skip` one is somebody else's; without, others added them just now.
            return False if skip else self._lock(wanted, share, skip)
        # A new row is locked by its insert: that too must come in the order of the locks.
        references = [subject for subject in wanted if kind_of(subject) != "client"]
        for some in (references, wanted[len(references) :]):
            self.connection.execute(
                text(
                    "INSERT INTO subject SELECT * FROM unnest(CAST(:subjects AS text[]))"
                    " ON CONFLICT DO NOTHING"
                ),
                {"subjects": some},
            )
            if some and not self._lock(some, share, skip):
                return False
        return True

    def _lock(self, wanted: Sequence[str], share: bool, skip: bool) -> bool:
        # Rows are locked as the statement orders them, after the join: in the order of `wanted`,
        # which Python sorted, whatever collation a database has. Where one is missing none is
        # locked: its insert comes first, in that order.
        taken = self.connection.execute(
            text(
                "SELECT subject FROM subject JOIN unnest(CAST(:subjects AS text[]))"  # noqa: S608
                " WITH ORDINALITY AS x(subject, n) USING (subject)"
                " WHERE (SELECT count(*) FROM subject"
                "  WHERE subject = ANY(CAST(:subjects AS text[]))) = :all ORDER BY n"
                f" FOR {'SHARE' if share else 'UPDATE'} OF subject {'SKIP LOCKED' if skip else ''}"
            ),
            {"subjects": wanted, "all": len(wanted)},
        ).all()
        if not share:
            self.locked.update(subject for (subject,) in taken)
        return len(taken) == len(wanted)

    # The private log

    def load(self, stream: str) -> list[Recorded]:
        """The stream's facts, oldest first."""
        return self.load_where("stream = :stream", stream=stream)

    def load_many(self, streams: Sequence[str]) -> dict[str, list[Recorded]]:
        """Several streams at once; a stream without facts has an empty list."""
        found: dict[str, list[Recorded]] = {stream: [] for stream in streams}
        for recorded in self.load_where(
            "stream = ANY(CAST(:streams AS text[]))", streams=list(streams)
        ):
            found[recorded.stream].append(recorded)
        return found

    def load_where(self, condition: str, **parameters: Any) -> list[Recorded]:
        """Facts by a condition on the private log; for the kernel and for adapters."""
        rows = self.connection.execute(
            text(
                "SELECT id, stream, version, type, body, at, actor FROM fact"  # noqa: S608 - condition is code
                f" WHERE {condition} ORDER BY stream, version"
            ),
            parameters,
        )
        return [self.store.recorded(row) for row in rows]

    # Appending

    def append(
        self,
        context: Context | None,
        facts: Sequence[Recorded],
        publications: Sequence[Publication],
        traceparent: str = "",
        *,
        news: Iterable[str] = (),
    ) -> list[Appended]:
        """Private facts, their public rows with sequences, and the command's id.

        `context` None: no command made them, and `traceparent` says what led to them. `news`: what
        is told to whoever watches, beside what is appended to. Refuses
        TOO_LARGE what Kafka would not carry; raises Conflict when a stream's version is taken,
        AlreadyAccepted when the command's id is.
        """
        encoded = [self.store.codec.encode(recorded.fact) for recorded in facts]
        command = {name: getattr(context, name, None) for name in OF_COMMAND}
        traceparent = context.traceparent if context else traceparent
        rows = self._signed_rows(context, publications, traceparent)
        try:
            self.connection.execute(
                APPEND,
                {
                    **command,
                    "facts": as_json(
                        {
                            "stream": recorded.stream,
                            "version": recorded.version,
                            "id": recorded.id,
                            "type": name,
                            "body": body,
                            "at": recorded.at,
                        }
                        for recorded, (name, body) in zip(facts, encoded, strict=True)
                    ),
                    "published": as_json(
                        {column.name: getattr(row, column.name) for column in fields(_Row)}
                        for row in rows
                    ),
                    "news": _news(facts, publications, news),
                },
            )
        except IntegrityError as error:
            if isinstance(error.orig, errors.UniqueViolation):
                constraint = error.orig.diag.constraint_name
                if constraint == "fact_pkey":
                    raise Conflict from None
                if constraint in ("command_pkey", "fact_id_key", "published_id_key"):
                    raise AlreadyAccepted from None
            raise
        return [
            Appended(item, row.sequence, row.signed_at, traceparent)
            for item, row in zip(publications, rows, strict=True)
        ]

    def _signed_rows(
        self, context: Context | None, publications: Sequence[Publication], traceparent: str
    ) -> list["_Row"]:
        """Numbered in their subjects' logs, and signed as they will be told."""
        if not publications:
            return []
        bodies = [_body(item) for item in publications]
        counted = {
            row.subject: row
            for row in self.connection.execute(
                COUNT,
                {
                    "subjects": [item.subject for item in publications],
                    "ids": [item.id for item in publications],
                },
            )
        }
        to_come = Counter(item.subject for item in publications)
        rows = []
        for item, body in zip(publications, bodies, strict=True):
            of_subject = counted[item.subject]
            to_come[item.subject] -= 1
            row = _Row(
                subject=item.subject,
                sequence=of_subject.last - to_come[item.subject],
                id=item.id,
                type=item.type,
                body=body,
                headers={
                    "network": self.store.network,
                    "label": item.label,
                    "mayignore": "true" if item.may_ignore else "false",
                    "causationid": item.causation,
                    "correlationid": context.correlation if context else "",
                    "traceparent": traceparent,
                },
                signed_at=item.signed_at or (context.now if context else None),
                recorded_at=of_subject.recorded_at,
                written_by=of_subject.written_by,
            )
            envelope = envelope_of(row, source="", epoch=0)  # neither of which is signed
            signature = self.store.signer.sign(self.store.topic, envelope, body)
            rows.append(replace(row, signature=signature))
        return rows

    def publish(self, publications: Sequence[Publication], traceparent: str = "") -> list[Appended]:
        """Public facts that no command made: derived ones, and what led to them."""
        return self.append(None, (), publications, traceparent) if publications else []


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """Of `published`, about to be written."""

    subject: str
    sequence: int
    id: UUID
    type: str
    body: bytes
    headers: Mapping[str, str]
    signed_at: datetime | None
    recorded_at: datetime
    written_by: str
    signature: str | None = None


def _news(
    facts: Sequence[Recorded], publications: Sequence[Publication], further: Iterable[str]
) -> str:
    """What is appended to, each once; empty: more than can be told."""
    names = {recorded.stream for recorded in facts} | {item.subject for item in publications}
    names |= {*further} | ({PUBLIC} if publications else set())
    told = " ".join(sorted(names))
    return told if len(told) <= MOST_TOLD else ""


def _body(item: Publication) -> bytes:
    body = item.message.SerializeToString(deterministic=True)
    if len(body) > LARGEST:
        raise AgainstTheRules(
            "TOO_LARGE",
            f"a public fact holds at most {LARGEST} bytes; split what it tells",
            type=item.type,
            bytes=str(len(body)),
        )
    return body

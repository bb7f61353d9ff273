"""The record of one service: a transaction locks, loads, appends in one statement, and raises what is due."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import errors
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from kernel.codec import Codec
from kernel.facts import Position, Publication, Recorded, kind_of
from kernel.ids import derived_id
from kernel.store.documents import Documents
from kernel.vault import Vault

APPEND = text("""
WITH accepted AS (
    INSERT INTO command (id, digest) SELECT :command_id, :digest WHERE CAST(:digest AS bytea) IS NOT NULL
), recorded AS (
    INSERT INTO fact (stream, version, id, type, body, at, actor, command_id, correlation)
    SELECT x.stream, x.version, x.id, x.type, x.body::jsonb, :at, :actor, :command_id, :correlation
    FROM unnest(CAST(:streams AS text[]), CAST(:versions AS bigint[]), CAST(:ids AS uuid[]),
                CAST(:types AS text[]), CAST(:bodies AS text[])) AS x(stream, version, id, type, body)
), news AS (
    SELECT * FROM unnest(CAST(:p_subjects AS text[]), CAST(:p_ids AS uuid[]), CAST(:p_types AS text[]),
                         CAST(:p_bodies AS bytea[]), CAST(:p_headers AS text[]))
    WITH ORDINALITY AS x(subject, id, type, body, headers, n)
), given AS (
    INSERT INTO sequence (subject, last, last_id)
    SELECT subject, count(*), (array_agg(id ORDER BY n DESC))[1] FROM news GROUP BY subject ORDER BY subject
    ON CONFLICT (subject) DO UPDATE SET last = sequence.last + excluded.last, last_id = excluded.last_id
    RETURNING subject, last
), written AS (
    INSERT INTO published (subject, sequence, id, type, body, headers, command_id)
    SELECT subject,
           given.last - count(*) OVER (PARTITION BY subject)
                      + row_number() OVER (PARTITION BY subject ORDER BY n),
           id, type, body, headers::jsonb, CASE WHEN CAST(:digest AS bytea) IS NULL THEN NULL ELSE :command_id END
    FROM news JOIN given USING (subject) ORDER BY n
    RETURNING subject, sequence, id, position
)
SELECT subject, sequence, id FROM written ORDER BY position
""")


class Conflict(Exception):
    """Somebody else appended to the stream first."""


class AlreadyAccepted(Exception):
    """A command of this id was accepted before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who commands, when, and under which id; `digest` is keyed, since a command may hold identity."""

    command_id: UUID
    digest: bytes
    actor: str
    now: datetime
    correlation: str = ""
    expected_version: int | None = None
    after: tuple[Position, ...] = ()
    deadline: float = 10.0

    def new_id(self, *parts: object) -> str:
        """An id of something this command makes; the same each time the command is repeated."""
        return str(derived_id(self.command_id, *parts))


@dataclass(frozen=True, slots=True)
class Written:
    """A publication with the sequence it was given."""

    publication: Publication
    sequence: int


class Store:
    """One service's database, and how its private facts are named."""

    def __init__(
        self, engine: Engine, *, codec: Codec, topic: str, network: str = "network", vault: Vault
    ) -> None:
        self.engine = engine
        self.codec = codec
        self.topic = topic
        self.network = network
        self.vault = vault

    @contextmanager
    def transaction(self) -> Iterator["Transaction"]:
        """One database transaction, committed at its end, rolled back on any exception."""
        with self.engine.begin() as connection:
            yield Transaction(self, connection)

    def fact_ids(self, command_id: UUID) -> list[Recorded]:
        """The private facts one command recorded, in order."""
        with self.transaction() as tx:
            return tx.load_where("command_id = :command_id", command_id=command_id)


class Transaction:
    """One transaction. Order within: locks, load, append, views, due. No call to another service inside."""

    def __init__(self, store: Store, connection: Connection) -> None:
        self.store = store
        self.connection = connection
        self.documents = Documents(connection, store.vault)
        self.locked: set[str] = set()

    # Locks

    def lock(self, subjects: Iterable[str], *, share: bool = False, skip: bool = False) -> bool:
        """Lock the subjects' rows, references before clients, each sorted. False: `skip` and one is taken."""
        wanted = sorted(set(subjects), key=lambda subject: (kind_of(subject) == "client", subject))
        if not wanted:
            return True
        self.connection.execute(
            text(
                "INSERT INTO subject SELECT s FROM unnest(CAST(:subjects AS text[])) AS x(s)"
                " WHERE NOT EXISTS (SELECT FROM subject WHERE subject = s) ORDER BY s"
                " ON CONFLICT DO NOTHING"
            ),
            {"subjects": wanted},
        )
        strength = "FOR SHARE" if share else "FOR UPDATE"
        taken = self.connection.execute(
            text(
                "SELECT subject FROM subject JOIN unnest(CAST(:subjects AS text[]))"
                " WITH ORDINALITY AS x(subject, n) USING (subject) ORDER BY n"
                f" {strength} OF subject {'SKIP LOCKED' if skip else ''}"
            ),
            {"subjects": wanted},
        ).all()
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
        return [
            Recorded(
                id=row.id,
                stream=row.stream,
                version=row.version,
                fact=self.store.codec.decode(row.type, row.body),
                at=row.at,
                actor=row.actor,
            )
            for row in rows
        ]

    # Appending

    def append(
        self,
        context: Context,
        facts: Sequence[Recorded],
        publications: Sequence[Publication],
    ) -> list[Written]:
        """Private facts, their public rows with sequences, and the command's id, in one statement.

        Refuses with Conflict when a stream's version is taken, AlreadyAccepted when the command's id is.
        """
        return self._append(
            facts,
            publications,
            command_id=context.command_id,
            digest=context.digest,
            at=context.now,
            actor=context.actor,
            correlation=context.correlation,
        )

    def publish(self, publications: Sequence[Publication]) -> list[Written]:
        """Public facts that no command made: derived ones."""
        if not publications:
            return []
        return self._append(
            (), publications, command_id=None, digest=None, at=None, actor=None, correlation=None
        )

    def _append(
        self, facts: Sequence[Recorded], publications: Sequence[Publication], **parameters: Any
    ) -> list[Written]:
        encoded = [self.store.codec.encode(recorded.fact) for recorded in facts]
        try:
            given = self.connection.execute(
                APPEND,
                {
                    **parameters,
                    "streams": [recorded.stream for recorded in facts],
                    "versions": [recorded.version for recorded in facts],
                    "ids": [recorded.id for recorded in facts],
                    "types": [name for name, _ in encoded],
                    "bodies": [body for _, body in encoded],
                    "p_subjects": [item.subject for item in publications],
                    "p_ids": [item.id for item in publications],
                    "p_types": [item.type for item in publications],
                    "p_bodies": [
                        item.message.SerializeToString(deterministic=True) for item in publications
                    ],
                    "p_headers": [self._headers(item) for item in publications],
                },
            ).all()
        except IntegrityError as error:
            if isinstance(error.orig, errors.UniqueViolation):
                constraint = error.orig.diag.constraint_name
                if constraint == "fact_pkey":
                    raise Conflict from None
                if constraint in ("command_pkey", "fact_id_key"):
                    raise AlreadyAccepted from None
            raise
        by_id = {row.id: row.sequence for row in given}
        return [Written(item, by_id[item.id]) for item in publications]

    def _headers(self, item: Publication) -> str:
        return json.dumps(
            {
                "network": self.store.network,
                "label": item.label,
                "mayignore": "true" if item.may_ignore else "false",
                "causationid": item.causation,
                "correlationid": item.correlation,
            }
        )

    def remembered(self, context: Context) -> tuple[bytes, list[Recorded], list[Position]] | None:
        """What a command of this id was accepted with: its digest, facts and publications; None: never."""
        digest = self.connection.execute(
            text("SELECT digest FROM command WHERE id = :id"), {"id": context.command_id}
        ).scalar()
        if digest is None:
            return None
        positions = self.connection.execute(
            text(
                "SELECT subject, sequence FROM published WHERE command_id = :id ORDER BY position"
            ),
            {"id": context.command_id},
        )
        return (
            bytes(digest),
            self.load_where("command_id = :id", id=context.command_id),
            [Position(self.store.topic, row.subject, row.sequence) for row in positions],
        )

    # What is due

    def raise_due(self, keys: Iterable[tuple[str, str]]) -> None:
        """Make each (derivation, key) due, or raise its mark if it is already."""
        wanted = sorted(set(keys))
        if wanted:
            self.connection.execute(
                text(
                    "INSERT INTO due (derivation, key)"
                    " SELECT * FROM unnest(CAST(:names AS text[]), CAST(:keys AS text[]))"
                    " ON CONFLICT (derivation, key) DO UPDATE SET mark = due.mark + 1, error = NULL"
                ),
                {"names": [name for name, _ in wanted], "keys": [key for _, key in wanted]},
            )

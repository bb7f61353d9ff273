"""Hearing: a batch of records becomes heads, heard facts and due keys, in one transaction. Knows nothing of Faust."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from google.protobuf.descriptor_pool import Default
from google.protobuf.message import DecodeError
from sqlalchemy import Connection, text

from kernel.facts import kind_of
from kernel.messaging.envelope import Envelope, NoEnvelope, read_envelope
from kernel.messaging.interests import Interests, Use, keep
from kernel.messaging.parking import park
from kernel.store.store import Store, Transaction

Topic = str
Subject = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it came: from Kafka, or read from its owner (partition -1, the sequence as offset)."""

    topic: Topic
    partition: int
    offset: int
    headers: Mapping[str, bytes]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Head:
    """Where this service stands in one subject's log."""

    sequence: int = 0
    id: str | None = None
    behind_to: int | None = None
    stopped: str | None = None


@dataclass(slots=True)
class _Batch:
    """What one batch changes."""

    heads: dict[tuple[Topic, Subject], _Head]
    uses: list[Use] = field(default_factory=list)
    touched: set[tuple[Topic, Subject]] = field(default_factory=set)

    def move(self, key: tuple[Topic, Subject], head: _Head) -> None:
        self.heads[key] = head
        self.touched.add(key)


class Hearing:
    """The listening side of one service: `hear` takes records, in any order, any number of times."""

    def __init__(
        self, store: Store, interests: Interests, *, barrier: Callable[[str], None] = lambda _: None
    ) -> None:
        self.store = store
        self.interests = interests
        self._barrier = barrier  # tests hold two transactions here

    def begin(self, topics: Sequence[Topic]) -> None:
        """At start: a release that uses more types than the last hears those topics again from 1."""
        types = sorted(self.interests.by_type)
        with self.store.transaction() as tx:
            for topic in topics:
                known = tx.connection.execute(
                    text("SELECT types FROM heard_topic WHERE topic = :topic FOR UPDATE"),
                    {"topic": topic},
                ).scalar()
                if known is not None and set(types) - set(known):
                    tx.connection.execute(
                        text(
                            "UPDATE heard_head SET behind_to = greatest(sequence, behind_to), sequence = 0"
                            " WHERE topic = :topic AND stopped IS NULL"
                        ),
                        {"topic": topic},
                    )
                tx.connection.execute(
                    text(
                        "INSERT INTO heard_topic (topic, epoch, types) VALUES (:topic, 1, :types)"
                        " ON CONFLICT (topic) DO UPDATE SET types = excluded.types"
                    ),
                    {"topic": topic, "types": types},
                )

    def hear(self, records: Iterable[Record]) -> None:
        """Hear a batch, in one transaction."""
        with self.store.transaction() as tx:
            enveloped = list(self._envelopes(tx, records))
            subjects = {envelope.subject for _, envelope in enveloped}
            tx.lock(subjects)
            self._barrier("locked")
            enveloped = list(self._of_this_epoch(tx.connection, enveloped))
            batch = _Batch(_heads(tx.connection, {(r.topic, e.subject) for r, e in enveloped}))
            for record, envelope in enveloped:
                self._take(tx, batch, record, envelope)
            _write_heads(tx.connection, batch)
            keep(tx.connection, batch.uses)
            tx.raise_due(
                self.interests.due_after(tx.connection, {use.subject for use in batch.uses})
            )
            self._barrier("heard")

    def _envelopes(
        self, tx: Transaction, records: Iterable[Record]
    ) -> Iterable[tuple[Record, Envelope]]:
        for record in records:
            try:
                yield record, read_envelope(record.headers)
            except NoEnvelope as error:
                park(tx.connection, record, None, None, error)  # set aside; stops nobody

    def _of_this_epoch(
        self, connection: Connection, enveloped: Sequence[tuple[Record, Envelope]]
    ) -> Iterable[tuple[Record, Envelope]]:
        """Records of an older epoch are skipped; a newer one stops its topic until a resync."""
        topics = sorted({record.topic for record, _ in enveloped})
        known = {
            row.topic: row
            for row in connection.execute(
                text(
                    "SELECT topic, epoch, stopped FROM heard_topic WHERE topic = ANY(:topics) FOR SHARE"
                ),
                {"topics": topics},
            )
        }
        raised: set[str] = set()
        for record, envelope in enveloped:
            topic = known.get(record.topic)
            if (
                topic is None
                or topic.stopped
                or record.topic in raised
                or envelope.epoch < topic.epoch
            ):
                continue
            if envelope.epoch > topic.epoch:
                raised.add(record.topic)
                connection.execute(
                    text("UPDATE heard_topic SET stopped = 'EPOCH_RAISED' WHERE topic = :topic"),
                    {"topic": record.topic},
                )
                continue
            yield record, envelope

    def _take(self, tx: Transaction, batch: _Batch, record: Record, envelope: Envelope) -> None:
        """One record against its subject's head: duplicate, next, hole, or another history."""
        key = (record.topic, envelope.subject)
        head = batch.heads.get(key, _Head())
        if head.stopped or envelope.sequence < head.sequence:
            return
        if envelope.sequence == head.sequence:
            if head.id is not None and head.id != str(envelope.id):
                batch.move(key, replace(head, stopped="OTHER_HISTORY"))
            return
        if envelope.sequence > head.sequence + 1:
            batch.move(key, replace(head, behind_to=max(envelope.sequence, head.behind_to or 0)))
            return
        try:
            use = self._use(record, envelope)
        except (DecodeError, UnknownType) as error:
            park(tx.connection, record, envelope.subject, envelope.type, error)
            batch.move(key, replace(head, stopped="PARKED"))
            return
        if use is not None:
            batch.uses.append(use)
        reached = head.behind_to is not None and envelope.sequence >= head.behind_to
        batch.move(
            key,
            _Head(
                sequence=envelope.sequence,
                id=str(envelope.id),
                behind_to=None if reached else head.behind_to,
            ),
        )

    def _use(self, record: Record, envelope: Envelope) -> Use | None:
        """The record as a fact this service uses; None for a known type it doesn't use."""
        if envelope.type not in self.interests.by_type:
            if not (envelope.may_ignore or _is_known(envelope.type)):
                raise UnknownType(envelope.type)
            return None
        message = self.interests.decode(envelope.type, record.body)
        return Use(
            id=envelope.id,
            topic=record.topic,
            subject=envelope.subject,
            sequence=envelope.sequence,
            type=envelope.type,
            body=record.body,
            label=envelope.label,
            recorded_at=envelope.time,
            refs=self.interests.references(envelope.type, message),
        )


class UnknownType(Exception):
    """A public fact of a type this release doesn't know, and that may not be ignored."""


def _is_known(kind: str) -> bool:
    try:
        Default().FindMessageTypeByName(kind)
    except KeyError:
        return False
    return True


def _heads(
    connection: Connection, keys: set[tuple[Topic, Subject]]
) -> dict[tuple[Topic, Subject], _Head]:
    rows = connection.execute(
        text(
            "SELECT h.* FROM heard_head h"
            " JOIN unnest(CAST(:topics AS text[]), CAST(:subjects AS text[])) AS x(topic, subject)"
            " USING (topic, subject)"
        ),
        {"topics": [topic for topic, _ in keys], "subjects": [subject for _, subject in keys]},
    )
    return {
        (row.topic, row.subject): _Head(
            row.sequence, None if row.id is None else str(row.id), row.behind_to, row.stopped
        )
        for row in rows
    }


def _write_heads(connection: Connection, batch: _Batch) -> None:
    rows = [
        {
            "topic": topic,
            "subject": subject,
            "sequence": head.sequence,
            "id": head.id,
            "behind_to": head.behind_to,
            "stopped": head.stopped,
        }
        for (topic, subject) in sorted(
            batch.touched, key=lambda key: (kind_of(key[1]) == "client", key[1], key[0])
        )
        for head in (batch.heads[topic, subject],)
    ]
    if rows:
        connection.execute(
            text(
                "INSERT INTO heard_head (topic, subject, sequence, id, behind_to, stopped)"
                " VALUES (:topic, :subject, :sequence, CAST(:id AS uuid), :behind_to, :stopped)"
                " ON CONFLICT (topic, subject) DO UPDATE SET sequence = excluded.sequence,"
                " id = excluded.id, behind_to = excluded.behind_to, stopped = excluded.stopped"
            ),
            rows,
        )

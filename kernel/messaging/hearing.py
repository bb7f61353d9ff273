"""Hearing: a batch of records becomes heads, heard facts and due keys, in one transaction.

Knows nothing of Faust.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from google.protobuf.descriptor_pool import Default
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from kernel.messaging.envelope import Envelope, NoEnvelope, read_envelope
from kernel.messaging.heads import (
    Head,
    Place,
    Topic,
    begin_topic,
    lock_heads,
    narrow_types,
    write_heads,
)
from kernel.messaging.interests import Interests, Use, use
from kernel.messaging.own import OwnFacts
from kernel.messaging.parking import park
from kernel.store.database import is_passing
from kernel.store.store import Store, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it came: from Kafka, or from its owner (partition -1, offset the sequence)."""

    topic: Topic
    partition: int
    offset: int
    headers: Mapping[str, bytes]
    body: bytes


@dataclass(slots=True)
class _Batch:
    """What one batch changes."""

    heads: dict[Place, Head]
    uses: list[Use] = field(default_factory=list)
    moved: dict[Place, Head] = field(default_factory=dict)

    def move(self, place: Place, head: Head) -> None:
        self.heads[place] = self.moved[place] = head


class Hearing:
    """The listening side of a service: `hear` takes records, in any order, any number of times."""

    def __init__(
        self,
        store: Store,
        interests: Interests,
        *,
        fence: Callable[[Transaction], None] = lambda _: None,
        barrier: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.store = store
        self.interests = interests
        self.own = OwnFacts(store, interests)
        self._fence = fence  # raises in a transaction that must not hear any more
        self._barrier = barrier  # tests hold two transactions here

    def begin(self, topics: Sequence[Topic]) -> None:
        """At start: a release that uses more types than the last hears the topics again from 1.

        What it publishes itself, and the last one didn't derive from, is caught up with too.
        """
        types = sorted(self.interests.by_type)
        with self.store.transaction() as tx:
            for topic in sorted(topics):
                begin_topic(tx.connection, topic, types)
        self.own.catch_up()

    def hear(self, records: Iterable[Record]) -> None:
        """Hear a batch, in one transaction; one by one when the database refuses any of them.

        The culprit is parked. A database that is away, or busy, is for the caller to wait for.
        """
        batch = list(records)
        try:
            self._hear(batch)
        except DBAPIError as error:
            if is_passing(error):
                raise
            if len(batch) == 1:
                self._hear(batch, culprit=error)
            else:
                for record in batch:
                    self.hear([record])

    def _hear(self, records: Sequence[Record], culprit: Exception | None = None) -> None:
        with self.store.transaction() as tx:
            self._fence(tx)
            enveloped = list(self._envelopes(tx, records))
            subjects = {envelope.subject for _, envelope in enveloped}
            tx.lock(subjects)
            self._barrier("locked")
            enveloped = list(self._of_this_epoch(tx.connection, enveloped))
            batch = _Batch(lock_heads(tx.connection, {(r.topic, e.subject) for r, e in enveloped}))
            for record, envelope in enveloped:
                self._take(tx, batch, record, envelope, culprit)
            write_heads(tx.connection, batch.moved)
            use(tx, self.interests, batch.uses)
            self._barrier("heard")

    def _envelopes(
        self, tx: Transaction, records: Iterable[Record]
    ) -> Iterator[tuple[Record, Envelope]]:
        for record in records:
            try:
                yield record, read_envelope(record.headers)
            except NoEnvelope as error:
                park(tx.connection, record, None, None, error)  # set aside; stops nobody

    def _of_this_epoch(
        self, connection: Connection, enveloped: Sequence[tuple[Record, Envelope]]
    ) -> Iterator[tuple[Record, Envelope]]:
        """Records of an older epoch are skipped; a newer one stops its topic until a resync."""
        topics = sorted({record.topic for record, _ in enveloped})
        known = {
            row.topic: row
            for row in connection.execute(
                text(
                    "SELECT topic, epoch, stopped, types FROM heard_topic"
                    " WHERE topic = ANY(:topics) ORDER BY topic FOR SHARE"
                ),
                {"topics": topics},
            )
        }
        ours = self.interests.by_type.keys()
        if newer := [topic for topic, row in known.items() if not set(row.types) <= ours]:
            narrow_types(connection, newer, sorted(ours))
        raised: set[str] = set()
        adopted: dict[str, int] = {}  # by topics of which nothing was heard
        for record, envelope in enveloped:
            topic = known.get(record.topic)
            if topic is None or topic.stopped or record.topic in raised:
                continue
            if topic.epoch == 0:
                epoch = adopted.setdefault(record.topic, envelope.epoch)
            else:
                epoch = topic.epoch
            if envelope.epoch < epoch:
                continue
            if envelope.epoch > epoch:
                raised.add(record.topic)
                connection.execute(
                    text("UPDATE heard_topic SET stopped = 'EPOCH_RAISED' WHERE topic = :topic"),
                    {"topic": record.topic},
                )
                continue
            yield record, envelope
        for name, epoch in adopted.items():
            connection.execute(
                text("UPDATE heard_topic SET epoch = :epoch WHERE topic = :topic AND epoch = 0"),
                {"topic": name, "epoch": epoch},
            )

    def _take(
        self,
        tx: Transaction,
        batch: _Batch,
        record: Record,
        envelope: Envelope,
        culprit: Exception | None,
    ) -> None:
        """One record against its subject's head: duplicate, next, hole, or another history.

        `culprit`: why the database refused this record.
        """
        key = (record.topic, envelope.subject)
        head = batch.heads.get(key, Head())
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
            if culprit is not None:
                raise culprit
            used = self._use(record, envelope)
        except Exception as error:  # nothing but this record's content is at work here
            park(tx.connection, record, envelope.subject, envelope.type, error)
            batch.move(key, replace(head, stopped="PARKED"))
            return
        if used is not None:
            batch.uses.append(used)
        reached = head.behind_to is not None and envelope.sequence >= head.behind_to
        batch.move(
            key,
            Head(
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
            signed_at=envelope.signed_at,
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

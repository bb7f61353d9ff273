"""The inbox: a batch of records becomes checkpoints, facts and pending keys, in one transaction.

Knows nothing of Faust.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from google.protobuf.descriptor_pool import Default
from sqlalchemy import Connection
from sqlalchemy.engine import Row
from sqlalchemy.exc import DBAPIError

from kernel.decider import filled
from kernel.messaging.checkpoints import (
    OTHER_HISTORY,
    PARKED,
    Checkpoint,
    Checkpoints,
    SubjectLog,
    Topic,
)
from kernel.messaging.envelope import Envelope, NoEnvelope, Record, read_envelope
from kernel.messaging.inbox_facts import (
    HeldElsewhere,
    InboxFact,
    InboxFacts,
    PublishedFacts,
    update_references,
    with_references,
)
from kernel.messaging.parking import park
from kernel.messaging.signatures import Signatures, UnknownKey, Unsigned
from kernel.messaging.subscriptions import Subscriptions
from kernel.store.database import is_passing
from kernel.store.statements import text
from kernel.store.store import Store, Transaction
from kernel.tracing import spans


@dataclass(slots=True)
class _Batch:
    """What one batch changes."""

    checkpoints: dict[SubjectLog, Checkpoint]
    ids: Mapping[tuple[SubjectLog, int], str]  # of facts heard before that come again
    contested: Mapping[UUID, SubjectLog]  # ids that come in one log and are held under another
    seals: Mapping[Topic, int | None]  # up to where owners' facts may be unsigned, if stated
    facts: list[InboxFact] = field(default_factory=list)
    moved: dict[SubjectLog, Checkpoint] = field(default_factory=dict)

    def move(self, subject_log: SubjectLog, checkpoint: Checkpoint) -> None:
        self.checkpoints[subject_log] = self.moved[subject_log] = checkpoint

    def ask(self, subject_log: SubjectLog, sequence: int) -> None:
        """Have its owner asked for what it has up to there."""
        checkpoint = self.checkpoints.get(subject_log, Checkpoint())
        self.move(
            subject_log, replace(checkpoint, behind_to=max(sequence, checkpoint.behind_to or 0))
        )

    def exchange(self, subject_log: SubjectLog) -> None:
        """Have all of its log exchanged for its owner's."""
        self.move(subject_log, replace(self.checkpoints.get(subject_log, Checkpoint()), anew=True))

    def id_of(self, subject_log: SubjectLog, sequence: int) -> str | None:
        """Under which id that was heard; None: nobody kept it."""
        checkpoint = self.checkpoints.get(subject_log, Checkpoint())
        return (
            checkpoint.id
            if sequence == checkpoint.sequence
            else self.ids.get((subject_log, sequence))
        )


class Inbox:
    """The listening side of a service: `hear` takes records, in any order, any number of times."""

    def __init__(
        self,
        store: Store,
        subscriptions: Subscriptions,
        signatures: Signatures,
        *,
        fence: Callable[[Transaction], None] = lambda _: None,
        barrier: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.store = store
        self.subscriptions = subscriptions
        self.signatures = signatures
        self.own = PublishedFacts(store, subscriptions)
        self._fence = fence  # raises in a transaction that must not hear any more
        self._barrier = barrier  # tests hold two transactions here

    def begin(self, topics: Sequence[Topic]) -> None:
        """At start: a release that uses more types than the last has the topics heard anew.

        What was heard is filed under what this release says that it refers to. What it publishes
        itself, and the last one didn't derive from, is caught up with too.
        """
        types = sorted(self.subscriptions.by_type)
        with self.store.transaction() as tx:
            for topic in sorted(topics):
                Checkpoints(tx.connection).begin_topic(topic, types)
        update_references(self.store, self.subscriptions)
        self.own.catch_up()

    def hear(self, records: Iterable[Record]) -> None:
        """Hear a batch, in one transaction; one by one when the database refuses any of them.

        The culprit is parked. A database that is away, or busy, is for the caller to wait for.
        """
        batch = list(records)
        try:
            self._hear_uncontested(batch)
        except DBAPIError as error:
            if is_passing(error):
                raise
            if len(batch) == 1:
                self._hear_uncontested(batch, culprit=error)
            else:
                for record in batch:
                    self.hear([record])

    def _hear_uncontested(
        self, records: Sequence[Record], culprit: Exception | None = None
    ) -> None:
        """Once more for each id that turns out to be held under another subject or topic."""
        contested: dict[UUID, SubjectLog] = {}
        while True:
            try:
                return self._hear(records, contested, culprit)
            except HeldElsewhere as held:
                contested |= held.subject_logs

    def _hear(
        self,
        records: Sequence[Record],
        contested: Mapping[UUID, SubjectLog],
        culprit: Exception | None,
    ) -> None:
        began = spans.now()
        with self.store.transaction() as tx:
            self._fence(tx)
            # Locks in the order in which every transaction takes them: the ordinal, subjects,
            # topics, checkpoints. A topic is shared: its epoch holds while its records are heard.
            enveloped = list(self._envelopes(tx, records))
            # What the service published itself is beyond doubt, and has no checkpoint.
            holding = {
                subject_log
                for subject_log in contested.values()
                if subject_log[0] != self.store.topic
            }
            subjects = {envelope.subject for _, envelope in enveloped}
            tx.lock(subjects | {subject for _, subject in holding})
            self._barrier("locked")
            topics = self._topics(tx.connection, enveloped)
            enveloped = list(self._of_this_epoch(tx.connection, topics, enveloped))
            subject_logs = {(record.topic, envelope.subject) for record, envelope in enveloped}
            checkpoints = Checkpoints(tx.connection).lock(subject_logs | holding)
            batch = _Batch(
                checkpoints,
                _heard_before(tx.connection, checkpoints, enveloped),
                contested,
                {topic: row.unsigned_to for topic, row in topics.items()},
            )
            for subject_log in holding:
                batch.exchange(subject_log)
            for record, envelope in enveloped:
                self._take(tx, batch, record, envelope, culprit)
            Checkpoints(tx.connection).write(batch.moved)
            InboxFacts(tx, self.subscriptions).admit(batch.facts)
            self._barrier("heard")
        for topic in {fact.topic for fact in batch.facts}:
            of_topic = [fact.traceparent for fact in batch.facts if fact.topic == topic]
            spans.heard(of_topic, topic, began)

    def _envelopes(
        self, tx: Transaction, records: Iterable[Record]
    ) -> Iterator[tuple[Record, Envelope]]:
        for record in records:
            try:
                envelope = read_envelope(record.headers)
                # An owner is known by its address, whatever the network was called earlier.
                if envelope.network != self.store.network and not record.from_owner:
                    raise ForeignNetwork
                yield record, envelope
            except (NoEnvelope, ForeignNetwork) as error:
                park(tx.connection, record, None, None, error)  # set aside; stops nobody

    def _topics(
        self, connection: Connection, enveloped: Sequence[tuple[Record, Envelope]]
    ) -> dict[Topic, Row[Any]]:
        rows = connection.execute(
            text(
                "SELECT topic, epoch, stopped, types, unsigned_to FROM heard_topic"
                " WHERE topic = ANY(:topics) ORDER BY topic FOR SHARE"
            ),
            {"topics": sorted({record.topic for record, _ in enveloped})},
        )
        return {row.topic: row for row in rows}

    def _of_this_epoch(
        self,
        connection: Connection,
        known: Mapping[Topic, Row[Any]],
        enveloped: Sequence[tuple[Record, Envelope]],
    ) -> Iterator[tuple[Record, Envelope]]:
        """Records of the topic's epoch; of an older one they are nobody's any more.

        One of a newer epoch is left out, and its owner asked whether that is so. Until an owner
        said its epoch any is heard, and exchanged when it did.
        """
        ours = self.subscriptions.by_type.keys()
        if newer := [topic for topic, row in known.items() if not set(row.types) <= ours]:
            Checkpoints(connection).narrow_types(newer, sorted(ours))
        doubted: set[Topic] = set()
        for record, envelope in enveloped:
            topic = known.get(record.topic)
            if topic is None or topic.stopped:
                continue
            if topic.epoch in (0, envelope.epoch):
                yield record, envelope
            elif envelope.epoch > topic.epoch:
                doubted.add(record.topic)
        if doubted:
            doubt(connection, doubted)

    def _take(
        self,
        tx: Transaction,
        batch: _Batch,
        record: Record,
        envelope: Envelope,
        culprit: Exception | None,
    ) -> None:
        """One record against its subject's checkpoint: duplicate, next, hole, or a contradiction.

        What it says of its owner's log is asked of the owner, of both owners where another log
        holds its id. One that is next is heard if its owner signed it. `culprit`: why the database
        refused this record.
        """
        key = (record.topic, envelope.subject)
        checkpoint = batch.checkpoints.get(key, Checkpoint())
        if checkpoint.stopped:
            return
        if envelope.sequence <= checkpoint.sequence and not checkpoint.anew:
            known = batch.id_of(key, envelope.sequence)
            if known in (None, str(envelope.id)):
                return
            if record.from_owner:
                batch.move(key, replace(checkpoint, stopped=OTHER_HISTORY))
            else:
                batch.ask(key, checkpoint.sequence)
            return
        if envelope.id in batch.contested:
            batch.exchange(key)
            checkpoint = batch.checkpoints[key]
        if checkpoint.anew or envelope.sequence > checkpoint.sequence + 1:
            batch.ask(key, envelope.sequence)
            return
        sealed_to = batch.seals.get(record.topic)
        try:
            if culprit is not None:
                raise culprit
            self.signatures.check(record, envelope, sealed_to)
            fact = inbox_fact_of(self.subscriptions, record, envelope)
        except Exception as error:  # nothing but this record's content is at work here
            if is_asked_again(error, record, sealed_to):
                batch.ask(key, envelope.sequence)
                return
            park(tx.connection, record, envelope.subject, envelope.type, error)
            # What came from elsewhere its owner may have otherwise.
            batch.move(key, replace(checkpoint, stopped=PARKED, anew=not record.from_owner))
            return
        if fact is not None:
            batch.facts.append(fact)
        reached = checkpoint.behind_to is not None and envelope.sequence >= checkpoint.behind_to
        batch.move(
            key,
            Checkpoint(
                sequence=envelope.sequence,
                id=str(envelope.id),
                behind_to=None if reached else checkpoint.behind_to,
            ),
        )


def inbox_fact_of(
    subscriptions: Subscriptions, record: Record, envelope: Envelope
) -> InboxFact | None:
    """The record as a fact that is used; None for a known type that isn't.

    Raises UnknownType, and whatever decoding does.
    """
    if envelope.type not in subscriptions.by_type:
        if not (envelope.may_ignore or _is_known(envelope.type)):
            raise UnknownType(envelope.type)
        return None
    return with_references(
        subscriptions,
        filled(InboxFact, envelope, record, recorded_at=envelope.time, refs=[]),
    )


def is_asked_again(error: Exception, record: Record, sealed_to: int | None) -> bool:
    """Whether that says nothing of the record yet, so that its owner is asked, again and again.

    A key reaches files one after the other; and while a log isn't sealed, an older release may be
    at work that doesn't sign: what it publishes is heard of its owner alone.
    """
    match error:
        case UnknownKey():
            return record.from_owner
        case Unsigned():
            return not record.from_owner and sealed_to is None
    return False


def doubt(connection: Connection, topics: Iterable[Topic]) -> None:
    """Have these topics' owners asked for their epochs."""
    connection.execute(
        text("UPDATE heard_topic SET doubted = true WHERE topic = ANY(:topics) AND NOT doubted"),
        {"topics": sorted(topics)},
    )


def _heard_before(
    connection: Connection,
    checkpoints: Mapping[SubjectLog, Checkpoint],
    enveloped: Iterable[tuple[Record, Envelope]],
) -> dict[tuple[SubjectLog, int], str]:
    """Ids of those facts at the sequence of which something comes again."""
    again = {
        (record.topic, envelope.subject, envelope.sequence)
        for record, envelope in enveloped
        if envelope.sequence
        < checkpoints.get((record.topic, envelope.subject), Checkpoint()).sequence
    }
    if not again:
        return {}
    topics, subjects, sequences = zip(*sorted(again), strict=True)
    rows = connection.execute(
        text(
            "SELECT h.topic, subject, sequence, h.id FROM heard_fact h"
            " JOIN unnest(CAST(:topics AS text[]), CAST(:subjects AS text[]),"
            " CAST(:sequences AS bigint[])) AS x(topic, subject, sequence)"
            " USING (subject, sequence) WHERE h.topic = x.topic"
        ),
        {"topics": list(topics), "subjects": list(subjects), "sequences": list(sequences)},
    )
    return {((row.topic, row.subject), row.sequence): str(row.id) for row in rows}


class ForeignNetwork(Exception):
    """A record of another network."""


class UnknownType(Exception):
    """A public fact of a type this release doesn't know, and that may not be ignored."""


def _is_known(kind: str) -> bool:
    try:
        Default().FindMessageTypeByName(kind)
    except KeyError:
        return False
    return True

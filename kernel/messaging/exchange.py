"""The exchange of what the inbox has of a subject for what its owner has; differences follow.

Every hearing again is this: after a restore, by a release that uses more, of what was parked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.engine import CursorResult, Row
from sqlalchemy.exc import DBAPIError

from kernel.messaging.checkpoints import PARKED, Checkpoint, Checkpoints, SubjectLog
from kernel.messaging.envelope import HEADERS, SIGNATURE, Record, read_envelope
from kernel.messaging.inbox import doubt, inbox_fact_of, is_asked_again
from kernel.messaging.inbox_facts import InboxFact, InboxFacts
from kernel.messaging.parking import park, parked_headers
from kernel.messaging.signatures import SIGNED, Signatures
from kernel.messaging.subscriptions import Subscriptions
from kernel.store.database import is_passing
from kernel.store.statements import text
from kernel.store.store import Store, Transaction

TELLING = (SIGNATURE, *(HEADERS[name][0] for name in SIGNED))


@dataclass(frozen=True, slots=True)
class _Poison:
    """A record of its owner's that is of no use here, and why."""

    record: Record
    type: str | None
    error: Exception


@dataclass(slots=True)
class _OwnersLog:
    """A subject's log as its owner gave it, up to where it can be used."""

    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    ids: set[UUID] = field(default_factory=set)
    facts: list[InboxFact] = field(default_factory=list)
    epochs: set[int] = field(default_factory=set)
    poison: _Poison | None = None


class LogExchange:
    """Puts a subject's whole log, as its owner gave it, in the place of what was heard of it."""

    def __init__(self, store: Store, subscriptions: Subscriptions, signatures: Signatures) -> None:
        self._store = store
        self._subscriptions = subscriptions
        self._signatures = signatures

    def exchange(self, subject_log: SubjectLog, records: Sequence[Record]) -> None:
        """In one transaction, under the subject's lock; what follows from differences is marked.

        Nothing, when somebody else did it, or when its owner tells of another epoch: that is asked.
        """
        with self._store.transaction() as tx:
            _Exchange(tx, self._subscriptions, self._signatures, *subject_log, records).make()


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One subject's, within one transaction. `records`: all that its owner gave."""

    tx: Transaction
    subscriptions: Subscriptions
    signatures: Signatures
    topic: str
    subject: str
    records: Sequence[Record]

    def make(self) -> None:
        tx = self.tx
        tx.lock([self.subject])
        topic = self._ask(
            "SELECT epoch, unsigned_to FROM heard_topic WHERE topic = :topic FOR SHARE"
        ).one()
        before = Checkpoints(tx.connection).lock_one((self.topic, self.subject))
        log = self._owners_log({}, topic.unsigned_to)
        if log.epochs - {topic.epoch}:
            doubt(tx.connection, [self.topic])
            return
        if not before.anew:
            return
        held: dict[UUID, Row[Any]] = {
            row.id: row
            for row in self._ask(
                "SELECT * FROM heard_fact WHERE topic = :topic AND subject = :subject"
            )
        }
        try:
            with tx.connection.begin_nested():
                new = self._write(held, log)
        except DBAPIError as error:
            if is_passing(error):
                raise
            log = self._owners_log(self._refused(log.facts), topic.unsigned_to)
            new = self._write(held, log)
        self._set_aside(log.poison)
        self._move(before, log)
        self._inbox_facts.mark_what_follows(*new)

    @property
    def _inbox_facts(self) -> InboxFacts:
        return InboxFacts(self.tx, self.subscriptions)

    def _ask(self, statement: str) -> CursorResult[Any]:
        parameters = {"topic": self.topic, "subject": self.subject}
        return self.tx.connection.execute(text(statement), parameters)

    def _owners_log(self, refused: Mapping[UUID, Exception], sealed_to: int | None) -> _OwnersLog:
        """As far as it is whole and of use; `refused`: what the database doesn't take, and why."""
        log = _OwnersLog()
        # Records that a person went past for good.
        given_up = {
            row.fact_id
            for row in self._ask(
                "SELECT fact_id FROM given_up WHERE topic = :topic AND subject = :subject"
            )
        }
        for record in self.records:
            kind = None
            try:
                envelope = read_envelope(record.headers)
                kind = envelope.type
                log.epochs.add(envelope.epoch)
                if envelope.sequence != log.checkpoint.sequence + 1:
                    break
                if envelope.id in refused:
                    raise refused[envelope.id]
                if envelope.id not in given_up:
                    self.signatures.check(record, envelope, sealed_to)
                    fact = inbox_fact_of(self.subscriptions, record, envelope)
                    log.facts += [fact] if fact else []
            except Exception as error:  # nothing but this record's content is at work here
                if not is_asked_again(error, record, sealed_to):
                    log.poison = _Poison(record, kind, error)
                break
            log.checkpoint = Checkpoint(envelope.sequence, str(envelope.id))
            log.ids.add(envelope.id)
        return log

    def _write(
        self, held: Mapping[UUID, Row[Any]], log: _OwnersLog
    ) -> tuple[set[str], list[InboxFact]]:
        """The difference: whose facts changed, and those that are new.

        Facts that only another release uses stay, if their owner has them still.
        """
        wanted = {fact.id for fact in log.facts}
        gone = [
            row
            for row in held.values()
            if row.id not in wanted
            and (row.type in self.subscriptions.by_type or row.id not in log.ids)
        ]
        self.tx.execute(
            "DELETE FROM heard_fact WHERE id = ANY(CAST(:ids AS uuid[]))",
            ids=[row.id for row in gone],
        )
        changed = [fact for fact in log.facts if not _is_same(held.get(fact.id), fact)]
        lost = self._inbox_facts.overwrite(changed)
        subjects = {row.subject for row in gone} | {fact.subject for fact in changed} | lost
        return subjects, [fact for fact in changed if fact.id not in held]

    def _refused(self, facts: Iterable[InboxFact]) -> dict[UUID, Exception]:
        """The first of these that the database refuses."""
        for fact in facts:
            try:
                with self.tx.connection.begin_nested():
                    self._inbox_facts.overwrite([fact])
            except DBAPIError as error:
                if is_passing(error):
                    raise
                return {fact.id: error}
        return {}

    def _set_aside(self, poison: _Poison | None) -> None:
        """Its parked records: what its owner gives goes, or stays as the poison that it is.

        What the owner doesn't have, or has otherwise, is set aside and holds up nobody: not lost.
        """
        owners = {_content(record.headers, record.body) for record in self.records}
        told = {
            row.id: _content(parked_headers(row.headers), bytes(row.body or b""))
            for row in self._ask(
                "SELECT * FROM parked WHERE topic = :topic AND subject = :subject ORDER BY id"
            )
        }
        holding: set[int] = set()
        if poison is not None:
            same = _content(poison.record.headers, poison.record.body)
            holding = {row_id for row_id, content in told.items() if content == same}
            if not holding:
                park(self.tx.connection, poison.record, self.subject, poison.type, poison.error)
        # One statement: what goes is kept without a subject, or is kept so already (ON CONFLICT).
        self.tx.execute(
            "WITH gone AS (DELETE FROM parked WHERE id = ANY(:ids) RETURNING *)"
            " INSERT INTO parked (topic, partition, record_offset, type, headers, body, error,"
            " parked_at, digest) SELECT topic, partition, record_offset, type, headers, body,"
            " error, parked_at, digest FROM gone WHERE id = ANY(:strange)"
            " ON CONFLICT DO NOTHING",
            ids=[row_id for row_id in told if row_id not in holding],
            strange=[row_id for row_id, content in told.items() if content not in owners],
        )

    def _move(self, before: Checkpoint, log: _OwnersLog) -> None:
        """The checkpoint stands where the log ends, or before what can't be used."""
        subject_log, checkpoints = (self.topic, self.subject), Checkpoints(self.tx.connection)
        told = max(before.behind_to or 0, self.records[-1].offset if self.records else 0)
        behind_to = told if told > log.checkpoint.sequence and log.poison is None else None
        if log.checkpoint.id is None and behind_to is None and log.poison is None:
            checkpoints.forget(subject_log)
            return
        checkpoint = Checkpoint(
            sequence=log.checkpoint.sequence,
            id=log.checkpoint.id,
            behind_to=behind_to,
            stopped=None if log.poison is None else PARKED,
        )
        checkpoints.write({subject_log: checkpoint})


def _is_same(row: Row[Any] | None, fact: InboxFact) -> bool:
    return row is not None and (
        row.sequence,
        row.type,
        bytes(row.body),
        row.label,
        row.signed_at,
        sorted(row.refs),
    ) == (fact.sequence, fact.type, fact.body, fact.label, fact.signed_at, fact.refs)


def _content(headers: Mapping[str, bytes], body: bytes) -> tuple[bytes | None, ...]:
    """What a record says, and the signature under it."""
    return (*(headers.get(name) for name in TELLING), body)

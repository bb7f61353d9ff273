"""What a person does about what is parked: try again, go past it, hear a topic again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, text

from kernel.facts import Position
from kernel.messaging.checkpoints import (
    FORGOTTEN,
    PARKED,
    Checkpoint,
    forget_topic,
    lock_checkpoints,
    write_checkpoints,
)
from kernel.messaging.gap_repair import OwnerHead
from kernel.messaging.pending import mark_pending, release_reaction
from kernel.refusal import AgainstTheRules, Unknown
from kernel.store.bells import PENDING
from kernel.store.store import Transaction
from operations.parked import NO_ENVELOPE, Parked, ParkedId, ParkedKind, parked_of


def release(tx: Transaction, parked_id: str) -> str:
    """Try it again; says what happens now. Refuses an unknown id, and what can't be tried again."""
    parked = parked_of(tx.connection, parked_id)
    match parked.kind:
        case ParkedKind.TOPIC:
            raise AgainstTheRules("TOPIC_STOPPED", "a topic is heard again with `ninehours resync`")
        case ParkedKind.RECORD if parked.is_of_nobody:
            raise AgainstTheRules("NO_ENVELOPE", NO_ENVELOPE)
        case ParkedKind.DERIVATION:
            mark_pending(tx, [(parked.type, parked.subject)])
        case ParkedKind.REACTION:
            release_reaction(tx, *parked.id.names)
        case ParkedKind.SUBJECT if parked.error != PARKED:
            _forget(tx, parked.topic, parked.subject)
        case ParkedKind.RECORD | ParkedKind.SUBJECT:
            _ask_again(tx, parked.topic, parked.subject)
    tx.connection.execute(text(PENDING.ring))  # what waits for a stream worker now, it does at once
    return parked.release


def give_up(
    tx: Transaction,
    parked_id: str,
    *,
    by: str,
    reason: str,
    rest_to: int | None,
) -> tuple[str, datetime]:
    """Go past a record, on the record; gives who did and when, the first time it was asked.

    `rest_to`: the last sequence that the owner has after this one; None: it has none, or doesn't
    say, and the next comparison of checkpoints will. Refuses what is no record.
    """
    wanted = ParkedId.read(parked_id)
    if wanted.kind != ParkedKind.RECORD:
        raise AgainstTheRules("ONLY_RECORDS", "only a record can be gone past; release this")
    number = int(wanted.names[0])
    before = tx.connection.execute(
        text("SELECT given_up_by, given_up_at FROM given_up WHERE parked_id = :id"),
        {"id": number},
    ).one_or_none()
    if before is not None:
        return before.given_up_by, before.given_up_at
    parked = parked_of(tx.connection, parked_id)
    fact_id = None
    if parked.subject:
        tx.lock([parked.subject])
        fact_id = _go_past(tx.connection, parked, rest_to)
    # One statement: a record is parked or given up, with the same content, and never neither.
    at = tx.connection.execute(
        text(
            "WITH gone AS (DELETE FROM parked WHERE id = :id RETURNING *)"
            " INSERT INTO given_up (parked_id, topic, partition, record_offset, subject, fact_id,"
            " type, headers, body, error, parked_at, given_up_by, reason)"
            " SELECT id, topic, partition, record_offset, subject, CAST(:fact AS uuid), type,"
            " headers, body, error, parked_at, :by, :reason FROM gone RETURNING given_up_at"
        ),
        {"id": number, "fact": fact_id, "by": by, "reason": reason},
    ).scalar_one()
    return by, at


def resync(connection: Connection, topic: str, epoch: int, heads: Sequence[OwnerHead]) -> None:
    """Hear the topic anew, in the owner's epoch: subject by subject what was heard is exchanged.

    Refuses a topic that isn't heard here.
    """
    held = connection.execute(
        text(
            "UPDATE heard_topic SET epoch = :epoch, stopped = NULL, doubted = false"
            " WHERE topic = :topic"
        ),
        {"epoch": epoch, "topic": topic},
    )
    if not held.rowcount:
        raise Unknown("topic", topic)
    write_checkpoints(connection, {(topic, head.subject): FORGOTTEN for head in heads})
    forget_topic(connection, topic)
    connection.execute(text(PENDING.ring))


def _forget(tx: Transaction, topic: str, subject: str) -> None:
    """Another history was heard: its facts stay until they are exchanged for the owner's."""
    tx.lock([subject])
    write_checkpoints(tx.connection, {(topic, subject): FORGOTTEN})


def _ask_again(tx: Transaction, topic: str, subject: str) -> None:
    tx.lock([subject])
    subject_log = (topic, subject)
    checkpoint = lock_checkpoints(tx.connection, [subject_log])[subject_log]
    write_checkpoints(tx.connection, {subject_log: replace(checkpoint, anew=True)})


def position_of(tx: Transaction, parked_id: str) -> Position | None:
    """Where a parked record stands in its owner's log; None: nowhere, or it isn't there."""
    try:
        parked = parked_of(tx.connection, parked_id)
    except Unknown:
        return None
    if parked.envelope is None:
        return None
    return Position(parked.topic, parked.envelope.subject, parked.envelope.sequence)


def _go_past(connection: Connection, parked: Parked, rest_to: int | None) -> str | None:
    subject_log = (parked.topic, parked.subject)
    checkpoint = lock_checkpoints(connection, [subject_log])[subject_log]
    envelope = parked.envelope
    if envelope is None:
        return None
    if envelope.sequence == checkpoint.sequence + 1:
        behind_to = max(rest_to or 0, checkpoint.behind_to or 0)
        past = Checkpoint(
            sequence=envelope.sequence,
            id=str(envelope.id),
            behind_to=behind_to if behind_to > envelope.sequence else None,
        )
        write_checkpoints(connection, {subject_log: past})
    return str(envelope.id)

"""What waits for a person: a record, a stopped subject or topic, a projection, a reaction.

And what a person does about it: try again, go past it, hear a topic again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.engine import Row

from kernel.facts import Position
from kernel.messaging.checkpoints import FORGOTTEN, PARKED, Checkpoint, Checkpoints
from kernel.messaging.envelope import Envelope, NoEnvelope, read_envelope
from kernel.messaging.owners import OwnerHead
from kernel.messaging.parking import parked_headers
from kernel.messaging.pending import mark_pending, release_reaction
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from kernel.store.bells import PENDING
from kernel.store.rows import from_row
from kernel.store.statements import text
from kernel.store.store import Transaction

MOST_RELEASES = 20  # of one thing that are told
MOST_DIGITS = 18  # of a record's number: all such numbers fit where PostgreSQL keeps one

# Of our own envelope. What stands under any other name is nobody's business, nor is the name.
SHOWN_HEADERS = {
    *("ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_epoch", "ce_sequence"),
    *("ce_network", "ce_label", "ce_mayignore", "ce_signedat", "ce_signature"),
}
NAMED_HEADERS = {
    *SHOWN_HEADERS,
    *("ce_specversion", "ce_causationid", "ce_correlationid", "ce_traceparent", "content-type"),
}


class ParkedKind(StrEnum):
    """What is parked; `derivation`: the projection of one client."""

    RECORD = "record"
    SUBJECT = "subject"
    TOPIC = "topic"
    DERIVATION = "derivation"
    REACTION = "reaction"


LOG_IS_EXCHANGED = "log is read from its owner, and exchanged for what was heard"
WHAT_RELEASE_DOES: Mapping[ParkedKind, str] = {
    ParkedKind.RECORD: f"its subject's {LOG_IS_EXCHANGED}",
    ParkedKind.SUBJECT: f"the subject's {LOG_IS_EXCHANGED}",
    ParkedKind.TOPIC: "can't be released: `ninehours resync` hears the topic again",
    ParkedKind.DERIVATION: "it is derived again",
    ParkedKind.REACTION: "its command is given again",
}
NO_ENVELOPE = "can't be released: it is of nobody's log; find out who sent it, and give it up"

# One shape for all five. `names` is what the id says after its kind; `n` orders what has an order
# of its own: records as they were parked, reactions as they are given.
EVERYTHING_PARKED = """
SELECT 1 AS rank, 'record' AS kind, ARRAY[id::text] AS names, id AS n, topic,
       coalesce(subject, '') AS subject, partition, record_offset, error,
       coalesce(type, '') AS type, parked_at AS at, headers, length(body) AS body_bytes
  FROM parked
UNION ALL
SELECT 2, 'subject', ARRAY[topic, subject], 0, topic, subject, 0, 0, stopped, '', NULL, NULL, 0
  FROM heard_head WHERE stopped IS NOT NULL
UNION ALL
SELECT 3, 'topic', ARRAY[topic], 0, topic, '', 0, 0, stopped, '', NULL, NULL, 0
  FROM heard_topic WHERE stopped IS NOT NULL
UNION ALL
SELECT 4, 'derivation', ARRAY[derivation, key], 0, '', key, 0, 0, error, derivation, raised_at,
       NULL, 0
  FROM due WHERE error IS NOT NULL
UNION ALL
SELECT 5, 'reaction', ARRAY[reaction, fact::text], mark, '', subject, 0, 0, error, reaction,
       raised_at, NULL, 0
  FROM due_reaction WHERE error IS NOT NULL
"""
ALL = text(f"SELECT * FROM ({EVERYTHING_PARKED}) AS parked ORDER BY rank, n, names")  # noqa: S608 - of ours
ONE = text(
    f"SELECT * FROM ({EVERYTHING_PARKED}) AS parked"  # noqa: S608 - of ours
    " WHERE kind = :kind AND names = CAST(:names AS text[])"
)


@dataclass(frozen=True, slots=True)
class ParkedId:
    """Which parked thing is meant; as text `record:7`, `subject:<topic>:client/…` and so on."""

    kind: ParkedKind
    names: tuple[str, ...]

    def __str__(self) -> str:
        return ":".join([self.kind, *self.names])

    @classmethod
    def read(cls, parked_id: str) -> Self:
        """Of its text; refuses any other with Malformed."""
        kind, *names = parked_id.split(":")
        match kind, names:
            case "record", [number] if (
                number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS
            ):
                return cls(ParkedKind.RECORD, (str(int(number)),))
            case "reaction", [_, fact] if not _is_uuid(fact):
                pass
            case (("subject" | "derivation" | "reaction"), [first, second]):
                return cls(ParkedKind(kind), (first, second))
            case "topic", [topic]:
                return cls(ParkedKind.TOPIC, (topic,))
        raise Malformed(id="is none that ListParked gives")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """One thing that waits for a person, as far as it may be seen; of a record's body its length.

    `type`: of a record's fact, else which projection or reaction; `at`: since when, where that is
    kept; `envelope`: of a record that has one that can be read.
    """

    id: ParkedId
    subject: str
    topic: str
    partition: int
    offset: int
    error: str
    type: str
    at: datetime | None
    headers: Mapping[str, str]
    body_bytes: int
    envelope: Envelope | None = field(repr=False)

    @property
    def kind(self) -> ParkedKind:
        return self.id.kind

    @property
    def is_of_nobody(self) -> bool:
        """Whether it is a record of which nobody knows whom it is about."""
        return self.kind == ParkedKind.RECORD and not self.subject

    @property
    def release(self) -> str:
        """What releasing it does, for a person to read."""
        return NO_ENVELOPE if self.is_of_nobody else WHAT_RELEASE_DOES[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRelease:
    """That it was tried again: by whom, when and why."""

    released_by: str
    released_at: datetime
    reason: str


def list_parked(connection: Connection) -> list[Parked]:
    """All that waits for a person here."""
    return [_parked(row) for row in connection.execute(ALL)]


def parked_of(connection: Connection, parked_id: str) -> Parked:
    """The one of this id. Refuses what is no id with Malformed, one that isn't there as Unknown."""
    wanted = ParkedId.read(parked_id)
    row = connection.execute(ONE, {"kind": wanted.kind, "names": [*wanted.names]}).one_or_none()
    if row is None:
        raise Unknown("parked", str(wanted))
    return _parked(row)


def earlier_releases(connection: Connection, parked: Parked) -> list[EarlierRelease]:
    """Of the same, newest first."""
    rows = connection.execute(
        text(
            "SELECT released_by, released_at, reason FROM released WHERE parked_id = :id"
            " ORDER BY released.id DESC LIMIT :most"
        ),
        {"id": str(parked.id), "most": MOST_RELEASES},
    )
    return [from_row(EarlierRelease, row) for row in rows]


def release(tx: Transaction, parked_id: str, *, by: str, reason: str) -> str:
    """Try it again, on the record; says what happens now. Refuses an unknown id, and what can't be
    tried again."""
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
            # Another history was heard: its facts stay until they are exchanged for the owner's.
            tx.lock([parked.subject])
            Checkpoints(tx.connection).write({(parked.topic, parked.subject): FORGOTTEN})
        case ParkedKind.RECORD | ParkedKind.SUBJECT:
            _ask_again(tx, parked.topic, parked.subject)
    tx.execute(
        "INSERT INTO released (parked_id, error, released_by, reason)"
        " VALUES (:id, :error, :by, :reason)",
        id=str(parked.id),
        error=parked.error,
        by=by,
        reason=reason,
    )
    tx.execute(PENDING.ring)  # what waits for a stream worker now, it does at once
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
    before = tx.execute(
        "SELECT given_up_by, given_up_at FROM given_up WHERE parked_id = :id", id=number
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

    Up to where its facts may be unsigned is the owner's to say anew, too.

    Refuses a topic that isn't heard here.
    """
    held = connection.execute(
        text(
            "UPDATE heard_topic SET epoch = :epoch, stopped = NULL, doubted = false,"
            " unsigned_to = NULL"
            " WHERE topic = :topic"
        ),
        {"epoch": epoch, "topic": topic},
    )
    if not held.rowcount:
        raise Unknown("topic", topic)
    checkpoints = Checkpoints(connection)
    checkpoints.write({(topic, head.subject): FORGOTTEN for head in heads})
    checkpoints.forget_topic(topic)
    connection.execute(text(PENDING.ring))


def position_of(tx: Transaction, parked_id: str) -> Position | None:
    """Where a parked record stands in its owner's log; None: nowhere, or it isn't there."""
    try:
        parked = parked_of(tx.connection, parked_id)
    except Unknown:
        return None
    if parked.envelope is None:
        return None
    return Position(parked.topic, parked.envelope.subject, parked.envelope.sequence)


def _ask_again(tx: Transaction, topic: str, subject: str) -> None:
    tx.lock([subject])
    subject_log = (topic, subject)
    checkpoints = Checkpoints(tx.connection)
    checkpoints.write({subject_log: replace(checkpoints.lock_one(subject_log), anew=True)})


def _go_past(connection: Connection, parked: Parked, rest_to: int | None) -> str | None:
    subject_log = (parked.topic, parked.subject)
    checkpoints = Checkpoints(connection)
    checkpoint = checkpoints.lock_one(subject_log)
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
        checkpoints.write({subject_log: past})
    return str(envelope.id)


def _parked(row: Row[Any]) -> Parked:
    headers = parked_headers(row.headers or {})
    try:
        envelope = read_envelope(headers)
    except NoEnvelope:
        envelope = None
    return from_row(
        Parked,
        row,
        id=ParkedId(ParkedKind(row.kind), tuple(row.names)),
        offset=row.record_offset,
        headers=_shown(headers, SHOWN_HEADERS if envelope else ()),
        body_bytes=row.body_bytes or 0,
        envelope=envelope,
    )


def _shown(headers: Mapping[str, bytes], readable: Collection[str]) -> dict[str, str]:
    """The readable ones' values; of any other the length, and no name that isn't of ours."""
    ours = {
        name: value.decode() if name in readable else f"{len(value)} bytes"
        for name, value in headers.items()
        if name in NAMED_HEADERS
    }
    foreign = [len(value) for name, value in headers.items() if name not in NAMED_HEADERS]
    return ours | {f"other {n}": f"{size} bytes" for n, size in enumerate(foreign, 1)}


def _is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False

"""Parking: what can't be used is kept with its bytes, and stops its subject and nobody else."""

import json
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection, text

from kernel import logs
from kernel.refusal import Malformed

if TYPE_CHECKING:
    from kernel.messaging.hearing import Record


def what_failed(error: BaseException) -> str:
    """The error's class and where it arose, never its text: that may hold values."""
    return f"{logs.error_of(error)} at {logs.place_of(error)}"


def park(
    connection: Connection,
    record: "Record",
    subject: str | None,
    kind: str | None,
    error: Exception,
    *,
    details: str = "",
) -> None:
    """Keep a record that could not be used. The same record is kept once.

    `details`: what the error says that is no value.
    """
    headers = json.dumps(
        {
            # jsonb holds no NUL, and a record that can't be kept would stop everybody
            name.replace("\x00", "\\0"): b64encode(value or b"").decode()
            for name, value in record.headers.items()
        }
    )
    connection.execute(
        text(
            "INSERT INTO parked"
            " (topic, partition, record_offset, subject, type, headers, body, error, digest)"
            " VALUES (:topic, :partition, :offset, :subject, :type, CAST(:headers AS jsonb),"
            " :body, :error, :digest) ON CONFLICT DO NOTHING"
        ),
        {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "subject": subject,
            "type": kind,
            "headers": headers,
            "body": record.body,
            "error": f"{logs.error_of(error)} {details}" if details else what_failed(error),
            "digest": sha256(headers.encode() + b"\0" + record.body).digest(),
        },
    )


RECORD, SUBJECT, TOPIC = "record", "subject", "topic"
DERIVATION, REACTION = "derivation", "reaction"


@dataclass(frozen=True, slots=True)
class Named:
    """Which parked thing is meant; as text `record:7`, `subject:<topic>:client/…` and so on."""

    kind: str
    topic: str = ""
    subject: str = ""
    derivation: str = ""
    reaction: str = ""
    fact: str = ""
    number: int = 0

    def __str__(self) -> str:
        match self.kind:
            case "record":
                parts = [str(self.number)]
            case "derivation":
                parts = [self.derivation, self.subject]
            case "reaction":
                parts = [self.reaction, self.fact]
            case "subject":
                parts = [self.topic, self.subject]
            case _:
                parts = [self.topic]
        return ":".join([self.kind, *parts])


def name_parked(parked_id: str) -> Named:
    """Of `Named`'s text; Malformed for any other."""
    kind, *parts = parked_id.split(":")
    match kind, parts:
        case "record", [number] if number.isascii() and number.isdigit() and len(number) < 19:
            return Named(RECORD, number=int(number))
        case "subject", [topic, subject]:
            return Named(SUBJECT, topic=topic, subject=subject)
        case "topic", [topic]:
            return Named(TOPIC, topic=topic)
        case "derivation", [derivation, subject]:
            return Named(DERIVATION, derivation=derivation, subject=subject)
        case "reaction", [reaction, fact] if _is_uuid(fact):
            return Named(REACTION, reaction=reaction, fact=fact)
    raise Malformed(id="is none that ListParked gives")


def _is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """What waits for a person: a record, a stopped subject or topic, what couldn't be derived.

    Or a reaction that was refused.
    """

    id: Named
    kind: str
    subject: str = ""
    topic: str = ""
    partition: int = 0
    offset: int = 0
    error: str = ""
    type: str = ""


def list_parked(connection: Connection) -> list[Parked]:
    """All that waits for a person here."""
    records = connection.execute(text("SELECT * FROM parked ORDER BY id"))
    subjects = connection.execute(
        text(
            "SELECT topic, subject, stopped FROM heard_head WHERE stopped IS NOT NULL ORDER BY 1, 2"
        )
    )
    topics = connection.execute(
        text("SELECT topic, stopped FROM heard_topic WHERE stopped IS NOT NULL ORDER BY 1")
    )
    derivations = connection.execute(
        text("SELECT derivation, key, error FROM due WHERE error IS NOT NULL ORDER BY 1, 2")
    )
    reactions = connection.execute(
        text(
            "SELECT reaction, fact, subject, error FROM due_reaction WHERE error IS NOT NULL"
            " ORDER BY mark"
        )
    )
    return [
        *(
            Parked(
                id=Named(RECORD, number=row.id),
                kind=RECORD,
                subject=row.subject or "",
                topic=row.topic,
                partition=row.partition,
                offset=row.record_offset,
                error=row.error,
                type=row.type or "",
            )
            for row in records
        ),
        *(
            Parked(
                id=Named(SUBJECT, topic=row.topic, subject=row.subject),
                kind=SUBJECT,
                subject=row.subject,
                topic=row.topic,
                error=row.stopped,
            )
            for row in subjects
        ),
        *(
            Parked(id=Named(TOPIC, topic=row.topic), kind=TOPIC, topic=row.topic, error=row.stopped)
            for row in topics
        ),
        *(
            Parked(
                id=Named(DERIVATION, derivation=row.derivation, subject=row.key),
                kind=DERIVATION,
                subject=row.key,
                type=row.derivation,
                error=row.error,
            )
            for row in derivations
        ),
        *(
            Parked(
                id=Named(REACTION, reaction=row.reaction, fact=str(row.fact)),
                kind=REACTION,
                subject=row.subject,
                error=row.error,
                type=row.reaction,
            )
            for row in reactions
        ),
    ]

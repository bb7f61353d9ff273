"""One thing that waits for a person, as far as it may be seen."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, text
from sqlalchemy.engine import Row

from kernel.messaging.envelope import NoEnvelope, read_envelope
from kernel.messaging.parking import (
    DERIVATION,
    REACTION,
    RECORD,
    SUBJECT,
    TOPIC,
    Named,
    name_parked,
)
from kernel.refusal import Unknown
from kernel.store.store import Transaction

# Of our own envelope. What stands under any other name is nobody's business, nor is the name.
SHOWN = frozenset({"ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_epoch"}) | {
    "ce_sequence",
    "ce_network",
    "ce_label",
    "ce_mayignore",
    "ce_signedat",
}
NAMED = SHOWN | {
    "ce_specversion",
    "ce_causationid",
    "ce_correlationid",
    "ce_traceparent",
    "content-type",
}
WHAT_RELEASE_DOES = {
    RECORD: "its subject's log is read from its owner, and exchanged for what was heard",
    SUBJECT: "the subject's log is read from its owner, and exchanged for what was heard",
    TOPIC: "can't be released: `ninehours resync` hears the topic again",
    DERIVATION: "it is derived again",
    REACTION: "its command is given again",
}
NO_ENVELOPE = "can't be released: it is of nobody's log; find out who sent it, and give it up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One parked thing, as far as it may be seen."""

    named: Named
    error: str
    type: str = ""
    at: datetime | None = None
    partition: int = 0
    offset: int = 0
    headers: Mapping[str, str]
    body_bytes: int = 0
    release: str


STATEMENTS = {
    RECORD: "SELECT * FROM parked WHERE id = :number",
    SUBJECT: "SELECT topic, subject, stopped AS error, NULL AS at FROM heard_head"
    " WHERE topic = :topic AND subject = :subject AND stopped IS NOT NULL",
    TOPIC: "SELECT topic, stopped AS error, NULL AS at FROM heard_topic"
    " WHERE topic = :topic AND stopped IS NOT NULL",
    DERIVATION: "SELECT error, raised_at AS at FROM due"
    " WHERE derivation = :derivation AND key = :subject AND error IS NOT NULL",
    REACTION: "SELECT error, raised_at AS at, subject FROM due_reaction"
    " WHERE reaction = :reaction AND fact = CAST(:fact AS uuid) AND error IS NOT NULL",
}


def show(tx: Transaction, parked_id: str) -> Shown:
    """What is known of it; of a record's body its length. Refuses an unknown id."""
    named = name_parked(parked_id)
    row = row_of(tx.connection, named)
    if named.kind == RECORD:
        return Shown(
            named=Named(RECORD, topic=row.topic, subject=row.subject or "", number=named.number),
            error=row.error,
            type=row.type or "",
            at=row.parked_at,
            partition=row.partition,
            offset=row.record_offset,
            headers=_shown(headers_of(row)),
            body_bytes=len(row.body or b""),
            release=WHAT_RELEASE_DOES[RECORD] if row.subject else NO_ENVELOPE,
        )
    if named.kind == REACTION:
        named = replace(named, subject=row.subject)
    return Shown(
        named=named,
        error=row.error,
        at=row.at,
        headers={},
        release=WHAT_RELEASE_DOES[named.kind],
    )


def row_of(connection: Connection, named: Named) -> Row[Any]:
    """Its row; refuses what isn't there."""
    row = connection.execute(
        text(STATEMENTS[named.kind]),
        {
            "number": named.number,
            "topic": named.topic,
            "subject": named.subject,
            "derivation": named.derivation,
            "reaction": named.reaction,
            "fact": named.fact or None,
        },
    ).one_or_none()
    if row is None:
        raise Unknown("parked", str(named))
    return row


def headers_of(row: Row[Any]) -> dict[str, bytes]:
    """A parked record's headers as they came."""
    held = cast("Mapping[str, str]", row.headers)
    return {name: b64decode(value) for name, value in held.items()}


def _shown(headers: Mapping[str, bytes]) -> dict[str, str]:
    """A readable envelope's own values; of anything else the length, and no foreign name."""
    try:
        read_envelope(headers)
        shown = SHOWN
    except NoEnvelope:
        shown = frozenset()
    ours = {name: value for name, value in headers.items() if name in NAMED}
    foreign = [len(value) for name, value in headers.items() if name not in NAMED]
    told = {
        name: value.decode() if name in shown else f"{len(value)} bytes"
        for name, value in ours.items()
    }
    return told | {f"other {n}": f"{size} bytes" for n, size in enumerate(foreign, 1)}

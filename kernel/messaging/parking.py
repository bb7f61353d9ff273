"""Parking: what can't be used is kept with its bytes, and stops its subject and nobody else."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256

from sqlalchemy import Connection

from kernel import logs
from kernel.messaging.envelope import Record
from kernel.store.statements import text


def what_failed(error: BaseException) -> str:
    """The error's class and where it arose, never its text: that may hold values."""
    return f"{logs.error_of(error)} at {logs.place_of(error)}"


def park(
    connection: Connection,
    record: Record,
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


def parked_headers(kept: Mapping[str, str]) -> dict[str, bytes]:
    """A parked record's headers as they came, of what `park` kept of them."""
    return {name: b64decode(value) for name, value in kept.items()}

"""Appending, in one statement: private facts, public rows with sequences, the command's id."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from kernel.codec import Codec
from kernel.facts import Publication, Recorded
from kernel.refusal import AgainstTheRules
from kernel.store.bells import PUBLISHED

# Bytes of a public fact: with its envelope, what a broker takes by default.
LARGEST = 900 * 1024

APPEND = text(f"""
WITH accepted AS (
    INSERT INTO command (id, digest, actor)
    SELECT :command_id, :digest, :actor WHERE CAST(:digest AS bytea) IS NOT NULL
), recorded AS (
    INSERT INTO fact (stream, version, id, type, body, at, actor, command_id, correlation)
    SELECT x.stream, x.version, x.id, x.type, x.body::jsonb, :at, :actor, :command_id, :correlation
    FROM unnest(CAST(:streams AS text[]), CAST(:versions AS bigint[]), CAST(:ids AS uuid[]),
                CAST(:types AS text[]), CAST(:bodies AS text[]))
        AS x(stream, version, id, type, body)
), news AS (
    SELECT *
    FROM unnest(CAST(:p_subjects AS text[]), CAST(:p_ids AS uuid[]), CAST(:p_types AS text[]),
                CAST(:p_bodies AS bytea[]), CAST(:p_headers AS text[]),
                CAST(:p_signed AS timestamptz[]))
    WITH ORDINALITY AS x(subject, id, type, body, headers, signed_at, n)
), given AS (
    INSERT INTO sequence (subject, last, last_id)
    SELECT subject, count(*), (array_agg(id ORDER BY n DESC))[1]
    FROM news GROUP BY subject ORDER BY subject
    ON CONFLICT (subject)
    DO UPDATE SET last = sequence.last + excluded.last, last_id = excluded.last_id,
                  last_written = greatest(sequence.last_written, excluded.last_written)
    RETURNING subject, last, last_written
), written AS (
    INSERT INTO published
        (subject, sequence, id, type, body, headers, signed_at, command_id, written_by)
    SELECT subject,
           given.last - count(*) OVER (PARTITION BY subject)
                      + row_number() OVER (PARTITION BY subject ORDER BY n),
           id, type, body, headers::jsonb, signed_at,
           CASE WHEN CAST(:digest AS bytea) IS NULL THEN NULL ELSE :command_id END, last_written
    FROM news JOIN given USING (subject) ORDER BY n
    RETURNING subject, sequence, id, position
)
SELECT subject, sequence, id, ({PUBLISHED.ring}) AS rung FROM written ORDER BY position
""")  # noqa: S608 - what rings is code


class Conflict(Exception):
    """Somebody else appended to the stream first."""


class AlreadyAccepted(Exception):
    """A command of this id was accepted before."""


@dataclass(frozen=True, slots=True)
class Appended:
    """A publication with the sequence it was given; `signed_at` None: when it was recorded."""

    publication: Publication
    sequence: int
    signed_at: datetime | None


def append(
    connection: Connection,
    codec: Codec,
    network: str,
    facts: Sequence[Recorded],
    publications: Sequence[Publication],
    **command: Any,
) -> list[Appended]:
    """Write it all; what the command tells of itself is None for what no command made.

    Refuses TOO_LARGE what Kafka would not carry; raises Conflict when a stream's version is taken,
    AlreadyAccepted when the command's id is.
    """
    encoded = [codec.encode(recorded.fact) for recorded in facts]
    try:
        given = connection.execute(
            APPEND,
            {
                **command,
                "streams": [recorded.stream for recorded in facts],
                "versions": [recorded.version for recorded in facts],
                "ids": [recorded.id for recorded in facts],
                "types": [name for name, _ in encoded],
                "bodies": [body for _, body in encoded],
                "p_subjects": [item.subject for item in publications],
                "p_ids": [item.id for item in publications],
                "p_types": [item.type for item in publications],
                "p_bodies": [_body(item) for item in publications],
                "p_headers": [_headers(item, network, command) for item in publications],
                "p_signed": [item.signed_at or command["at"] for item in publications],
            },
        ).all()
    except IntegrityError as error:
        if isinstance(error.orig, errors.UniqueViolation):
            constraint = error.orig.diag.constraint_name
            if constraint == "fact_pkey":
                raise Conflict from None
            if constraint in ("command_pkey", "fact_id_key", "published_id_key"):
                raise AlreadyAccepted from None
        raise
    by_id = {row.id: row.sequence for row in given}
    return [
        Appended(item, by_id[item.id], item.signed_at or command["at"]) for item in publications
    ]


def _body(item: Publication) -> bytes:
    body = item.message.SerializeToString(deterministic=True)
    if len(body) > LARGEST:
        raise AgainstTheRules(
            "TOO_LARGE",
            f"a public fact holds at most {LARGEST} bytes; split what it tells",
            type=item.type,
            bytes=str(len(body)),
        )
    return body


def _headers(item: Publication, network: str, command: Mapping[str, Any]) -> str:
    return json.dumps(
        {
            "network": network,
            "label": item.label,
            "mayignore": "true" if item.may_ignore else "false",
            "causationid": item.causation,
            "correlationid": command["correlation"] or "",
            "traceparent": command["traceparent"] or "",
        }
    )

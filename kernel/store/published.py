"""Reading the published log: what its owner answers to `Read`, `Heads` and `CountFacts`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.engine import Row

from kernel.messaging.envelope import Envelope

DIGEST = "sha256(convert_to(type || '|' || (headers->>'label') || '|', 'UTF8') || body)"
PAGE_BYTES = 2 * 1024 * 1024  # with one more fact and all headers, less than a gRPC message


def epoch_of(connection: Connection) -> int:
    """The log's epoch: raised when the database was restored to an earlier point."""
    return int(connection.execute(text("SELECT epoch FROM epoch")).scalar_one())


def read(
    connection: Connection, subject: str, after: int, limit: int
) -> tuple[Sequence[Row[Any]], bool]:
    """The subject's rows after a sequence, oldest first, while they fit; whether more follow."""
    rows = connection.execute(
        text(
            "SELECT * FROM (SELECT *, sum(length(body)) OVER (ORDER BY sequence) AS total"
            " FROM published WHERE subject = :subject AND sequence > :after"
            " ORDER BY sequence LIMIT :limit) AS page"
            " WHERE total - length(body) < :bytes ORDER BY sequence"
        ),
        {"subject": subject, "after": after, "limit": limit + 1, "bytes": PAGE_BYTES},
    ).all()
    page = rows[:limit]
    if not page:
        return page, False
    last = connection.execute(
        text("SELECT last FROM sequence WHERE subject = :subject"), {"subject": subject}
    ).scalar_one()
    return page, bool(last > page[-1].sequence)


def heads(connection: Connection, after: str, limit: int) -> Sequence[Row[Any]]:
    """The last sequence and id of each subject after one, in byte order."""
    return connection.execute(
        text(
            'SELECT subject, last, last_id FROM sequence WHERE subject > :after COLLATE "C"'
            ' ORDER BY subject COLLATE "C" LIMIT :limit'
        ),
        {"after": after, "limit": limit},
    ).all()


def count(connection: Connection) -> dict[str, int]:
    """How many rows of each type."""
    rows = connection.execute(text("SELECT type, count(*) AS n FROM published GROUP BY type"))
    return {row.type: row.n for row in rows}


def envelope_of(row: Row[Any], *, source: str, epoch: int) -> Envelope:
    """The row's envelope: the same whether Kafka carries it or its owner is asked."""
    return Envelope(
        id=row.id,
        type=row.type,
        source=source,
        subject=row.subject,
        time=row.recorded_at,
        signed_at=row.signed_at or row.recorded_at,
        epoch=epoch,
        sequence=row.sequence,
        network=row.headers["network"],
        label=row.headers["label"],
        may_ignore=row.headers["mayignore"] == "true",
        causation=row.headers["causationid"],
        correlation=row.headers["correlationid"],
        traceparent=row.headers["traceparent"],
    )


def fingerprints_at(
    connection: Connection, subjects: Sequence[str], sequences: Sequence[int]
) -> Sequence[Row[Any]]:
    """As `fingerprints`, of what stands at these places; one without a fact is left out."""
    return connection.execute(
        text(
            f"SELECT subject, sequence, id, {DIGEST} AS digest FROM published"  # noqa: S608
            " JOIN unnest(CAST(:subjects AS text[]), CAST(:sequences AS bigint[]))"
            " AS x(subject, sequence) USING (subject, sequence)"
        ),
        {"subjects": list(subjects), "sequences": list(sequences)},
    ).all()


def fingerprints(
    connection: Connection, types: Sequence[str], after: tuple[str, int], limit: int
) -> Sequence[Row[Any]]:
    """Subject, sequence, id and hash of the facts of these types after a place, in byte order."""
    return connection.execute(
        text(
            f"SELECT subject, sequence, id, {DIGEST} AS digest FROM published"  # noqa: S608
            " WHERE type = ANY(CAST(:types AS text[]))"
            ' AND (subject COLLATE "C", sequence) > (:subject, :sequence)'
            ' ORDER BY subject COLLATE "C", sequence LIMIT :limit'
        ),
        {"types": list(types), "subject": after[0], "sequence": after[1], "limit": limit},
    ).all()

"""What waits in a service's database, and who is at work there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from kernel.messaging.ordinal import ORDINAL
from kernel.messaging.relay import ACTIVE
from kernel.store.rows import from_row
from kernel.store.statements import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits in this database: counts, and the age of the oldest in seconds."""

    unsent: int
    unsent_seconds: float
    behind: int
    stopped: int
    due: int
    due_seconds: float
    parked: int
    failed: int


def relay_is_active(connection: Connection) -> bool:
    """Whether some process holds the lock of the one active relay of this database."""
    return bool(_held(connection, "objsubid = 1 AND classid = 0 AND objid = :key", ACTIVE))


def stream_ordinals(connection: Connection) -> Sequence[int]:
    """The ordinals that stream workers hold now."""
    return _held(connection, "objsubid = 2 AND classid = :key", ORDINAL)


def waiting(connection: Connection) -> Waiting:
    """What waits, by the database's own clock."""
    row = connection.execute(
        text(
            "SELECT (SELECT count(*) FROM published WHERE sent_at IS NULL) AS unsent,"
            " (SELECT extract(epoch FROM clock_timestamp() - min(recorded_at)) FROM published"
            "  WHERE sent_at IS NULL) AS unsent_seconds,"
            " (SELECT count(*) FROM heard_head"
            "  WHERE (behind_to IS NOT NULL OR anew) AND stopped IS NULL) AS behind,"
            " (SELECT count(*) FROM heard_head WHERE stopped IS NOT NULL)"
            "  + (SELECT count(*) FROM heard_topic WHERE stopped IS NOT NULL) AS stopped,"
            " (SELECT count(*) FROM owed WHERE error IS NULL) AS due,"
            " (SELECT extract(epoch FROM clock_timestamp() - min(raised_at)) FROM owed"
            "  WHERE error IS NULL) AS due_seconds,"
            " (SELECT count(*) FROM parked) AS parked,"
            " (SELECT count(*) FROM owed WHERE error IS NOT NULL) AS failed"
        )
    ).one()
    return from_row(
        Waiting,
        row,
        unsent_seconds=float(row.unsent_seconds or 0),
        due_seconds=float(row.due_seconds or 0),
    )


def parked_by_class(connection: Connection) -> Mapping[str, int]:
    """Class of error, without its module → records set aside for it."""
    return _by_class(connection, "parked", "true")


def failed_by_class(connection: Connection) -> Mapping[str, int]:
    """As `parked_by_class`, of projections and reactions that raised it."""
    return _by_class(connection, "owed", "error IS NOT NULL")


def stopped_by_reason(connection: Connection) -> Mapping[tuple[str, str], int]:
    """`subject` or `topic`, and why it stopped → how many did."""
    rows = connection.execute(
        text(
            "SELECT 'subject' AS what, stopped, count(*) AS number FROM heard_head"
            " WHERE stopped IS NOT NULL GROUP BY stopped"
            " UNION ALL SELECT 'topic', stopped, count(*) FROM heard_topic"
            " WHERE stopped IS NOT NULL GROUP BY stopped"
        )
    )
    return {(row.what, row.stopped): row.number for row in rows}


def _by_class(connection: Connection, table: str, condition: str) -> dict[str, int]:
    rows = connection.execute(
        text(
            r"SELECT regexp_replace(split_part(error, ' ', 1), '^.*\.', '') AS class,"  # noqa: S608
            f" count(*) AS number FROM {table} WHERE {condition} GROUP BY 1"
        )
    )
    return {row[0]: row.number for row in rows}


def _held(connection: Connection, which: str, key: int) -> list[int]:
    rows = connection.execute(
        text(
            "SELECT objid::bigint AS number FROM pg_locks"  # noqa: S608 - which is code
            " WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            f" AND {which} ORDER BY 1"
        ),
        {"key": key},
    )
    return [int(row.number) for row in rows]

"""How a service is doing: its processes, how far behind it is, and what waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from kernel.messaging.checkpoints import Checkpoints
from kernel.messaging.envelope import NoEnvelope, read_envelope
from kernel.messaging.gap_repair import contradicting
from kernel.messaging.ordinal import ORDINAL
from kernel.messaging.owners import Owner, OwnerHead
from kernel.messaging.relay import ACTIVE
from kernel.store.rows import from_row
from kernel.store.store import Store
from kernel.tls.certificates import Certificate

LOOKED_AT = 50  # subjects whose first fact not heard is asked for its age


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far this service is behind one it hears; `seconds`: the oldest fact not heard.

    `contradicted`: subjects of whom it heard what their owner doesn't have; `epoch`: the owner's.
    """

    facts: int
    subjects: int
    seconds: float
    contradicted: int
    epoch: int


def relay_is_active(connection: Connection) -> bool:
    """Whether some process holds the lock of the one active relay of this database."""
    return bool(_held(connection, "objsubid = 1 AND classid = 0 AND objid = :key", ACTIVE))


def stream_ordinals(connection: Connection) -> Sequence[int]:
    """The ordinals that stream workers hold now."""
    return _held(connection, "objsubid = 2 AND classid = :key", ORDINAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A process's last committed heartbeat: how long ago, and what it showed then."""

    seconds: float
    certificates: Sequence[Certificate]


def heartbeats(connection: Connection) -> Mapping[tuple[str, int], Beat]:
    """By process and ordinal."""
    rows = connection.execute(
        text(
            "SELECT process, ordinal, certificates,"
            " extract(epoch FROM clock_timestamp() - at) AS seconds FROM heartbeat"
        )
    )
    return {
        (row.process, row.ordinal): Beat(
            seconds=float(row.seconds),
            certificates=[Certificate.of_json(kept) for kept in row.certificates],
        )
        for row in rows
    }


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


def topics(connection: Connection) -> Mapping[str, tuple[int, str]]:
    """Topic → the epoch in which it is heard, and why it stands still (empty: it doesn't)."""
    rows = connection.execute(text("SELECT topic, epoch, stopped FROM heard_topic"))
    return {row.topic: (row.epoch, row.stopped or "") for row in rows}


def lag_behind(store: Store, owner: Owner) -> Lag:
    """What the owner published and this service hasn't heard, by asking the owner."""
    with store.transaction() as tx:
        noted = Checkpoints(tx.connection).of_topic(owner.topic)
    epoch, heads = owner.epoch_and_heads()  # after: it knows at least what was heard
    reached = {subject: head.sequence for subject, head in noted.items()}
    late = [head for head in heads if head.sequence > reached.get(head.subject, 0)]
    facts = sum(head.sequence - reached.get(head.subject, 0) for head in late)
    return Lag(
        facts=facts,
        subjects=len(late),
        seconds=_oldest(owner, late, reached),
        contradicted=len(contradicting(noted, heads)),
        epoch=epoch,
    )


def _oldest(owner: Owner, late: Sequence[OwnerHead], reached: Mapping[str, int]) -> float:
    now = datetime.now(UTC)
    oldest = now
    for head in late[:LOOKED_AT]:
        records, _ = owner.read(head.subject, reached.get(head.subject, 0))
        for record in records[:1]:
            try:
                oldest = min(oldest, read_envelope(record.headers).time)
            except NoEnvelope:
                continue
    return (now - oldest).total_seconds()


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

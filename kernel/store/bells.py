"""Bells: how a transaction wakes the process that waits for what it writes.

A process falls asleep by taking its bell's lock for itself alone. A writer takes the lock shared
until its transaction is over, and rings where it can't have it. So nobody falls asleep while what
it waits for is being written, and nobody rings while nobody sleeps: every NOTIFY passes through
one lock of the whole server as it is committed, which eight busy writers would feel.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from kernel.store.statements import text


@dataclass(frozen=True, slots=True)
class Bell:
    """The channel that it is heard on, and the advisory lock of whoever sleeps beside it.

    `says`: SQL of what is heard.
    """

    channel: str
    lock: int
    says: str = "''"

    @property
    def ring(self) -> str:
        """SQL of a row or none, for a writer: its transaction wakes the sleeper when committed."""
        return (
            f"SELECT pg_notify('{self.channel}', {self.says})"
            f" WHERE NOT pg_try_advisory_xact_lock_shared({self.lock})"
        )


PUBLISHED = Bell("published", 905_004)  # wakes the relay
PENDING = Bell("due", 905_005)  # wakes stream workers
# Tells whoever watches what is appended to; a writer's parameter says it.
NEWS = Bell("news", 905_007, "CAST(:news AS text)")


@dataclass(frozen=True, slots=True)
class RungFor:
    """Whom writers ring for from now on: this connection, or another that sleeps already."""

    ours: bool
    anothers: bool


def try_to_be_rung_for(connection: Connection, bell: Bell) -> RungFor:
    """Take the bell's lock, if no writer and no other sleeper has it."""
    # MATERIALIZED: the lock is tried once, not each time that `ours` is named.
    row = connection.execute(
        text(
            "WITH asleep AS MATERIALIZED (SELECT pg_try_advisory_lock(:lock) AS ours)"
            " SELECT ours, NOT ours AND EXISTS (SELECT FROM pg_locks"
            " WHERE locktype = 'advisory' AND objsubid = 1 AND classid = 0 AND objid = :lock"
            " AND mode = 'ExclusiveLock' AND granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())) AS anothers"
            " FROM asleep"
        ),
        {"lock": bell.lock},
    ).one()
    return RungFor(row.ours, row.anothers)


def rings(connection: Any) -> Iterator[str]:
    """What was said since this was last asked; raises when the connection is lost.

    A ring that came with the answer to something else stands in no socket any more: the driver
    keeps it, or its library does.
    """
    while (kept := connection.pgconn.notifies()) is not None:
        yield kept.extra.decode()
    for heard in connection.notifies(timeout=0):
        yield heard.payload

"""Bells: how a transaction wakes the process that waits for what it writes.

A process falls asleep by taking its bell's lock for itself alone. A writer takes the lock shared
until its transaction is over, and rings where it can't have it. So nobody falls asleep while what
it waits for is being written, and nobody rings while nobody sleeps: every NOTIFY passes through
one lock of the whole server as it is committed, which eight busy writers would feel.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bell:
    """The channel that it is heard on, and the advisory lock of whoever sleeps beside it."""

    channel: str
    lock: int

    @property
    def ring(self) -> str:
        """SQL of a row or none, for a writer: its transaction wakes the sleeper when committed."""
        return (
            f"SELECT pg_notify('{self.channel}', '')"
            f" WHERE NOT pg_try_advisory_xact_lock_shared({self.lock})"
        )


PUBLISHED = Bell("published", 905_004)  # wakes the relay
PENDING = Bell("due", 905_005)  # wakes stream workers

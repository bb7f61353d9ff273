"""A stream worker's ordinal, which its Kafka member id is made of."""

import time

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, TimeoutError

from kernel import logs

log = logs.get("kernel.worker")

ORDINAL = 905_003  # advisory locks (ORDINAL, n): one worker a static member id
AWAY = 0.5  # seconds before it is tried again


class Ordinal:
    """This worker's ordinal, held by a lock: two workers with one member id evict each other."""

    def __init__(self, engine: Engine, ordinal: int) -> None:
        self._engine = engine
        self._ordinal = ordinal
        self._connection: Connection | None = None

    def take(self) -> None:
        """Wait until it is ours."""
        waited = False
        while not self._taken():
            if not waited:
                log.warning("ordinal_taken_or_database_away", ordinal=self._ordinal)
                waited = True
            time.sleep(AWAY)

    def keep(self) -> None:
        """Take it again if the database went away, and the lock with it."""
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                self._connection.commit()
                return
        except DBAPIError:
            self._connection = None
        self.take()

    def _taken(self) -> bool:
        try:
            connection = self._engine.connect()
            taken = connection.execute(
                text("SELECT pg_try_advisory_lock(:kind, :ordinal)"),
                {"kind": ORDINAL, "ordinal": self._ordinal},
            ).scalar_one()
            connection.commit()
        except (DBAPIError, TimeoutError):
            return False
        if taken:
            self._connection = connection
        else:
            connection.close()
        return bool(taken)

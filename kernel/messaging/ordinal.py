"""A stream consumer's ordinal, which its Kafka member id is made of."""

import time
from uuid import uuid4

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, TimeoutError

from kernel import logs
from kernel.store.database import is_passing
from kernel.store.statements import text
from kernel.store.store import Transaction

log = logs.get("kernel.worker")

ORDINAL = 905_003  # advisory locks (ORDINAL, n): one consumer a static member id
AWAY = 0.5  # seconds before it is tried again
HOLDS = "SELECT FROM stream_ordinal WHERE ordinal = :ordinal AND holder = :holder"


class OrdinalLost(Exception):
    """Another consumer has this one's ordinal: it must not hear any more."""


class Ordinal:
    """This consumer's ordinal, held by a lock: two consumers with one member id evict each other.

    The lock is gone with its connection, and the consumer may not know yet. So whoever takes the
    ordinal writes who holds it now, and no batch is heard but by that one.
    """

    def __init__(self, engine: Engine, ordinal: int) -> None:
        self._engine = engine
        self._ordinal = ordinal
        self._holding = {"ordinal": ordinal, "holder": uuid4()}
        self._connection: Connection | None = None

    def take(self) -> Connection:
        """Wait until it is ours; gives the connection that holds it, which is nobody else's."""
        waited = False
        while (taken := self._take()) is None:
            if not waited:
                log.warning("ordinal_taken_or_database_away", ordinal=self._ordinal)
                waited = True
            time.sleep(AWAY)
        return taken

    def take_again(self) -> Connection:
        """After its connection was lost; raises OrdinalLost when another was faster.

        Waits for a database that is away, and for our own lock of before: it goes with its
        connection, which the server may notice later than we do.
        """
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        while True:
            try:
                if (taken := self._try()) is not None:
                    return taken
                # Before another hears anything, it wrote that it is the holder.
                with self._engine.connect() as connection:
                    if connection.execute(text(HOLDS), self._holding).first() is None:
                        raise OrdinalLost
            except (DBAPIError, TimeoutError) as error:
                if not is_passing(error):
                    raise
            time.sleep(AWAY)

    def fence(self, tx: Transaction) -> None:
        """Let this transaction go on only while nobody else has the ordinal; raises OrdinalLost.

        Who takes it waits until the transaction is over.
        """
        if tx.execute(f"{HOLDS} FOR SHARE", **self._holding).first() is None:
            raise OrdinalLost

    def _take(self) -> Connection | None:
        try:
            return self._try()
        except (DBAPIError, TimeoutError) as error:
            if not is_passing(error):
                raise
            return None

    def _try(self) -> Connection | None:
        """The connection that holds it now; None: another's does."""
        connection = self._engine.connect()
        try:
            taken = connection.execute(
                text("SELECT pg_try_advisory_lock(:kind, :ordinal)"),
                {"kind": ORDINAL, "ordinal": self._ordinal},
            ).scalar_one()
            if taken:
                connection.detach()  # closed, not pooled: the lock goes with the connection
                connection.execute(
                    text(
                        "INSERT INTO stream_ordinal (ordinal, holder) VALUES (:ordinal, :holder)"
                        " ON CONFLICT (ordinal) DO UPDATE SET holder = excluded.holder"
                    ),
                    self._holding,
                )
                connection.commit()
                self._connection = connection
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
        return None

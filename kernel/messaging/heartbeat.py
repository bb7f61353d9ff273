"""Heartbeats: each process commits now and then, in its service's database, that it is at work.

A beat is a row written over itself, which a full disk still takes, and little work for a machine at
rest. Whether there is room for facts is tried when somebody asks.
"""

import json
import time

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from kernel import logs
from kernel.store.statements import text
from kernel.tls.certificates import Shown

log = logs.get("kernel.heart")

EVERY = 5.0  # seconds between two beats, at least; a process asleep wakes as often

BEAT = text(
    "INSERT INTO heartbeat (process, ordinal, at, certificates)"
    " VALUES (:process, :ordinal, clock_timestamp(), CAST(:certificates AS jsonb))"
    " ON CONFLICT (process, ordinal)"
    " DO UPDATE SET at = excluded.at, certificates = excluded.certificates"
)
# In the database's own place, wherever temporary tables go by default.
TRY_ROOM = (
    text("SET LOCAL temp_tablespaces = ''"),
    text("CREATE TEMP TABLE room (bytes text STORAGE PLAIN) ON COMMIT DROP"),
    text("INSERT INTO room SELECT repeat(' ', 8000) FROM generate_series(1, 128)"),  # 1 MiB
)


class Heartbeat:
    """One process's, by the name that status gives it, with the certificates that it shows."""

    def __init__(self, process: str, ordinal: int = 0, *, shown: Shown = tuple) -> None:
        self._named = {"process": process, "ordinal": ordinal}
        self._shown = shown
        self._next = time.monotonic()

    def beat_in_time(self, connection: Connection) -> None:
        """Beat, if it is time; a database that takes no beat is logged, and asked again.

        Raises when the connection is lost.
        """
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        try:
            connection.execute(BEAT, self._told())
            connection.commit()
        except DBAPIError as error:
            log.warning("no_heartbeat", reason=_refused(connection, error))

    def beat_with_room(self, connection: Connection) -> str:
        """Beat, if there is room for a MiB; gives why there is none, by the error's class.

        Raises when the connection is lost.
        """
        try:
            for statement in TRY_ROOM:
                connection.execute(statement)
            connection.execute(BEAT, self._told())
            connection.commit()
        except DBAPIError as error:
            return _refused(connection, error)
        return ""

    def _told(self) -> dict[str, object]:
        certificates = json.dumps([each.as_json() for each in self._shown()])
        return {**self._named, "certificates": certificates}


def _refused(connection: Connection, error: DBAPIError) -> str:
    if error.connection_invalidated:
        raise error
    connection.rollback()
    return type(error.orig).__name__

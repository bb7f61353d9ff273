"""What of a record changes, told as it is committed, whichever process wrote it: names of streams.

One thread listens, on a connection of its own, while anybody follows. Where more than one process
listens, one of them has the bell's lock, and writers ring for all; until another has it after the
first is gone, a ring may be missed, and who follows is told so.
"""

import queue
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from kernel import logs
from kernel.store.bells import NEWS, rings, try_to_be_rung_for
from kernel.store.statements import text

POLL = 5.0  # seconds between two looks whether writers ring still
BUSY = 0.05  # while a writer has the lock that says so
AGAIN = 1.0  # after the connection was lost

log = logs.get("kernel.store.news")


class Unnamed(Enum):
    """What isn't a name."""

    ANYTHING = "anything"  # something may not have been told
    END = "end"


@dataclass(eq=False, slots=True)
class Follower:
    """Hears it all, in order."""

    heard: "queue.SimpleQueue[str | Unnamed]" = field(default_factory=queue.SimpleQueue)

    def next(self, within: float) -> str | Unnamed | None:
        """Names, with spaces; None: nothing in these seconds."""
        try:
            return self.heard.get(timeout=within)
        except queue.Empty:
            return None


class News:
    """Of one record."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._followers: set[Follower] = set()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    @contextmanager
    def followed(self) -> Iterator[Follower]:
        """From the first ANYTHING on, nothing is missed that isn't told as another."""
        follower = Follower()
        with self._lock:
            self._followers.add(follower)
            if self._closed.is_set():
                follower.heard.put(Unnamed.END)
            elif self._thread is None:
                self._thread = threading.Thread(target=self._run, name="news", daemon=True)
                self._thread.start()
            else:
                follower.heard.put(Unnamed.ANYTHING)
        try:
            yield follower
        finally:
            with self._lock:
                self._followers.discard(follower)

    def close(self) -> None:
        """Everybody is told that it ends."""
        self._closed.set()
        self._tell(Unnamed.END)

    def _run(self) -> None:
        while not self._is_over():
            try:
                with self._engine.connect() as connection:
                    connection.execution_options(isolation_level="AUTOCOMMIT")
                    connection.detach()  # it is lent to nobody else meanwhile
                    self._listen(connection)
            except (DBAPIError, psycopg.Error) as error:
                log.warning("news_unheard", error=type(error).__name__)
                self._closed.wait(AGAIN)

    def _listen(self, connection: Connection) -> None:
        raw: Any = connection.connection.dbapi_connection
        connection.execute(text(f"LISTEN {NEWS.channel}"))
        ours = told = False
        while not self._is_over():
            if not ours:
                rung_for = try_to_be_rung_for(connection, NEWS)
                if not (rung_for.ours or rung_for.anothers):
                    self._closed.wait(BUSY)
                    continue
                if rung_for.ours or not told:
                    self._tell(Unnamed.ANYTHING)
                    told = True
                ours = rung_for.ours
            ready = select.poll()
            ready.register(raw.fileno(), select.POLLIN)
            ready.poll(POLL * 1000)
            for names in rings(raw):
                self._tell(names or Unnamed.ANYTHING)

    def _is_over(self) -> bool:
        """Nobody follows any more, and whoever comes next begins anew."""
        with self._lock:
            over = self._closed.is_set() or not self._followers
            if over:
                self._thread = None
            return over

    def _tell(self, what: str | Unnamed) -> None:
        with self._lock:
            for follower in self._followers:
                follower.heard.put(what)

"""Resting: a process with nothing to do looks often for a while, then sleeps until it is woken.

It sleeps on the connection that holds its lock (which is no pooled one): when that is lost, it
wakes at once.
"""

import os
import select
import time
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection

from kernel.store.bells import Bell, rings, try_to_be_rung_for
from kernel.store.statements import text

AWAKE = 0.1  # seconds without work before it falls asleep: a few looks cost what a waking does
POLL = 5.0  # seconds it sleeps at most: a writer of another release doesn't ring


class Resting:
    """Where one thread waits. `wake` may be called by any thread, and by a signal handler."""

    def __init__(self, bell: Bell, look: float) -> None:
        self._bell = bell
        self._look = look  # seconds between two looks while awake
        self._woken, self._waking = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._waking, False)
        self._connection: Connection | None = None
        self._since = time.monotonic()
        self._asleep = False
        self._falling_asleep = False

    def on(self, connection: Connection) -> None:
        """Listen on this connection from now on; awake."""
        connection.execute(text(f"LISTEN {self._bell.channel}"))
        connection.commit()
        self._connection = connection
        self._be_awake()

    def wake(self) -> None:
        """Let `rest` return now."""
        with suppress(BlockingIOError):  # full of wakings already
            os.write(self._waking, b"!")

    def rest(self, *, lightly: bool = False) -> None:
        """After a look that found nothing: until the next look. Raises when the connection is lost.

        Before it sleeps it returns once more: what was written before it fell asleep is found by
        that look, and whoever writes later rings. `lightly`: it doesn't sleep; for what it waits
        for nobody would ring.
        """
        if lightly or time.monotonic() - self._since < AWAKE:
            self._wait(self._look)
        elif not self._falling_asleep:
            if self._is_rung_for():
                self._falling_asleep = True
            else:
                self._wait(self._look)
        else:
            self._wait(POLL)
            if not self._asleep:  # another may have woken meanwhile, and writers ring for nobody
                self._falling_asleep = False

    def worked(self) -> None:
        """There was something: be awake. Raises when the connection is lost."""
        _is_rung(self._raw)
        if self._asleep:
            self.connection.execute(
                text("SELECT pg_advisory_unlock(:lock)"), {"lock": self._bell.lock}
            )
            self.connection.commit()
        self._be_awake()

    @property
    def connection(self) -> Connection:
        """The one it listens on."""
        if self._connection is None:
            raise RuntimeError("rests on no connection")
        return self._connection

    @property
    def _raw(self) -> Any:
        """The driver's: a detached connection has no other that is its own."""
        return self.connection.connection.dbapi_connection

    def _be_awake(self) -> None:
        self._since = time.monotonic()
        self._asleep = False
        self._falling_asleep = False

    def _is_rung_for(self) -> bool:
        """Whether every writer rings from now on: for us, or for another who sleeps already."""
        if self._asleep:
            return True
        rung_for = try_to_be_rung_for(self.connection, self._bell)
        self.connection.commit()
        self._asleep = rung_for.ours
        return rung_for.ours or rung_for.anothers

    def _wait(self, seconds: float) -> None:
        raw = self._raw
        if _is_rung(raw):
            return
        ready = select.poll()
        for place in (self._woken, raw.fileno()):
            ready.register(place, select.POLLIN)
        came = {place for place, _ in ready.poll(seconds * 1000)}
        if self._woken in came:
            os.read(self._woken, 4096)
        if came - {self._woken}:
            _is_rung(raw)


def _is_rung(connection: Any) -> bool:
    """Whether it rang since this was last asked; raises when the connection is lost."""
    return sum(1 for _ in rings(connection)) > 0

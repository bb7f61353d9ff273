"""A small TCP proxy between a process and PostgreSQL: it loses a COMMIT, or the answer to one."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from sqlalchemy import URL, Engine

from kernel.store.database import open_database
from kernel.store.store import Store
from ninehours.local.probes import LOOPBACK

# As libpq asks for it, and as PostgreSQL says that it was done.
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"
AT_ONCE = 65536  # bytes


@dataclass(slots=True)
class Loss:
    """Of the next transaction that says `statement`: its COMMIT, or where it `arrives` the answer.

    `happened`: that was lost, and the connection with it.
    """

    statement: bytes
    arrives: bool
    happened: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """Passes on whatever is said, both ways, until something is to be lost."""

    def __init__(self, store: Store) -> None:
        url = store.engine.url
        assert url.host is not None
        self._database = (url.host, url.port or 5432)
        self._listening = socket.create_server((LOOPBACK, 0))
        # In plain text, as the proxy reads what it passes on.
        host, port = self._listening.getsockname()
        self.url: URL = url.set(host=host, port=port, query={"sslmode": "disable"})
        self._lock = threading.Lock()
        self._loss: Loss | None = None
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def engine(self) -> Engine:
        """Asks the same database, by way of the proxy."""
        return open_database(self.told)

    @property
    def told(self) -> str:
        """The URL with its password, as settings have it."""
        return self.url.render_as_string(hide_password=False)

    def lose(self, statement: str, *, arrives: bool) -> Loss:
        """What is lost once, of the next transaction that says this."""
        with self._lock:
            self._loss = Loss(statement.encode(), arrives)
            return self._loss

    def close(self) -> None:
        """Nobody is connected any more."""
        self._listening.close()
        with self._lock:
            for end in self._open:
                _cut(end)

    def _accept(self) -> None:
        while True:
            try:
                asking, _ = self._listening.accept()
            except OSError:
                return  # closed
            answering = socket.create_connection(self._database)
            with self._lock:
                self._open += (asking, answering)
            connection = _Connection(asking, answering, self._said)
            for pump in (connection.ask, connection.answer):
                threading.Thread(target=pump, daemon=True).start()

    def _said(self, told: bytes) -> Loss | None:
        """What is to be lost of a transaction that says this, and of no other."""
        with self._lock:
            loss = self._loss
            if loss is None or loss.statement not in told:
                return None
            self._loss = None
            return loss


class _Connection:
    """One connection, as two that are passed on."""

    def __init__(
        self,
        asking: socket.socket,
        answering: socket.socket,
        said: Callable[[bytes], Loss | None],
    ) -> None:
        self._asking = asking
        self._answering = answering
        self._said = said
        self._loss: Loss | None = None
        self._awaited = False  # the answer that nobody hears

    def ask(self) -> None:
        with suppress(OSError):
            while told := self._asking.recv(AT_ONCE):
                self._loss = self._loss or self._said(told)
                if self._loss is not None and told == COMMIT:
                    if not self._loss.arrives:
                        return self._lose(self._loss)
                    self._awaited = True
                self._answering.sendall(told)
        self._cut()
        return None

    def answer(self) -> None:
        with suppress(OSError):
            while told := self._answering.recv(AT_ONCE):
                if self._awaited and self._loss is not None:
                    assert told.startswith(COMMITTED), told
                    return self._lose(self._loss)
                self._asking.sendall(told)
        self._cut()
        return None

    def _lose(self, loss: Loss) -> None:
        loss.happened.set()  # first: whoever is cut off looks at it
        self._cut()

    def _cut(self) -> None:
        for end in (self._asking, self._answering):
            _cut(end)


def _cut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def through_a_proxy(store: Store) -> Iterator[tuple[Store, Proxy]]:
    """The same store, whose connections may be lost."""
    proxy = Proxy(store)
    engine = proxy.engine()
    try:
        yield replace(store, engine=engine), proxy
    finally:
        engine.dispose()
        proxy.close()

"""The port that a process is watched on: HTTP, under TLS where the process has a certificate.

Whoever asks shows no certificate, as kubelet has none. Each connection has a thread of its own, in
which it is shaken hands with, so that one that says nothing holds up nobody; it is closed after a
while, and sooner where several say nothing.
"""

import socket
import ssl
import threading
from contextlib import suppress
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any, Self
from wsgiref.handlers import SimpleHandler
from wsgiref.simple_server import WSGIRequestHandler

from kernel.config import WrongSetting
from kernel.rpc.places import Overdue
from kernel.tls.context import server_context_of
from kernel.tls.identity import Identity, Material

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

SAYS_WITHIN = 5.0  # seconds from a connection to the whole of its question
TAKES_WITHIN = 5.0  # seconds in which an answer is taken
MOST_UNSAID = 4  # connections that may take longer than a moment to ask
THREADS = 32  # connections at once; others wait to be accepted
LONGEST_LINE = 4096  # bytes
LAST_PORT = 65535
AGAIN = 0.1  # seconds until a connection is taken again, where one could not be


class HealthPort:
    """Answers with a WSGI application, one question a connection; `port` is known once it is open.

    `identity` None: in plain text.
    """

    def __init__(
        self, address: str, app: "WSGIApplication", identity: Identity | None = None
    ) -> None:
        self._address = address
        self._app = app
        self._identity = identity
        self._material: Material | None = None
        self._context: ssl.SSLContext | None = None
        self._listening: socket.socket | None = None
        self._unsaid = Overdue(MOST_UNSAID)
        self._places = threading.BoundedSemaphore(THREADS)
        self._closing = threading.Event()
        self.port = 0

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Listen and answer, from threads of its own; WrongSetting where nobody can listen."""
        host, _, port = self._address.rpartition(":")
        host = host.strip("[]")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            if not 0 <= int(port) <= LAST_PORT:
                raise ValueError
            self._listening = socket.create_server((host, int(port)), family=family, backlog=128)
        except ValueError:
            raise WrongSetting("NINEHOURS_HEALTH_LISTEN: is not host:port") from None
        except OSError as error:
            raise WrongSetting(f"NINEHOURS_HEALTH_LISTEN: {error.strerror}") from None
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, name="health", daemon=True).start()

    def close(self) -> None:
        """Answer nobody any more."""
        self._closing.set()
        if self._listening is not None:
            with suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)  # wakes who accepts
            self._listening.close()
        self._unsaid.close()

    def _accept(self) -> None:
        assert self._listening is not None
        while True:
            self._places.acquire()
            try:
                connection, _ = self._listening.accept()
            except OSError:
                self._places.release()
                if self._closing.wait(AGAIN):
                    return
                continue
            threading.Thread(
                target=self._answer, args=(connection,), name="health", daemon=True
            ).start()

    def _answer(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.settimeout(SAYS_WITHIN)
                if (context := self._current()) is not None:
                    connection = context.wrap_socket(
                        connection, server_side=True, do_handshake_on_connect=False
                    )
                with connection:
                    self._converse(connection)
        except (OSError, ValueError):
            pass  # of who asked: gone, silent, in plain text, or no HTTP
        finally:
            self._places.release()

    def _converse(self, connection: socket.socket) -> None:
        def hang_up() -> None:
            # Not the wire's own, which would drop TLS under a handshake that is under way.
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

        question = _Question(connection)
        try:
            with self._unsaid.within(SAYS_WITHIN, hang_up):
                if isinstance(connection, ssl.SSLSocket):
                    connection.do_handshake()
                is_asked = question.is_asked()
            if is_asked:
                connection.settimeout(TAKES_WITHIN)
                question.answer_with(self._app)
        finally:
            question.finish()

    def _current(self) -> ssl.SSLContext | None:
        """As the identity is now."""
        if self._identity is not None:
            material = self._identity.current()
            if material is not self._material:
                self._context, self._material = server_context_of(material), material
        return self._context


class _Question(WSGIRequestHandler):
    """One connection's request."""

    def __init__(self, connection: socket.socket) -> None:
        self.request = connection
        self.client_address = ("", 0)
        self.setup()

    def is_asked(self) -> bool:
        """Whether a whole question came; waits for it."""
        self.raw_requestline = self.rfile.readline(LONGEST_LINE)
        # One that is too long isn't parsed: nobody asks so here.
        return self.raw_requestline.endswith(b"\n") and self.parse_request()

    def answer_with(self, app: "WSGIApplication") -> None:
        # The standard library's tracebacks go nowhere: they may hold anything.
        to: Any = self.wfile
        SimpleHandler(BytesIO(), to, StringIO(), self._environ()).run(app)

    def _environ(self) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        return {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "",
            "SERVER_PORT": "",
            "SERVER_PROTOCOL": self.request_version,
            "HTTP_ACCEPT": self.headers.get("Accept", ""),
            "HTTP_ACCEPT_ENCODING": self.headers.get("Accept-Encoding", ""),
        }

    def log_message(self, format: str, *_: Any) -> None:
        """Nothing: who asks is nobody's business, and what was asked may be anything."""

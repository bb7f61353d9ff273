"""What stands between clients and servers passes everything on, then nothing, then ends them."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from ninehours.local.probes import LOOPBACK, free_ports
from tests.harness.chaos.between import Between

MUCH = b"nine hours" * 1_000_000  # more than any buffer on the way holds
MOMENT = 0.2  # seconds in which nothing comes
PATIENCE = 600.0


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while said := self.request.recv(65536):
            self.request.sendall(said)


Connect = Callable[[], socket.socket]


@pytest.fixture
def port() -> Iterator[int]:
    """Where a server says again what it is told."""
    with socketserver.ThreadingTCPServer((LOOPBACK, 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def between(port: int) -> Iterator[Between]:
    with Between(free_ports(1)[0], port) as between:
        yield between


def connected(between: Between) -> socket.socket:
    return socket.create_connection((LOOPBACK, between.port), timeout=PATIENCE)


def heard(connection: socket.socket, length: int) -> bytes:
    parts = []
    while length and (part := connection.recv(length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def hears_nothing(connection: socket.socket) -> bool:
    connection.settimeout(MOMENT)
    try:
        connection.recv(1)
    except TimeoutError:
        return True
    finally:
        connection.settimeout(PATIENCE)
    return False


def test_all_is_passed_on_both_ways_up_to_its_end(between: Between) -> None:
    with closing(connected(between)) as connection:
        saying = threading.Thread(target=connection.sendall, args=(MUCH,))
        saying.start()
        assert heard(connection, len(MUCH)) == MUCH
        saying.join()
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def test_once_cut_connections_of_before_and_after_stay_open_and_carry_nothing(
    between: Between,
) -> None:
    with closing(connected(between)) as before:
        before.sendall(b"a")
        assert heard(before, 1) == b"a"
        between.cut()
        before.sendall(b"b")
        with closing(connected(between)) as after:
            after.sendall(b"c")
            assert hears_nothing(before)
            assert hears_nothing(after)
            assert between.reset() == 2
            for connection in (before, after):
                with pytest.raises(ConnectionResetError):
                    connection.recv(1)
    with closing(connected(between)) as connection:
        connection.sendall(b"d")
        assert heard(connection, 1) == b"d"


def test_where_nobody_listens_who_comes_is_sent_away(between: Between) -> None:
    between.target = free_ports(1)[0]
    # It may be sent away before its system has even told that it is connected.
    with pytest.raises(ConnectionResetError), closing(connected(between)) as connection:
        connection.recv(1)

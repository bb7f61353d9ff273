"""The port a process is watched on: who says nothing holds up nobody, and no wire is plain."""

import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress

import pytest

from kernel.config import WrongSetting
from kernel.tls.context import context_of
from kernel.tls.identity import ISSUED, Identity
from kernel.watching import port as port_module
from kernel.watching.health import Health
from kernel.watching.port import HealthPort
from ninehours.local.authority import Authority, Wire
from ninehours.local.probes import LOOPBACK
from ninehours.local.system import serves
from tests.harness.certificates import authority, issued
from tests.harness.kernel.counters import PATIENCE, until
from tests.harness.kernel.health import scraped, told

__all__ = ["authority"]

ANYWHERE = f"{LOOPBACK}:0"


@pytest.fixture
def health() -> Health:
    health = Health(lambda: True, labels={"service": "intake", "process": "relay"})
    health.serves()
    return health


@pytest.fixture
def opened(health: Health) -> Iterator[HealthPort]:
    with HealthPort(ANYWHERE, health) as port:
        yield port


@pytest.fixture
def secured(health: Health, authority: Authority) -> Iterator[HealthPort]:
    with HealthPort(ANYWHERE, health, Identity(issued(authority, "intake"), ISSUED)) as port:
        yield port


@pytest.fixture
def believing(authority: Authority, secured: HealthPort) -> ssl.SSLContext:
    """Of somebody who shows no certificate."""
    context = ssl.create_default_context()
    context.load_verify_locations(authority.folder_of("intake", Wire.RPC) / "ca.crt")
    return context


def test_a_process_tells_that_it_lives_that_it_is_ready_and_its_metrics(
    opened: HealthPort, health: Health
) -> None:
    assert told(opened.port, "/livez") == (200, "alive\n")
    assert told(opened.port, "/readyz") == (200, "ready\n")
    of_process = frozenset({("service", "intake"), ("process", "relay")})
    assert scraped(opened.port)["process_resident_memory_bytes", of_process] > 0
    health.stops()
    assert told(opened.port, "/readyz") == (503, "not ready\n")
    assert told(opened.port, "/livez") == (200, "alive\n")


def test_nothing_else_is_told_and_nothing_can_be_done(opened: HealthPort) -> None:
    for path in ("/", "/metrics/", "/livez/x", "/debug", "/%2e%2e/etc/passwd"):
        status, said = told(opened.port, path)
        assert (status, said) == (404, "there are /livez, /readyz, /metrics\n")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "CONNECT"):
        assert told(opened.port, "/metrics", method=method)[0] == 405
    assert "process_cpu_seconds_total" in told(opened.port, "/metrics?name[]=nothing")[1]


def test_under_tls_nobody_is_asked_for_a_certificate_and_plain_text_is_refused(
    secured: HealthPort, believing: ssl.SSLContext, authority: Authority
) -> None:
    assert told(secured.port, "/livez", believing) == (200, "alive\n")
    address = f"{LOOPBACK}:{secured.port}"
    assert serves(address, authority.identity("intake", Wire.RPC))
    assert not serves(address)
    stranger = ssl.create_default_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        told(secured.port, "/livez", stranger)
    believing.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        told(secured.port, "/livez", believing)


def test_a_new_certificate_is_shown_to_whoever_connects_next(
    secured: HealthPort, authority: Authority
) -> None:
    def shown() -> str:
        context = context_of(authority.identity("intake", Wire.RPC).current())
        with (
            socket.create_connection((LOOPBACK, secured.port), timeout=PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=LOOPBACK) as wire,
        ):
            return ssl.DER_cert_to_PEM_cert(wire.getpeercert(binary_form=True) or b"")

    before = shown()
    authority.issue_anew()
    assert shown() != before
    assert shown() == (authority.folder_of("intake", Wire.RPC) / "tls.crt").read_text()


SILENCES = {
    "no handshake": b"",
    "half a handshake": b"\x16\x03\x01\x02\x00\x01",
    "plain text": b"GET /metrics HTTP/1.0\r\n",
}


@pytest.mark.parametrize("said", SILENCES.values(), ids=SILENCES)
def test_connections_that_say_nothing_hold_up_nobody(
    secured: HealthPort, believing: ssl.SSLContext, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than there are threads, as long as a test may take."""
    monkeypatch.setattr(port_module, "SAYS_WITHIN", 10 * PATIENCE)
    with ExitStack() as silent:
        for _ in range(2 * port_module.THREADS):
            connection = socket.create_connection((LOOPBACK, secured.port), timeout=PATIENCE)
            silent.enter_context(connection)
            connection.sendall(said)
        for _ in range(3):
            assert told(secured.port, "/livez", believing) == (200, "alive\n")
            assert scraped(secured.port, believing)


def test_one_whose_question_drips_is_hung_up_on(
    opened: HealthPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time, the whole of it doesn't."""
    monkeypatch.setattr(port_module, "SAYS_WITHIN", 0.5)
    with socket.create_connection((LOOPBACK, opened.port), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /livez HTTP/1.0\r\nX: ")
        over = threading.Event()

        def is_hung_up_on() -> bool:
            try:
                connection.sendall(b"x")
            except OSError:
                over.set()
            return over.wait(0.05)

        until(is_hung_up_on)


def test_one_that_takes_no_answer_holds_up_nobody(opened: HealthPort) -> None:
    with ExitStack() as greedy:
        for _ in range(2 * port_module.MOST_UNSAID):
            connection = greedy.enter_context(closing(socket.socket()))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            connection.connect((LOOPBACK, opened.port))
            connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        assert told(opened.port, "/livez") == (200, "alive\n")


@pytest.mark.parametrize(
    "said", [b"\xff" * 9000, b"GET /livez\r\n" * 3, b"GET\r\n\r\n", b"\r\n\r\n"]
)
def test_nonsense_ends_its_own_connection(opened: HealthPort, said: bytes) -> None:
    with (
        socket.create_connection((LOOPBACK, opened.port), timeout=PATIENCE) as connection,
        suppress(OSError),  # it may hang up before all of it was said
    ):
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
    assert told(opened.port, "/livez") == (200, "alive\n")


def test_many_may_ask_at_once(opened: HealthPort) -> None:
    with ThreadPoolExecutor(3 * port_module.THREADS) as askers:
        asked = [askers.submit(told, opened.port, "/readyz") for _ in range(200)]
        assert {answer.result()[0] for answer in asked} <= {200, 503}
    assert told(opened.port, "/readyz") == (200, "ready\n")


def test_a_closed_port_is_free_again(health: Health) -> None:
    with HealthPort(ANYWHERE, health) as port:
        address = f"{LOOPBACK}:{port.port}"
    with HealthPort(address, health):
        assert serves(address)


@pytest.mark.parametrize(
    ("address", "told_why"),
    [
        ("nowhere", "is not host:port"),
        (f"{LOOPBACK}:no", "is not host:port"),
        (f"{LOOPBACK}:70000", "is not host:port"),
        ("{taken}", "Address already in use"),
    ],
)
def test_an_address_that_can_not_be_had_is_told(
    opened: HealthPort, health: Health, address: str, told_why: str
) -> None:
    address = address.replace("{taken}", f"{LOOPBACK}:{opened.port}")
    with pytest.raises(WrongSetting, match=f"NINEHOURS_HEALTH_LISTEN: {told_why}"):
        HealthPort(address, health).open()

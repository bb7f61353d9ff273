"""The rehearsal's gateway: where it leads a browser, and whom it believes on the way."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.harness.deploy.cell import Cell
from tests.harness.deploy.machine.gateway import led
from tests.harness.deploy.machine.issuing import OF_AUTHORITIES, Issued, issue

MANIFESTS = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: hello}}
spec:
  hostnames: [hello.example.org]
  rules: [{{backendRefs: [{{name: localhost, port: {port}}}], timeouts: {{request: 0s}}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {{name: hello}}
spec:
  targetRefs: [{{group: "", kind: Service, name: localhost}}]
  validation:
    hostname: {verified}
    caCertificateRefs: [{{group: "", kind: ConfigMap, name: authority}}]
"""


def authority() -> Issued:
    return issue("an authority", None, OF_AUTHORITIES)


@pytest.fixture(scope="module")
def believed() -> Issued:
    return authority()


@pytest.fixture(scope="module")
def port(believed: Issued, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Of a server that is certified as `hello`, and says by which name it was asked for what."""
    shown: Path = tmp_path_factory.mktemp("hello") / "hello.pem"
    own = issue("hello", believed, ["digital signature", "server auth"], answers_as=["hello"])
    shown.write_bytes(own.key_pem + own.pem)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"{self.headers['Host']}{self.path}".encode())

        def log_message(self, *_: object) -> None:
            """Nobody looks."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def cell(port: int, verified: str = "hello") -> Cell:
    return Cell.read(MANIFESTS.format(port=port, verified=verified))


def told(who: Issued) -> dict[str, dict[str, str]]:
    return {"authority": {"ca.crt": who.pem.decode()}}


def test_a_browser_is_led_on_by_the_name_that_it_asks_for(port: int, believed: Issued) -> None:
    answered = led(cell(port), told(believed), "hello.example.org", "/there")
    assert (answered.status, answered.body) == (200, "hello.example.org/there")


def test_to_nobody_else_and_not_in_plain_text(port: int, believed: Issued) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        led(cell(port, verified="another"), told(believed), "hello.example.org", "/")
    with pytest.raises(ssl.SSLCertVerificationError):
        led(cell(port), told(authority()), "hello.example.org", "/")
    with pytest.raises(ValueError, match="unpack"):
        led(cell(port), told(believed), "other.example.org", "/")
    bare = cell(port).without("BackendTLSPolicy", "hello")
    with pytest.raises(ValueError, match="unpack"):
        led(bare, told(believed), "hello.example.org", "/")

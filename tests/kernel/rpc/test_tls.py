"""Services over TLS: who is let in, whom they are sure to ask, and new certificates on the way."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import grpc
import pytest
from ninehours.exchange.v1 import published_log_service_pb2 as log_pb2

from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.server import Server
from kernel.rpc.tokens import service_tokens
from kernel.tls.context import context_of
from kernel.tls.identity import Identity, Material
from ninehours.local.authority import Authority, Wire
from ninehours.local.probes import LOOPBACK
from tests.harness.certificates import authority, issued
from tests.harness.kernel.counters import PATIENCE
from tests.harness.kernel.rpc import LOG, Log, Serve

__all__ = ["authority"]

Code = grpc.StatusCode


@pytest.fixture
def secured(serve: Serve, authority: Authority) -> Server:
    """Intake's, under a certificate of the authority."""
    return serve({LOG: Log()}, rpc_tls_dir=issued(authority, "intake"))


@contextmanager
def client(
    server: Server,
    token: Callable[[], str],
    identity: Identity | None,
    *,
    asked: str = "intake",
    deadline: float = 1.0,
) -> Iterator[RpcClient]:
    channel = Channel(f"{LOOPBACK}:{server.port}", asked, identity)
    with closing(RpcClient(channel, LOG, token=token, deadline=deadline)) as opened:
        yield opened


def test_whom_the_authority_knows_is_let_in(
    secured: Server, authority: Authority, operator: Callable[[], str]
) -> None:
    authority.issue("plans", Wire.RPC)
    shown = authority.identity("plans", Wire.RPC)
    with client(secured, operator, shown, deadline=PATIENCE) as peer:
        assert peer.Read(log_pb2.ReadRequest()).epoch == 1
    address = (LOOPBACK, secured.port)
    context = context_of(shown.current())
    context.set_alpn_protocols(["h2"])
    with context.wrap_socket(_connected(address), server_hostname="intake") as wire:
        assert wire.version() == "TLSv1.3"


def test_a_stranger_a_nobody_and_plain_text_are_refused(
    secured: Server, authority: Authority, operator: Callable[[], str], tmp_path: Path
) -> None:
    strangers = Authority(tmp_path / "strangers")
    authority.issue("plans", Wire.RPC)
    known = authority.identity("plans", Wire.RPC).current()
    folder = issued(strangers, "plans")
    (folder / "ca.crt").write_bytes(known.authorities)  # believes us; isn't believed
    for shown in (strangers.identity("plans", Wire.RPC), None):
        with client(secured, operator, shown) as peer, pytest.raises(RemoteRefusal) as refused:
            peer.Read(log_pb2.ReadRequest())
        assert refused.value.code is Code.UNAVAILABLE
    nobody = grpc.ssl_channel_credentials(known.authorities)
    options = [("grpc.ssl_target_name_override", "intake")]
    with grpc.secure_channel(f"{LOOPBACK}:{secured.port}", nobody, options=options) as channel:
        with pytest.raises(grpc.RpcError) as unknown:
            channel.unary_unary(f"/{LOG.full_name}/Read", None, None)(b"", timeout=1.0)
        assert unknown.value.code() is Code.UNAVAILABLE


def test_no_version_of_tls_before_1_3_is_spoken(secured: Server, authority: Authority) -> None:
    authority.issue("plans", Wire.RPC)
    context = context_of(authority.identity("plans", Wire.RPC).current())
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    with pytest.raises(ssl.SSLError), _connected((LOOPBACK, secured.port)) as wire:
        context.wrap_socket(wire, server_hostname="intake")


def test_one_who_answers_in_another_service_s_place_is_told_nothing(
    secured: Server, authority: Authority, operator: Callable[[], str]
) -> None:
    authority.issue("billing", Wire.RPC)
    shown = authority.identity("billing", Wire.RPC)
    with (
        client(secured, operator, shown, asked="plans") as peer,
        pytest.raises(RemoteRefusal) as refused,
    ):
        peer.Read(log_pb2.ReadRequest())
    assert refused.value.code is Code.UNAVAILABLE


def test_a_service_s_token_is_believed_of_that_service_alone(
    serve: Serve, authority: Authority, secrets_dir: Path
) -> None:
    server = serve({LOG: Log()}, rpc_tls_dir=issued(authority, "intake"))
    token = service_tokens(secrets_dir, "plans")
    told = {}
    for holder in ("plans", "billing"):
        authority.issue(holder, Wire.RPC)
        shown = authority.identity(holder, Wire.RPC)
        with (
            client(server, token, shown, deadline=PATIENCE) as peer,
            pytest.raises(RemoteRefusal) as refused,
        ):
            peer.Read(log_pb2.ReadRequest())
        told[holder] = (refused.value.code, refused.value.reason)
    assert told == {
        "plans": (Code.PERMISSION_DENIED, "ROLE_NOT_ALLOWED"),  # it is known who asks
        "billing": (Code.UNAUTHENTICATED, "TOKEN_OF_ANOTHER_SERVICE"),
    }


def test_no_call_is_lost_while_every_certificate_and_the_authority_are_replaced(
    secured: Server, authority: Authority, operator: Callable[[], str]
) -> None:
    authority.issue("plans", Wire.RPC)
    shown = authority.identity("plans", Wire.RPC)
    before = shown.current()
    answered: list[int] = []
    over = threading.Event()
    failed: list[Exception] = []

    def ask_on() -> None:
        with client(secured, operator, shown, deadline=PATIENCE) as peer:
            while not over.is_set():
                try:
                    answered.append(peer.Read(log_pb2.ReadRequest()).epoch)
                except Exception as error:
                    failed.append(error)
                    return

    callers = [threading.Thread(target=ask_on) for _ in range(4)]
    for caller in callers:
        caller.start()
    for step in (authority.issue_anew, authority.replace, authority.issue_anew, authority.withdraw):
        step()
        # Calls made after the step: under what it changed.
        enough = len(answered) + 40
        while len(answered) < enough and not failed:
            pass
    over.set()
    for caller in callers:
        caller.join()
    assert failed == []
    assert set(answered) == {1}
    with pytest.raises(ssl.SSLError), _hello(secured, before):
        pass


def _connected(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=PATIENCE)


@contextmanager
def _hello(server: Server, material: Material) -> Iterator[bytes]:
    """Somebody with certificates of before: TLS 1.3 tells a client with its first answer."""
    context = context_of(material)
    context.set_alpn_protocols(["h2"])
    address = (LOOPBACK, server.port)
    with context.wrap_socket(_connected(address), server_hostname="intake") as wire:
        wire.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        yield wire.recv(9)

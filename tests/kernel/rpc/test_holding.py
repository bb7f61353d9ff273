"""Whoever attacks holds what is theirs: health and everybody else's questions are answered.

Each attack holds on for as long as a test may take, so an answer that comes was not waited for.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from ninehours.common.v1 import policy_pb2
from ninehours.exchange.v1 import published_log_service_pb2 as log_pb2

from kernel import patience
from kernel.refusal import NotYet
from kernel.rpc import answer, client, server
from kernel.rpc.call import Call
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.commands import patience_of
from kernel.rpc.remote_refusal import refusal_of
from kernel.rpc.server import Server
from kernel.rpc.tokens import Issuer
from kernel.watching import asked
from kernel.watching.port import HealthPort
from tests.harness.kernel.counters import PATIENCE, until
from tests.harness.kernel.health import assert_healthy, told
from tests.harness.kernel.rpc import LOG, Ask, Serve, declare

Code = grpc.StatusCode
Metadata = tuple[tuple[str, str], ...]
READ = f"/{LOG.full_name}/Read"


class Waiting:
    """`Read` waits for what never comes; `Heads` answers."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def Read(self, request: log_pb2.ReadRequest, call: Call) -> log_pb2.ReadResponse:
        self.begun.append(call.actor.id)
        if not patience.wait_for(lambda: False, patience_of(call)):
            raise NotYet("NOT_HEARD_YET", "not heard in time")
        return log_pb2.ReadResponse()

    def Heads(self, request: log_pb2.HeadsRequest, call: Call) -> log_pb2.HeadsResponse:
        return log_pb2.HeadsResponse(topic="answered")


STREAM = declare(
    policy_pb2.Policy(
        roles=["operator"],
        purposes=["OPERATIONS"],
        bound_by=[policy_pb2.Bound(kind="network")],
    ),
    streams=True,
)


class Streaming:
    """`Do` says one thing, and then nothing until the test is over."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def Do(self, _: Any, __: Call) -> Iterator[Any]:
        yield GetMessageClass(STREAM.methods_by_name["Do"].output_type)()
        self.over.wait(10 * PATIENCE)


def streams(channel: grpc.Channel, token: Callable[..., Metadata]) -> list[Any]:
    """Thirty, one a person."""
    do = channel.unary_stream(f"/{STREAM.full_name}/Do", None, None)
    return [do(b"", metadata=token(f"staff/{n}", "operator")) for n in range(30)]


@pytest.fixture(autouse=True)
def _held_as_long_as_a_test_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (patience, "DEFAULT"),
        (patience, "LONGEST"),
        (answer, "BODY_WITHIN"),
        (server, "REFLECTED_WITHIN"),
    ):
        monkeypatch.setattr(module, name, 10 * PATIENCE, raising=False)


@pytest.fixture
def token(secrets_dir: Path) -> Callable[..., Metadata]:
    issuer = Issuer(secrets_dir, "people")

    def of(who: str, *roles: str) -> Metadata:
        told = issuer.token(who, roles, ["*"], "OPERATIONS", timedelta(hours=2))
        return (("authorization", f"Bearer {told}"),)

    return of


@contextmanager
def channels(server: Server) -> Iterator[Callable[[], grpc.Channel]]:
    """Connections of their own, one each time: what one client holds is not another's matter."""
    with ExitStack() as opened:

        def connect() -> grpc.Channel:
            channel = grpc.insecure_channel(
                f"127.0.0.1:{server.port}", options=[("grpc.use_local_subchannel_pool", 1)]
            )
            return opened.enter_context(channel)

        yield connect


def assert_answers(served: Server, ask: Ask) -> None:
    """Health, and one question of somebody who did nothing."""
    assert_healthy(served)
    assert ask(served, LOG).Heads(log_pb2.HeadsRequest()).topic == "answered"


class Unsaid:
    """A request whose headers are sent, and whose body never is, until the test is over."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        self._over.wait(10 * PATIENCE)
        yield from ()

    def end(self) -> None:
        self._over.set()


def test_headers_without_a_token_and_without_a_body_are_refused_at_once(
    serve: Serve, ask: Ask
) -> None:
    served = serve({LOG: Waiting()})
    unsaid = Unsaid()
    with channels(served) as connect:
        send = connect().stream_unary(READ, None, None)
        try:
            held = [send.future(iter(unsaid)) for _ in range(110)]
            until(lambda: all(call.done() for call in held))
            refused = {call.code() for call in held}
            assert refused <= {Code.UNAUTHENTICATED, Code.RESOURCE_EXHAUSTED}
            assert_answers(served, ask)
        finally:
            unsaid.end()


def test_headers_with_a_token_and_without_a_body_hold_one_persons_share(
    serve: Serve, ask: Ask, token: Callable[..., Metadata]
) -> None:
    served = serve({LOG: Waiting()})
    unsaid = Unsaid()
    with channels(served) as connect:
        send = connect().stream_unary(READ, None, None)
        try:
            held = [
                send.future(iter(unsaid), metadata=token("staff/eve", "operator"))
                for _ in range(30)
            ]
            share = answer.MOST_OF_ONE
            until(lambda: sum(call.done() for call in held) == 30 - share)
            ended = [call for call in held if call.done()]
            assert {refusal_of(call.exception()).reason for call in ended} == {"TOO_MANY_AT_ONCE"}
            assert {call.code() for call in ended} == {Code.UNAVAILABLE}
            assert_answers(served, ask)
            assert sum(call.done() for call in held) == 30 - share, "they still hold"
        finally:
            unsaid.end()


def test_a_body_that_does_not_come_in_time_is_not_waited_for(
    serve: Serve, token: Callable[..., Metadata], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "BODY_WITHIN", 0.2)
    unsaid = Unsaid()
    with channels(serve({LOG: Waiting()})) as connect:
        send = connect().stream_unary(READ, None, None)
        try:
            call = send.future(iter(unsaid), metadata=token("staff/eve", "operator"))
            until(call.done)
            assert call.code() is Code.CANCELLED
        finally:
            unsaid.end()


@pytest.mark.parametrize("people", [1, 12, 30])
def test_who_waits_for_facts_holds_three_threads_at_most_and_one_a_person(
    serve: Serve, ask: Ask, token: Callable[..., Metadata], people: int
) -> None:
    servicer = Waiting()
    served = serve({LOG: servicer})
    asked = log_pb2.ReadRequest().SerializeToString()
    with channels(served) as connect:
        send = connect().unary_unary(READ, None, None)
        held = [
            send.future(asked, metadata=token(f"staff/{n % people}", "operator"), timeout=PATIENCE)
            for n in range(30)
        ]
        waiting = min(people, 3)
        until(lambda: sum(call.done() for call in held) == 30 - waiting)
        ended = [call for call in held if call.done()]
        assert {call.code() for call in ended} == {Code.UNAVAILABLE}
        assert {refusal_of(call.exception()).reason for call in ended} <= {
            "NOT_HEARD_YET",
            "TOO_MANY_AT_ONCE",
        }
        assert_answers(served, ask)
        assert sum(call.done() for call in held) == 30 - waiting, "they still wait"
        for call in held:
            call.cancel()


def test_bodies_that_do_not_come_from_many_people_hold_two_threads(
    serve: Serve, ask: Ask, token: Callable[..., Metadata]
) -> None:
    served = serve({LOG: Waiting()})
    unsaid = Unsaid()
    with channels(served) as connect:
        send = connect().stream_unary(READ, None, None)
        try:
            held = [
                send.future(iter(unsaid), metadata=token(f"staff/{n}", "operator"))
                for n in range(30)
            ]
            until(lambda: sum(call.done() for call in held) == 30 - answer.MOST_UNSAID)
            assert {call.code() for call in held if call.done()} == {Code.CANCELLED}
            assert_answers(served, ask)
            assert sum(call.done() for call in held) == 30 - answer.MOST_UNSAID, "they still hold"
        finally:
            unsaid.end()


def test_streams_of_many_people_hold_three_threads(
    serve: Serve, ask: Ask, token: Callable[..., Metadata]
) -> None:
    streaming = Streaming()
    served = serve({LOG: Waiting(), STREAM: streaming})
    with channels(served) as connect:
        try:
            held = streams(connect(), token)
            until(lambda: sum(call.done() for call in held) == 30 - answer.MOST_STREAMS)
            ended = [call for call in held if call.done()]
            assert {call.code() for call in ended} == {Code.UNAVAILABLE}
            assert {refusal_of(call.exception()).reason for call in ended} == {"TOO_MANY_AT_ONCE"}
            assert_answers(served, ask)
            assert sum(call.done() for call in held) == 30 - answer.MOST_STREAMS, "they still hold"
        finally:
            streaming.over.set()


class Frozen:
    """A peer that answers nothing until the test is over."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def Read(self, _: Any, __: Call) -> log_pb2.ReadResponse:
        self.over.wait(10 * PATIENCE)
        return log_pb2.ReadResponse()

    def Heads(self, _: Any, __: Call) -> log_pb2.HeadsResponse:
        raise AssertionError("nobody asks")


class Asking(Waiting):
    """`Read` asks another service; `Heads` answers."""

    def __init__(self, peer: RpcClient) -> None:
        super().__init__()
        self._peer = peer

    def Read(self, request: log_pb2.ReadRequest, call: Call) -> log_pb2.ReadResponse:
        answered: log_pb2.ReadResponse = self._peer.Read(request, via=call)
        return answered


def test_a_peer_that_answers_nothing_holds_four_threads(
    serve: Serve, ask: Ask, token: Callable[..., Metadata], operator: Callable[[], str]
) -> None:
    frozen = Frozen()
    peer = RpcClient(
        Channel(f"127.0.0.1:{serve({LOG: frozen}).port}"),
        LOG,
        token=operator,
        deadline=10 * PATIENCE,
        places=client.ASKING,
    )
    served = serve({LOG: Asking(peer)})
    asked = log_pb2.ReadRequest().SerializeToString()
    with channels(served) as connect:
        send = connect().unary_unary(READ, None, None)
        try:
            held = [send.future(asked, metadata=token(f"staff/{n}", "operator")) for n in range(30)]
            until(lambda: sum(call.done() for call in held) == 30 - client.MOST_ASKING)
            ended = [call for call in held if call.done()]
            assert {call.code() for call in ended} == {Code.UNAVAILABLE}
            assert {refusal_of(call.exception()).reason for call in ended} == {"PEER_AWAY"}
            assert_answers(served, ask)
            assert sum(call.done() for call in held) == 30 - client.MOST_ASKING, "they still hold"
        finally:
            frozen.over.set()
            peer.close()


def test_whatever_many_people_hold_at_once_leaves_threads_to_others(
    serve: Serve, ask: Ask, token: Callable[..., Metadata]
) -> None:
    """Streams, descriptions, waits and bodies that don't come, thirty of each."""
    streaming, unsaid = Streaming(), Unsaid()
    served = serve({LOG: Waiting(), STREAM: streaming})
    asked = log_pb2.ReadRequest().SerializeToString()
    with channels(served) as connect:
        try:
            reflect = reflection_pb2_grpc.ServerReflectionStub(connect())
            listed = reflection_pb2.ServerReflectionRequest(list_services="")
            wait = connect().unary_unary(READ, None, None)
            say_nothing = connect().stream_unary(READ, None, None)
            people = [token(f"staff/{n}", "operator") for n in range(30)]
            held = [
                *streams(connect(), token),
                *(reflect.ServerReflectionInfo(iter_of(unsaid, listed), metadata=who)
                  for who in people),
                *(wait.future(asked, metadata=who, timeout=PATIENCE) for who in people),
                *(say_nothing.future(iter(unsaid), metadata=who) for who in people),
            ]  # fmt: skip
            most = answer.MOST_STREAMS + answer.MOST_WAITING + answer.MOST_UNSAID
            elsewhere = client.MOST_ASKING + answer.MOST_CALCULATING
            assert most + elsewhere <= server.THREADS - 2
            until(lambda: sum(call.done() for call in held) == 120 - most)
            assert_answers(served, ask)
            assert sum(call.done() for call in held) == 120 - most, "they still hold"
            for call in held:
                call.cancel()
        finally:
            unsaid.end()
            streaming.over.set()


def test_reflection_is_for_who_may_call_something_and_ends(
    serve: Serve, ask: Ask, token: Callable[..., Metadata], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve({LOG: Waiting()})
    unsaid = Unsaid()
    with channels(served) as connect:
        stub = reflection_pb2_grpc.ServerReflectionStub(connect())

        def described(metadata: Metadata) -> Any:
            return stub.ServerReflectionInfo(
                iter_of(unsaid, reflection_pb2.ServerReflectionRequest(list_services="")),
                metadata=metadata,
            )

        try:
            nobody = [described(token("staff/eve")) for _ in range(10)]
            until(lambda: all(call.done() for call in nobody))
            assert {call.code() for call in nobody} == {Code.PERMISSION_DENIED}
            held = [described(token("staff/eve", "operator")) for _ in range(30)]
            share = answer.MOST_STREAMS_OF_ONE
            until(lambda: sum(call.done() for call in held) == 30 - share)
            assert_answers(served, ask)
            assert sum(call.done() for call in held) == 30 - share, "they still hold"
            monkeypatch.setattr(server, "REFLECTED_WITHIN", 0.2)
            for call in held:
                call.cancel()
            late = described(token("staff/bob", "operator"))
            next(late)
            with pytest.raises(grpc.RpcError):
                next(late)
            assert late.code() is Code.CANCELLED
        finally:
            unsaid.end()


def iter_of(unsaid: Unsaid, first: Any) -> Iterator[Any]:
    yield first
    yield from iter(unsaid)


def test_a_readiness_that_nobody_tells_holds_up_no_liveness(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the database takes a connection and says nothing."""
    silent, over = threading.Event(), threading.Event()

    def ready() -> bool:
        return not silent.is_set() or over.wait(10 * PATIENCE)

    served = serve({LOG: Waiting()}, ready=ready)
    silent.set()
    monkeypatch.setattr(asked, "WITHIN", 10 * PATIENCE)
    most = asked.MOST_WAITING
    with HealthPort("127.0.0.1:0", served.health) as health, ThreadPoolExecutor(30) as pool:
        try:
            probes = [pool.submit(told, health.port, "/readyz") for _ in range(30)]
            assert told(health.port, "/livez") == (200, "alive\n")
            until(lambda: sum(probe.done() for probe in probes) == 30 - most)
            assert {probe.result() for probe in probes if probe.done()} == {(503, "not ready\n")}
            assert sum(probe.done() for probe in probes) == 30 - most, "they still ask"
        finally:
            over.set()


def test_a_readiness_that_is_not_told_in_a_moment_is_none(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    served = serve({LOG: Waiting()}, ready=lambda: over.wait(10 * PATIENCE))
    monkeypatch.setattr(asked, "WITHIN", 0.1)
    assert not served.health.is_ready()
    over.set()
    until(served.health.is_ready)

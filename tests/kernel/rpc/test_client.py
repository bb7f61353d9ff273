"""Asking: what is retried, for how long, and what travels along."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import grpc
import pytest
from ninehours.exchange.v1 import published_log_service_pb2 as log_pb2

from kernel.refusal import AgainstTheRules, NotYet
from kernel.rpc.call import Call
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.tokens import Actor
from kernel.supposing import SUPPOSING, Supposition
from tests.harness.kernel.counters import PATIENCE
from tests.harness.kernel.rpc import LOG, Ask, Serve

Code = grpc.StatusCode


class Flaky:
    """Refuses the first times, then answers."""

    def __init__(self, error: Exception | None = None, refusals: int = 0) -> None:
        self.error, self.refusals = error, refusals
        self.calls: list[Call] = []

    def Read(self, request: log_pb2.ReadRequest, call: Call) -> log_pb2.ReadResponse:
        self.calls.append(call)
        if self.error and len(self.calls) <= self.refusals:
            raise self.error
        return log_pb2.ReadResponse(epoch=1)

    def Heads(self, request: log_pb2.HeadsRequest, call: Call) -> log_pb2.HeadsResponse:
        return log_pb2.HeadsResponse()


def test_what_is_away_for_a_moment_is_asked_again_as_the_same_question(
    serve: Serve, ask: Ask
) -> None:
    servicer = Flaky(NotYet("NOT_HEARD_YET", "wait"), refusals=3)
    assert ask(serve({LOG: servicer}), LOG).Read(log_pb2.ReadRequest()).epoch == 1
    assert len(servicer.calls) == 4
    assert len({call.correlation_id for call in servicer.calls}) == 1


def test_nobody_is_asked_of_what_is_only_supposed(serve: Serve, ask: Ask) -> None:
    """Whom it asks keeps that it was asked: a dry run would leave something there."""
    servicer = Flaky()
    client = ask(serve({LOG: servicer}), LOG)
    supposing = SUPPOSING.set(Supposition("a connection"))
    try:
        with pytest.raises(AgainstTheRules) as refused:
            client.Read(log_pb2.ReadRequest())
    finally:
        SUPPOSING.reset(supposing)
    assert (refused.value.reason, servicer.calls) == ("ASKS_OTHERS", [])


def test_what_a_server_cancelled_is_asked_again(operator: Callable[[], str]) -> None:
    """As one does whose thread got no request in time; a command is the same one again."""
    asked = 0

    def read(_: log_pb2.ReadRequest, context: grpc.ServicerContext) -> log_pb2.ReadResponse:
        nonlocal asked
        asked += 1
        if asked == 1:
            context.cancel()
        return log_pb2.ReadResponse(epoch=1)

    of_it = grpc.unary_unary_rpc_method_handler(
        read, log_pb2.ReadRequest.FromString, log_pb2.ReadResponse.SerializeToString
    )
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(LOG.full_name, {"Read": of_it})]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with closing(RpcClient(Channel(f"127.0.0.1:{port}"), LOG, token=operator)) as client:
            assert client.Read(log_pb2.ReadRequest(), deadline=PATIENCE).epoch == 1
    finally:
        server.stop(None)
    assert asked == 2


def test_a_decided_refusal_is_not_asked_again(serve: Serve, ask: Ask) -> None:
    servicer = Flaky(AgainstTheRules("NO", "never"), refusals=3)
    with pytest.raises(RemoteRefusal) as refused:
        ask(serve({LOG: servicer}), LOG).Read(log_pb2.ReadRequest())
    assert refused.value.code is Code.FAILED_PRECONDITION
    assert len(servicer.calls) == 1


def test_asking_again_ends_with_the_deadline_and_says_why(serve: Serve, ask: Ask) -> None:
    servicer = Flaky(NotYet("NOT_HEARD_YET", "wait"), refusals=10**6)
    client = ask(serve({LOG: servicer}), LOG)
    with pytest.raises(RemoteRefusal) as refused:
        client.Read(log_pb2.ReadRequest(), deadline=3.0)
    assert refused.value.reason == "NOT_HEARD_YET"
    assert 2 <= len(servicer.calls) <= 12


def test_nobody_at_the_address_is_unavailable_within_the_deadline(
    operator: Callable[[], str],
) -> None:
    client = RpcClient(Channel("127.0.0.1:1"), LOG, token=operator, deadline=0.5)
    with pytest.raises(RemoteRefusal) as refused:
        client.Read(log_pb2.ReadRequest())
    client.close()
    assert (refused.value.code, refused.value.reason) == (Code.UNAVAILABLE, "UNAVAILABLE")


@pytest.mark.parametrize("away", [0.2, 3.0])
def test_a_server_that_comes_back_on_its_port_is_found_again_quickly(
    serve: Serve, ask: Ask, away: float
) -> None:
    first = serve({LOG: Flaky()})
    client = ask(first, LOG)
    client.Read(log_pb2.ReadRequest())
    first.stop(0)
    deadline = time.monotonic() + away
    while time.monotonic() < deadline:
        with pytest.raises(RemoteRefusal):
            client.Read(log_pb2.ReadRequest(), deadline=0.1)
    serve({LOG: Flaky()}, listen=f"127.0.0.1:{first.port}")
    assert client.Read(log_pb2.ReadRequest()).epoch == 1


def test_a_call_made_on_behalf_of_another_carries_its_time_correlation_and_limit(
    serve: Serve, ask: Ask
) -> None:
    servicer = Flaky()
    actor = Actor("staff/ada", frozenset(), frozenset(), "PAYMENT")
    via = Call(
        actor=actor,
        now=datetime(2026, 1, 2, tzinfo=UTC),
        deadline=lambda: 60.0,
        correlation_id="7e0c0d4c-0f0e-4a51-8a0b-5d5c0d4c0f0e",
        traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
    )
    ask(serve({LOG: servicer}, clock="caller"), LOG).Read(log_pb2.ReadRequest(), via=via)
    [call] = servicer.calls
    assert (call.now, call.correlation_id) == (via.now, via.correlation_id)
    assert call.traceparent == via.traceparent
    left = call.deadline()
    assert left is not None and left < 60.5


def test_an_rpc_that_the_service_lacks_is_an_attribute_that_is_not_there(
    operator: Callable[[], str],
) -> None:
    client = RpcClient(Channel("127.0.0.1:1"), LOG, token=operator)
    with pytest.raises(AttributeError, match="Write"):
        client.Write(log_pb2.ReadRequest())
    client.close()

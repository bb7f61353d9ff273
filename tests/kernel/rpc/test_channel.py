"""A channel to a name behind which several answer, as a headless Service of a cluster is one."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from kernel.rpc.channel import Channel

CALLS = 40


class _SaysItsName(grpc.GenericRpcHandler):
    def __init__(self, name: bytes) -> None:
        self._name = name

    def service(self, _: grpc.HandlerCallDetails) -> Any:
        return grpc.unary_unary_rpc_method_handler(lambda *_: self._name)


@pytest.fixture
def address() -> Iterator[str]:
    servers, ports = [], []
    for name in (b"one", b"other"):
        server = grpc.server(ThreadPoolExecutor(2))
        server.add_generic_rpc_handlers([_SaysItsName(name)])
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        server.start()
        servers.append(server)
    yield "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
    for server in servers:
        server.stop(None).wait()


def test_calls_take_turns_among_all_that_answer(address: str) -> None:
    channel = Channel(address)
    ask = channel.current().unary_unary("/any/Thing")
    first = {ask(b"", wait_for_ready=True, timeout=20)}
    while len(first) < 2:  # until both connections are there
        first.add(ask(b"", timeout=20))
    answers = Counter(ask(b"", timeout=20) for _ in range(CALLS))
    channel.close()
    assert set(answers.values()) == {CALLS // 2}

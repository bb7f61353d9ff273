"""Connections: a caller's own token with each question, and an end to all of them."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from ninehours.exchange.v1 import published_log_service_pb2 as log_pb2

from kernel.rpc.call import Call
from kernel.rpc.channel import Channel
from kernel.rpc.connections import Connections, pages
from kernel.rpc.tokens import Issuer
from tests.harness.kernel.rpc import DEADLINE, Serve

LOG = log_pb2.DESCRIPTOR.services_by_name["PublishedLogService"]


class PublishedLog:
    """Remembers who asked, and has three pages of heads."""

    def __init__(self) -> None:
        self.callers: list[str] = []

    def Heads(self, request: log_pb2.HeadsRequest, call: Call) -> log_pb2.HeadsResponse:
        self.callers.append(call.actor.id)
        page = len(request.page_token)
        return log_pb2.HeadsResponse(
            heads=[log_pb2.Head(subject=f"client/{page}")],
            next_page_token="x" * (page + 1) * (page < 2),
        )

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Other RPCs are declared, and nobody calls them."""
        return lambda *_: None


@pytest.fixture
def token_of(secrets_dir: Path) -> Callable[[str], Callable[[], str]]:
    issuer = Issuer(secrets_dir, "people")
    return lambda caller: (
        lambda: issuer.token(caller, ["operator"], ["*"], "OPERATIONS", timedelta(minutes=5))
    )


def test_everybody_asks_under_a_token_of_their_own_page_after_page(
    serve: Serve, token_of: Callable[[str], Callable[[], str]]
) -> None:
    log = PublishedLog()
    address = f"127.0.0.1:{serve({LOG: log}).port}"
    connections = Connections[str](lambda service: Channel(address), token_of)

    def subjects(caller: str) -> list[str]:
        def ask(request: log_pb2.HeadsRequest) -> log_pb2.HeadsResponse:
            found: log_pb2.HeadsResponse = connections.ask(caller, request, deadline=DEADLINE)
            return found

        found = pages(ask, log_pb2.HeadsRequest())
        return [head.subject for page in found for head in page.heads]

    assert subjects("staff/ada") == subjects("staff/ben") == [f"client/{n}" for n in range(3)]
    assert log.callers == ["staff/ada"] * 3 + ["staff/ben"] * 3
    connections.close()
    with pytest.raises(ValueError, match="closed"):
        connections.ask("staff/cleo", log_pb2.HeadsRequest(), deadline=DEADLINE)
    with pytest.raises(ValueError, match="closed"):
        connections.ask("staff/ada", log_pb2.HeadsRequest(), deadline=DEADLINE)

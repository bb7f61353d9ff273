"""A service's whole api, opened as its process opens it, and calls of many people to it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from kernel.config import Settings
from kernel.process import Service, open_store_of_api, server_of
from kernel.rpc.call import AUTHORIZATION, BEARER, NOW
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.remote_refusal import refusal_of
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.server import Server
from kernel.rpc.tokens import Issuer
from kernel.secrets import PEOPLE
from kernel.store.store import Store
from tests.harness.kernel.counters import PATIENCE, ask
from tests.harness.kernel.health import assert_healthy
from tests.harness.kernel.keys import keys_url


class Api:
    """Asked by many people, each in a role and for a purpose."""

    def __init__(
        self, server: Server, store: Store, now: datetime, secrets_dir: Path, opened: ExitStack
    ) -> None:
        self.server = server
        self.store = store
        self.now = now
        self._people = Issuer(secrets_dir, PEOPLE)
        self._opened = opened

    def send(self, request: Message, who: str, *role_and_purpose: str, again: bool = False) -> Any:
        """The call under way: tried once, on a connection of its own.

        `again`: a command that has its id; others are given one.
        """
        if "meta" in request.DESCRIPTOR.fields_by_name and not again:
            given: Any = request
            given.meta.command_id = str(uuid4())
        rpc = rpc_of(request)
        channel = self._opened.enter_context(
            grpc.insecure_channel(
                f"127.0.0.1:{self.server.port}", options=[("grpc.use_local_subchannel_pool", 1)]
            )
        )
        bind: Any = channel.unary_stream if rpc.server_streaming else channel.unary_unary
        send = bind(
            f"/{rpc.containing_service.full_name}/{rpc.name}",
            type(request).SerializeToString,
            GetMessageClass(rpc.output_type).FromString,
        )
        metadata = (
            (AUTHORIZATION, f"{BEARER}{self._token(who, *role_and_purpose)}"),
            (NOW, self.now.isoformat()),
        )
        if rpc.server_streaming:
            return send(request, metadata=metadata)
        return send.future(request, metadata=metadata)

    def ask(self, request: Message, who: str, *role_and_purpose: str) -> Any:
        """The answer to a client of ours, who asks again where that is worth while."""
        rpc = rpc_of(request)
        client = RpcClient(
            Channel(f"127.0.0.1:{self.server.port}"),
            rpc.containing_service,
            token=lambda: self._token(who, *role_and_purpose),
            deadline=PATIENCE,
        )
        self._opened.callback(client.close)
        return getattr(client, rpc.name)(request, now=self.now)

    def assert_healthy(self) -> None:
        assert_healthy(self.server)

    def _token(self, who: str, role: str, purpose: str) -> str:
        return self._people.token(who, [role], ["*"], purpose, timedelta(hours=2))


@contextmanager
def api(
    service: Service,
    store: Store,
    secrets_dir: Path,
    now: datetime,
    servicers: Callable[[Store], Any] | None = None,
    **told: Any,
) -> Iterator[Api]:
    """On this store's database; `servicers` answer in the place of the service's own; `told`:
    settings besides."""
    if servicers is not None:
        service = replace(service, servicers=lambda store, _: servicers(store))
    wanted: dict[str, Any] = {
        "service": service.name,
        "database_url": store.engine.url.render_as_string(hide_password=False),
        "keys_database_url": keys_url(store),
        "secrets_dir": secrets_dir,
        "environment": "test",
        "clock": "caller",
        "peers": ",".join(f"{name}=127.0.0.1:1" for name in {*service.hears, "intake"}),
        **told,
    }
    settings = Settings(**wanted)
    its_store = open_store_of_api(service, settings)
    server = server_of(service, settings, its_store)
    server.start()
    try:
        with ExitStack() as opened:
            yield Api(server, its_store, now, secrets_dir, opened)
    finally:
        server.stop(0)
        its_store.close()


def refused(calls: list[Any]) -> set[str]:
    """Why those of them that ended were refused."""
    return {refusal_of(call.exception()).reason for call in calls if call.done()}


def commanding(message: Message) -> Any:
    """The command, under an id of its own."""
    request: Any = type(message)()
    request.CopyFrom(message)
    request.meta.command_id = str(uuid4())
    return request


def left_by_commands(store: Store) -> dict[str, Sequence[Any]]:
    """All that commands leave, by table."""
    tables = ("command", "fact", "published", "document")
    return {table: ask(store, f"SELECT * FROM {table}") for table in tables}

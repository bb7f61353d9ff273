"""Asking a system's services as several callers: a connection for each, and page after page."""

import threading
from collections.abc import Callable, Hashable, Iterator
from datetime import datetime
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.rpcs import rpc_of, service_of

Caller = TypeVar("Caller", bound=Hashable)


class Connections(Generic[Caller]):
    """Opens what is asked for the first time, and keeps it; several threads may ask.

    `channel_to(service)` opens one to it, `token_of(caller)` what a caller shows.
    """

    def __init__(
        self,
        channel_to: Callable[[str], Channel],
        token_of: Callable[[Caller], Callable[[], str]],
    ) -> None:
        self._channel_to = channel_to
        self._token_of = token_of
        self._clients: dict[tuple[Caller, str, str], RpcClient] = {}
        self._lock = threading.Lock()
        self._closed = False

    def ask(
        self,
        caller: Caller,
        request: Message,
        *,
        service: str = "",
        deadline: float,
        now: datetime | None = None,
    ) -> Any:
        """The answer, or RemoteRefusal; ValueError once it is closed, as a channel says it.

        `service`: for what every service answers. `deadline`: seconds. `now`: the business time,
        where the server takes it from its callers.
        """
        rpc = rpc_of(request)
        name = service or service_of(request)
        key = (caller, name, rpc.containing_service.full_name)
        with self._lock:
            if self._closed:
                raise ValueError("connections are closed")
            if key not in self._clients:
                self._clients[key] = RpcClient(
                    self._channel_to(name),
                    rpc.containing_service,
                    token=self._token_of(caller),
                )
            client = self._clients[key]
        return getattr(client, rpc.name)(request, now=now, deadline=deadline)

    def close(self) -> None:
        """Give the connections back; calls under way are cancelled."""
        with self._lock:
            self._closed = True
            for client in self._clients.values():
                client.close()


def pages(ask: Callable[[Any], Any], request: Any) -> Iterator[Any]:
    """Every page of a list, to the last; the request is changed on the way."""
    while True:
        page = ask(request)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token

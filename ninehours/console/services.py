"""The four services, asked as the person who is signed in."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import Message

from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.remote_refusal import AWAY, RemoteRefusal
from kernel.rpc.rpcs import rpc_of, service_of

DEADLINE = 8.0  # seconds: who waits for a page longer has gone to ask a colleague
BRIEFLY = 2.0


class ServiceAway(Exception):
    """A service does not answer now; whether it did what it was told is not known."""

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self.service = service


class AskedServices:
    """Their channels, one a service, whoever asks; `channel_to(service)` opens one."""

    def __init__(self, channel_to: Callable[[str], Channel]) -> None:
        self._channel_to = channel_to
        self._channels: dict[str, Channel] = {}
        self._lock = threading.Lock()

    def ask(
        self,
        request: Message,
        *,
        token: Callable[[], str],
        service: str = "",
        deadline: float = DEADLINE,
    ) -> Any:
        """The answer, or a stream's answers; RemoteRefusal, or ServiceAway. `service`: for what
        every service answers."""
        rpc = rpc_of(request)
        service = service or service_of(request)
        client = RpcClient(
            self._channel(service), rpc.containing_service, token=token, deadline=deadline
        )
        try:
            answer = getattr(client, rpc.name)(request)
            return [*answer] if rpc.server_streaming else answer
        except RemoteRefusal as refusal:
            if refusal.code in AWAY:
                raise ServiceAway(service) from None
            raise

    def watch(
        self, request: Message, *, service: str, token: Callable[[], str], deadline: float
    ) -> Iterator[Any]:
        """Its answers, as they come; RemoteRefusal. Asked again while it is away and none came."""
        rpc = rpc_of(request)
        client = RpcClient(
            self._channel(service), rpc.containing_service, token=token, deadline=deadline
        )
        yield from getattr(client, rpc.name)(request)

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            for channel in self._channels.values():
                channel.close()

    def _channel(self, service: str) -> Channel:
        with self._lock:
            if service not in self._channels:
                self._channels[service] = self._channel_to(service)
            return self._channels[service]

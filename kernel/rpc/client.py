"""Asking another service: an attribute for each RPC, with token, deadline, harmless retries."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any
from uuid import uuid4

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from kernel.patience import BRIEF
from kernel.refusal import AgainstTheRules
from kernel.rpc import call as carried
from kernel.rpc.call import Call
from kernel.rpc.channel import Channel
from kernel.rpc.remote_refusal import RemoteRefusal, refusal_of
from kernel.supposing import is_supposing

MOST_ASKING = 4
ASKING = threading.BoundedSemaphore(MOST_ASKING)
"""A process's places for asking other services as long as it answers somebody itself: one that
stands still keeps no more of its threads."""
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
# A server that is away or busy says the first; one that gets no request in time, or closes a
# connection on which calls are under way, can say no more than the second.
AGAIN = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED})


class RpcClient:
    """A service by its descriptor: `client.RegisterClient(request)`; raises RemoteRefusal.

    The channel is its own: it closes it. `places`: who finds none of them for a moment is refused
    like one whose peer is away.
    """

    def __init__(
        self,
        channel: Channel,
        service: ServiceDescriptor,
        *,
        token: Callable[[], str],
        deadline: float = 10.0,
        places: threading.Semaphore | None = None,
    ) -> None:
        self._channel = channel
        self._token = token
        self._deadline = deadline
        self._places = places
        self._rpcs = {method.name: self._rpc(method) for method in service.methods}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        try:
            return self.__dict__["_rpcs"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(f"there is no RPC {name}") from None

    def close(self) -> None:
        """Give the connection back; calls under way are cancelled."""
        self._channel.close()

    def _rpc(self, method: MethodDescriptor) -> Callable[..., Any]:
        path = f"/{method.containing_service.full_name}/{method.name}"
        write = GetMessageClass(method.input_type).SerializeToString
        read = GetMessageClass(method.output_type).FromString
        kind = "unary_stream" if method.server_streaming else "unary_unary"

        def send(request: Message, **carried_along: Any) -> Any:
            # Bound for each attempt: the channel may be another by now, with newer certificates.
            bind = getattr(self._channel.current(), kind)
            return bind(path, write, read)(request, **carried_along)

        def ask(
            request: Message,
            *,
            now: datetime | None = None,
            deadline: float | None = None,
            via: Call | None = None,
            leaves_nothing: bool = False,
        ) -> Any:
            if is_supposing() and not leaves_nothing:
                raise AgainstTheRules(
                    "ASKS_OTHERS",
                    "it would ask another service, which keeps that it was asked: no dry run of it",
                    rpc=method.full_name,
                )
            seconds = self._deadline if deadline is None else deadline
            left = via.deadline() if via else None
            asking = _Asking(self._token, seconds if left is None else min(seconds, left), now, via)
            if method.server_streaming:
                return asking.stream(send, request)
            with nullcontext() if self._places is None else place_among(self._places):
                return asking.unary(send, request)

        return ask


@contextmanager
def place_among(places: threading.Semaphore) -> Iterator[None]:
    """One of the places for asking others; RemoteRefusal where none is free for a moment."""
    if not places.acquire(timeout=BRIEF):
        raise RemoteRefusal(
            grpc.StatusCode.UNAVAILABLE,
            "TOO_MANY_AT_ONCE",
            "too many ask other services at once",
            {},
        )
    try:
        yield
    finally:
        places.release()


class _Asking:
    """One question and its attempts within one deadline. Commands carry an id: twice is once."""

    def __init__(
        self, token: Callable[[], str], deadline: float, now: datetime | None, via: Call | None
    ) -> None:
        self._token = token
        self._until = time.monotonic() + deadline
        self._pause = FIRST_PAUSE
        self._before: RemoteRefusal | None = None
        told = now or (via.now if via else None)
        correlation_id = via.correlation_id if via else str(uuid4())
        self._metadata = [(carried.CORRELATION_ID, correlation_id)]
        if told is not None:
            self._metadata.append((carried.NOW, told.isoformat()))
        if via is not None:
            self._metadata.append((carried.TRACEPARENT, via.traceparent))

    def unary(self, send: Callable[..., Any], request: Message) -> Any:
        """The answer."""
        while True:
            try:
                return self._attempt(send, request)
            except grpc.RpcError as error:
                self._refused(error)

    def stream(self, send: Callable[..., Any], request: Message) -> Iterator[Any]:
        """The answers; asked again only while none has come."""
        begun = False
        while True:
            responses = self._attempt(send, request)
            try:
                for response in responses:
                    begun = True
                    yield response
                return
            except grpc.RpcError as error:
                self._refused(error, final=begun)
            finally:
                responses.cancel()

    def _attempt(self, send: Callable[..., Any], request: Message) -> Any:
        bearer = (carried.AUTHORIZATION, f"{carried.BEARER}{self._token()}")
        timeout = max(self._until - time.monotonic(), 0)
        return send(request, timeout=timeout, metadata=[*self._metadata, bearer])

    def _refused(self, error: grpc.RpcError, *, final: bool = False) -> None:
        """Returns when it is worth another attempt, after a pause."""
        refusal = refusal_of(error)
        if refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED and self._before is not None:
            # The last attempt had only what time was left: why there were several says more.
            raise self._before from None
        # Jitter, so that callers of a restarted service don't return all at once.
        pause = self._pause * random.uniform(0.5, 1.0)  # noqa: S311 # no secret depends on it
        late = time.monotonic() + pause >= self._until
        if final or late or refusal.code not in AGAIN:
            raise refusal from None
        self._before = refusal
        time.sleep(pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

"""Stands between clients and a server, and passes on what they say: until both wait in vain."""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from ninehours.local.probes import LOOPBACK

T = TypeVar("T")
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: the end is a reset, whatever was not said yet


class Between:
    """A context manager: what comes to `port` is passed on to `target`, and what is answered back.

    Once it is `cut`, connections stay open and carry nothing, those made from then on too, until
    `reset` ends them all. (What is sent into a cut connection is still acknowledged, by the system:
    packets that vanish are another fault.)
    """

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self.target = target
        self._is_cut = False
        self._ends: set[_End] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="between", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Say nothing more, in either direction, and close nothing."""
        self._do(self._cut())

    def reset(self) -> int:
        """End what was cut, and pass on again; how many clients had waited."""
        return self._do(self._reset())

    def _do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(
            lambda: _Client(self), LOOPBACK, self.port, backlog=200
        )

    async def _close(self) -> None:
        self._server.close()
        await self._reset()
        await asyncio.sleep(0)  # in which transports tell their ends that they are lost

    async def _cut(self) -> None:
        self._is_cut = True
        for end in self._ends:
            end.hold()

    async def _reset(self) -> int:
        self._is_cut = False
        waited = [end for end in self._ends if isinstance(end, _Client)]
        for end in list(self._ends):
            end.reset()
        return len(waited)

    def holds(self) -> bool:
        return self._is_cut

    def began(self, end: "_End") -> None:
        self._ends.add(end)

    def ended(self, end: "_End") -> None:
        self._ends.discard(end)

    async def connect(self, client: "_Client") -> None:
        """A server's end for the client's, if anybody listens there."""
        try:
            await self._loop.create_connection(lambda: _Server(self, client), LOOPBACK, self.target)
        except OSError:
            client.reset()

    def soon(self, client: "_Client") -> None:
        task = self._loop.create_task(self.connect(client))
        client.connecting = task  # kept, as the loop itself does not


class _End(asyncio.Protocol):
    """One of the two connections that are one to those who speak."""

    def __init__(self, between: Between) -> None:
        self._between = between
        self.other: _End | None = None
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._between.began(self)

    def data_received(self, data: bytes) -> None:
        assert self.other is not None
        self.other.transport.write(data)

    def eof_received(self) -> bool:
        if self.other is not None and not self._between.holds():
            self.other.transport.write_eof()
        return True  # the other direction may go on

    def connection_lost(self, error: Exception | None) -> None:
        self._between.ended(self)
        if self.other is not None and not self._between.holds():
            self.other.transport.close()

    def pause_writing(self) -> None:
        """Who sends faster than is read has to wait."""
        if self.other is not None:
            self.other.hold()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.go_on()

    def hold(self) -> None:
        if self.transport.is_reading():
            self.transport.pause_reading()

    def go_on(self) -> None:
        if not (self._between.holds() or self.transport.is_reading()):
            self.transport.resume_reading()

    def reset(self) -> None:
        if not self.transport.is_closing():
            wire = self.transport.get_extra_info("socket")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.transport.abort()


class _Client(_End):
    """It came; who it wants to speak to is asked, unless nobody is to be heard."""

    connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.pause_reading()
        if not self._between.holds():
            self._between.soon(self)


class _Server(_End):
    def __init__(self, between: Between, client: _Client) -> None:
        super().__init__(between)
        self._client = client

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if self._client.transport.is_closing():
            transport.abort()
            return
        self.other, self._client.other = self._client, self
        if self._between.holds():
            self.hold()
        else:
            self._client.go_on()

"""The gRPC server of a service: its RPCs, each under its policy; reflection."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

from kernel import logs
from kernel.config import Settings
from kernel.refusal import NotAllowed, Refusal
from kernel.rpc.answer import (
    MOST_STREAMS,
    MOST_STREAMS_OF_ONE,
    MOST_WATCHING,
    Answering,
    outcome_of,
)
from kernel.rpc.call import peer_of, token_of
from kernel.rpc.places import Overdue, Places, too_many
from kernel.rpc.policy import Scope, UndeclaredRpc, policies_of
from kernel.rpc.verifier import Verifier
from kernel.tls.identity import Identity
from kernel.watching.health import Health

THREADS = 16
CONNECTIONS = THREADS  # whoever has a thread waits for none
CONCURRENT = 1000  # calls that wait for a thread: whom nobody knows is refused in a moment
REFLECTED_WITHIN = 10.0  # seconds
LARGEST = 4 * 1024 * 1024
OPTIONS = (
    ("grpc.max_receive_message_length", LARGEST),
    ("grpc.max_send_message_length", LARGEST),
    # Two processes on one port would share its calls silently.
    ("grpc.so_reuseport", 0),
    # Clients ping every 30 s; a server that minds closes their connections.
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 20_000),
    # Long connections find new pods when they are made anew.
    ("grpc.max_connection_age_ms", 600_000),
    ("grpc.max_connection_age_grace_ms", 60_000),
)

log = logs.get("kernel.rpc.server")


class Server:
    """Serves the descriptors' RPCs, each from the servicer's method of the same name."""

    def __init__(
        self,
        services: Mapping[ServiceDescriptor, object],
        *,
        verifier: Verifier,
        scope: Scope,
        settings: Settings,
        health: Health,
        ends: Callable[[], object] = lambda: None,
    ) -> None:
        """`ends`: called first when it stops, so that streams end that would go on."""
        scope.require(services)
        self._ends = ends
        self._overdue = Overdue()
        streams = Places(of_one=MOST_STREAMS_OF_ONE, in_all=MOST_STREAMS)
        self._answering = Answering(
            verifier,
            scope,
            streams,
            callers_tell_time=settings.clock == "caller",
        )
        handlers = [
            _handlers(self._answering, service, servicer) for service, servicer in services.items()
        ]
        names = [service.full_name for service in services]
        self.services = tuple(services)
        self._settings = settings
        self.health = health
        # Who watches keeps a thread, and needs no connection.
        self._pool = ThreadPoolExecutor(THREADS + MOST_WATCHING, thread_name_prefix="rpc")
        self._server = grpc.server(self._pool, options=OPTIONS, maximum_concurrent_rpcs=CONCURRENT)
        self._server.add_generic_rpc_handlers(handlers)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
            _Reflection(
                verifier,
                [*names, reflection.SERVICE_NAME],
                _roles(services),
                self._overdue,
                streams,
            ),
            self._server,
        )
        self.port = 0

    def start(self) -> None:
        """Listen and answer; `port` is known from here on."""
        self.port = _listening(self._server, self._settings.listen, self._settings.rpc_identity)
        self._server.start()
        self.health.serves()
        log.info("serving", listen=self._settings.listen, port=self.port)

    def stop(self, grace: float = 10.0) -> None:
        """Be ready no more, take no new calls, let those under way end within the grace."""
        self.health.stops()
        stopped = self._server.stop(grace)
        self._ends()
        stopped.wait()
        self._answering.close()
        self._overdue.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        log.info("stopped", port=self.port)

    def run_until_signal(self) -> None:
        """Start, stay until SIGTERM or SIGINT, stop. To be called from the main thread."""
        asked = threading.Event()

        def ask(number: int, _frame: FrameType | None) -> None:
            log.info("stopping", signal=signal.Signals(number).name)
            asked.set()

        before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self.start()
            asked.wait()
            self.stop()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Reflection(reflection.ReflectionServicer):
    """Describes the RPCs, for a while, to whoever may call one of them; to nobody else."""

    def __init__(
        self,
        verifier: Verifier,
        names: list[str],
        roles: frozenset[str],
        overdue: Overdue,
        streams: Places,
    ) -> None:
        super().__init__(names)
        self._verifier = verifier
        self._roles = roles
        self._overdue = overdue
        self._streams = streams

    def ServerReflectionInfo(  # type: ignore[override]  # this server is never an asyncio one
        self, request_iterator: Iterator[Any], context: Any
    ) -> Iterator[reflection_pb2.ServerReflectionResponse]:
        try:
            actor = self._verifier.actor(token_of(context.invocation_metadata()), peer_of(context))
            if not actor.roles & self._roles:
                raise NotAllowed("ROLE_NOT_ALLOWED", "your token's roles may call nothing here")
        except Refusal as refusal:
            context.abort_with_status(outcome_of(refusal, "").status())
        with (
            self._streams.taken(actor.id) as there_is_room,
            self._overdue.within(REFLECTED_WITHIN, context.cancel),
        ):
            if not there_is_room:
                context.abort_with_status(outcome_of(too_many(), "").status())
            described: Any = super().ServerReflectionInfo(request_iterator, context)
            with contextlib.suppress(grpc.RpcError):  # Cancelled: there is nobody to tell.
                yield from described


def _listening(server: grpc.Server, address: str, identity: Identity | None) -> int:
    if identity is None:
        port = server.add_insecure_port(address)
    else:
        port = server.add_secure_port(address, _credentials(identity))
    if port == 0:
        raise OSError(f"can't listen on {address}")
    return port


def _credentials(identity: Identity) -> grpc.ServerCredentials:
    """Of the identity at each handshake; callers show a certificate."""
    shown = identity.current()

    def configuration() -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration(
            [(shown.key, shown.certificate)], shown.authorities
        )

    def changed() -> grpc.ServerCertificateConfiguration:
        nonlocal shown
        material = identity.current()
        if material is shown:
            return None  # type: ignore[return-value]  # the last one goes on; the stubs forgot it
        shown = material
        return configuration()

    return grpc.dynamic_ssl_server_credentials(
        configuration(), changed, require_client_authentication=True
    )


def _roles(services: Iterable[ServiceDescriptor]) -> frozenset[str]:
    """All that may call anything of these."""
    policies = [policy for service in services for policy in policies_of(service).values()]
    return frozenset().union(*(policy.roles for policy in policies))


def _handlers(
    answering: Answering, service: ServiceDescriptor, servicer: object
) -> "grpc.GenericRpcHandler[bytes, bytes]":
    policies = policies_of(service)
    bound = {}
    for method in service.methods:
        behaviour = getattr(servicer, method.name, None)
        if not callable(behaviour):
            raise UndeclaredRpc(f"{type(servicer).__name__} has no method {method.name}")
        if method.client_streaming:
            raise UndeclaredRpc(f"{method.full_name} takes a stream, which no policy can judge")
        bound[method.name] = answering.handler(method, policies[method.name], behaviour)
    return grpc.method_handlers_generic_handler(service.full_name, bound)

"""A channel to a service, over TLS or on one machine plain, with today's certificates."""

import threading
from typing import Any

import grpc

from kernel.config import Settings
from kernel.tls.identity import Identity, Material

OPTIONS = (
    # A name stands for every pod of a service: they take turns, one that is gone is left out.
    ("grpc.lb_policy_name", "round_robin"),
    # A peer that comes back on its port is found again within a second.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 30_000),
    # Channels to one address would otherwise share, and wait for, one broken connection.
    ("grpc.use_local_subchannel_pool", 1),
    # Retries are ours alone: they know the deadline, and renew the token.
    ("grpc.enable_retries", 0),
)
REPLACED_FOR = 60.0  # seconds: who asks for longer is cut off, and asks anew


class Channel:
    """Gives the gRPC channel to ask through now; a replaced one is closed once its calls ended.

    With an `identity` both sides show certificates, and the server's has to be that of `service`:
    wherever it answers, its name is what is verified.
    """

    def __init__(self, address: str, service: str = "", identity: Identity | None = None) -> None:
        if identity is not None and not service:
            raise ValueError("whose certificate is expected there?")
        self._address = address
        self._service = service
        self._identity = identity
        self._lock = threading.Lock()
        self._material: Material | None = None
        self._open: grpc.Channel | None = None
        self._closed = False

    def current(self) -> grpc.Channel:
        """The channel of now; ValueError once this is closed, as a channel says it."""
        with self._lock:
            if self._closed:
                raise ValueError("asked on a closed channel")
            material = self._identity.current() if self._identity else None
            if self._open is None or material is not self._material:
                self._close_later(self._open)
                self._open = _channel(self._address, self._service, material)
                self._material = material
            return self._open

    def close(self) -> None:
        """Give the connections back; calls under way are cancelled."""
        with self._lock:
            self._closed = True
            if self._open is not None:
                self._open.close()

    @staticmethod
    def _close_later(replaced: grpc.Channel | None) -> None:
        if replaced is not None:
            later = threading.Timer(REPLACED_FOR, replaced.close)
            later.daemon = True
            later.start()


def channel_to(service: str, settings: Settings) -> Channel:
    """To a service that a process asks, as its settings say where it answers."""
    return Channel(settings.peer(service), service, settings.rpc_identity)


def _channel(address: str, service: str, material: Material | None) -> grpc.Channel:
    options: list[tuple[str, Any]] = list(OPTIONS)
    if material is None:
        return grpc.insecure_channel(address, options=options)
    credentials = grpc.ssl_channel_credentials(
        material.authorities, material.key, material.certificate
    )
    options.append(("grpc.ssl_target_name_override", service))
    return grpc.secure_channel(address, credentials, options=options)

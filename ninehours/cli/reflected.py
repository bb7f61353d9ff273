"""A server's RPCs as it describes them itself: nothing of them need be known here."""

from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from ninehours.common.v1 import policy_pb2

from kernel.rpc.call import AUTHORIZATION, BEARER
from kernel.rpc.client import OPTIONS
from kernel.rpc.remote_refusal import refusal_of

OURS = "ninehours."
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Callers:
    """Who may call an RPC, as its policy declares; `bound_by`: `client client_id`, `network` …"""

    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    bound_by: tuple[str, ...]


class Reflected:
    """A context manager on the server at an address; raises RemoteRefusal as every client does."""

    def __init__(self, address: str, token: Callable[[], str]) -> None:
        plain = grpc.insecure_channel(address, options=OPTIONS)
        self._channel = plain
        self._database = ProtoReflectionDescriptorDatabase(
            grpc.intercept_channel(plain, _Bearer(token))
        )
        self.pool = DescriptorPool(self._database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def services(self) -> list[ServiceDescriptor]:
        """Those of Ninehours, by name; health and reflection themselves are left out."""
        try:
            names = sorted(self._database.get_services())
            return [self.pool.FindServiceByName(name) for name in names if name.startswith(OURS)]
        except grpc.RpcError as error:
            raise refusal_of(error) from None

    def methods(self) -> Iterator[MethodDescriptor]:
        """Every RPC, as the .proto files have them in order."""
        for service in self.services():
            yield from service.methods


def callers_of(method: MethodDescriptor) -> Callers:
    """Read from the option that travelled with the descriptor."""
    options: Any = MethodOptions.FromString(method.GetOptions().SerializeToString())
    declared = options.Extensions[policy_pb2.policy]
    bound_by = tuple(" ".join(filter(None, (b.kind, b.field))) for b in declared.bound_by)
    return Callers(tuple(declared.roles), tuple(declared.purposes), bound_by)


_Details = namedtuple("_Details", "method timeout metadata credentials wait_for_ready compression")


class _Bearer(grpc.StreamStreamClientInterceptor):  # type: ignore[type-arg]  # generic in its stubs only
    """Adds the token: who may not call anything need not read what there is to call."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def intercept_stream_stream(self, continuation: Any, details: Any, requests: Any) -> Any:
        metadata = [*(details.metadata or ()), (AUTHORIZATION, f"{BEARER}{self._token()}")]
        carried = _Details(
            details.method, details.timeout or SECONDS, metadata, details.credentials, True, None
        )
        return continuation(carried, requests)

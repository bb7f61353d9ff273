"""What the tests here share: descriptors of our own, and how servers and clients are opened."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from itertools import count
from typing import Any, Protocol

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.common.v1 import policy_pb2
from ninehours.common.v1.common_pb2 import Date
from ninehours.exchange.v1 import published_log_service_pb2 as log_pb2

from kernel.codec import Codec
from kernel.rpc.call import Call
from kernel.rpc.client import RpcClient
from kernel.rpc.policy import BindingKind, Scope
from kernel.rpc.server import Server
from kernel.store.database import open_database
from kernel.store.store import Store
from kernel.vault import Vault
from tests.harness.kernel.keys import KeysInMemory
from tests.harness.signing import signer_of

_numbers = count()
DEADLINE = 600.0  # seconds: no test fails for being slow


class Serve(Protocol):
    """Starts a server, stopped when the test is over."""

    def __call__(
        self,
        services: Mapping[ServiceDescriptor, object],
        *,
        ready: Callable[[], bool] = ...,
        **settings: Any,
    ) -> Server: ...


def scope(**kinds: BindingKind) -> Scope:
    """On a database that nobody connects to: what is bound to sites alone asks for none."""
    store = Store(
        open_database("postgresql://nobody@127.0.0.1:1/none"),
        codec=Codec({}),
        topic="none",
        network="test",
        vault=Vault(KeysInMemory()),
        signer=signer_of("none"),
    )
    return Scope(store, kinds)


def bound(*by: Mapping[str, Any]) -> policy_pb2.Policy:
    """Clinicians who treat, bound by these."""
    return policy_pb2.Policy(
        roles=["clinician"],
        purposes=["TREATMENT"],
        bound_by=[policy_pb2.Bound(**binding) for binding in by],
    )


class Ask(Protocol):
    """Opens a client, closed when the test is over."""

    def __call__(
        self, server: Server, service: ServiceDescriptor, token: Callable[[], str] | None = ...
    ) -> RpcClient: ...


def raw_read(server: Server, body: bytes = b"", **metadata: str) -> bytes:
    """What comes back for bytes under any metadata; `_` in a name is `-`."""
    told = tuple((name.replace("_", "-"), value) for name, value in metadata.items())
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        answer = channel.unary_unary(f"/{LOG.full_name}/Read", None, None)(body, metadata=told)
    return bytes(answer)


def declare(
    policy: policy_pb2.Policy | None, *, streams: bool = False, streams_in: bool = False
) -> ServiceDescriptor:
    """A service with one RPC `Do`, whose request has `site_id`, `count` and repeated `tags`."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"made/{next(_numbers)}.proto", syntax="proto3", package=f"made.v{next(_numbers)}"
    )
    request = file.message_type.add(name="DoRequest")
    kinds = descriptor_pb2.FieldDescriptorProto
    request.field.add(name="site_id", number=1, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    request.field.add(name="count", number=2, type=kinds.TYPE_INT32, label=kinds.LABEL_OPTIONAL)
    request.field.add(name="tags", number=3, type=kinds.TYPE_STRING, label=kinds.LABEL_REPEATED)
    response = file.message_type.add(name="DoResponse")
    response.field.add(name="count", number=1, type=kinds.TYPE_INT32, label=kinds.LABEL_OPTIONAL)
    method = file.service.add(name="MadeService").method.add(
        name="Do",
        input_type=f".{file.package}.DoRequest",
        output_type=f".{file.package}.DoResponse",
        server_streaming=streams,
        client_streaming=streams_in,
    )
    if policy is not None:
        extension: Any = policy_pb2.policy
        options: Any = method.options
        options.Extensions[extension].CopyFrom(policy)
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindServiceByName(f"{file.package}.MadeService")


def _log_service() -> ServiceDescriptor:
    """Two RPCs over the exchange's messages; its own service may grow without these tests."""
    file = descriptor_pb2.FileDescriptorProto(
        name="made/log.proto",
        syntax="proto3",
        package="made.log",
        dependency=[log_pb2.DESCRIPTOR.name],
    )
    service = file.service.add(name="LogService")
    messages: dict[str, tuple[type[Message], type[Message]]] = {
        "Read": (log_pb2.ReadRequest, log_pb2.ReadResponse),
        "Heads": (log_pb2.HeadsRequest, log_pb2.HeadsResponse),
    }
    for name, (asked, answered) in messages.items():
        method = service.method.add(
            name=name,
            input_type=f".{asked.DESCRIPTOR.full_name}",
            output_type=f".{answered.DESCRIPTOR.full_name}",
        )
        options: Any = method.options
        policy: Any = policy_pb2.policy
        network = policy_pb2.Bound(kind="network")
        allowed = policy_pb2.Policy(roles=["operator"], purposes=["OPERATIONS"], bound_by=[network])
        options.Extensions[policy].CopyFrom(allowed)
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindServiceByName("made.log.LogService")


def record(**fields: Message) -> Any:
    """A message with `on`, a civil date, and `at`, a moment."""
    return _record_type()(**fields)


@cache
def _record_type() -> type[Message]:
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="made/record.proto",
        syntax="proto3",
        package="made.record",
        dependency=[Date.DESCRIPTOR.file.name, Timestamp.DESCRIPTOR.file.name],
    )
    message = file.message_type.add(name="Record")
    kinds_of: dict[str, type[Message]] = {"on": Date, "at": Timestamp}
    for number, (name, kind) in enumerate(kinds_of.items(), start=1):
        message.field.add(
            name=name,
            number=number,
            type=kinds.TYPE_MESSAGE,
            type_name=f".{kind.DESCRIPTOR.full_name}",
            label=kinds.LABEL_OPTIONAL,
        )
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName("made.record.Record"))


class Log:
    """A published log that answers, or raises what it was told to; remembers its calls."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.calls: list[Call] = []

    def Read(self, request: log_pb2.ReadRequest, call: Call) -> log_pb2.ReadResponse:
        self.calls.append(call)
        if self.error is not None:
            raise self.error
        return log_pb2.ReadResponse(epoch=request.after_sequence + 1)

    def Heads(self, request: log_pb2.HeadsRequest, call: Call) -> Any:
        return log_pb2.HeadsResponse(topic="x" * request.page_size)


def lines(captured: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.splitlines()]


LOG = _log_service()

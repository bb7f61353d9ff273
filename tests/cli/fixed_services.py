"""Four services that give fixed answers over gRPC, and note what they were asked and as whom."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.descriptor_pool import Default
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from kernel.rpc.answer import CallOutcome
from kernel.rpc.verifier import Verifier
from kernel.services import SERVICES
from ninehours.local.probes import LOOPBACK

Answer = Message | CallOutcome | Callable[[Any], Message]
"""What an RPC answers, refuses, or makes of the request."""
Answers = Mapping[str, Answer | Sequence[Message]]
"""By `service RPC`, or by `RPC` alone; several for one RPC are its pages, or its stream."""


class FixedServices:
    """The services of one system, each on a port of its own; `asked` in order, a line a request."""

    def __init__(self, secrets_dir: Path) -> None:
        self.answers: dict[str, Answer | Sequence[Message]] = {}
        self.asked: list[str] = []
        self._verifier = Verifier(secrets_dir)
        self._servers = {
            name: grpc.server(ThreadPoolExecutor(2), handlers=[_Handler(self, name)])
            for name in SERVICES
        }
        self.addresses = {
            name: f"{LOOPBACK}:{server.add_insecure_port(f'{LOOPBACK}:0')}"
            for name, server in self._servers.items()
        }
        for server in self._servers.values():
            server.start()

    def stop(self) -> None:
        for server in self._servers.values():
            server.stop(0)

    @contextmanager
    def answering(self, answers: Answers) -> Iterator[None]:
        """These and no others, and nothing asked yet."""
        self.answers, self.asked = dict(answers), []
        yield

    def note(self, service: str, rpc: str, request: Message, context: grpc.ServicerContext) -> None:
        """Who asked what."""
        metadata = {key: str(value) for key, value in context.invocation_metadata()}
        who = self._verifier.actor(metadata["authorization"].removeprefix("Bearer "))
        told = MessageToJson(request, preserving_proto_field_name=True, indent=None)
        self.asked.append(f"{who.id} {' '.join(who.roles)}: {service} {rpc} {told}")


class _Handler(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in its stubs only
    def __init__(self, services: FixedServices, name: str) -> None:
        self._services = services
        self._name = name

    def service(self, details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any] | None":
        _, service, rpc = details.method.split("/")
        method = Default().FindServiceByName(service).methods_by_name[rpc]
        read = GetMessageClass(method.input_type).FromString
        write = GetMessageClass(method.output_type).SerializeToString

        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            self._services.note(self._name, rpc, request, context)
            answers = self._services.answers
            found = answers.get(f"{self._name} {rpc}", answers.get(rpc))
            if found is None:
                found = GetMessageClass(method.output_type)()
            if isinstance(found, CallOutcome):
                context.abort_with_status(found.status())
            if callable(found):
                return found(request)
            if isinstance(found, Message):
                return [found] if method.server_streaming else found
            if method.server_streaming:
                return found
            return found[_page(request)]

        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(
                lambda request, context: iter(answer(request, context)), read, write
            )
        return grpc.unary_unary_rpc_method_handler(answer, read, write)


def _page(request: Any) -> int:
    """Which: page tokens and cursors count."""
    if "changed_since" in request.DESCRIPTOR.fields_by_name and request.changed_since:
        return int(request.changed_since)
    return int(request.page_token or 0)

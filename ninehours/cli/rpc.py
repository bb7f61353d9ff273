"""Calling any RPC by its name, as the servers describe them themselves: JSON in, JSON out."""

import json
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self
from uuid import uuid4

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import policy_pb2

from kernel.facts import id_of, kind_of
from kernel.roles import Role
from kernel.rpc.call import AUTHORIZATION, BEARER
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.remote_refusal import AWAY, RemoteRefusal, refusal_of
from ninehours.cli.connection import Services, on_system
from ninehours.cli.ending import DENIED, NOT_FOUND, USAGE, Failure, say
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.replay import LABEL
from ninehours.cli.roles import BILLER, OPERATOR
from ninehours.cli.shapes import shape_of

# Whose token asks what there is; any would do.
LOOKING = OPERATOR
DEADLINE = 30.0
OURS = "ninehours."
COMMANDS_BY = "meta"
SECONDS = 10.0


class Reflected:
    """A context manager on the server at an address; raises RemoteRefusal as every client does."""

    def __init__(self, channel: Channel, token: Callable[[], str]) -> None:
        self._channel = channel
        self._database = ProtoReflectionDescriptorDatabase(
            grpc.intercept_channel(channel.current(), _Bearer(token))
        )
        self.pool = DescriptorPool(self._database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def services(self) -> list[ServiceDescriptor]:
        """Those of Ninehours, by name; reflection itself is left out."""
        try:
            names = sorted(self._database.get_services())
            return [self.pool.FindServiceByName(name) for name in names if name.startswith(OURS)]
        except grpc.RpcError as error:
            raise refusal_of(error) from None

    def methods(self) -> Iterator[MethodDescriptor]:
        """Every RPC, as the .proto files have them in order."""
        for service in self.services():
            yield from service.methods


def policy_of(method: MethodDescriptor) -> Any:
    """Who may call it, and by what it is bound: the option travelled with its descriptor."""
    options: Any = MethodOptions.FromString(method.GetOptions().SerializeToString())
    return options.Extensions[policy_pb2.policy]


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


@on_system
def run_ls(services: Services, service: str, *, as_json: bool) -> None:
    """Prints every RPC, of one service or (empty) of all, with who may call it."""
    rpcs = list_rpcs(services, service)
    if as_json:
        print_json({"rpcs": rpcs})
        return
    for line in show_rpcs(rpcs):
        screen().print(line)


def list_rpcs(services: Services, service: str) -> list[dict[str, Any]]:
    """Every RPC of one service or (empty) of all, with who may call it."""
    found = []
    for name in [service] if service else services.addresses:
        with _reflected(services, name) as server:
            found += [{"service": name, **_told(method)} for method in server.methods()]
    return found


def show_rpcs(rpcs: Sequence[dict[str, Any]]) -> list[str]:
    """Lines: a gRPC service, its RPCs below it with the roles that may call each."""
    lines: list[str] = []
    widest = max((len(rpc["method"]) for rpc in rpcs), default=0)
    heading = ""
    for rpc in rpcs:
        if (head := f"{rpc['service']}  {rpc['grpc_service']}") != heading:
            lines += ([""] if lines else []) + [head]
            heading = head
        lines.append(f"  {rpc['method']:<{widest}}  {', '.join(rpc['roles'])}")
    return lines


@on_system
def run_show(services: Services, service: str, method: str) -> None:
    """Prints what it takes; before that, on stderr, who may call it, and for what."""
    with _reflected(services, service) as server:
        rpc = _method(server, service, method)
        policy = policy_of(rpc)
        say(f"{', '.join(policy.roles)}; for {', '.join(policy.purposes)}")
        print_json(shape_of(rpc.input_type))


@on_system
def run_call(
    services: Services,
    service: str,
    method: str,
    *,
    body: str,
    role: str,
    subject: str,
    purpose: str,
    dry_run: bool,
) -> None:
    """Print what it answers, a JSON object; of a stream one a line. Refusals leave as such.

    Of a dry run, what it would answer, and what billing says that it would come to.
    """
    with _reflected(services, service) as server:
        rpc = _method(server, service, method)
        request = _request(server, rpc, sys.stdin.read() if body == "-" else body)
        if dry_run:
            _suppose(request)
        if COMMANDS_BY in request.DESCRIPTOR.fields_by_name and not request.meta.command_id:
            request.meta.command_id = str(uuid4())
        role = role or _role_for(rpc, purpose.upper())
        services.speak_as(role, subject, purpose)
        token = services.token_of(role)
        client = RpcClient(services.channel_to(service), rpc.containing_service, token=token)
        try:
            answer = getattr(client, rpc.name)(request, deadline=DEADLINE)
            if rpc.server_streaming:
                for message in answer:
                    print(json.dumps(as_dict(message), ensure_ascii=False), flush=True)
            elif dry_run:
                print_json(_foreseen(services, role, answer))
            else:
                print_json(as_dict(answer))
        except RemoteRefusal as refusal:
            for field, what in refusal.details.items():
                say(f"  {field}: {what}")
            if refusal.code in AWAY and COMMANDS_BY in request.DESCRIPTOR.fields_by_name:
                say(f"  meta.command_id: {request.meta.command_id}; with it, it is done once")
            raise
        finally:
            client.close()


def _suppose(request: Any) -> None:
    """Makes a dry run of a command; another request is none."""
    if COMMANDS_BY not in request.DESCRIPTOR.fields_by_name:
        raise Failure(USAGE, "it commands nothing: only a command has a dry run")
    request.meta.dry_run = True


def _foreseen(services: Services, role: str, answer: Any) -> dict[str, Any]:
    """What it would answer, and for each client whom its facts are about what it comes to."""
    facts = [
        common.SupposedFact.FromString(fact.SerializeToString()) for fact in answer.receipt.supposed
    ]
    answer.ClearField("receipt")
    subjects = dict.fromkeys(fact.subject for fact in facts if kind_of(fact.subject) == "client")
    requests = [work.ForeseeRequest(client_id=id_of(subject), facts=facts) for subject in subjects]
    of_network = [fact for fact in facts if kind_of(fact.subject) != "client"]
    of_all = (
        {"foreseen_for_all": as_dict(services.ask(BILLER, work.ForeseeForAllRequest(facts=facts)))}
        if of_network and role == BILLER
        else {}
    )
    return {
        "label": LABEL,
        "answer": as_dict(answer),
        "facts": [{"subject": fact.subject, "type": fact.type} for fact in facts],
        "foreseen": [as_dict(services.ask(role, request)) for request in requests],
        **of_all,
    }


def _reflected(services: Services, service: str) -> Reflected:
    return Reflected(services.channel_to(service), services.token_of(LOOKING))


def _told(method: MethodDescriptor) -> dict[str, Any]:
    policy = policy_of(method)
    return {
        "grpc_service": method.containing_service.full_name,
        "method": method.name,
        "request": method.input_type.full_name,
        "response": method.output_type.full_name,
        "streams": method.server_streaming,
        "roles": list(policy.roles),
        "purposes": list(policy.purposes),
        "bound_by": [" ".join(filter(None, (it.kind, it.field))) for it in policy.bound_by],
    }


def _method(server: Reflected, service: str, name: str) -> MethodDescriptor:
    """By its name, or by `package.Service/Name` where two services have one of that name."""
    wanted = name.replace("/", ".")
    methods = list(server.methods())
    found = [method for method in methods if wanted in (method.name, method.full_name)]
    if not found:
        raise Failure(NOT_FOUND, f"{service} has no RPC {name}; see: ninehours rpc ls {service}")
    if len(found) > 1:
        both = ", ".join(f"{method.containing_service.full_name}/{method.name}" for method in found)
        raise Failure(USAGE, f"{service} has several RPCs {name}: {both}")
    return found[0]


def _request(server: Reflected, rpc: MethodDescriptor, body: str) -> Any:
    request = GetMessageClass(rpc.input_type)()
    try:
        content = json.loads(body)
        ParseDict(content, request, descriptor_pool=server.pool)
    except json.JSONDecodeError as error:
        raise Failure(USAGE, f"the body is no JSON: {error}") from None
    except (ParseError, TypeError, AttributeError) as error:
        fields = ", ".join(field.name for field in rpc.input_type.fields) or "none"
        first_line = str(error).partition("\n")[0]
        raise Failure(
            USAGE,
            f"the body is no {rpc.input_type.name}: {first_line} Its fields: {fields}",
        ) from None
    return request


def _role_for(rpc: MethodDescriptor, purpose: str) -> str:
    """The first role of the policy whose purpose, the usual one or this, fits too."""
    policy = policy_of(rpc)
    for role in policy.roles:
        if role in {*Role} and (purpose or Role(role).purpose) in policy.purposes:
            return str(role)
    raise Failure(DENIED, f"no person calls {rpc.name}: it takes {', '.join(policy.roles)}")

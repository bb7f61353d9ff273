"""Calling any RPC of a system by its name: JSON in, JSON out."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message_factory import GetMessageClass

from kernel.rpc.client import RpcClient
from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.cli.connection import Services
from ninehours.cli.ending import DENIED, NOT_FOUND, USAGE, Failure, say
from ninehours.cli.output import as_dict, print_json
from ninehours.cli.reflected import Callers, Reflected, callers_of
from ninehours.cli.roles import OPERATOR, Role

# Whose token asks what there is; any would do.
LOOKING = OPERATOR
DEADLINE = 30.0


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


def call_rpc(
    services: Services, service: str, method: str, *, body: str, role: str, subject: str = ""
) -> None:
    """Print what it answers, a JSON object; of a stream one a line. Refusals leave as such."""
    with _reflected(services, service) as server:
        rpc = _method(server, service, method)
        request = _request(server, rpc, sys.stdin.read() if body == "-" else body)
        callers = callers_of(rpc)
        role = role or _role_for(callers, rpc.name)
        services.speak_as(role, subject)
        token = services.token_of(role)
        client = RpcClient(services.address_of(service), rpc.containing_service, token=token)
        try:
            answer = getattr(client, rpc.name)(request, deadline=DEADLINE)
            if rpc.server_streaming:
                for message in answer:
                    print(json.dumps(as_dict(message), ensure_ascii=False), flush=True)
            else:
                print_json(as_dict(answer))
        except RemoteRefusal as refusal:
            for field, what in refusal.details.items():
                say(f"  {field}: {what}")
            raise
        finally:
            client.close()


def _reflected(services: Services, service: str) -> Reflected:
    return Reflected(services.address_of(service), services.token_of(LOOKING))


def _told(method: MethodDescriptor) -> dict[str, Any]:
    callers = callers_of(method)
    return {
        "grpc_service": method.containing_service.full_name,
        "method": method.name,
        "request": method.input_type.full_name,
        "response": method.output_type.full_name,
        "streams": method.server_streaming,
        "roles": list(callers.roles),
        "purposes": list(callers.purposes),
        "bound_by": list(callers.bound_by),
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
        told = json.loads(body)
        ParseDict(told, request, descriptor_pool=server.pool)
    except json.JSONDecodeError as error:
        raise Failure(USAGE, f"the body is no JSON: {error}") from None
    except (ParseError, TypeError, AttributeError) as error:
        fields = ", ".join(field.name for field in rpc.input_type.fields) or "none"
        raise Failure(
            USAGE,
            f"the body is no {rpc.input_type.name}: {_first_line(error)} Its fields: {fields}",
        ) from None
    return request


def _role_for(callers: Callers, name: str) -> str:
    """The first role of the policy whose usual purpose fits too."""
    for role in callers.roles:
        if role in {*Role} and Role(role).purpose in callers.purposes:
            return role
    raise Failure(DENIED, f"no person calls {name}: it takes {', '.join(callers.roles)}")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]

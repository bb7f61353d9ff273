"""Whatever is asked of any RPC, the answer is an answer or a refusal: nothing is INTERNAL.

The four services answer on one another's ports, over databases of their own. (Slow: 60 s.)
"""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.text_format import MessageToString
from ninehours.common.v1 import policy_pb2

from kernel.rpc.remote_refusal import refusal_of
from kernel.rpc.server import Server
from kernel.rpc.tokens import SERVICE_ROLE, SERVICE_SUBJECT, Issuer
from kernel.secrets import OF_TOKENS, PEOPLE
from kernel.services import SERVICES
from ninehours.local.probes import LOOPBACK

EACH = 15  # requests of an RPC
KNOWN = [str(UUID(int=n)) for n in range(4)]
TEXTS = (
    *("", "x", "\0", "a\0b", "-1", "2026-01-05", "H0015", "é" * 300, "😀", " ", "*", "NY", "10001"),
    *("#", "client/x#9", "client/x#99999999999999999999", "x#1\0", "#²", "I:", "D:", "I:x", "|"),
    *("1|2026-01-05T00:00:00+00:00|" + KNOWN[0], "2026-01-05T09:00:00+00:00|" + KNOWN[0]),
    *("0001-01-01T00:00:00+14:00|" + KNOWN[0], "9999-12-31T23:59:59-14:00|" + KNOWN[0]),
    *("MHwwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwfA==", "////", "=", "4pyT", "AA==", "1,2,3", "1:2:3"),
    *("99999999999999999999", "-9:9", "ninehours.intake.v1", f"client/{KNOWN[0]}", *KNOWN),
)
WHOLE = {
    FieldDescriptor.TYPE_INT32: (0, 1, 2, 7, 100, -1, 2**31 - 1, -(2**31)),
    FieldDescriptor.TYPE_INT64: (0, 1, 2, 2026, -1, 2**63 - 1, -(2**63), 253402300800),
}
TOKENS = ("page_token", "cursor")
Pick = random.Random


@pytest.fixture(scope="module")
def issuers(secrets_dir: Path) -> dict[str, Issuer]:
    return {name: Issuer(secrets_dir, name) for name in OF_TOKENS.issuers}


def described(server: Server) -> list[MethodDescriptor]:
    return [method for service in server.services for method in service.methods]


def token_for(method: MethodDescriptor, issuers: dict[str, Issuer], pick: Pick) -> str:
    """Of somebody whom its policy lets in."""
    options: Any = method.GetOptions()
    policy = options.Extensions[policy_pb2.policy]
    role, purpose = pick.choice(list(policy.roles)), pick.choice(list(policy.purposes))
    name = role.removeprefix(SERVICE_ROLE)
    if name != role:
        told = issuers[name].token(f"{SERVICE_SUBJECT}{name}", [role], ["*"], purpose)
    else:
        told = issuers[PEOPLE].token(f"staff/{role}", [role], ["*"], purpose, timedelta(hours=2))
    return f"Bearer {told}"


def some(kind: type[Message], pick: Pick, depth: int = 0) -> Message:
    """A message with any of its fields, and anything in them."""
    made = kind()
    for field in kind.DESCRIPTOR.fields:
        if pick.random() < 0.25 or depth > 4:
            continue
        if field.name == "command_id":
            setattr(made, field.name, str(UUID(int=pick.getrandbits(128), version=4)))
            continue
        if field.name == "after" and pick.random() < 0.8:
            continue
        if field.is_repeated and field.message_type and field.message_type.GetOptions().map_entry:
            continue
        for _ in range(pick.randint(1, 2) if field.is_repeated else 1):
            _put(made, field, pick, depth)
    return made


def _put(made: Any, field: FieldDescriptor, pick: Pick, depth: int) -> None:
    if field.message_type is not None:
        held = some(GetMessageClass(field.message_type), pick, depth + 1)
        place = getattr(made, field.name)
        if field.is_repeated:
            place.add().CopyFrom(held)
        else:
            place.CopyFrom(held)
        return
    value = _value(field, pick)
    if field.is_repeated:
        getattr(made, field.name).append(value)
    else:
        setattr(made, field.name, value)


def _value(field: FieldDescriptor, pick: Pick) -> Any:
    if field.enum_type is not None:
        return pick.choice([*(value.number for value in field.enum_type.values), 99])
    if field.type == FieldDescriptor.TYPE_STRING:
        known = field.name not in TOKENS and pick.random() < 0.5
        return pick.choice(KNOWN if known else TEXTS)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return pick.random() < 0.5
    if field.type == FieldDescriptor.TYPE_BYTES:
        return pick.choice((b"", b"\0", b"\xff" * 20))
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return pick.choice((0.0, -1.5, float("nan"), float("inf")))
    return pick.choice(WHOLE[field.type])


def asked(channel: grpc.Channel, method: MethodDescriptor, request: Message, token: str) -> str:
    """How it was answered: the code's name, INTERNAL with its incident."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    told = {"timeout": 1.0, "metadata": (("authorization", token),)}
    try:
        if method.server_streaming:
            list(channel.unary_stream(path, None, None)(request.SerializeToString(), **told))
        else:
            channel.unary_unary(path, None, None)(request.SerializeToString(), **told)
    except grpc.RpcError as error:
        return refusal_of(error).code.name
    return "OK"


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_that_is_asked_is_internal(
    servers: dict[str, Server], issuers: dict[str, Issuer], name: str
) -> None:
    wrong, answers = [], dict[str, int]()
    rpcs = described(servers[name])
    assert len(rpcs) > 25
    with grpc.insecure_channel(f"{LOOPBACK}:{servers[name].port}") as channel:
        for method in rpcs:
            pick = random.Random(method.full_name)
            for _ in range(EACH):
                request = some(GetMessageClass(method.input_type), pick)
                answer = asked(channel, method, request, token_for(method, issuers, pick))
                answers[answer] = answers.get(answer, 0) + 1
                if answer in ("INTERNAL", "UNKNOWN"):
                    wrong.append(f"{method.name} {MessageToString(request, as_one_line=True)}")
    assert wrong == []
    assert answers["INVALID_ARGUMENT"] > 100 and answers["OK"] > 10, answers

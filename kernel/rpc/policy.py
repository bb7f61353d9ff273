"""Who may call what: read from the descriptors, so the promise in protos/ is the one kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import (
    Descriptor,
    FieldDescriptor,
    MethodDescriptor,
    ServiceDescriptor,
)
from ninehours.common.v1 import policy_pb2

from kernel.refusal import NotAllowed
from kernel.rpc.tokens import PURPOSES, Actor


class UndeclaredRpc(Exception):
    """An RPC without a usable policy: its server doesn't start."""


# Kinds that name nothing: what belongs to the token's sites, and what is the whole network's.
OWN, NETWORK = "own", "network"
SITE = "site"


@dataclass(frozen=True, slots=True)
class Bound:
    """A kind of thing, and the request's field with its id; `optional`: may be left out."""

    kind: str
    field: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Any of these roles, with any of these purposes, for all that the request is bound by."""

    roles: frozenset[str]
    purposes: frozenset[str]
    bound_by: tuple[Bound, ...] = ()


def policies_of(service: ServiceDescriptor) -> Mapping[str, Policy]:
    """RPC name → its policy, for every RPC; UndeclaredRpc for one that lacks any part."""
    return {method.name: _policy_of(method) for method in service.methods}


def permit(policy: Policy, actor: Actor) -> None:
    """Returns when role and purpose agree: asked before anything of the request is read."""
    if not policy.roles & actor.roles:
        raise NotAllowed("ROLE_NOT_ALLOWED", "this takes a role that your token does not hold")
    if actor.purpose not in policy.purposes:
        raise NotAllowed("PURPOSE_NOT_ALLOWED", "your token's purpose does not cover this")


def _policy_of(method: MethodDescriptor) -> Policy:
    options: Any = method.GetOptions()
    if not options.HasExtension(policy_pb2.policy):
        raise UndeclaredRpc(f"{method.full_name} declares no policy")
    declared = options.Extensions[policy_pb2.policy]
    if not declared.roles or not all(declared.roles):
        raise UndeclaredRpc(f"{method.full_name} declares no roles")
    if not declared.purposes or not PURPOSES.issuperset(declared.purposes):
        raise UndeclaredRpc(f"{method.full_name} declares no purposes, or unknown ones")
    bound_by = tuple(Bound(bound.kind, bound.field, bound.optional) for bound in declared.bound_by)
    if wrong := _wrong_with(bound_by, method.input_type):
        raise UndeclaredRpc(f"{method.full_name} {wrong}")
    return Policy(frozenset(declared.roles), frozenset(declared.purposes), bound_by)


def _wrong_with(bound_by: Sequence[Bound], request: Descriptor) -> str:
    """Why these can't bind; empty: they do."""
    kinds = [bound.kind for bound in bound_by]
    if not kinds or not all(kinds):
        return "declares nothing that it is bound by"
    if NETWORK in kinds and len(kinds) > 1:
        return "is the network's, and of a part of it"
    if all(bound.optional for bound in bound_by):
        return "may leave out all that it is bound by"
    for bound in bound_by:
        if bound.kind in (OWN, NETWORK):
            if bound.field:
                return f"names a field for {bound.kind!r}"
        elif not _is_text(request, bound.field.split(".")):
            return (
                f"is bound to a {bound.kind} by {bound.field!r}, "
                f"which is no text field of {request.name}"
            )
    return ""


def _is_text(message: Descriptor, path: Sequence[str]) -> bool:
    field = message.fields_by_name.get(path[0])
    if field is None:
        return False
    if len(path) > 1:
        return field.message_type is not None and _is_text(field.message_type, path[1:])
    return bool(field.type == FieldDescriptor.TYPE_STRING)

"""Who may call what: read from the descriptors, so the promise in protos/ is the one kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from ninehours.common.v1 import policy_pb2

from kernel.refusal import NotAllowed
from kernel.rpc.tokens import PURPOSES, Actor
from kernel.sites import require_site


class UndeclaredRpc(Exception):
    """An RPC without a usable policy: its server doesn't start."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Any of these roles, with any of these purposes, at the site that the request names."""

    roles: frozenset[str]
    purposes: frozenset[str]
    site_field: str = ""


def policies_of(service: ServiceDescriptor) -> Mapping[str, Policy]:
    """RPC name → its policy, for every RPC; UndeclaredRpc for one that lacks any part."""
    return {method.name: _policy_of(method) for method in service.methods}


def permit(policy: Policy, actor: Actor) -> None:
    """Returns when role and purpose agree: asked before anything of the request is read."""
    if not policy.roles & actor.roles:
        raise NotAllowed("ROLE_NOT_ALLOWED", "this takes a role that your token does not hold")
    if actor.purpose not in policy.purposes:
        raise NotAllowed("PURPOSE_NOT_ALLOWED", "your token's purpose does not cover this")


def bind(policy: Policy, actor: Actor, request: Message) -> None:
    """Returns when the token covers the site that the request names."""
    if policy.site_field:
        require_site(actor.sites, getattr(request, policy.site_field))


def _policy_of(method: MethodDescriptor) -> Policy:
    options: Any = method.GetOptions()
    if not options.HasExtension(policy_pb2.policy):
        raise UndeclaredRpc(f"{method.full_name} declares no policy")
    declared = options.Extensions[policy_pb2.policy]
    if not declared.roles or not all(declared.roles):
        raise UndeclaredRpc(f"{method.full_name} declares no roles")
    if not declared.purposes or not PURPOSES.issuperset(declared.purposes):
        raise UndeclaredRpc(f"{method.full_name} declares no purposes, or unknown ones")
    if declared.site_field:
        field = method.input_type.fields_by_name.get(declared.site_field)
        if field is None or field.is_repeated or field.type != FieldDescriptor.TYPE_STRING:
            raise UndeclaredRpc(
                f"{method.full_name} is bound to a site by {declared.site_field!r}, "
                f"which is no text field of {method.input_type.name}"
            )
    return Policy(frozenset(declared.roles), frozenset(declared.purposes), declared.site_field)

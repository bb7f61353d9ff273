"""Who may ask what, as the services' own protos promise it: what isn't anybody's isn't offered."""

from collections.abc import Sequence

from google.protobuf.message import Message

from kernel.roles import Role
from kernel.rpc.policy import Policy, policies_of
from kernel.rpc.rpcs import rpc_of
from ninehours.console.visit import NotYours, Visit


def may(visit: Visit, request: Message) -> bool:
    """Whether the reader's role may ask it, and for what it works, whomever it is about."""
    role, policy = visit.person.role, _policy_of(request)
    return role in policy.roles and role.purpose in policy.purposes


def require(visit: Visit, request: Message) -> None:
    """NotYours where it may not: a page that would only be refused isn't shown."""
    if not may(visit, request):
        raise NotYours


def roles_of(request: Message) -> Sequence[Role]:
    """Of people, those who may ask it."""
    return [role for role in Role if role in _policy_of(request).roles]


def _policy_of(request: Message) -> Policy:
    rpc = rpc_of(request)
    return policies_of(rpc.containing_service)[rpc.name]

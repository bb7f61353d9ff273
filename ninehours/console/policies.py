"""Who may ask what, as the services' own protos promise it: what isn't anybody's isn't offered."""

from google.protobuf.message import Message

from kernel.rpc.policy import policies_of
from kernel.rpc.rpcs import rpc_of
from ninehours.console.visit import NotYours, Visit


def may(visit: Visit, request: Message) -> bool:
    """Whether the reader's role may ask it, and for what it works, whomever it is about."""
    rpc, role = rpc_of(request), visit.person.role
    policy = policies_of(rpc.containing_service)[rpc.name]
    return role in policy.roles and role.purpose in policy.purposes


def require(visit: Visit, request: Message) -> None:
    """NotYours where it may not: a page that would only be refused isn't shown."""
    if not may(visit, request):
        raise NotYours

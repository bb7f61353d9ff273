"""What a page asks for each of its parts, and what stands there where a part isn't told."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message

from kernel.rpc.policy import policies_of
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.rpcs import rpc_of
from ninehours.console.services import ServiceAway
from ninehours.console.texts import words
from ninehours.console.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPart:
    """What a service answered; None: it isn't told, and `why_not` says in words why, unless it is
    for other roles."""

    said: Any = None
    why_not: str = ""
    of_other_roles: bool = False

    def rows(self, name: str) -> list[Any]:
        """Of its repeated field; none where it isn't told."""
        return [] if self.said is None else list(getattr(self.said, name))


def may_ask(visit: Visit, request: Message) -> bool:
    """Whether the RPC is for the visitor's role, as its policy says: what isn't, isn't asked."""
    rpc = rpc_of(request)
    policy = policies_of(rpc.containing_service)[rpc.name]
    return visit.person.role in policy.roles and visit.person.role.purpose in policy.purposes


def require_may_ask(visit: Visit, request: Message) -> None:
    """RemoteRefusal for whom the service would refuse for their role alone."""
    if not may_ask(visit, request):
        raise RemoteRefusal(grpc.StatusCode.PERMISSION_DENIED, "ROLE_NOT_ALLOWED", "", {})


def answered(visit: Visit, request: Message, service: str = "") -> ToldPart:
    """Briefly: the page goes on while the service is away. RemoteRefusal."""
    try:
        return ToldPart(said=visit.ask_briefly(request, service=service))
    except ServiceAway as away:
        service = words().services[away.service]
        return ToldPart(why_not=words().chart.untold.away.format(service=service))


def asked(visit: Visit, request: Message, service: str = "") -> ToldPart:
    """The same of what the page goes on without, whatever becomes of it."""
    if not may_ask(visit, request):
        return ToldPart(of_other_roles=True)
    try:
        return answered(visit, request, service)
    except RemoteRefusal as refusal:
        if refusal.reason == "NOT_CREDENTIALED":
            return ToldPart(why_not=words().chart.untold.NOT_CREDENTIALED)
        return ToldPart(why_not=refusal.message)

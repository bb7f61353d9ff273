"""What a page asks for each of its parts, and what stands there where a part isn't told."""

from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.policies import may
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


def answered(visit: Visit, request: Message, service: str = "") -> ToldPart:
    """Briefly: the page goes on while the service is away. RemoteRefusal."""
    try:
        return ToldPart(said=visit.ask_briefly(request, service=service))
    except ServiceAway as away:
        service = words().services[away.service]
        return ToldPart(why_not=words().chart.untold.away.format(service=service))


def asked(visit: Visit, request: Message, service: str = "") -> ToldPart:
    """The same of what the page goes on without, whatever becomes of it."""
    if not may(visit, request):
        return ToldPart(of_other_roles=True)
    try:
        return answered(visit, request, service)
    except RemoteRefusal as refusal:
        if refusal.reason == "NOT_CREDENTIALED":
            return ToldPart(why_not=words().chart.untold.NOT_CREDENTIALED)
        return ToldPart(why_not=refusal.message)

"""One thing that waits for a person: what it is, what trying it again or going past it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import grpc
from google.protobuf.message import Message
from ninehours.exchange.v1 import operating_service_pb2 as operating

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.services import SERVICES
from ninehours.console.pages.system.page import PATH, in_utc
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit

NEVER_RELEASED = "topic"  # it is heard again from its beginning, by another command
GIVEN_UP = "record"  # of what is parked, what alone is gone past
RELEASE, GIVE_UP = "release", "give_up"  # the forms
REASON = "reason"


@dataclass(frozen=True, slots=True)
class RefusedAct:
    """Which form, and why."""

    act: str
    refusal: RemoteRefusal

    @property
    def at_reason(self) -> str:
        """What is wrong with the reason; empty: nothing."""
        return self.refusal.details.get(REASON, "")

    @property
    def says(self) -> str:
        """Why, where it is no field's."""
        return "" if self.at_reason else self.refusal.message


def parked(visit: Visit) -> Screen:
    """Of the service and the id that the address names; never its content."""
    return _screen(visit, visit.query)


def release(visit: Visit) -> Screen | GoTo:
    """Try it again; who did, when and why is kept by the service."""
    return _done(visit, operating.ReleaseParkedRequest, RELEASE, "released")


def give_up(visit: Visit) -> Screen | GoTo:
    """Go past it for good; who did, when and why is kept by the service."""
    return _done(visit, operating.GiveUpParkedRequest, GIVE_UP, "given_up")


def _done(visit: Visit, kind: type[Message], act: str, said: str) -> Screen | GoTo:
    """What is refused stands at its field, with what was typed."""
    request = kind(id=visit.form.get("id", ""), reason=visit.form.get(REASON, "").strip())
    try:
        visit.ask(request, service=_service(visit.form))
    except RemoteRefusal as refusal:
        if refusal.code is grpc.StatusCode.NOT_FOUND:
            return GoTo(f"{PATH}?said=gone")
        if refusal.code is grpc.StatusCode.PERMISSION_DENIED:
            raise
        return _screen(visit, visit.form, RefusedAct(act, refusal))
    return GoTo(f"{PATH}?said={said}")


def _screen(visit: Visit, named: Mapping[str, str], refused: RefusedAct | None = None) -> Screen:
    service, parked_id = _service(named), named.get("id", "")
    found = visit.ask(operating.GetParkedRequest(id=parked_id), service=service)
    shown = {
        "service": service,
        "parked_id": parked_id,
        "parked": found,
        "since": in_utc(found.at) if found.HasField("at") else "",
        "may_release": found.kind != NEVER_RELEASED and (found.kind != GIVEN_UP or found.subject),
        "may_give_up": found.kind == GIVEN_UP,
        "earlier_releases": [
            (in_utc(each.released_at), each.released_by, each.reason)
            for each in found.earlier_releases
        ],
        "reason": named.get(REASON, ""),
        "refused": refused,
    }
    status = HTTPStatus.OK if refused is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return Screen("parked.html", shown, status)


def _service(named: Mapping[str, str]) -> str:
    service = named.get("service", "")
    if service not in SERVICES:
        raise NoSuchPage
    return service

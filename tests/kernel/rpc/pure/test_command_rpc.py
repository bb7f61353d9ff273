"""An RPC as a row: reader, use case, and what is answered beside the receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.execute import Outcome
from kernel.facts import Position
from kernel.rpc.call import Call
from kernel.rpc.commands import ACTOR, Accepted, CommandRpcs, command_rpc, new_id
from kernel.rpc.tokens import Actor
from kernel.store.store import Context
from kernel.vault import Vault
from tests.harness.kernel.keys import KeysInMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    name: str
    site_id: str
    opened_by: str


def read(request: pb.OpenSiteRequest, **given: str) -> Opening:
    return Opening(name=request.name, **given)


def opened(_: Any, command: Opening, context: Context) -> Outcome:
    assert command.opened_by == context.actor == "staff/1"
    return Outcome((), (Position("t", f"site/{command.site_id}", 1),))


def elsewhere(_: Accepted[Any, Opening]) -> Mapping[str, Any]:
    return {"site_id": "elsewhere"}


class Rpcs(CommandRpcs[Any]):
    OpenSite = command_rpc(read, opened, site_id=new_id("site"), opened_by=ACTOR)
    Elsewhere = command_rpc(read, opened, elsewhere, site_id=new_id("site"), opened_by=ACTOR)
    Unsaid = command_rpc(lambda _: None, lambda *_: Outcome((), ()))


RPCS = Rpcs(
    SimpleNamespace(executor=SimpleNamespace(store=SimpleNamespace(vault=Vault(KeysInMemory()))))
)
CALL = Call(
    actor=Actor(id="staff/1", roles=frozenset(), sites=frozenset({"*"}), purpose="TREATMENT"),
    now=datetime(2026, 3, 2, tzinfo=UTC),
    deadline=lambda: None,
    correlation_id="c",
    traceparent="",
)
REQUEST = pb.OpenSiteRequest(
    meta=common.CommandMeta(command_id=str(uuid4())), name="Lakeside", npi="1234567893"
)


def test_a_response_has_the_receipt_and_what_the_command_says_by_the_same_name() -> None:
    once, again = RPCS.OpenSite(REQUEST, CALL), RPCS.OpenSite(REQUEST, CALL)
    [published] = once.receipt.published
    assert published.subject == f"site/{once.site_id}"
    assert once == again  # the id is the command's: given again, it makes the same


def test_what_is_answered_goes_before_what_the_command_says() -> None:
    assert RPCS.Elsewhere(REQUEST, CALL).site_id == "elsewhere"


def test_a_field_of_a_response_that_nobody_says_is_an_error() -> None:
    with pytest.raises(AttributeError, match="site_id"):
        RPCS.Unsaid(REQUEST, CALL)

"""What would follow: billing's word on what a dry run said would be published."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

import grpc
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import explanation_service_pb2 as explanation
from ninehours.common.v1 import common_pb2 as common

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.policies import may
from ninehours.console.services import ServiceAway
from ninehours.console.texts import words
from ninehours.console.visit import Visit
from ninehours.told.amounts import dollars
from ninehours.told.fields import iso

OF_CLIENT = "client/"


@dataclass(frozen=True, slots=True)
class Change:
    """A day or a claim: when, what it is about, how it is and how it would be. `why`: the page that
    says why it is as it is now; empty: there is nothing now, or the reader may not ask. `whose`: of
    which client, where it is of one of several."""

    when: str
    what: str
    before: str
    after: str
    why: str = ""
    whose: str = ""


@dataclass(frozen=True, slots=True)
class Consequences:
    """`elsewhere`: days and claims that change, too, at sites that the reader doesn't see."""

    days: Sequence[Change]
    claims: Sequence[Change]
    elsewhere: int = 0

    @property
    def none(self) -> bool:
        return not (self.days or self.claims or self.elsewhere)


def foreseen(
    visit: Visit, receipt: common.Receipt, whose: Mapping[str, str]
) -> Consequences | None:
    """What the facts of a dry run come to, of every client whom they are about; None: it can't be
    said now. `whose`: how each of several clients is called."""
    each = foreseen_of_each(visit, receipt)
    if each is None:
        return None
    found = [_of(some, whose.get(client_id, "")) for client_id, some in each.items()]
    by_date = attrgetter("when")
    return Consequences(
        sorted((day for some in found for day in some.days), key=by_date),
        sorted((claim for some in found for claim in some.claims), key=by_date),
        sum(some.elsewhere for some in found),
    )


def _of(found: Consequences, whose: str) -> Consequences:
    days, claims = (
        [replace(each, whose=whose) for each in some] for some in (found.days, found.claims)
    )
    return replace(found, days=days, claims=claims)


def foreseen_of_each(visit: Visit, receipt: common.Receipt) -> Mapping[str, Consequences] | None:
    """The same, by client; without those of whom nothing was ever billed."""
    facts = receipt.supposed
    clients = dict.fromkeys(
        fact.subject.removeprefix(OF_CLIENT) for fact in facts if fact.subject.startswith(OF_CLIENT)
    )
    found: dict[str, Consequences] = {}
    for client_id in clients:
        try:
            answer = visit.ask(work.ForeseeRequest(client_id=client_id, facts=facts))
        except ServiceAway:
            return None
        except RemoteRefusal as refusal:
            if refusal.code is grpc.StatusCode.NOT_FOUND:
                continue
            return None
        days = [_day(day, client_id) for day in answer.client.days]
        claims = [_claim(claim) for claim in answer.client.claims]
        if not may(visit, explanation.ExplainDayRequest()):
            days, claims = ([replace(each, why="") for each in some] for some in (days, claims))
        found[client_id] = Consequences(days, claims, answer.elsewhere)
    return found


def _day(day: Any, client_id: str) -> Change:
    on = iso(day.service_date)
    before, after = ("; ".join(_outcome(day, side)) for side in SIDES)
    why = f"/why/days/{client_id}/{on}" if day.HasField(BEFORE) else ""
    return Change(on, "", before, after, why)


BEFORE = "before"
SIDES = (BEFORE, "after")


def _outcome(day: Any, side: str) -> Iterator[str]:
    told = words().consequences
    if not day.HasField(side):
        yield told.nothing
        return
    held = getattr(day, side)
    yield told.outcomes[events.Outcome.Name(held.outcome)]
    if held.HasField("amount"):
        yield dollars(held.amount.minor_units)
    yield from held.says


def _claim(claim: Any) -> Change:
    told = words().consequences
    first, last = iso(claim.period_start), iso(claim.period_end)
    before, after = (
        dollars(getattr(claim, side).minor_units) if claim.HasField(side) else "" for side in SIDES
    )
    return Change(
        first if first == last else f"{first} – {last}",
        told.claims[work.ClaimConsequence.Name(claim.consequence)],
        before,
        after,
        f"/why/claims/{claim.claim_id}" if claim.claim_id else "",
    )

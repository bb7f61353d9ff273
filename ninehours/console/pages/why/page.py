"""Questions that begin with why, each an address; what is answered reads and prints as one page."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from http import HTTPStatus
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from ninehours.billing.v1 import explanation_service_pb2 as billing
from ninehours.exchange.v1 import fact_service_pb2 as facts_pb
from ninehours.plans.v1 import explanation_service_pb2 as plans

from kernel.roles import Role
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import to_date, to_timestamp
from ninehours.console.directories import clients_named, everybody_named
from ninehours.console.pages.claims.acts import acts_of, day_in
from ninehours.console.pages.claims.next_acts import Act
from ninehours.console.services import ServiceAway
from ninehours.console.texts import words
from ninehours.console.visit import NoSuchPage, Screen, Visit
from ninehours.told.fields import iso
from ninehours.told.why.answer import Explanation, Mark, NamedFacts
from ninehours.told.why.facts import gathered, ids_in
from ninehours.told.why.of_billing import explain_claim, explain_day
from ninehours.told.why.of_fact import explain_fact
from ninehours.told.why.of_level import explain_level

WHY = "/why/"
MARKS = dict(zip(Mark, "✓◌✗·§→·", strict=True))


Links = Sequence[tuple[str, str]]
"""What a page is called, and its address."""


def why_day(visit: Visit) -> Screen:
    """A service day of a client."""
    client_id, on = visit.place["client_id"], day_in(visit.place["service_date"])
    asked = billing.ExplainDayRequest(
        client_id=client_id, service_date=to_date(on), as_of=_as_of(visit)
    )
    day = visit.ask(asked).day
    return _screen(
        visit,
        day,
        [client_id],
        lambda facts: explain_day(day, facts, ""),
        beside=[(words().why.claim, f"/claims/{claim.claim_id}") for claim in day.claims],
        acts=[*acts_of(day)] if visit.person.role is Role.BILLER else (),
    )


def why_claim(visit: Visit) -> Screen:
    """A claim that was issued, or a draft."""
    claim_id = visit.place["claim_id"]
    asked = billing.ExplainClaimRequest(claim_id=claim_id, as_of=_as_of(visit))
    claim = visit.ask(asked).claim
    days = [iso(day.service_date) for day in claim.days]
    return _screen(
        visit,
        claim,
        [claim.client_id],
        lambda facts: explain_claim(claim, facts, ""),
        beside=[
            (words().why.claim, f"/claims/{claim_id}"),
            *((words().why.day.format(on=on), f"/why/days/{claim.client_id}/{on}") for on in days),
        ],
    )


def why_level(visit: Visit) -> Screen:
    """A client's level of care."""
    client_id = visit.place["client_id"]
    on = visit.query.get("on", "")
    asked = plans.ExplainLevelOfCareRequest(
        client_id=client_id, on=to_date(day_in(on)) if on else None, as_of=_as_of(visit)
    )
    level = visit.ask(asked)
    return _screen(visit, level, [client_id], lambda facts: explain_level(level, facts, ""))


def why_fact(visit: Visit) -> Screen:
    """A public fact, or a derived row."""
    fact_id = visit.place["fact_id"]
    fact = gathered(_answering(visit), [fact_id]).get(fact_id)
    if fact is None:
        raise NoSuchPage
    return _screen(
        visit, None, [], lambda facts: explain_fact(fact, facts, ""), ids=fact.derived.facts
    )


def _screen(
    visit: Visit,
    answer: Message | None,
    client_ids: Iterable[str],
    explain: Callable[[NamedFacts], Explanation],
    *,
    beside: Links = (),
    acts: Sequence[Act] = (),
    ids: Iterable[str] = (),
) -> Screen:
    """`ids`: of facts, beside those that the answer names."""
    wanted = [*ids, *(ids_in(answer) if answer is not None else ())]
    found = gathered(_answering(visit), wanted, _as_of(visit))
    names = {**everybody_named(visit), **clients_named(visit, client_ids).names}
    said, on = visit.query.get("as_of", ""), _on(visit)
    wrong = words().worklist.no_date if said and on is None else ""
    shown = {
        "explanation": explain(NamedFacts(found, names, commands=False)),
        "marks": MARKS,
        "as_of": said,
        "of_then": on,
        "wrong": wrong,
        "beside": [(name, _of_then(path, on)) for name, path in beside],
        "acts": acts if on is None else (),
        "tells_as_of": answer is not None,
    }
    return Screen("why.html", shown, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else 200)


def _of_then(path: str, on: date | None) -> str:
    """What is read of a day before is read on as of then."""
    return f"{path}?as_of={on}" if on is not None and path.startswith(WHY) else path


def _answering(visit: Visit) -> Any:
    """Asks whoever answers now: facts of a service that is away stand there by their ids."""

    def ask(request: Message, /, *, service: str) -> Any:
        try:
            return visit.ask_briefly(request, service=service)
        except (ServiceAway, RemoteRefusal):
            return facts_pb.ExplainFactsResponse()

    return ask


def _as_of(visit: Visit) -> Timestamp | None:
    """The end of the day that the address names; None: now."""
    on = _on(visit)
    return to_timestamp(datetime.combine(on, time.max, UTC)) if on is not None else None


def _on(visit: Visit) -> date | None:
    """That day; None where it names none, or what is none."""
    try:
        return date.fromisoformat(visit.query.get("as_of", ""))
    except ValueError:
        return None

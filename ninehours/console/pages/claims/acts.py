"""What a biller records of a claim and of a day: looked at first, with what would follow."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import explanation_service_pb2 as explanation

from kernel.rpc.translate import to_date
from ninehours.console.directories import by_name, clients_named, payers_named, sites_named
from ninehours.console.forms.fields import Choice
from ninehours.console.forms.request_form import RequestForm
from ninehours.console.forms.saying import Saying, ask, say
from ninehours.console.pages.claims.next_acts import Act, act_of_answer, acts_of_day
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, NoSuchPage, Screen, Visit
from ninehours.told.fields import iso

OVERRIDES, STATUS = "overrides", "status"
VOID = "8"
OF_A_VOID = ("ADJUDICATION_STATUS_REVERSED",)
OF_OTHERS = ("ADJUDICATION_STATUS_PAID", "ADJUDICATION_STATUS_DENIED")
"""What a payer answers to a claim, by what the claim is."""


def ask_answer(visit: Visit) -> Screen:
    """What the payer answered, to be typed."""
    return ask(visit, *_answering(visit))


def say_answer(visit: Visit) -> Screen | GoTo:
    """It is recorded."""
    return say(visit, *_answering(visit))


def ask_of_day(visit: Visit) -> Screen:
    """What opens the day, to be typed."""
    return ask(visit, *_of_day(visit))


def say_of_day(visit: Visit) -> Screen | GoTo:
    """It is recorded."""
    return say(visit, *_of_day(visit))


def day_in(text: str) -> date:
    """Of an address; NoSuchPage for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NoSuchPage from None


def _answering(visit: Visit) -> tuple[Saying, RequestForm]:
    claim_id = visit.place["claim_id"]
    told = visit.ask(explanation.ExplainClaimRequest(claim_id=claim_id)).claim
    saying = Saying(
        path=f"/claims/{claim_id}/answer",
        title=words().claim.acts.answer,
        back=f"/claims/{claim_id}",
        says=act_of_answer(claim_id, told.proposal.state).consequence,
        about=clients_named(visit, [told.client_id]).name(told.client_id),
        refusals=words().claim.refusals,
    )
    request = billing.RecordAdjudicationRequest(
        claim_id=claim_id, adjudicated_on=to_date(datetime.now(UTC).date())
    )
    values = billing.AdjudicationOverride.keys()[1:]
    overrides = [Choice(value, words().values[value]) for value in values]
    statuses = OF_A_VOID if told.frequency == VOID else OF_OTHERS
    choices = {
        OVERRIDES: overrides,
        STATUS: [Choice(value, words().values[value]) for value in statuses],
    }
    return saying, RequestForm(request=request, choices=choices)


def _of_day(visit: Visit) -> tuple[Saying, RequestForm]:
    act, client_id, on = (visit.place[name] for name in ("act", "client_id", "service_date"))
    if act not in OF_DAYS:
        raise NoSuchPage
    asked = explanation.ExplainDayRequest(client_id=client_id, service_date=to_date(day_in(on)))
    day = visit.ask(asked).day
    payer = payers_named(visit).get(day.payer_id, day.payer_id)
    client = clients_named(visit, [client_id]).name(client_id)
    told = words().claim.of_day[act]
    saying = Saying(
        path=f"/days/{client_id}/{on}/{act}",
        title=told.title,
        back=f"/why/days/{client_id}/{on}",
        says=told.says,
        about=f"{client}, {on}, {payer}",
        refusals=words().claim.refusals,
    )
    return saying, OF_DAYS[act](visit, day)


def _waiving(_: Visit, day: explanation.ExplainedDay) -> RequestForm:
    request = billing.BillWithoutAuthorizationRequest(
        client_id=day.client_id, payer_id=day.payer_id, service_date=day.service_date
    )
    return RequestForm(request=request, without={"service_date"})


def _authorizing(visit: Visit, day: explanation.ExplainedDay) -> RequestForm:
    request = billing.RecordAuthorizationRequest(
        client_id=day.client_id,
        payer_id=day.payer_id,
        site_id=day.site_id,
        level_of_care=day.billed_level,
        effective_from=day.service_date,
    )
    sites = [Choice(site_id, name) for site_id, name in by_name(sites_named(visit))]
    return RequestForm(request=request, choices={"site_id": sites})


def _settling(_: Visit, day: explanation.ExplainedDay) -> RequestForm:
    request = billing.SettleRevocationRequest(client_id=day.client_id, payer_id=day.payer_id)
    return RequestForm(request=request)


OF_DAYS: Mapping[str, Callable[[Visit, Any], RequestForm]] = {
    "without_authorization": _waiving,
    "authorization": _authorizing,
    "revocation": _settling,
}


def acts_of(day: explanation.ExplainedDay) -> Iterator[Act]:
    """What opens the day and a biller may record here."""
    rpcs = [release.rpc for verdict in day.verdicts for release in verdict.releases]
    return acts_of_day(day.client_id, iso(day.service_date), rpcs)

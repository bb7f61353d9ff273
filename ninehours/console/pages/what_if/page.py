"""A rule set, changed as text, replayed, and the difference shown. Nothing of it is recorded."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict, Parse, ParseError
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import ledger_service_pb2 as ledger
from ninehours.billing.v1 import rules_pb2

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import to_date
from ninehours.console.directories import by_name, clients_named, payers_named, sites_named
from ninehours.console.texts import words
from ninehours.console.visit import Screen, Visit
from ninehours.told.amounts import dollars
from ninehours.told.fields import iso, name_in, period

LONGEST = 120.0  # seconds
SHOWN = 200  # clients whose changes are listed, those with the most first
RULES = "rule_set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Of a day or a claim: how it is, and how it would be."""

    client: str
    when: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """`unreproduced`: the rule set's own examples that it doesn't come to."""

    says: str
    totals: Sequence[Difference]
    changes: Sequence[Difference]
    more: int
    unreproduced: Sequence[str]


def what_if(visit: Visit) -> Screen:
    """Of the payer that the address names: its rules as they are, to be changed."""
    payer = visit.query.get("payer", "")
    rules = _rules_of(visit, payer) if payer else ""
    return _screen(visit, {"payer": payer, RULES: rules})


def replay(visit: Visit) -> Screen:
    """What would become of days and claims under the rules as they were typed."""
    form = visit.form
    wrong: dict[str, str] = {}
    asked = work.ReplayRequest()
    try:
        asked.rule_set.CopyFrom(Parse(form.get(RULES, ""), rules_pb2.RuleSet()))
    except ParseError as error:
        wrong[RULES] = words().what_if.unreadable.format(why=str(error).splitlines()[0])
    asked.rule_set.payer_id = form.get("payer", "")
    for name in ("first", "last"):
        try:
            if text := form.get(name, ""):
                getattr(asked, name).CopyFrom(to_date(date.fromisoformat(text)))
        except ValueError:
            wrong[name] = words().worklist.no_date
    if wrong:
        return _screen(visit, form, wrong)
    try:
        answers = visit.ask(asked, deadline=LONGEST)
    except RemoteRefusal as refusal:
        if refusal.code is not grpc.StatusCode.INVALID_ARGUMENT or not refusal.details:
            raise
        return _screen(visit, form, _at_fields(refusal))
    return _screen(visit, form, found=_found(visit, answers))


def _screen(
    visit: Visit,
    said: Mapping[str, str],
    wrong: Mapping[str, str] | None = None,
    found: Replay | None = None,
) -> Screen:
    payers = payers_named(visit)
    shown = {
        "payers": by_name(payers),
        "payer": said.get("payer", ""),
        "payer_name": payers.get(said.get("payer", ""), said.get("payer", "")),
        "rules": said.get(RULES, ""),
        "first": said.get("first", ""),
        "last": said.get("last", ""),
        "wrong": wrong or {},
        "found": found,
    }
    return Screen("what_if.html", shown, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else 200)


def _rules_of(visit: Visit, payer_id: str) -> str:
    """The last that was confirmed, else proposed, as text; empty where there is none."""
    told = visit.ask(ledger.ReadPayerRequest(payer_id=payer_id)).rule_sets
    confirmed = [each for each in told if each.HasField("confirmed")]
    found = (confirmed or list(told))[-1:]
    return json.dumps(_written(found[0].rule_set), indent=2) if found else ""


def _written(rules: rules_pb2.RuleSet) -> dict[str, Any]:
    """Without whose they are, and since when: those are said beside them."""
    written: dict[str, Any] = MessageToDict(rules, preserving_proto_field_name=True)
    return {
        name: value
        for name, value in written.items()
        if name not in ("payer_id", "version", "effective_from")
    }


def _at_fields(refusal: RemoteRefusal) -> Mapping[str, str]:
    """What is wrong of the rules is said at their text, each with its place."""
    at: dict[str, str] = {}
    for place, what in refusal.details.items():
        if place in ("first", "last"):
            at[place] = what
        else:
            says = f"{place.removeprefix(f'{RULES}.')}: {what}"
            at[RULES] = f"{at[RULES]}; {says}" if RULES in at else says
    return at


def _found(visit: Visit, answers: Sequence[work.ReplayResponse]) -> Replay:
    clients = [each.client for each in answers if each.HasField("client")]
    summary = answers[-1].summary
    shown = sorted(clients, key=lambda each: (-len(each.days), each.client_id))[:SHOWN]
    names = clients_named(visit, (each.client_id for each in shown))
    payers, sites = payers_named(visit), sites_named(visit)
    return Replay(
        says=words().what_if.comes_to.format(
            changed=summary.changed_days,
            days=summary.days,
            clients=summary.clients,
            claims=summary.changed_claims,
        ),
        totals=[
            Difference(
                client=payers.get(total.payer_id, total.payer_id),
                when=sites.get(total.site_id, total.site_id),
                what=str(total.changed_days),
                before=_money(total.before),
                after=_money(total.after),
            )
            for total in summary.totals
        ],
        changes=[change for each in shown for change in _changes(each, names.name(each.client_id))],
        more=len(clients) - len(shown),
        unreproduced=list(summary.unreproduced_examples),
    )


def _changes(client: work.ClientReplay, name: str) -> Iterator[Difference]:
    told = words().consequences
    for day in client.days:
        yield Difference(
            client=name,
            when=iso(day.service_date),
            what=words().what_if.day,
            before=_side(day, "before"),
            after=_side(day, "after"),
        )
    for claim in client.claims:
        yield Difference(
            client=name,
            when=period(claim.period_start, claim.period_end),
            what=told.claims[f"CLAIM_CONSEQUENCE_{name_in(claim, 'consequence')}"],
            before=_money(claim.before) if claim.HasField("before") else "",
            after=_money(claim.after) if claim.HasField("after") else "",
        )


def _side(day: work.DayChange, side: str) -> str:
    told = words().consequences
    if not day.HasField(side):
        return str(told.nothing)
    held = getattr(day, side)
    says = [told.outcomes[events.Outcome.Name(held.outcome)], _money(held.amount), *held.reasons]
    return ", ".join(says)


def _money(amount: Any) -> str:
    return dollars(amount.minor_units)

"""A rule set, changed field by field, replayed, and the difference shown. Nothing of it is
recorded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import grpc
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_work_service_pb2 as work
from ninehours.billing.v1 import ledger_service_pb2 as ledger
from ninehours.billing.v1 import rules_pb2

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.directories import by_name, clients_named, payers_named, sites_named
from ninehours.console.forms.fields import Choice, Fieldset
from ninehours.console.forms.refusals import WrongFields, at_fields
from ninehours.console.forms.request_form import Mistyped, RequestForm
from ninehours.console.texts import words
from ninehours.console.visit import Screen, Visit
from ninehours.told.amounts import dollars
from ninehours.told.fields import iso, name_in

LONGEST = 120.0  # seconds
SHOWN = 200  # clients whose changes are listed, those with the most first
RULES = "rule_set."
EXAMPLES = f"{RULES}examples."
KIND, OUTCOME = "SERVICE_KIND_", "OUTCOME_"
NOT_TYPED = ("version", "effective_from")
EMPTY_ONES = {"discrete": 1, "ancillary": 1, "examples": 1, "sessions": 1, "lines": 1}
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Rows of tables, each with how it is and how it would be last. `typed`: of the rules what is
    otherwise; `unreproduced`: the rule set's own examples that it doesn't come to."""

    says: str
    typed: Sequence[Row]
    totals: Sequence[Row]
    changes: Sequence[Row]
    more: int
    unreproduced: Sequence[str]


def what_if(visit: Visit) -> Screen:
    """Of the payer that the address names: its rules as they are, to be changed."""
    payer = visit.query.get("payer", "")
    return _screen(visit, payer, _form(visit, payer) if payer else None)


def replay(visit: Visit) -> Screen:
    """What would become of days and claims under the rules as they were typed."""
    payer, typed = visit.form.get("payer", ""), visit.form
    form = _form(visit, payer)
    try:
        answers = visit.ask(form.read(typed), deadline=LONGEST)
    except Mistyped as mistyped:
        return _screen(visit, payer, form, typed, wrong=WrongFields(mistyped.wrong))
    except RemoteRefusal as refusal:
        if refusal.code is not grpc.StatusCode.INVALID_ARGUMENT:
            raise
        wrong = at_fields(refusal, [each.name for each in form.fields(typed)])
        return _screen(visit, payer, form, typed, wrong=wrong)
    return _screen(visit, payer, form, typed, found=_found(visit, answers, _typed(form, typed)))


def _screen(
    visit: Visit,
    payer: str,
    form: RequestForm | None,
    typed: Mapping[str, str] | None = None,
    *,
    wrong: WrongFields | None = None,
    found: Replay | None = None,
) -> Screen:
    payers = payers_named(visit)
    fieldsets = form.fieldsets(typed, wrong.at if wrong else None) if form else []
    refused = [each.name for some in fieldsets for each in some.fields if each.wrong]
    shown = {
        "payers": by_name(payers),
        "payer": payer,
        "payer_name": payers.get(payer, payer),
        "rules": [some for some in fieldsets if not _is_example(some)],
        "examples": [some for some in fieldsets if _is_example(some)],
        "example_refused": any(name.startswith(EXAMPLES) for name in refused),
        "focus": refused[0] if refused else "",
        "wrong": wrong.whole if wrong else "",
        "found": found,
    }
    return Screen("what_if.html", shown, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else 200)


def _is_example(some: Fieldset) -> bool:
    return some.fields[0].name.startswith(EXAMPLES)


def _form(visit: Visit, payer_id: str) -> RequestForm:
    """Of the rules that were confirmed last, else proposed; empty where there are none."""
    told = visit.ask(ledger.ReadPayerRequest(payer_id=payer_id)).rule_sets
    confirmed = [each for each in told if each.HasField("confirmed")]
    last = (confirmed or list(told))[-1:]
    rules = last[0].rule_set if last else rules_pb2.RuleSet()
    rules.payer_id = payer_id
    return RequestForm(
        request=work.ReplayRequest(rule_set=rules),
        choices={
            "service_kind": [
                Choice(name.removeprefix(KIND), words().values[name])
                for name in attendance.ServiceKind.keys()[1:]
            ],
            "outcome": [
                Choice(name.removeprefix(OUTCOME), words().consequences.outcomes[name])
                for name in events.Outcome.keys()[1:]
            ],
        },
        without=NOT_TYPED,
        more=EMPTY_ONES,
    )


def _typed(form: RequestForm, typed: Mapping[str, str]) -> Sequence[Row]:
    """Which rules are otherwise: what holds, and what was typed."""
    nothing = words().forms.nothing
    held = {each.name: each.says for each in form.fields()}
    return [
        (f"{some.legend}: {each.label}", before or nothing, each.says or nothing)
        for some in form.fieldsets(typed)
        for each in some.fields
        if each.name.startswith(RULES)
        and each.says.replace("\r\n", "\n").strip() != (before := held.get(each.name, ""))
    ]


def _found(visit: Visit, answers: Sequence[work.ReplayResponse], typed: Sequence[Row]) -> Replay:
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
        typed=typed,
        totals=[
            (
                payers.get(total.payer_id, total.payer_id),
                sites.get(total.site_id, total.site_id),
                str(total.changed_days),
                _money(total.before),
                _money(total.after),
            )
            for total in summary.totals
        ],
        changes=[change for each in shown for change in _changes(each, names.name(each.client_id))],
        more=len(clients) - len(shown),
        unreproduced=list(summary.unreproduced_examples),
    )


def _changes(client: work.ClientReplay, name: str) -> Iterator[Row]:
    told = words().consequences
    for day in client.days:
        when, what = iso(day.service_date), words().what_if.day
        yield name, when, what, _side(day, "before"), _side(day, "after")
    for claim in client.claims:
        yield (
            name,
            f"{iso(claim.period_start)} – {iso(claim.period_end)}",
            told.claims[f"CLAIM_CONSEQUENCE_{name_in(claim, 'consequence')}"],
            _money(claim.before) if claim.HasField("before") else "",
            _money(claim.after) if claim.HasField("after") else "",
        )


def _side(day: work.DayChange, side: str) -> str:
    told = words().consequences
    if not day.HasField(side):
        return str(told.nothing)
    held = getattr(day, side)
    says = [
        told.outcomes[events.Outcome.Name(held.outcome)],
        _money(held.amount),
        *(held.says or held.reasons),
    ]
    return ", ".join(says)


def _money(amount: Any) -> str:
    return dollars(amount.minor_units)

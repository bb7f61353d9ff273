"""The page of a claim, issued or drafted. What is next of it is a button, with what it comes to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import explanation_service_pb2 as pb

from kernel.roles import Role
from ninehours.console.directories import clients_named, everybody_named
from ninehours.console.pages.claims.next_acts import (
    OPEN_PROPOSALS,
    Act,
    act_of_answer,
    act_of_correction,
    act_of_draft,
)
from ninehours.console.texts import words
from ninehours.console.visit import Download, Screen, Visit
from ninehours.told.amounts import dollars
from ninehours.told.fields import iso, name_in
from ninehours.told.why.answer import moment
from ninehours.told.why.of_billing import authorization_of


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of a claim: when, what, by whom or what else is known, and where that leads."""

    when: str
    what: str
    more: str
    path: str = ""
    leads: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Of a day; `why`: the page that explains the day."""

    on: str
    code: str
    units: int
    charge: str
    place: str
    why: str


def claim(visit: Visit) -> Screen:
    """As it is now."""
    claim_id = visit.place["claim_id"]
    told = visit.ask(pb.ExplainClaimRequest(claim_id=claim_id)).claim
    names = {**everybody_named(visit), **clients_named(visit, [told.client_id]).names}
    shown = {
        "claim_id": claim_id,
        "client_id": told.client_id,
        "client": names.get(told.client_id, told.client_id),
        "state": _state(told),
        "charge": _money(told.charge),
        "about": [(label, value) for label, value in _about(told, names) if value],
        "lines": [_line(told, line) for line in told.lines],
        "changed": [iso(day.service_date) for day in told.changed_days],
        "proposed": _proposed(told.proposal) if told.HasField("proposal") else "",
        "proposed_state": words().worklist.states.get(name_in(told.proposal, "state"), ""),
        "waits": [*_waits(told)],
        "happened": [*_happened(told, names)],
        "acts": [*_acts(told, names)] if visit.person.role is Role.BILLER else [],
        "answers_anew": visit.person.role is Role.BILLER and _is_answered(told),
    }
    return Screen("claim.html", shown)


def batch(visit: Visit) -> Download:
    """The file of a batch, exactly as it was issued; that it was read is kept."""
    found = visit.ask(billing.ReadBatchRequest(batch_id=visit.place["batch_id"]))
    return Download(found.file_name, "application/edi-x12", found.content)


def _state(told: pb.ExplainedClaim) -> str:
    """The last thing that became of it, in a word."""
    states = words().claim.states
    if told.followed_by_claim_id:
        return str(states.followed)
    if told.HasField("answer"):
        return str(states[name_in(told.answer, "status")])
    if told.HasField("issued"):
        name = f"ISSUED_{told.frequency}"
        return str(states[name if name in states else "ISSUED_1"])
    return str(states.DRAFTED)


def _about(told: pb.ExplainedClaim, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    about = words().claim.about
    yield about.payer, names.get(told.payer_id, told.payer_id)
    yield about.provider, names.get(told.provider_id, told.provider_id)
    yield about.site, names.get(told.site_id, told.site_id)
    yield about.period, f"{iso(told.period_start)} – {iso(told.period_end)}"
    yield about.form, words().claim.forms[name_in(told, "claim_form")]
    yield about.diagnoses, ", ".join(told.diagnoses)
    if told.authorization.authorization_id:
        yield about.authorization, authorization_of(told.authorization)


def _line(told: pb.ExplainedClaim, line: events.ClaimLine) -> Line:
    on = iso(line.service_date)
    return Line(
        on=on,
        code=" ".join([line.code, *line.modifiers]),
        units=line.units,
        charge=_money(line.charge),
        place=line.place_of_service or line.revenue_code,
        why=f"/why/days/{told.client_id}/{on}",
    )


def _happened(told: pb.ExplainedClaim, names: Mapping[str, str]) -> Iterator[Happened]:
    """In order."""
    says = words().claim.happened
    if told.corrects_claim_id:
        what = says.voids if told.frequency == "8" else says.replaces
        yield Happened("", what, "", f"/claims/{told.corrects_claim_id}", says.that_claim)
    if told.HasField("issued"):
        issued = told.issued
        actor = issued.actor
        by = names.get(actor.rpartition("/")[2], actor)
        more = says.file.format(number=f"{issued.control_number:09d}", claim=issued.number, by=by)
        path = f"/claims/batches/{issued.batch_id}"
        yield Happened(moment(issued.issued_at), says.issued, more, path, says.download)
    if told.HasField("answer"):
        answer = told.answer
        more = says.answer.format(
            status=words().claim.states[name_in(answer, "status")],
            paid=_money(answer.paid),
            number=answer.payer_control_number,
        )
        why = f"/why/claims/{told.claim_id}"
        yield Happened(iso(answer.adjudicated_on), says.answered, more, why, words().claim.why)
    if told.followed_by_claim_id:
        yield Happened(
            "", says.followed, "", f"/claims/{told.followed_by_claim_id}", says.that_claim
        )


def _proposed(proposal: pb.ExplainedProposal) -> str:
    action = words().worklist.actions[name_in(proposal, "action")]
    was, now = _money(proposal.issued_charge), _money(proposal.corrected_charge)
    return f"{action}, {was} → {now}."


def _waits(told: pb.ExplainedClaim) -> Iterator[tuple[str, str, str]]:
    """Dates that may come back: the date, the reason's code, and the page that explains it."""
    for gate in told.proposal.waits_for:
        on = iso(gate.service_date)
        yield on, gate.reason, f"/why/days/{told.client_id}/{on}"


def _acts(told: pb.ExplainedClaim, names: Mapping[str, str]) -> Iterator[Act]:
    payer = names.get(told.payer_id, told.payer_id)
    if not told.HasField("issued"):
        through, charge = iso(told.period_end), _money(told.charge)
        yield act_of_draft(told.payer_id, payer, through=through, charge=charge)
        return
    proposal = told.proposal
    if proposal.state in OPEN_PROPOSALS:
        was, now = _money(proposal.issued_charge), _money(proposal.corrected_charge)
        yield act_of_correction(told.payer_id, payer, told.claim_id, was=was, now=now)
    if not (told.followed_by_claim_id or _is_answered(told)):
        yield act_of_answer(told.claim_id, proposal.state)


def _is_answered(told: pb.ExplainedClaim) -> bool:
    """The payer did, and nothing waits for another answer."""
    awaits = told.proposal.state == events.PROPOSAL_STATE_AWAITING_CONTROL_NUMBER
    return told.HasField("answer") and not (awaits or told.followed_by_claim_id)


def _money(amount: Any) -> str:
    return dollars(amount.minor_units)

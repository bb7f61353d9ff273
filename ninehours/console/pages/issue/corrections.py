"""Corrections of a payer: those that are ticked, as they were looked at, and what they come to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from ninehours.billing.v1 import billing_events_pb2 as events
from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.roles import Role
from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.directories import ClientsNamed, by_name, clients_named, payers_named
from ninehours.console.forms.refusals import says_of
from ninehours.console.pages.issue.leaving import LONGEST, command_of, leaving_of
from ninehours.console.pages.issue.page import TROUBLES
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, Screen, Visit
from ninehours.told.amounts import dollars
from ninehours.told.fields import iso, name_in

SHOWN = 50  # of a form: two fields each
LONGEST_NUMBER = 10  # digits of a revision
NAMED, WHY = "named ", "why "
LOOK, RECORD = "look", "record"
WHYS = pb.WaitOverride.keys()[1:]
READY = events.PROPOSAL_STATE_READY
AWAITING = events.PROPOSAL_STATE_AWAITING_RELEASE


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRow:
    """A row of the form: `named` and `why` are its fields, `looked_at` is what a tick says: the
    revision, and what it came to. `mine`: what was ticked, where that isn't what stands now.
    `wrong`: why it was refused."""

    claim_id: str
    client: str
    change: str
    state: str
    dates: str
    named: str
    why: str
    looked_at: str
    mine: str
    wrong: str
    ticked: bool
    open: bool
    waits: bool
    chosen: str


@dataclass(frozen=True, slots=True)
class Ticked:
    """A correction as somebody looked at it: at which revision, and what it came to then."""

    claim_id: str
    revision: int
    change: str


def corrections(visit: Visit) -> Screen:
    """Those of a payer; one that the address names is ticked."""
    return _screen(visit, visit.query, str(uuid4()))


def correct(visit: Visit) -> Screen | GoTo:
    """Looked at, or issued; sent again, the same is answered."""
    command_id, step = command_of(visit), visit.form.get("step", LOOK)
    request = pb.IssueCorrectionsRequest(
        payer_id=visit.form.get("payer", ""), proposals=[*_named(visit.form)]
    )
    request.meta.command_id, request.meta.dry_run = command_id, step != RECORD
    try:
        answer = visit.ask(request, deadline=LONGEST)
    except RemoteRefusal as refusal:
        if refusal.code in TROUBLES:
            raise
        return _screen(visit, visit.form, command_id, refusal=refusal)
    if step != RECORD:
        return _screen(visit, visit.form, command_id, answer=answer)
    shown = {"says": _comes_to(answer), "leaving": leaving_of(visit, answer, has_left=True)}
    return Screen("issued.html", shown)


def _screen(
    visit: Visit,
    said: Mapping[str, str],
    command_id: str,
    *,
    refusal: RemoteRefusal | None = None,
    answer: Any = None,
) -> Screen:
    payers, payer = payers_named(visit), said.get("payer", "")
    proposals: Sequence[events.CorrectionProposed] = ()
    if payer:
        asked = pb.ListProposalsRequest(payer_id=payer, page_size=SHOWN)
        proposals = visit.ask(asked).proposals
    names = clients_named(visit, (each.client_id for each in proposals))
    about, says = _refused(refusal) if refusal is not None else ("", "")
    rows = [_row(each, said, names, says if each.claim_id == about else "") for each in proposals]
    there = {each.claim_id for each in proposals}
    shown = {
        "payers": by_name(payers),
        "payer": payer,
        "rows": rows,
        "gone": [ticked for ticked in _ticked(said) if ticked.claim_id not in there],
        "whys": [(value, words().issue.whys[value]) for value in WHYS],
        "wrong": says,
        "command_id": command_id,
        "may_issue": visit.person.role is Role.BILLER,
        "leaving": leaving_of(visit, answer, has_left=False) if answer is not None else None,
        "comes_to": _comes_to(answer) if answer is not None else "",
    }
    return Screen("corrections.html", shown, HTTPStatus.UNPROCESSABLE_ENTITY if says else 200)


def _row(
    proposal: events.CorrectionProposed, said: Mapping[str, str], names: ClientsNamed, wrong: str
) -> ProposedRow:
    was, now = proposal.issued_charge.minor_units, proposal.corrected_charge.minor_units
    action = words().worklist.actions[name_in(proposal, "action")]
    change = f"{action}, {dollars(was)} → {dollars(now)}"
    ticked = {each.claim_id: each for each in _ticked(said)}.get(proposal.claim_id)
    mine = ticked.change if ticked and ticked.revision != proposal.revision else ""
    return ProposedRow(
        claim_id=proposal.claim_id,
        client=names.name(proposal.client_id),
        change=change,
        state=words().worklist.states[name_in(proposal, "state")],
        dates=", ".join(map(iso, proposal.changed_dates)),
        named=f"{NAMED}{proposal.claim_id}",
        why=f"{WHY}{proposal.claim_id}",
        looked_at=f"{proposal.revision} {change}",
        mine=mine,
        wrong=wrong,
        ticked=ticked is not None or proposal.claim_id == said.get("claim", ""),
        open=proposal.state in (READY, AWAITING),
        waits=proposal.state == AWAITING,
        chosen=said.get(f"{WHY}{proposal.claim_id}", ""),
    )


def _ticked(form: Mapping[str, str]) -> Iterator[Ticked]:
    for field, looked_at in form.items():
        revision, _, change = looked_at.partition(" ")
        if field.startswith(NAMED) and revision.isdecimal() and len(revision) < LONGEST_NUMBER:
            yield Ticked(field.removeprefix(NAMED), int(revision), change)


def _named(form: Mapping[str, str]) -> Iterator[pb.NamedProposal]:
    for ticked in _ticked(form):
        why = form.get(f"{WHY}{ticked.claim_id}", "")
        yield pb.NamedProposal(
            claim_id=ticked.claim_id,
            revision=ticked.revision,
            without_waiting=why if why in WHYS else None,
        )


def _refused(refusal: RemoteRefusal) -> tuple[str, str]:
    """The claim that it is about, and what it says."""
    if "proposals" in refusal.details:
        return "", words().issue.none_ticked
    return refusal.details.get("claim_id", ""), says_of(refusal, words().issue.refusals)


def _comes_to(answer: pb.IssueCorrectionsResponse) -> str:
    return str(words().issue.comes_to).format(
        replaced=answer.replaced,
        voided=answer.voided,
        was=dollars(answer.issued_charge.minor_units),
        now=dollars(answer.corrected_charge.minor_units),
    )

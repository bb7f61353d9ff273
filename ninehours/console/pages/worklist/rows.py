"""A row of the worklist: what it is, why it waits, and what is next. Asks nobody."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ninehours.billing.v1 import billing_work_service_pb2 as work

from kernel.roles import Role
from ninehours.console.directories import ClientsNamed
from ninehours.console.pages.claims.next_acts import (
    OPEN_PROPOSALS,
    Act,
    act_of_answer,
    act_of_correction,
    act_of_draft,
    acts_of_day,
)
from ninehours.console.pages.mending import mend_of
from ninehours.console.pages.worklist.filters import NAMES
from ninehours.console.texts import words
from ninehours.told.amounts import dollars
from ninehours.told.fields import iso, name_in
from ninehours.told.why.answer import whoever


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRow:
    """`where`: payer and site, as far as they are known; `dates`: the first and the last, or one;
    `waits`: why, each reason with what opens it; `change` and `state`: of a proposal; `why`: the
    page that explains its figure; `act`: what is next."""

    kind: str
    client_id: str
    client: str
    where: Sequence[str]
    claim_id: str
    dates: Sequence[str]
    age_days: int
    at_stake: str
    change: str
    state: str
    waits: Sequence["Waits"]
    why: str
    act: Act


@dataclass(frozen=True, slots=True)
class Waits:
    """A reason in words, its code, and what opens it."""

    says: str
    code: str
    opened_by: Sequence[str]


def row_of(
    item: work.WorkItem, clients: ClientsNamed, payers: Mapping[str, str], sites: Mapping[str, str]
) -> WorkRow:
    """With names of who is known; `at_stake` empty where it can't be said."""
    first, last = iso(item.first), iso(item.last)
    about = f"claims/{item.claim_id}" if item.claim_id else f"days/{item.client_id}/{first}"
    why = f"/why/{about}"
    proposed = item.kind == work.WORK_KIND_PROPOSAL
    return WorkRow(
        kind=NAMES[item.kind],
        client_id=item.client_id,
        client=clients.name(item.client_id),
        where=[*filter(None, (_named(item.payer_id, payers), _named(item.site_id, sites)))],
        claim_id=item.claim_id,
        dates=list(dict.fromkeys((first, last))),
        age_days=item.age_days,
        at_stake=_dollars(item, "at_stake"),
        change=_change(item) if proposed else "",
        state=words().worklist.states[name_in(item, "state")] if proposed else "",
        why=why,
        act=_act(item, _named(item.payer_id, payers), why),
        waits=[Waits(reason.says, reason.reason, [*_openers(reason)]) for reason in item.reasons],
    )


def _named(id_: str, names: Mapping[str, str]) -> str:
    return names.get(id_, id_)


def _act(item: work.WorkItem, payer: str, why: str) -> Act:
    """Of a hold the first that a biller does on a page, else where it says who opens it."""
    if item.kind == work.WORK_KIND_DRAFT:
        charge = _dollars(item, "at_stake")
        return act_of_draft(item.payer_id, payer, through=iso(item.last), charge=charge)
    if item.kind == work.WORK_KIND_PROPOSAL:
        if item.state not in OPEN_PROPOSALS:
            return act_of_answer(item.claim_id, item.state)
        was, now = _dollars(item, "issued_charge"), _dollars(item, "corrected_charge")
        return act_of_correction(item.payer_id, payer, item.claim_id, was=was, now=now)
    return next(_acts_of_hold(item), _to_see(item, why))


def _acts_of_hold(item: work.WorkItem) -> Iterator[Act]:
    """What a biller does on a page: of the day first, then elsewhere."""
    on = iso(item.first)
    openers = [opener for reason in item.reasons for opener in reason.opened_by]
    yield from acts_of_day(item.client_id, on, (opener.rpc for opener in openers))
    for opener in openers:
        mend = mend_of(opener, Role.BILLER, client_id=item.client_id, site_id=item.site_id, on=on)
        if mend.page:
            yield Act(mend.says, mend.page, words().worklist.see.leads.format(on=on))


def _to_see(item: work.WorkItem, why: str) -> Act:
    """Who opens it, where no page does."""
    see = words().worklist.see
    openers = (opener for reason in item.reasons for opener in reason.opened_by)
    is_billers = any(Role.BILLER in opener.roles for opener in openers)
    return Act(see.name, why, see.outside if is_billers else see.others)


def _dollars(item: work.WorkItem, field: str) -> str:
    """Empty where it isn't said."""
    return dollars(getattr(item, field).minor_units) if item.HasField(field) else ""


def _change(item: work.WorkItem) -> str:
    action = words().worklist.actions[name_in(item, "action")]
    return f"{action}, {_dollars(item, 'issued_charge')} → {_dollars(item, 'corrected_charge')}"


def _openers(reason: work.WorkReason) -> Iterator[str]:
    for opener in reason.opened_by:
        who = f"{whoever(opener.roles)} " if opener.roles else ""
        yield f"{who}{opener.says}"

"""What signatures bring about, when they are put right: a plan in force, and what it displaced."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from kernel.facts import Recorded
from kernel.statements import Amendment, Statement, retold, statements
from kernel.store.store import Transaction
from services.plans.app.ports import Plans
from services.plans.app.streams import plan_stream
from services.plans.app.treatment_plans import taking_its_place
from services.plans.domain.ending import ENDING, AnotherEpisodeOpen, ClientDischarged
from services.plans.domain.plan import (
    PLAN,
    Plan,
    SignaturesStand,
    brought_into_force,
    in_force_by,
)
from services.plans.domain.plan_facts import (
    PlanActivated,
    PlanDrafted,
    PlanRefused,
    PlanSigned,
    PlanSuperseded,
)


def follow(
    plans: Plans, tx: Transaction, history: Sequence[Recorded], amendment: Amendment
) -> Mapping[str, Sequence[Any]]:
    """Of a plan as it is now: when it is in force, if it is; of another stream nothing follows.

    Refuses to leave signatures under a draft that was taken back (SIGNATURES_STAND), what keeps a
    plan from coming into force, and to open an episode beside another one of its program
    (ANOTHER_EPISODE_OPEN).
    """
    if not isinstance(history[0].fact, PlanDrafted):
        _refuse_beside(plans, tx, history, amendment)
        return {}
    stream, said = history[0].stream, statements(history)
    standing = [statement.now.fact for statement in said if not statement.voided]
    plan, plan_id = PLAN.fold(standing), history[0].fact.plan_id
    if plan.draft is None:
        if any(isinstance(fact, PlanSigned | PlanRefused) for fact in standing):
            raise SignaturesStand(plan_id)
        return {}
    signed = in_force_by(standing)
    told = [statement for statement in said if isinstance(statement.first.fact, PlanActivated)]
    stands = next((statement for statement in told if not statement.voided), None)
    if signed is not None and stands is not None:
        now = replace(stands.now.fact, **asdict(signed))
        return {stream: retold(stands, now, amendment)}
    if signed is not None:
        activated = brought_into_force(plan_id, plan.draft, signed)
        facts = retold(told[-1], activated, amendment) if told else [activated]
        displaced = {} if plan.superseded_by else taking_its_place(plans, tx, activated)
        return {stream: facts, **displaced}
    if stands is not None:
        return {
            stream: retold(stands, None, amendment),
            **_given_back(tx, plan, plan_id, amendment),
        }
    return {}


def _refuse_beside(
    plans: Plans, tx: Transaction, history: Sequence[Recorded], amendment: Amendment
) -> None:
    """A program has one open episode of a client: intake keeps to it, and so does what opens one
    again."""
    for said in statements(history):
        fact = said.now.fact
        if said.first.id == amendment.statement and isinstance(fact, ClientDischarged):
            beside = plans.episodes.open_beside(tx, fact.client_id, fact.episode_id)
            if said.voided and ENDING.after(history).discharged is None and beside:
                raise AnotherEpisodeOpen(beside[0])


def _given_back(
    tx: Transaction, plan: Plan, plan_id: str, amendment: Amendment
) -> Mapping[str, Sequence[Any]]:
    """Its place, to the plan before: to none while another one has it."""
    found: dict[str, Sequence[Any]] = {}
    while plan.draft is not None and plan.draft.supersedes_plan_id and not plan.superseded_by:
        before = plan.draft.supersedes_plan_id
        said = statements(tx.load(plan_stream(before)))
        displaced = [statement for statement in said if _is_by(statement, plan_id)]
        if not displaced:
            break
        found[plan_stream(before)] = [
            fact for statement in displaced for fact in retold(statement, None, amendment)
        ]
        stands = [s.now.fact for s in said if not s.voided and s not in displaced]
        plan, plan_id = PLAN.fold(stands), before
        if plan.active:
            break
    return found


def _is_by(statement: Statement, plan_id: str) -> bool:
    fact = statement.now.fact
    return isinstance(fact, PlanSuperseded) and fact.by == plan_id and not statement.voided

"""Plans' use cases, in the order in which things happen: one function a command."""

import json
from dataclasses import asdict, dataclass

from kernel.execute import Book, Outcome
from kernel.store.store import Context, Store, Transaction
from services.plans.domain.plan import (
    PLAN,
    DraftPlan,
    Goal,
    Intervention,
    Objective,
    Plan,
    PlanActivated,
    SignPlan,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalInWords:
    """A goal as written down; the client's words never leave the sealed document."""

    in_the_clients_words: str
    objectives: tuple[Objective, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What a clinician drafts."""

    client_id: str
    episode_id: str
    goals: tuple[GoalInWords, ...]
    interventions: tuple[Intervention, ...]


def draft_plan(book: Book, plan_id: str, asked: PlanRequest, context: Context) -> Outcome:
    """Drafts a plan, and seals all of it, the client's words included, under the client's key.

    Refuses a plan without a goal, an objective or an intervention, and times out of bounds
    (MALFORMED); the same plan with other content (PLAN_ALREADY_DRAFTED).
    """
    content = sealed_form(asked)
    command = DraftPlan(
        plan_id=plan_id,
        client_id=asked.client_id,
        episode_id=asked.episode_id,
        goals=tuple(Goal(objectives=goal.objectives) for goal in asked.goals),
        interventions=asked.interventions,
        content_hash=book.store.vault.digest(content).hex(),
        now=context.now,
    )

    def seal(tx: Transaction) -> None:
        tx.documents.put(f"client/{asked.client_id}", _plan(plan_id), content)

    return book.execute(PLAN, _plan(plan_id), command, context, before=seal)


def sign_plan(book: Book, command: SignPlan, context: Context) -> Outcome:
    """Signs a plan; the second of both signatures puts it in force. Signed again, nothing changes.

    Refuses an unknown plan (PLAN_UNKNOWN), a day in the future or before the draft (MALFORMED).
    """
    # Activation is an input of progress: its client is locked. A plan never changes its client.
    draft = _as_it_stands(book.store, command.plan_id).draft
    locks = [] if draft is None else [f"client/{draft.client_id}"]
    return book.execute(PLAN, _plan(command.plan_id), command, context, locks=locks)


def is_active(book: Book, plan_id: str, outcome: Outcome) -> bool:
    """Whether the plan was in force once this was signed."""
    if outcome.facts:
        return any(isinstance(recorded.fact, PlanActivated) for recorded in outcome.facts)
    return _as_it_stands(book.store, plan_id).active


def sealed_form(asked: PlanRequest) -> bytes:
    """What is sealed, hashed and signed: the same plan always gives the same bytes."""
    content = {"format": "plan/1", **asdict(asked)}
    return json.dumps(content, default=str, sort_keys=True, ensure_ascii=False).encode()


def _as_it_stands(store: Store, plan_id: str) -> Plan:
    with store.transaction() as tx:
        return PLAN.fold(recorded.fact for recorded in tx.load(_plan(plan_id)))


def _plan(plan_id: str) -> str:
    return f"plan/{plan_id}"

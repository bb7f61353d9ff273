"""What is done with a treatment plan, in the order in which it happens: one function a command."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from kernel.credentials import CERTIFY, SIGN, require_for
from kernel.decider import filled
from kernel.execute import Outcome, decided, nothing, record
from kernel.facts import Recorded
from kernel.refusal import Unknown
from kernel.store.store import Context, Store, Transaction
from services.plans.app.ports import Plans
from services.plans.app.streams import client_subject, plan_stream
from services.plans.domain.plan import PLAN, AnotherPlanInForce, Plan, next_version
from services.plans.domain.plan_content import Goal, Intervention, Objective, Problem
from services.plans.domain.plan_facts import (
    CertifyPlan,
    DraftPlan,
    PlanActivated,
    PlanDrafted,
    PlanFact,
    RefusePlan,
    ReviewPlan,
    SignerRole,
    SignPlan,
    SupersedePlan,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalInWords:
    """A goal as written down; the client's words never leave the sealed document."""

    in_the_clients_words: str
    objectives: tuple[Objective, ...]
    problem: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemInWords:
    """A problem as written down; its description never leaves the sealed document."""

    diagnosis_code: str
    dimension: int
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInWords:
    """What a clinician drafts; the episode needn't be heard of yet."""

    client_id: str
    episode_id: str
    goals: tuple[GoalInWords, ...]
    interventions: tuple[Intervention, ...]
    problems: tuple[ProblemInWords, ...] = ()
    supersedes_plan_id: str = ""


def draft_plan(plans: Plans, asked: PlanInWords, context: Context) -> Outcome:
    """Drafts a plan, and seals all of it, the client's words included, under the client's key.

    Refuses a plan without a goal, an objective or an intervention, and times out of bounds
    (MALFORMED); the same plan with other content (PLAN_ALREADY_DRAFTED); to follow a plan that
    isn't there (PLAN_UNKNOWN), isn't in force (PLAN_NOT_ACTIVE) or is of another client or episode;
    and an episode that is another client's, as far as it was heard of (EPISODE_UNKNOWN).
    """
    plan_id = context.new_id("plan")
    subject, stream = client_subject(asked.client_id), plan_stream(plan_id)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        command = drafting(plans, tx, asked, plan_id, context.now)
        return decided(context, PLAN, stream, tx.load(stream), command)

    return plans.executor.transact(
        context, decide, locks=[subject] if asked.supersedes_plan_id else []
    )


def drafting(
    plans: Plans, tx: Transaction, asked: PlanInWords, plan_id: str, now: datetime
) -> DraftPlan:
    """The draft, all of it sealed; refuses an episode or a plan before it that isn't the client's.

    The same draft of a plan is sealed once.
    """
    _require_of(tx, plans, asked.client_id, asked.episode_id)
    content = sealed_form(asked)
    version = _version(tx, asked)
    return filled(
        DraftPlan,
        asked,
        plan_id=plan_id,
        now=now,
        goals=tuple(filled(Goal, goal) for goal in asked.goals),
        problems=tuple(filled(Problem, problem) for problem in asked.problems),
        content_hash=plans.executor.store.vault.digest(content).hex(),
        version=version,
        content_version=tx.documents.put(
            client_subject(asked.client_id), plan_stream(plan_id), content
        ),
    )


def sign_plan(plans: Plans, command: SignPlan, context: Context) -> Outcome:
    """Signs a plan; with both signatures, or the clinician's after the client's recorded refusal,
    it is in force, and the version it follows is superseded. Signed again, nothing changes.

    A clinician signs by a credential, as it was heard; what is said of it is looked for among those
    held. Refuses who holds none for it (NOT_CREDENTIALED), an unknown plan (PLAN_UNKNOWN), a day in
    the future or before the draft (MALFORMED), and the last signature where the version it follows
    is no longer in force (PLAN_NOT_ACTIVE): another one followed that meanwhile; or of a plan that
    follows none where one is in force (ANOTHER_PLAN_IN_FORCE), or whose episode turned out to be
    another client's (EPISODE_UNKNOWN).
    """

    def decide(tx: Transaction) -> Sequence[Recorded]:
        stream = plan_stream(command.plan_id)
        signature = command
        if command.role == SignerRole.CLINICIAN:
            credential = credential_of(
                tx,
                plans,
                SIGN,
                person=context.actor,
                plan_id=command.plan_id,
                on=command.signed_on,
                at=context.now,
                said=command.credential,
            )
            signature = replace(command, credential=credential)
        facts = decided(context, PLAN, stream, tx.load(stream), signature)
        for activated in (r.fact for r in facts if isinstance(r.fact, PlanActivated)):
            for other, more in taking_its_place(plans, tx, activated).items():
                facts += record(context, other, len(tx.load(other)), more)
        return facts

    return plans.executor.transact(
        context, decide, locks=_clients_of(plans.executor.store, command.plan_id)
    )


def taking_its_place(
    plans: Plans, tx: Transaction, activated: PlanActivated
) -> Mapping[str, Sequence[PlanFact]]:
    """What a plan that comes into force does to the one before it: stream → facts.

    Refuses an episode of another client's, a plan that follows one that is in force no more, and
    one that follows none where another is.
    """
    _require_of(tx, plans, activated.client_id, activated.episode_id)
    if before := _followed_by(tx, plan_stream(activated.plan_id)):
        supersede = SupersedePlan(plan_id=before, by=activated.plan_id)
        other = plan_stream(before)
        # The number in force stays.
        return {other: list(PLAN.decide(supersede, PLAN.after(tx.load(other))))}
    for plan_id in plans.episodes.activated(tx, activated.client_id, activated.episode_id):
        if not PLAN.after(tx.load(plan_stream(plan_id))).superseded_by:
            raise AnotherPlanInForce(plan_id)
    return {}


def _require_of(tx: Transaction, plans: Plans, client_id: str, episode_id: str) -> None:
    """Refuses an episode that was heard of as another client's: of this one, there is none."""
    if plans.episodes.client_of(tx, episode_id) not in (None, client_id):
        raise Unknown("episode", episode_id)


def _followed_by(tx: Transaction, stream: str) -> str:
    """The plan that the one of this stream supersedes; empty for the first of an episode."""
    draft = PLAN.after(tx.load(stream)).draft
    return "" if draft is None else draft.supersedes_plan_id


def is_active(plans: Plans, plan_id: str, outcome: Outcome) -> bool:
    """Whether the plan was in force once this was signed."""
    with plans.executor.store.transaction() as tx:
        history = tx.load(plan_stream(plan_id))
    own = [
        recorded.version for recorded in outcome.facts if recorded.stream == plan_stream(plan_id)
    ]
    until = max(own, default=len(history))
    return PLAN.after(history[:until]).active


def drafted_by(outcome: Outcome) -> PlanDrafted:
    """The draft just made, as recorded."""
    [recorded] = outcome.facts
    fact: PlanDrafted = recorded.fact
    return fact


def certify_plan(plans: Plans, command: CertifyPlan, context: Context) -> Outcome:
    """Certifies a plan, as a physician, until the next certification is due.

    Refuses who is credentialed as none (NOT_CREDENTIALED), a plan not in force (PLAN_NOT_ACTIVE),
    and a term longer than the rule allows.
    """

    def before(tx: Transaction) -> None:
        credential_of(
            tx,
            plans,
            CERTIFY,
            person=context.actor,
            plan_id=command.plan_id,
            on=command.certified_on,
            at=context.now,
        )

    return on_plan(plans, command, context, before)


def on_plan(
    plans: Plans,
    command: RefusePlan | CertifyPlan | ReviewPlan,
    context: Context,
    before: Callable[[Transaction], None] = nothing,
) -> Outcome:
    """Records that the client, or a clinician, would not sign; or rates every objective of a plan
    in force, whose progress is measured again. Recorded again, nothing changes.

    Refuses an unknown plan, a day in the future or before the draft, and what that role signed
    before (PLAN_ALREADY_SIGNED); a review of a plan not in force (PLAN_NOT_ACTIVE), ratings that
    aren't one for each objective, and a next review that isn't later.
    """
    locks, stream = _clients_of(plans.executor.store, command.plan_id), plan_stream(command.plan_id)
    return plans.executor.execute(PLAN, stream, command, context, locks=locks, before=before)


def sealed_form(asked: PlanInWords) -> bytes:
    """What is sealed, hashed and signed: the same plan always gives the same bytes."""
    content = {"format": "plan/2", **asdict(asked)}
    return json.dumps(content, default=str, sort_keys=True, ensure_ascii=False).encode()


def _version(tx: Transaction, asked: PlanInWords) -> int:
    before = asked.supersedes_plan_id
    if not before:
        return 1
    plan = PLAN.after(tx.load(plan_stream(before)))
    return next_version(before, plan, asked.client_id, asked.episode_id)


def credential_of(
    tx: Transaction,
    plans: Plans,
    act: str,
    *,
    person: str,
    plan_id: str,
    on: date,
    at: datetime,
    said: str = "",
) -> str:
    """The person's credential for the act: `on` the day that is stated and on the day it was there
    when they acted (`at`), where the plan's site is. Refuses who held none (NOT_CREDENTIALED)."""
    draft = PLAN.after(tx.load(plan_stream(plan_id))).draft
    sites = plans.episodes.sites(tx, draft.client_id) if draft else {}
    site_id = sites.get(draft.episode_id, "") if draft else ""
    where = plans.credentials.jurisdiction(tx, site_id)
    days = {on, where.day(at)}
    return require_for(act, plans.credentials.of(tx, person), days, where.state, said=said)


def _clients_of(store: Store, plan_id: str) -> list[str]:
    """What a plan publishes is an input of progress: its client is locked. It never changes."""
    with store.transaction() as tx:
        plan: Plan = PLAN.after(tx.load(plan_stream(plan_id)))
    return [] if plan.draft is None else [client_subject(plan.draft.client_id)]

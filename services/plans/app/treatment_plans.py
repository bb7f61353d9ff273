"""What is done with a treatment plan, in the order in which it happens: one function a command."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from kernel.credentials import CERTIFY, SIGN, Jurisdiction, require_for
from kernel.decider import filled
from kernel.execute import Outcome, decided, record
from kernel.facts import Recorded
from kernel.messaging.persons import ids_of
from kernel.refusal import Malformed, Unknown
from kernel.store.store import Context, Store, Transaction
from services.plans.app.ports import Plans
from services.plans.app.streams import client_subject, plan_stream, scans_of
from services.plans.domain.plan import PLAN, AnotherPlanInForce, Plan, next_version
from services.plans.domain.plan_content import Goal, Intervention, Objective, Problem
from services.plans.domain.plan_facts import (
    CertifyPlan,
    DraftPlan,
    Paper,
    PlanActivated,
    PlanCertified,
    PlanDrafted,
    PlanFact,
    PlanSigned,
    RefusePlan,
    ReviewPlan,
    ScanType,
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


SCANS: Mapping[ScanType, bytes] = {
    "PDF": b"%PDF-",
    "PNG": b"\x89PNG\r\n\x1a\n",
    "JPEG": b"\xff\xd8\xff",
}
"""How a scan of the type begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What was signed on paper, by whom; `scan` empty: it was sealed before, as `scan_version`."""

    signed_by: str
    scan: bytes
    scan_type: ScanType
    scan_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOrEnter(SignPlan):
    """`sheet`: signed on paper before, and entered by who calls; None: signed now."""

    sheet: Sheet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifyOrEnter(CertifyPlan):
    """`sheet`: certified on paper before, and entered by who calls; None: certified now."""

    sheet: Sheet | None = None


Entered = TypeVar("Entered", SignOrEnter, CertifyOrEnter)


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


def sign_plan(plans: Plans, asked: SignOrEnter, context: Context) -> Outcome:
    """Signs a plan; with both signatures, or the clinician's after the client's recorded refusal,
    it is in force, and the version it follows is superseded. Signed again, nothing changes.

    A clinician signs by a credential, as it was heard; what is said of it is looked for among those
    held. What was signed on paper is known from its entry, and may have been signed before the
    draft; the sheet is sealed.

    Refuses who holds none for it (NOT_CREDENTIALED), an unknown plan (PLAN_UNKNOWN), a sheet nobody
    sealed (SCAN_UNKNOWN), a day in the future or before the draft (MALFORMED), and the last
    signature where the version it follows is no longer in force (PLAN_NOT_ACTIVE): another one
    followed that meanwhile; or of a plan that follows none where one is in force
    (ANOTHER_PLAN_IN_FORCE), or whose episode turned out to be another client's (EPISODE_UNKNOWN).
    """

    def decide(tx: Transaction) -> Sequence[Recorded]:
        command, stream = entered(tx, plans, asked, context.now), plan_stream(asked.plan_id)
        if command.role == SignerRole.CLINICIAN:
            credential = credential_of(
                tx,
                plans,
                SIGN,
                person=command.actor,
                plan_id=command.plan_id,
                on=command.signed_on,
                at=None if command.paper else context.now,
                said=command.credential,
            )
            command = replace(command, credential=credential)
        facts = decided(context, PLAN, stream, tx.load(stream), command)
        facts = _with_sheet(tx, facts, asked)
        for activated in (r.fact for r in facts if isinstance(r.fact, PlanActivated)):
            for other, more in taking_its_place(plans, tx, activated).items():
                facts += record(context, other, len(tx.load(other)), more)
        return facts

    return plans.executor.transact(
        context, decide, locks=_clients_of(plans.executor.store, asked.plan_id)
    )


def entered(tx: Transaction, plans: Plans, asked: Entered, at: datetime) -> Entered:
    """The command as it is decided: what was signed on paper, by whom it says, entered there that
    day."""
    if asked.sheet is None:
        return asked
    paper = Paper(
        scan_version=asked.sheet.scan_version,
        scan_type=asked.sheet.scan_type,
        entered_on=_where(tx, plans, asked.plan_id).day(at),
    )
    return replace(asked, actor=asked.sheet.signed_by, paper=paper)


def sealed_sheet(tx: Transaction, plan_id: str, sheet: Sheet) -> int:
    """The version of the sheet among those of the plan; sealed now, unless it was before.

    Refuses one that nobody sealed (SCAN_UNKNOWN), or of another type.
    """
    draft = PLAN.after(tx.load(plan_stream(plan_id))).draft
    if draft is None:
        raise Unknown("plan", plan_id)
    owner, document = client_subject(draft.client_id), scans_of(plan_id)
    if sheet.scan:
        return tx.documents.put(owner, document, sheet.scan)
    found = tx.documents.open(owner, document, sheet.scan_version)
    if found is None:
        raise Unknown("scan", str(sheet.scan_version))
    if not found.content.startswith(SCANS[sheet.scan_type]):
        raise Malformed(paper__scan_type="is not what the scan is")
    return sheet.scan_version


def with_scan(fact: Any, version: int) -> Any:
    """The signature or certification, with the version of its sheet."""
    return replace(fact, paper=replace(fact.paper, scan_version=version))


def _with_sheet(
    tx: Transaction, facts: tuple[Recorded, ...], asked: SignOrEnter | CertifyOrEnter
) -> tuple[Recorded, ...]:
    """The facts, where anything was decided; its sheet sealed."""
    if asked.sheet is None or not facts:
        return facts
    version = sealed_sheet(tx, asked.plan_id, asked.sheet)
    return tuple(
        replace(recorded, fact=with_scan(recorded.fact, version))
        if isinstance(recorded.fact, PlanSigned | PlanCertified)
        else recorded
        for recorded in facts
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
    of = plans.episodes.client_of(tx, episode_id)
    if of is not None and of not in ids_of(tx.connection, client_id):
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


def certify_plan(plans: Plans, asked: CertifyOrEnter, context: Context) -> Outcome:
    """Certifies a plan, as a physician, until the next certification is due; or enters that one
    did, on paper.

    Refuses who is credentialed as none (NOT_CREDENTIALED), a plan not in force (PLAN_NOT_ACTIVE),
    and a term longer than the rule allows.
    """

    stream = plan_stream(asked.plan_id)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        command = entered(tx, plans, asked, context.now)
        credential_of(
            tx,
            plans,
            CERTIFY,
            person=command.actor,
            plan_id=command.plan_id,
            on=command.certified_on,
            at=None if command.paper else context.now,
        )
        return _with_sheet(tx, decided(context, PLAN, stream, tx.load(stream), command), asked)

    locks = _clients_of(plans.executor.store, asked.plan_id)
    return plans.executor.transact(context, decide, locks=locks)


def on_plan(plans: Plans, command: RefusePlan | ReviewPlan, context: Context) -> Outcome:
    """Records that the client, or a clinician, would not sign; or rates every objective of a plan
    in force, whose progress is measured again. Recorded again, nothing changes.

    Refuses an unknown plan, a day in the future or before the draft, and what that role signed
    before (PLAN_ALREADY_SIGNED); a review of a plan not in force (PLAN_NOT_ACTIVE), ratings that
    aren't one for each objective, and a next review that isn't later.
    """
    locks, stream = _clients_of(plans.executor.store, command.plan_id), plan_stream(command.plan_id)
    return plans.executor.execute(PLAN, stream, command, context, locks=locks)


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
    at: datetime | None,
    said: str = "",
) -> str:
    """The person's credential for the act: `on` the day that is stated and on the day it was there
    when they acted (`at`; None: on that day alone, on paper), where the plan's site is. Refuses who
    held none (NOT_CREDENTIALED)."""
    where = _where(tx, plans, plan_id)
    days = {on} if at is None else {on, where.day(at)}
    return require_for(act, plans.credentials.of(tx, person), days, where.state, said=said)


def _where(tx: Transaction, plans: Plans, plan_id: str) -> Jurisdiction:
    """Where the plan's site is."""
    draft = PLAN.after(tx.load(plan_stream(plan_id))).draft
    place = plans.episodes.place(tx, draft.client_id, draft.episode_id) if draft else None
    return plans.credentials.jurisdiction(tx, place.site_id if place else "")


def _clients_of(store: Store, plan_id: str) -> list[str]:
    """What a plan publishes is an input of progress: its client is locked. It never changes."""
    with store.transaction() as tx:
        plan: Plan = PLAN.after(tx.load(plan_stream(plan_id)))
    return [] if plan.draft is None else [client_subject(plan.draft.client_id)]

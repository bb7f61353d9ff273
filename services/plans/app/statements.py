"""What was said of a client's plans and care is put right, under the lock of the client."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from kernel import putting_right
from kernel.credentials import CERTIFY, SIGN
from kernel.decider import filled
from kernel.execute import Outcome
from kernel.facts import Recorded
from kernel.refusal import Malformed
from kernel.statements import PutRight
from kernel.store.store import Context, Transaction
from services.plans.app.endings import DischargeInWords, measured
from services.plans.app.following import follow
from services.plans.app.levels_of_care import DecisionRequest, stepped
from services.plans.app.ports import Plans
from services.plans.app.streams import (
    client_subject,
    decision_stream,
    ending_stream,
    over_safety_of,
)
from services.plans.app.treatment_plans import (
    CertifyOrEnter,
    Entered,
    PlanInWords,
    SignOrEnter,
    credential_of,
    drafting,
    entered,
    sealed_sheet,
    with_scan,
)
from services.plans.domain.decision import (
    DECISION,
    DecideRecommendation,
    RecommendationDecided,
    RecommendedRevision,
)
from services.plans.domain.ending import (
    ENDING,
    AftercareArranged,
    ArrangeAftercare,
    ClientDischarged,
    CompleteProgram,
    EndingCommand,
    EpisodeEnding,
    FollowedUp,
    ProgramCompleted,
    RecordFollowUp,
)
from services.plans.domain.level import LEVELS, ChangeLevelOfCare, LevelOfCareChanged
from services.plans.domain.plan import PLAN, Plan, SignaturesStand, SignedOtherwise
from services.plans.domain.plan_facts import (
    CertifyPlan,
    PlanCertified,
    PlanDrafted,
    PlanRefused,
    PlanReviewed,
    PlanSigned,
    RefusePlan,
    ReviewPlan,
    SignerRole,
    SignPlan,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correcting:
    """A statement that is said anew: `now` what it says; `others` of its stream as they stand.

    `before`: those of them that were said before it was. Among them it is judged, at its place;
    what a client's course has once, among all.
    """

    plans: Plans
    tx: Transaction
    client_id: str
    first: Recorded
    others: Sequence[Recorded]
    now: Any
    context: Context

    @property
    def before(self) -> Sequence[Recorded]:
        return [other for other in self.others if other.version < self.first.version]

    @property
    def plan(self) -> Plan:
        """The plan at that place."""
        return PLAN.after(self.before)

    @property
    def ending(self) -> EpisodeEnding:
        return ENDING.after(self.others)


Say = Callable[[Correcting, Any], Iterable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of statement: who decides what may be said, and `kept`: what no revision changes."""

    say: Say
    kept: Sequence[str]


def _draft(at: Correcting, asked: PlanInWords) -> Iterable[Any]:
    if any(isinstance(other.fact, PlanSigned | PlanRefused) for other in at.others):
        raise SignaturesStand(at.now.plan_id)
    command = drafting(at.plans, at.tx, asked, at.now.plan_id, at.now.drafted_at)
    return PLAN.decide(command, at.plan)


def _signature(at: Correcting, asked: SignOrEnter) -> Iterable[Any]:
    plan, command = at.plan, _entered(at, replace(asked, actor=at.now.signed_by))
    if plan.draft is not None and plan.draft.content_hash != at.now.content_hash:
        raise SignedOtherwise(command.plan_id)
    if command.role == SignerRole.CLINICIAN:
        credential = _credential(at, SIGN, command, command.signed_on, command.credential)
        command = replace(command, credential=credential)
    # What it brings into force follows, whatever was in force by it before.
    facts = PLAN.decide(command, replace(plan, in_force_from=None))
    return [_with_sheet(at, fact, asked) for fact in facts if isinstance(fact, PlanSigned)]


def _refusal(at: Correcting, asked: RefusePlan) -> Iterable[Any]:
    return PLAN.decide(replace(asked, actor=at.now.recorded_by), at.plan)


def _certification(at: Correcting, asked: CertifyOrEnter) -> Iterable[Any]:
    command = _entered(at, replace(asked, actor=at.now.certified_by))
    _credential(at, CERTIFY, command, command.certified_on)
    return [_with_sheet(at, fact, asked) for fact in PLAN.decide(command, at.plan)]


def _entered(at: Correcting, asked: Entered) -> Entered:
    """What is on paper was entered when the statement was said first."""
    return entered(at.tx, at.plans, asked, at.first.at)


def _with_sheet(at: Correcting, fact: Any, asked: SignOrEnter | CertifyOrEnter) -> Any:
    if asked.sheet is None:
        return fact
    return with_scan(fact, sealed_sheet(at.tx, asked.plan_id, asked.sheet))


def _review(at: Correcting, asked: ReviewPlan) -> Iterable[Any]:
    return PLAN.decide(replace(asked, actor=at.now.reviewed_by), at.plan)


def _credential(
    at: Correcting, act: str, command: SignPlan | CertifyPlan, on: date, said: str = ""
) -> str:
    return credential_of(
        at.tx,
        at.plans,
        act,
        person=command.actor,
        plan_id=at.now.plan_id,
        on=on,
        at=None if command.paper else at.first.at,
        said=said,
    )


def _level(at: Correcting, asked: ChangeLevelOfCare) -> Iterable[Any]:
    discharged = ENDING.after(at.tx.load(ending_stream(asked.episode_id))).discharged
    command = replace(
        asked,
        changed_by=at.now.changed_by,
        admitted=at.plans.episodes.admitted(at.tx, asked.client_id, asked.episode_id),
        discharged=discharged is not None and discharged.discharged_on < asked.effective_from,
    )
    return LEVELS.decide(command, LEVELS.after(at.before))


def _decision(at: Correcting, asked: DecisionRequest) -> Iterable[Any]:
    now: RecommendationDecided = at.now
    command = filled(
        DecideRecommendation,
        asked,
        reasoned=bool(asked.reason),
        stepping=bool(asked.level_of_care),
        decided_by=now.decided_by,
        now=now.decided_at,
        recommended=filled(RecommendedRevision, now, withdrawn=False),
        settled=True,
    )
    facts = DECISION.decide(command, DECISION.after(at.before))
    version = _sealed(at, decision_stream(asked.recommendation_id), asked.reason)
    return [replace(fact, reason_version=version) for fact in facts]


def _completion(at: Correcting, asked: CompleteProgram) -> Iterable[Any]:
    ending = at.ending
    if ending.discharged and ending.discharged.discharged_on < asked.completed_on:
        raise Malformed(completed_on="is after the discharge")
    command = measured(at.plans, at.tx, replace(asked, actor=at.now.completed_by))
    return ENDING.decide(_of_episode(at, command), replace(ending, discharged=None))


def _discharge(at: Correcting, asked: DischargeInWords) -> Iterable[Any]:
    now: ClientDischarged = at.now
    command = replace(
        asked,
        actor=now.discharged_by,
        open_high=now.over_safety_tasks,
        heard=True,
        reasoned=bool(asked.open_safety_reason),
    )
    facts: Iterable[Any] = ENDING.decide(_of_episode(at, command), at.ending)
    version = _sealed(at, over_safety_of(asked.episode_id), asked.open_safety_reason)
    return [replace(fact, reason_version=version) for fact in facts]


def _aftercare(at: Correcting, asked: ArrangeAftercare) -> Iterable[Any]:
    command = replace(asked, aftercare_id=at.now.aftercare_id, actor=at.now.arranged_by)
    return ENDING.decide(_of_episode(at, command), at.ending)


def _follow_up(at: Correcting, asked: RecordFollowUp) -> Iterable[Any]:
    command = replace(asked, follow_up_id=at.now.follow_up_id, actor=at.now.recorded_by)
    return ENDING.decide(_of_episode(at, command), at.ending)


def _of_episode(at: Correcting, asked: EndingCommand) -> EndingCommand:
    admitted = at.plans.episodes.admitted(at.tx, asked.client_id, asked.episode_id)
    return replace(asked, admitted=admitted)


def _sealed(at: Correcting, document: str, reason: str) -> int:
    """The version of what is sealed of the client; 0: nothing is."""
    if not reason:
        return 0
    return at.tx.documents.put(client_subject(at.client_id), document, reason.encode())


SAID_AS = {"role": "signer_role"}
"""What a command calls otherwise than its request does."""
OF_EPISODE = ("client_id", "episode_id")
KINDS: Mapping[type, Kind] = {
    PlanDrafted: Kind(say=_draft, kept=OF_EPISODE),
    PlanSigned: Kind(say=_signature, kept=("plan_id", "role")),
    PlanRefused: Kind(say=_refusal, kept=("plan_id", "role")),
    PlanCertified: Kind(say=_certification, kept=("plan_id",)),
    PlanReviewed: Kind(say=_review, kept=("plan_id",)),
    LevelOfCareChanged: Kind(say=_level, kept=OF_EPISODE),
    RecommendationDecided: Kind(say=_decision, kept=("client_id", "recommendation_id")),
    ProgramCompleted: Kind(say=_completion, kept=OF_EPISODE),
    ClientDischarged: Kind(say=_discharge, kept=OF_EPISODE),
    AftercareArranged: Kind(say=_aftercare, kept=OF_EPISODE),
    FollowedUp: Kind(say=_follow_up, kept=OF_EPISODE),
}
"""What can be put right."""


def first_said(tx: Transaction, statement: UUID) -> Recorded:
    """Of a statement that can be put right; refuses every other (Unknown)."""
    return putting_right.first_said(tx, statement, KINDS)


def client_of(tx: Transaction, said: Recorded) -> str:
    """Whom a statement is about; what is said of a plan, by its draft."""
    if hasattr(said.fact, "client_id"):
        return str(said.fact.client_id)
    return str(drafted(tx, said).client_id)


def drafted(tx: Transaction, said: Recorded) -> PlanDrafted:
    """The draft of the plan that this was said of, as it was said first: whose it is stays."""
    fact: PlanDrafted = tx.load(said.stream)[0].fact
    return fact


def put_right(plans: Plans, asked: PutRight, context: Context) -> Outcome:
    """Says a statement otherwise, or takes it back.

    Refuses what the command refuses that records it, at its place among all that stands; a
    statement that nobody made here (Unknown), of another plan, episode or recommendation, one that
    was put right since (STATEMENT_CHANGED), a draft that was signed or refused (SIGNATURES_STAND),
    and a signature under what the plan says no more (SIGNED_OTHERWISE).
    """
    with plans.executor.store.transaction() as tx:  # where it was said first never changes
        first = first_said(tx, asked.amendment.statement)
        client_id = client_of(tx, first)
    kind, subject = KINDS[type(first.fact)], client_subject(client_id)

    def said_anew(tx: Transaction, others: Sequence[Recorded], now: Any) -> Iterable[Any]:
        for name in kind.kept:
            if getattr(asked.said, name) != getattr(now, name):
                another = "is another one: take this back, and say it of the other"
                raise Malformed(**{SAID_AS.get(name, name): another})
        return kind.say(
            Correcting(
                plans=plans,
                tx=tx,
                client_id=client_id,
                first=first,
                others=others,
                now=now,
                context=context,
            ),
            asked.said,
        )

    def following(tx: Transaction, history: Sequence[Recorded]) -> Mapping[str, Sequence[Any]]:
        if isinstance(asked.said, DecisionRequest):
            return stepped(tx, plans, asked.said, context, anew=False)
        return follow(plans, tx, history, asked.amendment)

    return putting_right.put_right(
        plans.executor,
        asked,
        context,
        stream=first.stream,
        owner=subject,
        locks=[subject],
        said_anew=said_anew,
        follow=following,
    )

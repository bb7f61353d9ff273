"""A treatment plan: drafted, signed or refused, in force, certified, reviewed, superseded.

A version never changes once it was drafted. It comes into force with the clinician's signature and
the client's; or, where the client refused, with the clinician's signature given after that refusal:
who signs then knows of it. A client who refused may still sign, a clinician likewise.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import assert_never

from kernel.decider import Decider, filled
from kernel.refusal import BrokenRule, Malformed, Unknown
from services.plans.domain.civil import first_day, last_day
from services.plans.domain.plan_content import minutes_per_week, wrong_with
from services.plans.domain.plan_facts import (
    CertifyPlan,
    DraftPlan,
    Paper,
    PlanActivated,
    PlanCertified,
    PlanCommand,
    PlanDrafted,
    PlanFact,
    PlanRefused,
    PlanReviewed,
    PlanSigned,
    PlanSuperseded,
    RefusePlan,
    ReviewPlan,
    SignerRole,
    SignPlan,
    SupersedePlan,
)
from services.plans.domain.reference_values import RECERTIFICATION_DAYS

# LCSW, CADC-II: what follows a name, and no name.
CREDENTIAL = re.compile(r"[A-Z][A-Za-z0-9-]{1,11}([ ,/][A-Za-z0-9-]{1,11}){0,2}")


class PlanAlreadyDrafted(BrokenRule):
    """The plan was drafted before, with other content."""

    code, about = "PLAN_ALREADY_DRAFTED", "plan_id"
    words = "the plan was drafted with other content"


class PlanNotActive(BrokenRule):
    """Only a plan in force, and not superseded, is certified, reviewed or followed by another."""

    code, about = "PLAN_NOT_ACTIVE", "plan_id"
    words = "the plan is not in force"


class AnotherPlanInForce(BrokenRule):
    """An episode has one plan at a time: the next one names which it supersedes."""

    code, about = "ANOTHER_PLAN_IN_FORCE", "plan_id"
    words = "another plan of the episode is in force; draft one that supersedes it"


class AlreadySigned(BrokenRule):
    """What was signed, or is in force, is no longer refused; draft the next version."""

    code, about = "PLAN_ALREADY_SIGNED", "plan_id"
    words = "it was signed before; draft the next version"


class SignaturesStand(BrokenRule):
    """What a person signed or refused stays what it was."""

    code, about = "SIGNATURES_STAND", "plan_id"
    words = "it was signed or refused: take that back first, or draft the version that follows it"


class SignedOtherwise(BrokenRule):
    """A signature is under what the plan said then."""

    code, about = "SIGNED_OTHERWISE", "plan_id"
    words = "the plan was drafted anew since: what it says now is to be signed anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDraft:
    """What later commands need to know of the draft; `objectives`: how many, goal by goal."""

    client_id: str
    episode_id: str
    planned_minutes_per_week: int
    content_hash: str
    drafted_at: datetime
    objectives: tuple[int, ...]
    version: int
    supersedes_plan_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """From the later signature on; `entered_on`: when the last on paper was entered; None: none."""

    in_force_from: date
    entered_on: date | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What later decisions need to know; `aware`: the clinician signed after the client refused."""

    draft: PlanDraft | None = None
    signed_on: Mapping[SignerRole, date] = field(default_factory=dict)
    entered_on: Mapping[SignerRole, date] = field(default_factory=dict)  # of those on paper
    refused_on: Mapping[SignerRole, date] = field(default_factory=dict)
    aware: bool = False
    in_force_from: date | None = None
    superseded_by: str = ""
    # By their days, each day's last: a correction may be taken back.
    certified: Mapping[date, date] = field(default_factory=dict)
    reviewed: Mapping[date, PlanReviewed] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """In force, whether or not another followed it since."""
        return self.in_force_from is not None

    @property
    def signed(self) -> "InForce | None":
        """From when it is in force by what was signed, and refused; None: that isn't enough."""
        if self.signed_on.keys() >= set(SignerRole) or self.aware:
            # A later signature does not backdate: domain.md, section 12.
            return InForce(
                in_force_from=max(self.signed_on.values()),
                entered_on=max(self.entered_on.values(), default=None),
            )
        return None


def decide(command: PlanCommand, plan: Plan) -> Iterator[PlanFact]:
    if isinstance(command, DraftPlan):
        yield from _drafted(command, plan)
        return
    if plan.draft is None:
        raise Unknown("plan", command.plan_id)
    match command:
        case SignPlan():
            yield from _signed(command, plan, plan.draft)
        case RefusePlan():
            yield from _refused(command, plan, plan.draft)
        case CertifyPlan():
            _check_active(command.plan_id, plan)
            fact = _certified(command, plan.draft.client_id, plan.draft.drafted_at)
            if plan.certified.get(fact.certified_on) != fact.recertify_by:
                yield fact
        case ReviewPlan():
            in_force_from = _check_active(command.plan_id, plan)
            review = _reviewed(command, plan.draft.client_id, plan.draft.objectives, in_force_from)
            if plan.reviewed.get(review.reviewed_on) != review:
                yield review
        case SupersedePlan():
            if plan.superseded_by != command.by:
                _check_active(command.plan_id, plan)
                yield PlanSuperseded(plan_id=command.plan_id, by=command.by)
        case _:
            assert_never(command)


def evolve(plan: Plan, fact: PlanFact) -> Plan:
    match fact:
        case PlanDrafted():
            objectives = tuple(len(goal.objectives) for goal in fact.goals)
            plan = replace(plan, draft=filled(PlanDraft, fact, objectives=objectives))
        case PlanSigned():
            signed_on = {**plan.signed_on, fact.role: fact.signed_on}
            entered_on = {r: on for r, on in plan.entered_on.items() if r != fact.role}
            if fact.paper is not None:
                entered_on[fact.role] = fact.paper.entered_on
            aware = plan.aware or (
                fact.role == SignerRole.CLINICIAN and SignerRole.CLIENT in plan.refused_on
            )
            plan = replace(plan, signed_on=signed_on, entered_on=entered_on, aware=aware)
        case PlanRefused():
            plan = replace(plan, refused_on={**plan.refused_on, fact.role: fact.refused_on})
        case PlanActivated():
            plan = replace(plan, in_force_from=fact.in_force_from)
        case PlanCertified():
            until = {fact.certified_on: fact.recertify_by}
            plan = replace(plan, certified={**plan.certified, **until})
        case PlanReviewed():
            plan = replace(plan, reviewed={**plan.reviewed, fact.reviewed_on: fact})
        case PlanSuperseded():
            plan = replace(plan, superseded_by=fact.by)
        case _:
            assert_never(fact)
    return plan


PLAN = Decider(decide, evolve, Plan())


def in_force_by(facts: Iterable[PlanFact]) -> InForce | None:
    """By the first signature, among these in their order, that was enough; None: none."""
    plan = PLAN.initial
    for fact in facts:
        plan = evolve(plan, fact)
        if isinstance(fact, PlanSigned) and plan.signed is not None:
            return plan.signed
    return None


def brought_into_force(plan_id: str, draft: PlanDraft, signed: InForce) -> PlanActivated:
    """That the plan is in force by these signatures."""
    objectives = sum(draft.objectives)
    return filled(PlanActivated, draft, signed, plan_id=plan_id, objectives=objectives)


def next_version(plan_id: str, plan: Plan, client_id: str, episode_id: str) -> int:
    """The version that follows this plan; refuses to follow another's, or one not in force."""
    if plan.draft is None:
        raise Unknown("plan", plan_id)
    if (plan.draft.client_id, plan.draft.episode_id) != (client_id, episode_id):
        raise Malformed(supersedes_plan_id="is a plan of another client or episode")
    _check_active(plan_id, plan)
    return plan.draft.version + 1


def _drafted(command: DraftPlan, plan: Plan) -> Iterator[PlanDrafted]:
    if plan.draft is not None and plan.draft.content_hash != command.content_hash:
        raise PlanAlreadyDrafted(command.plan_id)
    if wrong := wrong_with(command.problems, command.goals, command.interventions):
        raise Malformed(**wrong)
    if plan.draft is None:
        yield filled(
            PlanDrafted,
            command,
            planned_minutes_per_week=minutes_per_week(command.interventions),
            drafted_at=command.now,
        )


def _signed(command: SignPlan, plan: Plan, draft: PlanDraft) -> Iterator[PlanFact]:
    _check_day("signed_on", command.signed_on, command.now, draft, command.paper)
    _check_credential(command)
    refused = SignerRole.CLIENT in plan.refused_on and SignerRole.CLIENT not in plan.signed_on
    again = command.role == SignerRole.CLINICIAN and refused and not plan.aware
    if command.role in plan.signed_on and (plan.active or not again):
        return
    if again and command.signed_on < plan.refused_on[SignerRole.CLIENT]:
        raise Malformed(signed_on="is before the client's refusal")
    signature = filled(PlanSigned, command, draft, signed_by=command.actor)
    yield signature
    after = evolve(plan, signature)
    if not plan.active and after.signed is not None:
        yield brought_into_force(command.plan_id, draft, after.signed)


def _refused(command: RefusePlan, plan: Plan, draft: PlanDraft) -> Iterator[PlanRefused]:
    _check_day("refused_on", command.refused_on, command.now, draft)
    if command.role in plan.refused_on:
        return
    if command.role in plan.signed_on:
        raise AlreadySigned(command.plan_id)
    yield filled(PlanRefused, command, recorded_by=command.actor)


def _check_active(plan_id: str, plan: Plan) -> date:
    if plan.in_force_from is None or plan.superseded_by:
        raise PlanNotActive(plan_id)
    return plan.in_force_from


def _check_day(
    field_: str, day: date, now: datetime, draft: PlanDraft, paper: Paper | None = None
) -> None:
    if day > last_day(now):
        raise Malformed(**{field_: "is in the future"})
    if paper is None and day < first_day(draft.drafted_at):
        raise Malformed(**{field_: "is before the plan was drafted"})


def _check_credential(command: SignPlan) -> None:
    if command.credential and command.role == SignerRole.CLIENT:
        raise Malformed(credential="is a clinician's")
    if command.credential and not CREDENTIAL.fullmatch(command.credential):
        raise Malformed(credential="is no credential, such as LCSW")


def _certified(command: CertifyPlan, client_id: str, drafted_at: datetime) -> PlanCertified:
    """Refuses a day in the future or before the draft, and a term that ends too late or at once."""
    if command.certified_on > last_day(command.now):
        raise Malformed(certified_on="is in the future")
    if command.paper is None and command.certified_on < first_day(drafted_at):
        raise Malformed(certified_on="is before the plan was drafted")
    most = RECERTIFICATION_DAYS.value
    if not timedelta(0) < command.recertify_by - command.certified_on <= timedelta(days=most):
        raise Malformed(recertify_by=f"is not within {most} days after the certification")
    return filled(PlanCertified, command, client_id=client_id, certified_by=command.actor)


def _reviewed(
    command: ReviewPlan, client_id: str, objectives: Sequence[int], in_force_from: date
) -> PlanReviewed:
    """Refuses a review that leaves an objective out, rates one twice, or one the plan hasn't."""
    if command.reviewed_on > last_day(command.now):
        raise Malformed(reviewed_on="is in the future")
    if command.reviewed_on < in_force_from:
        raise Malformed(reviewed_on="is before the plan came into force")
    if command.next_review_by <= command.reviewed_on:
        raise Malformed(next_review_by="is not after the review")
    asked = Counter((g, o) for g, n in enumerate(objectives, 1) for o in range(1, n + 1))
    if Counter((rating.goal, rating.objective) for rating in command.ratings) != asked:
        raise Malformed(ratings="must rate every objective of the plan, each once")
    ratings = sorted(command.ratings, key=lambda rating: (rating.goal, rating.objective))
    return filled(
        PlanReviewed,
        command,
        client_id=client_id,
        ratings=tuple(ratings),
        reviewed_by=command.actor,
    )

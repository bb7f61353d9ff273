"""What is told of a client's plans and care: as it was recorded, with its words."""

from dataclasses import dataclass

from kernel.store.telling import Told, ToldWhole, Words
from services.plans.app.treatment_plans import GoalInWords, ProblemInWords
from services.plans.domain.decision import RecommendationDecided
from services.plans.domain.ending import (
    AftercareArranged,
    ClientDischarged,
    FollowedUp,
    ProgramCompleted,
)
from services.plans.domain.level import LevelOfCareChanged
from services.plans.domain.plan_facts import (
    PlanActivated,
    PlanCertified,
    PlanDrafted,
    PlanRefused,
    PlanReviewed,
    PlanSigned,
    PlanSuperseded,
)
from services.plans.domain.rules import LevelRulesConfirmed, LevelRulesProposed


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSignature(Told):
    fact: PlanSigned


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRefusal(Told):
    fact: PlanRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCertification(Told):
    fact: PlanCertified


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldReview(Told):
    fact: PlanReviewed


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPlan(ToldWhole):
    """`goals` and `problems` without words where those were forgotten."""

    fact: PlanDrafted
    goals: tuple[GoalInWords, ...]
    problems: tuple[ProblemInWords, ...]
    text_forgotten: bool
    signatures: tuple[ToldSignature, ...]
    refusals: tuple[ToldRefusal, ...]
    activated: PlanActivated | None
    certifications: tuple[ToldCertification, ...]
    reviews: tuple[ToldReview, ...]
    superseded: PlanSuperseded | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLevel(ToldWhole):
    fact: LevelOfCareChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldDecision(ToldWhole):
    fact: RecommendationDecided
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCompletion(ToldWhole):
    fact: ProgramCompleted


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldDischarge(ToldWhole):
    fact: ClientDischarged
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAftercare(ToldWhole):
    fact: AftercareArranged


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFollowUp(ToldWhole):
    fact: FollowedUp


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCare:
    """What clinicians decided of a client's care, each in the order in which it was recorded."""

    levels: tuple[ToldLevel, ...]
    decisions: tuple[ToldDecision, ...]
    completions: tuple[ToldCompletion, ...]
    discharges: tuple[ToldDischarge, ...]
    aftercare: tuple[ToldAftercare, ...]
    follow_ups: tuple[ToldFollowUp, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRulesConfirmation(Told):
    fact: LevelRulesConfirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLevelRules(ToldWhole):
    """`confirmed` None: nobody did, or another proposal of the version was."""

    fact: LevelRulesProposed
    confirmed: ToldRulesConfirmation | None

"""What can be asked of a plan, and what is recorded of it. Fields of facts are a storage format."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from services.plans.domain.plan_content import Goal, Intervention, Problem

RefusalReason = Literal["DISAGREES_WITH_GOALS", "DISAGREES_WITH_FREQUENCY", "NO_REASON_GIVEN"]


class SignerRole(StrEnum):
    """Who signs a plan, or refuses to."""

    CLIENT = "CLIENT"
    CLINICIAN = "CLINICIAN"


class ObjectiveStatus(StrEnum):
    """How far an objective is, by a review."""

    NOT_MET = "NOT_MET"
    PROGRESSING = "PROGRESSING"
    MET = "MET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """Goal and objective by number, from 1."""

    goal: int
    objective: int
    status: ObjectiveStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPlan:
    """`content_hash`: a keyed hash of the whole plan, the client's words included.

    `version` counts from the plan it supersedes, as `next_version` says. `content_version`: of the
    sealed document.
    """

    plan_id: str
    client_id: str
    episode_id: str
    goals: tuple[Goal, ...]
    interventions: tuple[Intervention, ...]
    content_hash: str
    now: datetime
    problems: tuple[Problem, ...] = ()
    version: int = 1
    supersedes_plan_id: str = ""
    content_version: int = 1


ScanType = Literal["PDF", "PNG", "JPEG"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A sheet that was signed before it was entered: which, sealed, and on which day it was."""

    scan_version: int
    scan_type: ScanType
    entered_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SignPlan:
    """`actor` signs as the CLINICIAN, or attests the signature of the CLIENT.

    `paper`: they did so before, on paper; None: they do now.
    """

    plan_id: str
    role: SignerRole
    actor: str
    signed_on: date
    now: datetime
    credential: str = ""
    paper: Paper | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusePlan:
    """`role` would not sign; `actor` records it."""

    plan_id: str
    role: SignerRole
    reason: RefusalReason
    actor: str
    refused_on: date
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifyPlan:
    plan_id: str
    actor: str
    certified_on: date
    recertify_by: date
    now: datetime
    paper: Paper | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPlan:
    plan_id: str
    actor: str
    ratings: tuple[Rating, ...]
    reviewed_on: date
    next_review_by: date
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SupersedePlan:
    """`by` came into force in its place; the new plan's activation asks for it."""

    plan_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDrafted:
    """`content_version`: of the sealed document; of before there was one."""

    plan_id: str
    client_id: str
    episode_id: str
    goals: tuple[Goal, ...]
    interventions: tuple[Intervention, ...]
    planned_minutes_per_week: int
    content_hash: str
    drafted_at: datetime
    problems: tuple[Problem, ...] = ()
    version: int = 1
    supersedes_plan_id: str = ""
    content_version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSigned:
    """`signed_by`: the clinician; of a client's signature, who attests it."""

    plan_id: str
    role: SignerRole
    signed_by: str
    signed_on: date
    content_hash: str
    credential: str = ""
    paper: Paper | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRefused:
    plan_id: str
    role: SignerRole
    reason: RefusalReason
    refused_on: date
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanActivated:
    """`in_force_from`: the later date of both signatures, or of refusal and signature.

    `entered_on`: the latest day on which one of them was entered that was on paper; None: none was.
    """

    plan_id: str
    client_id: str
    episode_id: str
    in_force_from: date
    planned_minutes_per_week: int
    version: int = 1
    objectives: int = 0
    entered_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCertified:
    plan_id: str
    client_id: str
    certified_on: date
    recertify_by: date
    certified_by: str
    paper: Paper | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReviewed:
    plan_id: str
    client_id: str
    ratings: tuple[Rating, ...]
    reviewed_on: date
    next_review_by: date
    reviewed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSuperseded:
    plan_id: str
    by: str


PlanCommand = DraftPlan | SignPlan | RefusePlan | CertifyPlan | ReviewPlan | SupersedePlan
PlanFact = (
    PlanDrafted
    | PlanSigned
    | PlanRefused
    | PlanActivated
    | PlanCertified
    | PlanReviewed
    | PlanSuperseded
)

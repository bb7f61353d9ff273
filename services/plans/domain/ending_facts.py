"""What can be asked of an episode's end, and what is recorded. Fields are a storage format."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.plans.domain.completion import UNKNOWN, CompletionCriteria
from services.plans.domain.episode import Admitted


class DischargeReason(StrEnum):
    """TEDS-D's values as domain.md (section 7) has them; UNVERIFIED against SAMHSA's codebook."""

    COMPLETED = "COMPLETED"
    LEFT_AGAINST_ADVICE = "LEFT_AGAINST_ADVICE"
    TERMINATED_BY_FACILITY = "TERMINATED_BY_FACILITY"
    TRANSFERRED = "TRANSFERRED"
    INCARCERATED = "INCARCERATED"
    DEATH = "DEATH"
    OTHER = "OTHER"


class AftercareKind(StrEnum):
    """What comes after; alumni are contacted with a consent of their own."""

    OUTPATIENT = "OUTPATIENT"
    SUPPORT_GROUP = "SUPPORT_GROUP"
    ALUMNI = "ALUMNI"


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeCommand:
    """`admitted` is filled in under the client's lock."""

    client_id: str
    episode_id: str
    actor: str
    now: datetime
    admitted: Admitted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteProgram(EpisodeCommand):
    """`criteria` and `settled` are filled in under the client's lock."""

    completed_on: date
    criteria: CompletionCriteria = UNKNOWN
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DischargeClient(EpisodeCommand):
    """`reasoned`: a reason is sealed with it, why in spite of an open safety task.

    Filled in under the client's lock: `open_high`, ids of open safety tasks of HIGH risk, and
    `heard`, whether all that was told of the client was.
    """

    reason: DischargeReason
    discharged_on: date
    reasoned: bool = False
    open_high: tuple[str, ...] = ()
    heard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrangeAftercare(EpisodeCommand):
    """`starts_on`: of the appointment or the first meeting."""

    aftercare_id: str
    kind: AftercareKind
    starts_on: date
    alumni_consent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFollowUp(EpisodeCommand):
    follow_up_id: str
    contacted_on: date
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramCompleted:
    """`rules_version`: of the level rules whose criteria were met."""

    client_id: str
    episode_id: str
    completed_on: date
    completed_by: str
    rules_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDischarged:
    """`over_safety_tasks`: HIGH ones that were open; the reason of `discharged_by` is sealed."""

    client_id: str
    episode_id: str
    reason: DischargeReason
    discharged_on: date
    discharged_by: str
    over_safety_tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AftercareArranged:
    """`alumni_consent`: the client agreed, separately, to be contacted as one of the alumni."""

    client_id: str
    episode_id: str
    aftercare_id: str
    kind: AftercareKind
    starts_on: date
    alumni_consent: bool
    arranged_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedUp:
    client_id: str
    episode_id: str
    follow_up_id: str
    contacted_on: date
    reached: bool
    recorded_by: str


EndingCommand = CompleteProgram | DischargeClient | ArrangeAftercare | RecordFollowUp
EndingFact = ProgramCompleted | ClientDischarged | AftercareArranged | FollowedUp

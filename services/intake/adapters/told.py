"""What is told of a client in answer to a question: what was recorded, with its words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.store.telling import Told, ToldWhole, Words
from services.intake.domain.areas import AreasAssessed
from services.intake.domain.assessment import (
    AssessmentCompleted,
    SafetyTaskClosed,
    SafetyTaskHandedOn,
    SafetyTaskOpened,
)
from services.intake.domain.client import ClientRegistered, DiagnosisEnded, DiagnosisRecorded
from services.intake.domain.consent import ConsentGiven, ConsentRevoked, DisclosureRestricted
from services.intake.domain.coverage import CoverageAdded, CoverageEnded, CoverageVerified
from services.intake.domain.dimensions import DimensionsRated
from services.intake.domain.episode import ClientAdmitted, ClientTransferred, EpisodeClosed
from services.intake.domain.forgetting import (
    ClientForgotten,
    ForgettingAsked,
    ForgettingWithdrawn,
)
from services.intake.domain.merging import ClientMerged, ClientUnmerged
from services.intake.domain.person import PersonChanged
from services.intake.domain.recognition import DoublesJudged
from services.intake.domain.screening import AdmissionDeclined, ClientScreened


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonInWords:
    """`identity` None: forgotten; `contacts` None: that, or none were said."""

    identity: pb.Identity | None
    contacts: pb.Contacts | None

    @property
    def text_forgotten(self) -> bool:
        return self.identity is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldChange(Told):
    fact: PersonChanged
    words: PersonInWords


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPerson(ToldWhole):
    """`words`: who they are now; what was said of it last from a day on, the last change says."""

    fact: ClientRegistered
    identity_version: int
    words: PersonInWords
    changes: tuple[ToldChange, ...]
    doubles: tuple["ToldDoubles", ...]
    client_ids: tuple[str, ...]
    merges: tuple["ToldMerge", ...]
    unmerges: tuple["ToldUnmerge", ...]
    forgetting: tuple["ToldForgetting", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldDoubles(ToldWhole):
    """The last word on two clients."""

    fact: DoublesJudged
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMerge(ToldWhole):
    fact: ClientMerged
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldUnmerge(ToldWhole):
    fact: ClientUnmerged
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldForgetting(Told):
    """A step towards forgetting a client, or back."""

    word: Literal["ASKED", "WITHDRAWN", "FORGOTTEN"]
    fact: ForgettingAsked | ForgettingWithdrawn | ClientForgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldVerification(Told):
    fact: CoverageVerified


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCoverageEnd(Told):
    fact: CoverageEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCoverage(ToldWhole):
    """A coverage with its numbers, and what its payer said of it."""

    fact: CoverageAdded
    member_number: str
    group_number: str
    text_forgotten: bool
    verifications: tuple[ToldVerification, ...]
    ends: tuple[ToldCoverageEnd, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRevocation(Told):
    fact: ConsentRevoked


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldConsent(ToldWhole):
    """`last_day`: on which it holds; None: it goes on."""

    fact: ConsentGiven
    revocations: tuple[ToldRevocation, ...]
    last_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRestriction(ToldWhole):
    fact: DisclosureRestricted


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldScreening(ToldWhole):
    """`declined` None: of whom it found eligible."""

    fact: ClientScreened
    declined: AdmissionDeclined | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldDiagnosisEnd(Told):
    fact: DiagnosisEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldDiagnosis(ToldWhole):
    fact: DiagnosisRecorded
    ends: tuple[ToldDiagnosisEnd, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAreas(ToldWhole):
    """`narratives`: by area; None: forgotten."""

    fact: AreasAssessed
    narratives: Mapping[str, str] | None

    @property
    def text_forgotten(self) -> bool:
        return self.narratives is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRatings(ToldWhole):
    fact: DimensionsRated


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTransfer(Told):
    fact: ClientTransferred


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAdmission(ToldWhole):
    """`closed` None: the episode is open."""

    fact: ClientAdmitted
    words: Words
    transfers: tuple[ToldTransfer, ...]
    closed: EpisodeClosed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldClosing(Told):
    """What was done about a safety flag."""

    fact: SafetyTaskClosed
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldHandingOn(Told):
    """Who must see to it since, and why."""

    fact: SafetyTaskHandedOn
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTask:
    """`owner`: who must see to it now."""

    fact: SafetyTaskOpened
    owner: str
    closed: ToldClosing | None
    handed_on: tuple[ToldHandingOn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAssessment(ToldWhole):
    fact: AssessmentCompleted
    safety_task: ToldTask | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldChart:
    """What clinicians found of a client, each in the order in which it was recorded."""

    screenings: tuple[ToldScreening, ...]
    diagnoses: tuple[ToldDiagnosis, ...]
    areas: tuple[ToldAreas, ...]
    ratings: tuple[ToldRatings, ...]
    admissions: tuple[ToldAdmission, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldName:
    """`identity` None: forgotten."""

    client_id: str
    identity: pb.Identity | None

    @property
    def text_forgotten(self) -> bool:
        return self.identity is None

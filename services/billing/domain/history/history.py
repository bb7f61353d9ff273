"""What billing knows of one client: the facts its derivations read, each with its id."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, Protocol

from services.billing.domain.payers.rules import (
    AuthorizationUnit,
    ClaimForm,
    RuleSet,
    ServiceKind,
    rules_in_effect,
)
from services.billing.domain.x12.t837.claim import ClaimFrequency


class Modality(StrEnum):
    """How a session is given, as attendance schedules it."""

    IN_PERSON = "IN_PERSON"
    TELEHEALTH = "TELEHEALTH"


@dataclass(frozen=True, slots=True)
class Program:
    """What a session was part of; one that isn't known is under 42 CFR Part 2."""

    program_id: str = ""
    under_part2: bool = True


NOT_KNOWN = Program()


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Of its program the id alone: what governs a day is its sessions' to say.

    One that was transferred is here once for each place: from `first` on (None: the admission), to
    `last`; `also`: the admission's fact, where `fact` is the transfer's.
    """

    fact: str
    episode_id: str
    site_id: str
    level_of_care: str
    admitted_on: date
    program_id: str = ""
    first: date | None = None
    last: date | None = None
    also: frozenset[str] = frozenset()

    def covers(self, on: date) -> bool:
        """Whether the client, unless discharged, was there that day."""
        return (self.first or self.admitted_on) <= on <= (self.last or date.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """The episode goes on in another program from that day on."""

    fact: str
    episode_id: str
    site_id: str
    transferred_on: date
    program_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discharge:
    """`discharged_on` is the episode's last day; `reason` as plans names it, without prefix."""

    fact: str
    episode_id: str
    discharged_on: date
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """`sequence`: its place in its owner's log, which says what was recorded later."""

    fact: str
    sequence: int
    code: str
    rank: int
    effective_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisEnd:
    """What was recorded of the code until then is in effect no longer than `last_day`."""

    fact: str
    code: str
    last_day: date
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    fact: str
    coverage_id: str
    payer_id: str
    verified_from: date
    verified_to: date | None
    # 1 is the primary coverage.
    order: int = 1
    # Its place in its owner's log, which says what was said later.
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageEnd:
    """What was verified of the coverage until then ends with `last_day`."""

    fact: str
    coverage_id: str
    last_day: date
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    fact: str
    consent_id: str
    payer_id: str
    given_on: date
    expires_on: date | None
    client_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`entered_on`: of one that was signed on paper, when that was entered; None: of none."""

    fact: str
    plan_id: str
    episode_id: str
    in_force_from: date
    entered_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session the client was expected at."""

    fact: str
    session_id: str
    site_id: str
    modality: Modality | Literal[""]
    service_date: date
    ends_at: datetime
    service_kind: ServiceKind = ServiceKind.GROUP
    facilitator_id: str = ""
    program: Program = NOT_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one moment to a later one."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """What was recorded of one session: at closing (`correction` 0), or by a correction.

    `seconds` 0: a release before told minutes alone. `overlap`: the client was at another session
    at that time. `treatment`: when it was; empty where minutes alone were told. `client_id`: as
    whom the person came. `also`: facts of the same presence, told of another client of the person.
    """

    fact: str
    session_id: str
    site_id: str
    service_date: date
    correction: int
    attended: bool
    minutes: int
    no_check_out: bool = False
    overlap: bool = False
    seconds: int = 0
    program: Program = NOT_KNOWN
    treatment: tuple[Span, ...] = ()
    client_id: str = ""
    also: frozenset[str] = frozenset()

    @property
    def time(self) -> int:
        """Whole seconds attended."""
        return self.seconds or self.minutes * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    fact: str
    session_id: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The clinical level from a day on; `sequence` says which was recorded later."""

    fact: str
    episode_id: str
    level_of_care: str
    effective_from: date
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    fact: str
    consent_id: str
    revoked_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """Service dates, both included, that the client paid for: not to this payer."""

    fact: str
    payer_id: str
    start: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Nobody missed this session."""

    fact: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A statement of its own about a note that was signed late, or never."""

    fact: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """`site_id` empty: any site. `put_right`: others read otherwise than it was said first."""

    fact: str
    authorization_id: str
    payer_id: str
    level_of_care: str
    units: int
    effective_from: date
    effective_to: date
    unit: AuthorizationUnit = AuthorizationUnit.DAYS
    site_id: str = ""
    put_right: bool = False
    # Which of the payer's numbers it has, counted from 0.
    renumbered: int = 0

    @property
    def taken_back(self) -> bool:
        """It authorizes nothing; what was issued with it names it still."""
        return self.put_right and not self.units


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredProvider:
    """`first_npi`: as it was said first; empty: as it stands."""

    fact: str
    provider_id: str
    npi: str
    first_npi: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedPractitioner:
    """By which NPI claims name somebody; `sequence` says which was said later.

    `first_npi`: as they were registered first.
    """

    fact: str
    sequence: int
    staff_id: str
    npi: str
    first_npi: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    fact: str
    provider_id: str
    payer_id: str
    site_id: str
    effective_from: date
    effective_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """`sequence`: its place in the provider's log, which says what was recorded later."""

    fact: str
    sequence: int
    provider_id: str
    code: str
    charge_minor: int
    effective_from: date
    effective_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    """One service on one date, as a claim has it; the charge in cents."""

    service_date: date
    code: str
    modifiers: tuple[str, ...]
    units: int
    charge_minor: int
    place_of_service: str
    # Institutional claims.
    revenue_code: str = ""
    # Outside the per diem and the episode's gates.
    ancillary: bool = False
    # Who rendered it, where the payer wants them named.
    rendering_staff_id: str = ""
    # Of a service day's line: where and by whom it is billed, if not as the day. A claim says both.
    site_id: str = ""
    provider_id: str = ""
    # Of a claim's lines whose dates have other diagnoses: which of the claim's, counted from 1.
    diagnosis_pointers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedClaim:
    fact: str
    claim_id: str
    payer_id: str
    provider_id: str
    site_id: str
    coverage_id: str
    authorization_id: str
    period_start: date
    period_end: date
    lines: tuple[ClaimLine, ...]
    claim_form: ClaimForm = ClaimForm.PROFESSIONAL
    frequency: ClaimFrequency = ClaimFrequency.ORIGINAL
    # The claim this one replaces or voids.
    corrects_claim_id: str = ""
    # What it takes of its authorization, in the authorization's unit.
    authorized_units: int = 0
    diagnoses: tuple[str, ...] = ()
    # An institutional claim's; empty of those of before, which kept none.
    patient_status: str = ""
    # Of the sealed identity and numbers that it named the client by; of before it was kept: 0.
    identity_version: int = 0
    membership_version: int = 0
    # The numbers by which it named others; empty, of those of before: as they were said first.
    provider_npi: str = ""
    renumbered: int = 0
    rendering_npi: str = ""
    # Whom it names as rendering or attending.
    rendering_staff_id: str = ""
    # Under whose id it left: of merged clients one of several.
    client_id: str = ""
    # Where several coverages are one member's, under which of them; empty: as `coverage_id` says.
    own_coverage_id: str = ""

    @property
    def left_under(self) -> str:
        """The coverage of which it told the numbers."""
        return self.own_coverage_id or self.coverage_id


class AdjudicationStatus(StrEnum):
    """What the payer made of a claim; REVERSED: it processed a void."""

    PAID = "PAID"
    DENIED = "DENIED"
    REVERSED = "REVERSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjudication:
    fact: str
    claim_id: str
    payer_control_number: str
    status: AdjudicationStatus
    adjudicated_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledRevocation:
    """A named person's word on dates before a revocation, which one that follows doesn't have."""

    fact: str
    payer_id: str
    disclose: bool
    revoked_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A named person bills this date without authorization."""

    fact: str
    payer_id: str
    service_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPeriod:
    """From a day on (None: all along) each part is as the version of this number said it first."""

    since: date | None = None
    name: int
    birth_date: int
    sex: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityAmended:
    """Who the client is, oldest first: `version` says what the last period does."""

    fact: str
    sequence: int
    version: int
    periods: tuple[IdentityPeriod, ...]
    client_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipAmended:
    """In this version each number is as the version with this number said it first."""

    fact: str
    sequence: int
    coverage_id: str
    version: int
    member_number: int
    group_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedRules:
    fact: str
    rules: RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingHistory:
    """All of one client, in no particular order: derivations must not depend on it."""

    client_id: str
    admissions: tuple[Admission, ...] = ()
    # As they were said first, of those that say otherwise or nothing now.
    admissions_put_right: tuple[Admission, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    diagnosis_ends: tuple[DiagnosisEnd, ...] = ()
    coverages: tuple[Coverage, ...] = ()
    coverage_ends: tuple[CoverageEnd, ...] = ()
    consents: tuple[Consent, ...] = ()
    plans: tuple[Plan, ...] = ()
    sessions: tuple[Session, ...] = ()
    attendances: tuple[Attendance, ...] = ()
    notes: tuple[Note, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    providers: tuple[RegisteredProvider, ...] = ()
    practitioners: tuple[NumberedPractitioner, ...] = ()
    enrollments: tuple[Enrollment, ...] = ()
    fees: tuple[Fee, ...] = ()
    confirmed: tuple[ConfirmedRules, ...] = ()
    issued: tuple[IssuedClaim, ...] = ()
    adjudications: tuple[Adjudication, ...] = ()
    levels: tuple[Level, ...] = ()
    revocations: tuple[Revocation, ...] = ()
    settled_revocations: tuple[SettledRevocation, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    cancelled: tuple[Cancellation, ...] = ()
    attested: tuple[Attestation, ...] = ()
    discharges: tuple[Discharge, ...] = ()
    identities: tuple[IdentityAmended, ...] = ()
    memberships: tuple[MembershipAmended, ...] = ()

    def rules_of(self, payer_id: str, on: date) -> RuleSet | None:
        """The payer's confirmed rules in effect on a service date."""
        of_payer = (ruling.rules for ruling in self.confirmed if ruling.rules.payer_id == payer_id)
        return rules_in_effect(of_payer, on)


class SaidByAFact(Protocol):
    """Anything of a history: it has the id of the fact that says it."""

    @property
    def fact(self) -> str: ...


def facts_of(*said: Iterable[SaidByAFact]) -> frozenset[str]:
    """The ids of the facts that say all these."""
    items = [item for some in said for item in some]
    also = (item.also for item in items if isinstance(item, Admission | Attendance))
    return frozenset(item.fact for item in items).union(*also)

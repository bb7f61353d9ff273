"""What billing knows of one client: the facts its derivations read, each with its id."""

from dataclasses import dataclass
from datetime import date, datetime

from services.billing.domain.rules import RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    fact: str
    episode_id: str
    site_id: str
    under_part2: bool
    level_of_care: str
    admitted_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """`sequence`: its place in its owner's log, which says what was recorded later."""

    fact: str
    sequence: int
    code: str
    rank: int
    effective_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    fact: str
    coverage_id: str
    payer_id: str
    verified_from: date
    verified_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    fact: str
    consent_id: str
    payer_id: str
    given_on: date
    expires_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    fact: str
    plan_id: str
    episode_id: str
    in_force_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session the client was expected at. `modality`: IN_PERSON or TELEHEALTH."""

    fact: str
    session_id: str
    site_id: str
    modality: str
    service_date: date
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """What was recorded of one session: at closing (`correction` 0), or by a correction."""

    fact: str
    session_id: str
    site_id: str
    service_date: date
    correction: int
    attended: bool
    minutes: int
    no_check_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    fact: str
    session_id: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """`units` are days."""

    fact: str
    authorization_id: str
    payer_id: str
    level_of_care: str
    units: int
    effective_from: date
    effective_to: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    fact: str
    provider_id: str
    payer_id: str
    site_id: str
    effective_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """`sequence`: its place in the provider's log, which says what was recorded later."""

    fact: str
    sequence: int
    provider_id: str
    code: str
    charge_minor: int
    effective_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One service on one date, as a claim has it; the charge in cents."""

    service_date: date
    code: str
    modifiers: tuple[str, ...]
    units: int
    charge_minor: int
    place_of_service: str


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
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedRules:
    fact: str
    rules: RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All of one client, in no particular order: derivations must not depend on it."""

    client_id: str
    admissions: tuple[Admission, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    coverages: tuple[Coverage, ...] = ()
    consents: tuple[Consent, ...] = ()
    plans: tuple[Plan, ...] = ()
    sessions: tuple[Session, ...] = ()
    attendances: tuple[Attendance, ...] = ()
    notes: tuple[Note, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    enrollments: tuple[Enrollment, ...] = ()
    fees: tuple[Fee, ...] = ()
    confirmed: tuple[ConfirmedRules, ...] = ()
    issued: tuple[IssuedClaim, ...] = ()

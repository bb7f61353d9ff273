"""What billing knows of one client: the facts its derivations read, each with its id."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.billing.domain.history.clinical import (
    NOT_KNOWN,
    Admission,
    Attendance,
    Attestation,
    Cancellation,
    Consent,
    Coverage,
    CoverageEnd,
    Diagnosis,
    DiagnosisEnd,
    Discharge,
    Level,
    Note,
    Plan,
    Program,
    Restriction,
    Revocation,
    Session,
)
from services.billing.domain.payers.rules import RuleSet
from services.billing.domain.payers.terms import AuthorizationUnit, ClaimForm

__all__ = [
    "NOT_KNOWN",
    "Adjudication",
    "AdjudicationStatus",
    "Admission",
    "Attendance",
    "Attestation",
    "Authorization",
    "BillingHistory",
    "Cancellation",
    "ClaimLine",
    "ConfirmedRules",
    "Consent",
    "Coverage",
    "CoverageEnd",
    "Diagnosis",
    "DiagnosisEnd",
    "Discharge",
    "Enrollment",
    "Fee",
    "IssuedClaim",
    "Level",
    "Note",
    "Plan",
    "Program",
    "Restriction",
    "Revocation",
    "Session",
    "SettledRevocation",
    "Waiver",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """`unit`: DAYS, SESSIONS, HOURS or UNITS; `site_id` empty: any site."""

    fact: str
    authorization_id: str
    payer_id: str
    level_of_care: str
    units: int
    effective_from: date
    effective_to: date
    unit: str = AuthorizationUnit.DAYS
    site_id: str = ""


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
    claim_form: str = ClaimForm.PROFESSIONAL
    # 1 original, 7 replacement, 8 void.
    frequency: str = "1"
    # The claim this one replaces or voids.
    corrects_claim_id: str = ""
    # What it takes of its authorization, in the authorization's unit.
    authorized_units: int = 0
    diagnoses: tuple[str, ...] = ()
    # An institutional claim's; empty of those of before, which kept none.
    patient_status: str = ""


class AdjudicationStatus(StrEnum):
    """What the payer made of a claim; REVERSED: it processed a void."""

    PAID = "PAID"
    DENIED = "DENIED"
    REVERSED = "REVERSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjudication:
    """What the payer answered. `status`: PAID, DENIED or REVERSED (a void was processed)."""

    fact: str
    claim_id: str
    payer_control_number: str
    status: str
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
class ConfirmedRules:
    fact: str
    rules: RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingHistory:
    """All of one client, in no particular order: derivations must not depend on it."""

    client_id: str
    admissions: tuple[Admission, ...] = ()
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

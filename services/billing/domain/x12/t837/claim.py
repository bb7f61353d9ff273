"""What a program's claims say, professional and institutional: the words of writers and scrub.

Amounts are minor units (cents). Whoever can be identified has no repr.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, Generic, TypeVar

MOST_LINES, MOST_DIAGNOSES = 50, 12
MOST_INSTITUTIONAL_LINES, MOST_INSTITUTIONAL_DIAGNOSES = 999, 25
MOST_CONDITION_CODES, MOST_REASONS_FOR_VISIT = 24, 3
MOST_POINTERS, MOST_MODIFIERS = 4, 4


class ClaimFrequency(StrEnum):
    """What a claim is to those before it: CLM05-3, and a bill's last digit of its type."""

    ORIGINAL = "1"
    FIRST_INTERIM = "2"
    CONTINUING_INTERIM = "3"
    LAST_INTERIM = "4"
    LATE_CHARGES = "5"
    REPLACEMENT = "7"
    VOID = "8"


CORRECTIONS = (ClaimFrequency.REPLACEMENT, ClaimFrequency.VOID)
"""They name the payer's own number of the claim they correct; no other claim does."""

FREQUENCIES = (ClaimFrequency.ORIGINAL, *CORRECTIONS)
STILL_A_PATIENT = "30"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StreetAddress:
    """A street address in the United States."""

    line1: str
    line2: str | None = None
    city: str
    state: str
    postal_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Who sends the file. Without an interchange id, the envelope shows the identifier."""

    name: str
    identifier: str
    contact_name: str
    contact_phone: str
    interchange_qualifier: str = "ZZ"
    interchange_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who is sent the file: a payer or a clearinghouse."""

    name: str
    identifier: str
    interchange_qualifier: str = "ZZ"
    interchange_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingProvider:
    """The organisation that is paid."""

    name: str
    npi: str
    tax_id: str
    taxonomy: str
    address: StreetAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinician:
    """Who treated, or answers for the care that an institution claims."""

    last: str
    first: str
    npi: str
    taxonomy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacility:
    """Where it happened, when that isn't the billing provider's address."""

    name: str
    npi: str | None = None
    address: StreetAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationPayer:
    """Who is asked to pay; the filing indicator is SBR09: CI, BL, HM, MB, MC …"""

    name: str
    payer_id: str
    filing_indicator: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Subscriber:
    """The insured, who here always is the patient. What is unknown is None, and scrub says so."""

    last: str
    first: str
    middle: str | None = None
    birth_date: date | None
    sex: str | None
    member_id: str
    group_number: str | None = None
    address: StreetAddress | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonLine:
    """One service on one date, of either form; not every payer of an 837I wants a procedure too."""

    control_number: str
    code: str | None
    modifiers: tuple[str, ...] = ()
    charge_minor: int
    units: int
    unit_basis: str = "UN"
    service_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfessionalLine(CommonLine):
    """Pointers count the claim's diagnoses from 1."""

    code: str
    place_of_service: str | None = None
    diagnosis_pointers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionalLine(CommonLine):
    """A service under its revenue code."""

    revenue_code: str
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonClaim:
    """One claim of either form. Its charge is the sum of its lines, the first diagnosis principal.

    `admission_date` becomes DTP*435, which in 837P means a *related hospitalization*: leave it
    None for intensive outpatient days unless the payer's own guide asks for it.
    """

    claim_id: str
    frequency: ClaimFrequency = ClaimFrequency.ORIGINAL
    payer_control_number: str | None = None
    prior_authorization: str | None = None
    admission_date: date | None = None
    diagnoses: tuple[str, ...]
    lines: Sequence[CommonLine]
    subscriber: Subscriber
    payer: DestinationPayer
    facility: ServiceFacility | None = None

    @property
    def charge_minor(self) -> int:
        """What the claim asks for."""
        return sum(line.charge_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfessionalClaim(CommonClaim):
    """`rendering`: where the payer wants one named."""

    place_of_service: str
    lines: tuple[ProfessionalLine, ...]
    rendering: Clinician | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionalClaim(CommonClaim):
    """`type_of_bill` is the first two digits, 13 of 131; the third is `frequency`.

    What admission type, source and patient status are is the caller's to say: usually 3, 1, and 30
    or 01.
    """

    type_of_bill: str
    statement_from: date
    statement_to: date
    admission_type: str
    admission_source: str
    patient_status: str
    reasons_for_visit: tuple[str, ...] = ()
    condition_codes: tuple[str, ...] = ()
    lines: tuple[InstitutionalLine, ...]
    attending: Clinician | None


AnyLine = ProfessionalLine | InstitutionalLine
AnyClaim = ProfessionalClaim | InstitutionalClaim
C_co = TypeVar("C_co", bound=AnyClaim, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingGroup(Generic[C_co]):
    """The claims of one billing provider."""

    provider: BillingProvider
    claims: tuple[C_co, ...]


@dataclass(frozen=True, kw_only=True)
class Batch(Generic[C_co]):
    """What goes into one file."""

    version: ClassVar[str]  # GS08
    submitter: Submitter
    receiver: Receiver
    groups: tuple[BillingGroup[C_co], ...]


class Batch837P(Batch[ProfessionalClaim]):
    """A professional one."""

    version = "005010X222A1"


class Batch837I(Batch[InstitutionalClaim]):
    """An institutional one."""

    version = "005010X223A2"


AnyBatch = Batch[AnyClaim]

"""Invented claims. Every name, number and address is made up; NPIs only have valid digits."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from services.billing.domain.x12.envelope import ControlNumbers
from services.billing.domain.x12.npi import check_digit_for
from services.billing.domain.x12.t837.claim import (
    Batch837P,
    BillingGroup,
    BillingProvider,
    Clinician,
    DestinationPayer,
    ProfessionalClaim,
    ProfessionalLine,
    Receiver,
    ServiceFacility,
    StreetAddress,
    Submitter,
    Subscriber,
)
from services.billing.domain.x12.t837.claim_file import write_claims
from tests.harness.x12.reading import read_segments


def npi(nine_digits: str) -> str:
    return nine_digits + check_digit_for(nine_digits)


def segments(data: bytes, tag: str) -> list[tuple[str, ...]]:
    return [segment.elements for segment in read_segments(data) if segment.tag == tag]


CREATED = datetime(2026, 3, 9, 7, 5)
CONTROL = ControlNumbers(interchange=42, group=7)

SUBMITTER = Submitter(
    name="Example Recovery Network",
    identifier="EXNET001",
    contact_name="Billing Office",
    contact_phone="(216) 555-0100",
)
RECEIVER = Receiver(name="Example Clearinghouse", identifier="EXCLEAR")
PROVIDER = BillingProvider(
    name="Example Recovery Network, Inc.",
    npi=npi("199999901"),
    tax_id="00-0000001",
    taxonomy="261QR0405X",
    address=StreetAddress(
        line1="100 Invented Ave #4", city="Cleveland", state="OH", postal_code="44101-0001"
    ),
)
FACILITY = ServiceFacility(
    name="Example IOP East",
    npi=npi("199999902"),
    address=StreetAddress(line1="7 Nowhere St", city="Akron", state="OH", postal_code="443010002"),
)
RENDERING = Clinician(last="Doe", first="Robin", npi=npi("199999903"), taxonomy="101YA0400X")
PAYER = DestinationPayer(name="Example Health Plan", payer_id="EXPLAN", filing_indicator="CI")
SUBSCRIBER = Subscriber(
    last="O'Neill-Núñez",
    first="Zoë",
    middle="Q",
    birth_date=date(1990, 2, 28),
    sex="F",
    member_id="EX000123",
    group_number="GRP-9",
    address=StreetAddress(line1="1 Sample Rd", city="Parma", state="OH", postal_code="44129"),
)


def line(number: int = 1, **changes: Any) -> ProfessionalLine:
    plain = ProfessionalLine(
        control_number=f"L{number}",
        code="H0015",
        modifiers=("HF",),
        charge_minor=25_000,
        units=1,
        service_date=date(2026, 3, 1 + number % 7),
        diagnosis_pointers=(1,),
    )
    return replace(plain, **changes)


def claim(**changes: Any) -> ProfessionalClaim:
    plain = ProfessionalClaim(
        claim_id="C-1",
        place_of_service="57",
        diagnoses=("F10.20", "F32.1"),
        lines=(line(1), line(2)),
        subscriber=SUBSCRIBER,
        payer=PAYER,
    )
    return replace(plain, **changes)


def batch(*claims: ProfessionalClaim, provider: BillingProvider = PROVIDER) -> Batch837P:
    groups = (BillingGroup(provider=provider, claims=claims or (claim(),)),)
    return Batch837P(submitter=SUBMITTER, receiver=RECEIVER, groups=groups)


def written(*claims: ProfessionalClaim) -> bytes:
    return write_claims(batch(*claims), control=CONTROL, created=CREATED, usage="T")


GOLDEN = (
    claim(
        prior_authorization="AUTH-77",
        lines=(
            line(1, modifiers=("HF", "HQ"), charge_minor=25_050, diagnosis_pointers=(1, 2)),
            line(2, charge_minor=25_055, units=2),
            line(3, code="90853", modifiers=(), place_of_service="10"),
        ),
        rendering=RENDERING,
        facility=FACILITY,
    ),
    claim(claim_id="C-2", frequency="7", payer_control_number="EXICN-1"),
    claim(claim_id="C-3", frequency="8", payer_control_number="EXICN-2"),
)

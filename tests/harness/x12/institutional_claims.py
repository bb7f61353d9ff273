"""Invented institutional claims, of the same people and places as the professional ones."""

from dataclasses import replace
from datetime import date
from typing import Any

from services.billing.domain.x12.t837.claim import (
    Batch837I,
    BillingGroup,
    BillingProvider,
    Clinician,
    InstitutionalClaim,
    InstitutionalLine,
)
from services.billing.domain.x12.t837.claim_file import write_claims
from tests.harness.x12.professional_claims import (
    CONTROL,
    CREATED,
    FACILITY,
    PAYER,
    PROVIDER,
    RECEIVER,
    SUBMITTER,
    SUBSCRIBER,
    npi,
)

ATTENDING = Clinician(last="Roe", first="Kim", npi=npi("199999904"), taxonomy="2084P0800X")


def line(number: int = 1, **changes: Any) -> InstitutionalLine:
    plain = InstitutionalLine(
        control_number=f"L{number}",
        revenue_code="0906",
        code="H0015",
        modifiers=("HF",),
        charge_minor=25_000,
        units=1,
        service_date=date(2026, 3, 1 + number % 7),
    )
    return replace(plain, **changes)


def claim(**changes: Any) -> InstitutionalClaim:
    plain = InstitutionalClaim(
        claim_id="C-1",
        type_of_bill="13",
        statement_from=date(2026, 3, 1),
        statement_to=date(2026, 3, 7),
        admission_type="3",
        admission_source="1",
        patient_status="01",
        diagnoses=("F10.20", "F32.1"),
        lines=(line(1), line(2)),
        subscriber=SUBSCRIBER,
        payer=PAYER,
        attending=ATTENDING,
    )
    return replace(plain, **changes)


def batch(*claims: InstitutionalClaim, provider: BillingProvider = PROVIDER) -> Batch837I:
    groups = (BillingGroup(provider=provider, claims=claims or (claim(),)),)
    return Batch837I(submitter=SUBMITTER, receiver=RECEIVER, groups=groups)


def written(*claims: InstitutionalClaim) -> bytes:
    return write_claims(batch(*claims), control=CONTROL, created=CREATED, usage="T")


GOLDEN = (
    claim(
        type_of_bill="76",
        frequency="2",
        patient_status="30",
        prior_authorization="AUTH-77",
        admission_date=date(2026, 2, 23),
        reasons_for_visit=("F10.20",),
        condition_codes=("92", "A6"),
        lines=(
            line(1, revenue_code="0905", code="90853", modifiers=("PO", "HQ"), charge_minor=25_050),
            line(2, revenue_code="0904", code="G0176", modifiers=(), charge_minor=25_055, units=2),
            line(3, revenue_code="0905", code=None, modifiers=(), unit_basis="DA"),
        ),
        facility=FACILITY,
    ),
    claim(
        claim_id="C-2",
        frequency="7",
        payer_control_number="EXICN-1",
        diagnoses=("F10.20",),
        attending=replace(ATTENDING, taxonomy=None),
    ),
    claim(claim_id="C-3", frequency="8", payer_control_number="EXICN-2"),
)

"""Writes institutional claims as an X12 837I file, 005010X223A2; the subscriber is the patient.

What can't be written raises NotRepresentable with the field's name. Whether a claim makes sense
is for `scrub`, before.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from services.billing.domain.x12.envelope.elements import (
    NotRepresentable,
    amount,
    day,
    identifier,
    whole_number,
)
from services.billing.domain.x12.envelope.interchange import ControlNumbers, segment
from services.billing.domain.x12.t837 import claim_loop
from services.billing.domain.x12.t837.claim import (
    INSTITUTIONAL_FREQUENCIES,
    MOST_CONDITION_CODES,
    MOST_INSTITUTIONAL_DIAGNOSES,
    MOST_INSTITUTIONAL_LINES,
    MOST_REASONS_FOR_VISIT,
    Batch837I,
    InstitutionalClaim,
    InstitutionalLine,
)
from services.billing.domain.x12.t837.claim_file import MOST_CLAIMS, Form, write_claims
from services.billing.domain.x12.t837.parties import (
    attending_segments,
    facility_segments,
    subscriber_segments,
)

VERSION = "005010X223A2"
_UNSIGNED = ""
_CODES_OF_A_SEGMENT = 12


def write_837i(
    batch: Batch837I,
    *,
    control: ControlNumbers,
    created: datetime,
    usage: str,
    most_claims: int = MOST_CLAIMS,
) -> bytes:
    """One interchange. The same batch, numbers and time make the same bytes."""
    form = Form(VERSION, claim_segments)
    return write_claims(
        batch, form, control=control, created=created, usage=usage, most_claims=most_claims
    )


def claim_segments(claim: InstitutionalClaim, field: str) -> Iterator[str]:
    """Loops 2000B, after its HL, to 2400: a subscriber with one claim."""
    yield from subscriber_segments(claim.subscriber, claim.payer, field)
    yield from _claim(claim, field)
    yield from attending_segments(claim.attending, f"{field}.attending")
    if claim.facility is not None:
        yield from facility_segments(claim.facility, f"{field}.facility")
    for number, line in enumerate(claim.lines, start=1):
        yield segment("LX", str(number))
        yield from _line(line, f"{field}.lines[{number - 1}]")


def _claim(claim: InstitutionalClaim, field: str) -> Iterator[str]:
    claim_loop.within(len(claim.lines), MOST_INSTITUTIONAL_LINES, f"{field}.lines")
    claim_loop.within(len(claim.diagnoses), MOST_INSTITUTIONAL_DIAGNOSES, f"{field}.diagnoses")
    bill = identifier(claim.type_of_bill, f"{field}.type_of_bill", shortest=2, longest=2)
    yield claim_loop.opening(claim, (bill, "A"), _UNSIGNED, INSTITUTIONAL_FREQUENCIES, field)
    if claim.statement_from > claim.statement_to:
        raise NotRepresentable(f"{field}.statement_to", "is earlier than the first day")
    yield segment("DTP", "434", "RD8", f"{day(claim.statement_from)}-{day(claim.statement_to)}")
    yield from claim_loop.admission(claim)
    yield segment(
        "CL1",
        identifier(claim.admission_type, f"{field}.admission_type", longest=1),
        identifier(claim.admission_source, f"{field}.admission_source", longest=1),
        identifier(claim.patient_status, f"{field}.patient_status", longest=2),
    )
    yield from claim_loop.references(claim, field)
    yield from _codes(claim, field)


def _codes(claim: InstitutionalClaim, field: str) -> Iterator[str]:
    """HI in the guide's order: principal diagnosis, reasons, other diagnoses, conditions."""
    visit, condition = f"{field}.reasons_for_visit", f"{field}.condition_codes"
    claim_loop.within(len(claim.reasons_for_visit), MOST_REASONS_FOR_VISIT, visit, fewest=0)
    claim_loop.within(len(claim.condition_codes), MOST_CONDITION_CODES, condition, fewest=0)
    principal, *others = claim_loop.diagnoses(claim.diagnoses, f"{field}.diagnoses")
    reasons = claim_loop.diagnoses(claim.reasons_for_visit, visit)
    conditions = [
        identifier(code, f"{condition}[{index}]", shortest=2, longest=2)
        for index, code in enumerate(claim.condition_codes)
    ]
    yield from _health_care_codes("ABK", [principal])
    yield from _health_care_codes("APR", reasons)
    yield from _health_care_codes("ABF", others)
    yield from _health_care_codes("BG", conditions)


def _health_care_codes(qualifier: str, codes: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(codes), _CODES_OF_A_SEGMENT):
        some = codes[start : start + _CODES_OF_A_SEGMENT]
        yield segment("HI", *((qualifier, code) for code in some))


def _line(line: InstitutionalLine, field: str) -> Iterator[str]:
    if line.code is None and line.modifiers:
        raise NotRepresentable(f"{field}.modifiers", "modifies no procedure")
    yield segment(
        "SV2",
        identifier(line.revenue_code, f"{field}.revenue_code", shortest=4, longest=4),
        () if line.code is None else claim_loop.procedure(line.code, line.modifiers, field),
        amount(line.charge_minor, f"{field}.charge_minor"),
        identifier(line.unit_basis, f"{field}.unit_basis", shortest=2, longest=2),
        whole_number(line.units, f"{field}.units", most=99_999_999),
    )
    yield from claim_loop.line_ending(line, field)

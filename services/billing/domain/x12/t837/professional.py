"""Writes professional claims as an X12 837P file, 005010X222A1; the subscriber is the patient.

What can't be written raises NotRepresentable with the field's name. Whether a claim makes sense
is for `scrub`, before.
"""

from collections.abc import Iterator
from datetime import datetime

from services.billing.domain.x12.envelope.elements import (
    NotRepresentable,
    amount,
    identifier,
    optional_identifier,
    whole_number,
)
from services.billing.domain.x12.envelope.interchange import ControlNumbers, segment
from services.billing.domain.x12.t837 import claim_loop
from services.billing.domain.x12.t837.claim import (
    FREQUENCIES,
    MOST_DIAGNOSES,
    MOST_LINES,
    MOST_POINTERS,
    Batch837P,
    ProfessionalClaim,
    ProfessionalLine,
)
from services.billing.domain.x12.t837.claim_file import MOST_CLAIMS, Form, write_claims
from services.billing.domain.x12.t837.parties import (
    facility_segments,
    rendering_segments,
    subscriber_segments,
)

VERSION = "005010X222A1"
_SIGNED = "Y"


def write_837p(
    batch: Batch837P,
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


def claim_segments(claim: ProfessionalClaim, field: str) -> Iterator[str]:
    """Loops 2000B, after its HL, to 2400: a subscriber with one claim."""
    yield from subscriber_segments(claim.subscriber, claim.payer, field)
    yield from _claim(claim, field)
    if claim.rendering is not None:
        yield from rendering_segments(claim.rendering, f"{field}.rendering")
    if claim.facility is not None:
        yield from facility_segments(claim.facility, f"{field}.facility")
    for number, line in enumerate(claim.lines, start=1):
        yield segment("LX", str(number))
        yield from _line(line, claim, f"{field}.lines[{number - 1}]")


def _claim(claim: ProfessionalClaim, field: str) -> Iterator[str]:
    claim_loop.within(len(claim.lines), MOST_LINES, f"{field}.lines")
    claim_loop.within(len(claim.diagnoses), MOST_DIAGNOSES, f"{field}.diagnoses")
    place = identifier(claim.place_of_service, f"{field}.place_of_service", shortest=2, longest=2)
    yield claim_loop.opening(claim, (place, "B"), _SIGNED, FREQUENCIES, field)
    yield from claim_loop.admission(claim)
    yield from claim_loop.references(claim, field)
    principal, *others = claim_loop.diagnoses(claim.diagnoses, f"{field}.diagnoses")
    yield segment("HI", ("ABK", principal), *(("ABF", code) for code in others))


def _line(line: ProfessionalLine, claim: ProfessionalClaim, field: str) -> Iterator[str]:
    pointers = f"{field}.diagnosis_pointers"
    claim_loop.within(len(line.diagnosis_pointers), MOST_POINTERS, pointers)
    if not all(1 <= pointer <= len(claim.diagnoses) for pointer in line.diagnosis_pointers):
        raise NotRepresentable(pointers, "points at no diagnosis of the claim")
    place = line.place_of_service if line.place_of_service != claim.place_of_service else None
    yield segment(
        "SV1",
        claim_loop.procedure(line.code, line.modifiers, field),
        amount(line.charge_minor, f"{field}.charge_minor"),
        identifier(line.unit_basis, f"{field}.unit_basis", shortest=2, longest=2),
        whole_number(line.units, f"{field}.units", most=99_999_999),
        optional_identifier(place, f"{field}.place_of_service", longest=2),
        "",
        tuple(str(pointer) for pointer in line.diagnosis_pointers),
    )
    yield from claim_loop.line_ending(line, field)

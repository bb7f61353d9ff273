"""What a claim says in its loops, 2000B to 2400: of an 837P (X222A1) and of an 837I (X223A2).

The subscriber is the patient. What can't be written raises NotRepresentable with the field's name;
whether a claim makes sense is for `scrub`, before.
"""

from collections.abc import Iterator, Sequence

from services.billing.domain.x12.envelope.elements import (
    NotRepresentable,
    amount,
    day,
    identifier,
    optional_identifier,
    whole_number,
)
from services.billing.domain.x12.envelope.interchange import segment
from services.billing.domain.x12.t837.claim import (
    CORRECTIONS,
    FREQUENCIES,
    INSTITUTIONAL_FREQUENCIES,
    MOST_CONDITION_CODES,
    MOST_DIAGNOSES,
    MOST_INSTITUTIONAL_DIAGNOSES,
    MOST_INSTITUTIONAL_LINES,
    MOST_LINES,
    MOST_MODIFIERS,
    MOST_POINTERS,
    MOST_REASONS_FOR_VISIT,
    AnyClaim,
    AnyLine,
    InstitutionalClaim,
    InstitutionalLine,
    ProfessionalClaim,
    ProfessionalLine,
)
from services.billing.domain.x12.t837.parties import (
    clinician_segments,
    facility_segments,
    subscriber_segments,
)

_SIGNED, _UNSIGNED = "Y", ""
_ASSIGNED, _BENEFITS_ASSIGNED, _RELEASED = "A", "Y", "Y"
_CODES_OF_A_SEGMENT = 12


def claim_segments(claim: AnyClaim, field: str) -> Iterator[str]:
    """Loops 2000B, after its HL, to 2400: a subscriber with one claim."""
    yield from subscriber_segments(claim.subscriber, claim.payer, field)
    if isinstance(claim, ProfessionalClaim):
        yield from _professional(claim, field)
    else:
        yield from _institutional(claim, field)
    if claim.facility is not None:
        yield from facility_segments(claim.facility, f"{field}.facility")
    services = zip(claim.lines, _services(claim, field), strict=True)
    for number, (line, service) in enumerate(services):
        yield segment("LX", str(number + 1))
        yield service
        yield segment("DTP", "472", "D8", day(line.service_date))
        path = f"{field}.lines[{number}].control_number"
        yield segment("REF", "6R", identifier(line.control_number, path, longest=30))


def _professional(claim: ProfessionalClaim, field: str) -> Iterator[str]:
    _within(len(claim.lines), MOST_LINES, f"{field}.lines")
    _within(len(claim.diagnoses), MOST_DIAGNOSES, f"{field}.diagnoses")
    place = identifier(claim.place_of_service, f"{field}.place_of_service", shortest=2, longest=2)
    yield _opening(claim, (place, "B"), _SIGNED, FREQUENCIES, field)
    yield from _admission(claim)
    yield from _references(claim, field)
    principal, *others = _diagnoses(claim.diagnoses, f"{field}.diagnoses")
    yield segment("HI", ("ABK", principal), *(("ABF", code) for code in others))
    if claim.rendering is not None:
        yield from clinician_segments("82", "PE", claim.rendering, f"{field}.rendering")


def _institutional(claim: InstitutionalClaim, field: str) -> Iterator[str]:
    _within(len(claim.lines), MOST_INSTITUTIONAL_LINES, f"{field}.lines")
    _within(len(claim.diagnoses), MOST_INSTITUTIONAL_DIAGNOSES, f"{field}.diagnoses")
    bill = identifier(claim.type_of_bill, f"{field}.type_of_bill", shortest=2, longest=2)
    yield _opening(claim, (bill, "A"), _UNSIGNED, INSTITUTIONAL_FREQUENCIES, field)
    if claim.statement_from > claim.statement_to:
        raise NotRepresentable(f"{field}.statement_to", "is earlier than the first day")
    yield segment("DTP", "434", "RD8", f"{day(claim.statement_from)}-{day(claim.statement_to)}")
    yield from _admission(claim)
    yield segment(
        "CL1",
        identifier(claim.admission_type, f"{field}.admission_type", longest=1),
        identifier(claim.admission_source, f"{field}.admission_source", longest=1),
        identifier(claim.patient_status, f"{field}.patient_status", longest=2),
    )
    yield from _references(claim, field)
    yield from _codes(claim, field)
    if claim.attending is None:
        raise NotRepresentable(f"{field}.attending", "is missing")
    yield from clinician_segments("71", "AT", claim.attending, f"{field}.attending")


def _codes(claim: InstitutionalClaim, field: str) -> Iterator[str]:
    """HI in the guide's order: principal diagnosis, reasons, other diagnoses, conditions."""
    visit, condition = f"{field}.reasons_for_visit", f"{field}.condition_codes"
    _within(len(claim.reasons_for_visit), MOST_REASONS_FOR_VISIT, visit, fewest=0)
    _within(len(claim.condition_codes), MOST_CONDITION_CODES, condition, fewest=0)
    principal, *others = _diagnoses(claim.diagnoses, f"{field}.diagnoses")
    reasons = _diagnoses(claim.reasons_for_visit, visit)
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


def _services(claim: AnyClaim, field: str) -> Iterator[str]:
    """SV1 or SV2 of each line."""
    if isinstance(claim, ProfessionalClaim):
        for index, line in enumerate(claim.lines):
            yield _professional_service(line, claim, f"{field}.lines[{index}]")
    else:
        for index, line_of_bill in enumerate(claim.lines):
            yield _institutional_service(line_of_bill, f"{field}.lines[{index}]")


def _professional_service(line: ProfessionalLine, claim: ProfessionalClaim, field: str) -> str:
    pointers = f"{field}.diagnosis_pointers"
    _within(len(line.diagnosis_pointers), MOST_POINTERS, pointers)
    if not all(1 <= pointer <= len(claim.diagnoses) for pointer in line.diagnosis_pointers):
        raise NotRepresentable(pointers, "points at no diagnosis of the claim")
    place = line.place_of_service if line.place_of_service != claim.place_of_service else None
    return segment(
        "SV1",
        _procedure(line.code, line.modifiers, field),
        *_charged(line, field),
        optional_identifier(place, f"{field}.place_of_service", longest=2),
        "",
        tuple(str(pointer) for pointer in line.diagnosis_pointers),
    )


def _institutional_service(line: InstitutionalLine, field: str) -> str:
    if line.code is None and line.modifiers:
        raise NotRepresentable(f"{field}.modifiers", "modifies no procedure")
    return segment(
        "SV2",
        identifier(line.revenue_code, f"{field}.revenue_code", shortest=4, longest=4),
        () if line.code is None else _procedure(line.code, line.modifiers, field),
        *_charged(line, field),
    )


def _charged(line: AnyLine, field: str) -> tuple[str, str, str]:
    """The charge, and the units that it is for."""
    return (
        amount(line.charge_minor, f"{field}.charge_minor"),
        identifier(line.unit_basis, f"{field}.unit_basis", shortest=2, longest=2),
        whole_number(line.units, f"{field}.units", most=99_999_999),
    )


def _opening(
    claim: AnyClaim, place: tuple[str, str], signature: str, frequencies: Sequence[str], field: str
) -> str:
    """CLM; the place is a place of service or a type of bill, with its qualifier."""
    if claim.frequency not in frequencies:
        raise NotRepresentable(f"{field}.frequency", f"isn't one of {', '.join(frequencies)}")
    return segment(
        "CLM",
        identifier(claim.claim_id, f"{field}.claim_id", longest=20),
        amount(claim.charge_minor, f"{field}.charge_minor"),
        "",
        "",
        (*place, claim.frequency),
        signature,
        _ASSIGNED,
        _BENEFITS_ASSIGNED,
        _RELEASED,
    )


def _admission(claim: AnyClaim) -> Iterator[str]:
    """DTP*435, where there is one."""
    if claim.admission_date is not None:
        yield segment("DTP", "435", "D8", day(claim.admission_date))


def _references(claim: AnyClaim, field: str) -> Iterator[str]:
    """The prior authorization, and the payer's number of the claim this one corrects."""
    prior = f"{field}.prior_authorization"
    if authorization := optional_identifier(claim.prior_authorization, prior, longest=50):
        yield segment("REF", "G1", authorization)
    control = f"{field}.payer_control_number"
    if claim.frequency in CORRECTIONS:
        number = identifier(claim.payer_control_number or "", control, longest=50)
        yield segment("REF", "F8", number)
    elif (claim.payer_control_number or "").strip():
        raise NotRepresentable(control, "has its place on a replacement or a void only")


def _diagnoses(codes: Sequence[str], field: str) -> list[str]:
    """ICD-10-CM codes without their dots."""
    return [
        identifier(code.replace(".", ""), f"{field}[{index}]", shortest=3, longest=7)
        for index, code in enumerate(codes)
    ]


def _procedure(code: str, modifiers: Sequence[str], field: str) -> tuple[str, ...]:
    """The composite of a HCPCS or CPT code and its modifiers."""
    if len(modifiers) > MOST_MODIFIERS:
        raise NotRepresentable(f"{field}.modifiers", f"holds more than {MOST_MODIFIERS}")
    modifying = (
        identifier(modifier, f"{field}.modifiers[{index}]", shortest=2, longest=2)
        for index, modifier in enumerate(modifiers)
    )
    return ("HC", identifier(code, f"{field}.code", shortest=5, longest=5), *modifying)


def _within(count: int, most: int, field: str, *, fewest: int = 1) -> None:
    """Refuses too few and too many."""
    if not fewest <= count <= most:
        raise NotRepresentable(field, f"doesn't hold {fewest} to {most}")

"""What a claim file says in its loops: of an 837P (X222A1) and of an 837I (X223A2).

The subscriber is the patient. What can't be written raises NotRepresentable with the field's name;
whether a claim makes sense is for `scrub`, before.
"""

from collections.abc import Iterator, Sequence

from services.billing.domain.x12.envelope import (
    NotRepresentable,
    amount,
    day,
    digits,
    identifier,
    optional_identifier,
    optional_text,
    segment,
    text,
    whole_number,
)
from services.billing.domain.x12.t837.claim import (
    CORRECTIONS,
    FREQUENCIES,
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
    BillingProvider,
    ClaimFrequency,
    Clinician,
    DestinationPayer,
    InstitutionalClaim,
    InstitutionalLine,
    ProfessionalClaim,
    ProfessionalLine,
    ServiceFacility,
    StreetAddress,
    Subscriber,
)

_SIGNED, _UNSIGNED = "Y", ""
_ASSIGNED, _BENEFITS_ASSIGNED, _RELEASED = "A", "Y", "Y"
_CODES_OF_A_SEGMENT = 12


def claim_segments(claim: AnyClaim, field: str) -> Iterator[str]:
    """Loops 2000B, after its HL, to 2400: a subscriber with one claim."""
    yield from _subscriber(claim.subscriber, claim.payer, field)
    if isinstance(claim, ProfessionalClaim):
        yield from _professional(claim, field)
    else:
        yield from _institutional(claim, field)
    if claim.facility is not None:
        yield from _facility(claim.facility, f"{field}.facility")
    services = zip(claim.lines, _services(claim, field), strict=True)
    for number, (line, service) in enumerate(services):
        yield segment("LX", str(number + 1))
        yield service
        yield segment("DTP", "472", "D8", day(line.service_date))
        path = f"{field}.lines[{number}].control_number"
        yield segment("REF", "6R", identifier(line.control_number, path, longest=30))


def billing_segments(provider: BillingProvider, field: str) -> Iterator[str]:
    """Loops 2000A, after its HL, and 2010AA."""
    yield segment("PRV", "BI", "PXC", _taxonomy(provider.taxonomy, f"{field}.taxonomy"))
    npi = _npi(provider.npi, f"{field}.npi")
    yield organisation("85", provider.name, f"{field}.name", "XX", npi)
    yield from _address(provider.address, f"{field}.address")
    yield segment("REF", "EI", digits(provider.tax_id, f"{field}.tax_id", longest=9))


def organisation(role: str, name: str, field: str, qualifier: str, number: str) -> str:
    """NM1 of an organisation in its role."""
    named = text(name, field, longest=60)
    return segment("NM1", role, "2", named, "", "", "", "", qualifier, number)


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
        yield from _clinician("82", "PE", claim.rendering, f"{field}.rendering")


def _institutional(claim: InstitutionalClaim, field: str) -> Iterator[str]:
    _within(len(claim.lines), MOST_INSTITUTIONAL_LINES, f"{field}.lines")
    _within(len(claim.diagnoses), MOST_INSTITUTIONAL_DIAGNOSES, f"{field}.diagnoses")
    bill = identifier(claim.type_of_bill, f"{field}.type_of_bill", shortest=2, longest=2)
    yield _opening(claim, (bill, "A"), _UNSIGNED, tuple(ClaimFrequency), field)
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
    yield from _clinician("71", "AT", claim.attending, f"{field}.attending")


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


def _subscriber(person: Subscriber, payer: DestinationPayer, field: str) -> Iterator[str]:
    """Loops 2000B, after its HL, 2010BA and 2010BB; `field` is the claim's."""
    own, theirs = f"{field}.subscriber", f"{field}.payer"
    if person.address is None:
        raise NotRepresentable(f"{own}.address", "is missing")
    if person.birth_date is None:
        raise NotRepresentable(f"{own}.birth_date", "is missing")
    group = optional_identifier(person.group_number, f"{own}.group_number", longest=50)
    filing = identifier(payer.filing_indicator, f"{theirs}.filing_indicator", longest=2)
    yield segment("SBR", "P", "18", group, "", "", "", "", "", filing)
    yield segment(
        "NM1",
        "IL",
        "1",
        text(person.last, f"{own}.last", longest=60),
        optional_text(person.first, f"{own}.first", longest=35),
        optional_text(person.middle, f"{own}.middle", longest=25),
        "",
        "",
        "MI",
        identifier(person.member_id, f"{own}.member_id", shortest=2, longest=80),
    )
    yield from _address(person.address, f"{own}.address")
    sex = identifier(person.sex or "", f"{own}.sex", longest=1)
    yield segment("DMG", "D8", day(person.birth_date), sex)
    payer_id = identifier(payer.payer_id, f"{theirs}.payer_id", shortest=2, longest=80)
    yield organisation("PR", payer.name, f"{theirs}.name", "PI", payer_id)


def _clinician(role: str, specialty: str, person: Clinician, field: str) -> Iterator[str]:
    """Loop 2310B of a professional claim, who rendered; 2310A of an institutional, who attends."""
    last = text(person.last, f"{field}.last", longest=60)
    first = optional_text(person.first, f"{field}.first", longest=35)
    npi = _npi(person.npi, f"{field}.npi")
    yield segment("NM1", role, "1", last, first, "", "", "", "XX", npi)
    if person.taxonomy:
        taxonomy = _taxonomy(person.taxonomy, f"{field}.taxonomy")
        yield segment("PRV", specialty, "PXC", taxonomy)


def _facility(facility: ServiceFacility, field: str) -> Iterator[str]:
    """Loop 2310C of a professional claim, 2310E of an institutional one."""
    npi = _npi(facility.npi, f"{field}.npi") if facility.npi else ""
    yield organisation("77", facility.name, f"{field}.name", "XX" if npi else "", npi)
    yield from _address(facility.address, f"{field}.address")


def _address(address: StreetAddress, field: str) -> Iterator[str]:
    line1 = text(address.line1, f"{field}.line1", longest=55)
    yield segment("N3", line1, optional_text(address.line2, f"{field}.line2", longest=55))
    yield segment(
        "N4",
        text(address.city, f"{field}.city", shortest=2, longest=30),
        identifier(address.state, f"{field}.state", shortest=2, longest=2),
        digits(address.postal_code, f"{field}.postal_code", shortest=5, longest=9),
    )


def _npi(value: str, field: str) -> str:
    return digits(value, field, shortest=10, longest=10)


def _taxonomy(value: str, field: str) -> str:
    return identifier(value, field, shortest=10, longest=10)

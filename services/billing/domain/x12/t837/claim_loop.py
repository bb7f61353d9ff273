"""What professional and institutional claims write alike in loops 2300 and 2400."""

from collections.abc import Iterator, Sequence

from services.billing.domain.x12.envelope.elements import (
    NotRepresentable,
    amount,
    day,
    identifier,
    optional_identifier,
)
from services.billing.domain.x12.envelope.interchange import segment
from services.billing.domain.x12.t837.claim import CORRECTIONS, MOST_MODIFIERS, AnyClaim, AnyLine

_ASSIGNED, _BENEFITS_ASSIGNED, _RELEASED = "A", "Y", "Y"


def opening(
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


def admission(claim: AnyClaim) -> Iterator[str]:
    """DTP*435, where there is one."""
    if claim.admission_date is not None:
        yield segment("DTP", "435", "D8", day(claim.admission_date))


def references(claim: AnyClaim, field: str) -> Iterator[str]:
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


def diagnoses(codes: Sequence[str], field: str) -> list[str]:
    """ICD-10-CM codes without their dots."""
    return [
        identifier(code.replace(".", ""), f"{field}[{index}]", shortest=3, longest=7)
        for index, code in enumerate(codes)
    ]


def procedure(code: str, modifiers: Sequence[str], field: str) -> tuple[str, ...]:
    """The composite of a HCPCS or CPT code and its modifiers."""
    if len(modifiers) > MOST_MODIFIERS:
        raise NotRepresentable(f"{field}.modifiers", f"holds more than {MOST_MODIFIERS}")
    modifying = (
        identifier(modifier, f"{field}.modifiers[{index}]", shortest=2, longest=2)
        for index, modifier in enumerate(modifiers)
    )
    return ("HC", identifier(code, f"{field}.code", shortest=5, longest=5), *modifying)


def line_ending(line: AnyLine, field: str) -> Iterator[str]:
    """The date of a line, and the number a remittance names it by."""
    yield segment("DTP", "472", "D8", day(line.service_date))
    number = identifier(line.control_number, f"{field}.control_number", longest=30)
    yield segment("REF", "6R", number)


def within(count: int, most: int, field: str, *, fewest: int = 1) -> None:
    """Refuses too few and too many."""
    if not fewest <= count <= most:
        raise NotRepresentable(field, f"doesn't hold {fewest} to {most}")

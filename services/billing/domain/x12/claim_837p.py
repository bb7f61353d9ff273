"""Writes professional claims as an X12 837P file, 005010X222A1; the subscriber is the patient.

What can't be written raises NotRepresentable with the field's name. Whether a claim makes sense
is for `scrub`, before.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from services.billing.domain.x12.claim import (
    FREQUENCIES,
    MOST_DIAGNOSES,
    MOST_LINES,
    MOST_MODIFIERS,
    MOST_POINTERS,
    ORIGINAL,
    Batch837P,
    Claim,
    Line,
)
from services.billing.domain.x12.elements import (
    NotRepresentable,
    amount,
    day,
    digits,
    identifier,
    optional_identifier,
    text,
    whole_number,
)
from services.billing.domain.x12.interchange import (
    ControlNumbers,
    Envelope,
    Party,
    interchange,
    segment,
    transaction_number,
)
from services.billing.domain.x12.parties import (
    billing_segments,
    facility_segments,
    organisation,
    rendering_segments,
    subscriber_segments,
)

VERSION = "005010X222A1"
MOST_CLAIMS = 5000
"""Claims in one transaction set; more make further sets in the same group."""

_SIGNED, _ASSIGNED, _BENEFITS_ASSIGNED, _RELEASED = "Y", "A", "Y", "Y"


def write_837p(
    batch: Batch837P,
    *,
    control: ControlNumbers,
    created: datetime,
    usage: str,
    most_claims: int = MOST_CLAIMS,
) -> bytes:
    """One interchange. The same batch, numbers and time make the same bytes."""
    placed = [(g, c) for g, group in enumerate(batch.groups) for c in range(len(group.claims))]
    if not placed:
        raise NotRepresentable("groups", "holds no claim")
    transactions: list[list[str]] = []
    for index, start in enumerate(range(0, len(placed), most_claims)):
        reference = f"{control.interchange:09d}-{transaction_number(control, index)}"
        detail = _detail(batch, placed[start : start + most_claims])
        transactions.append([*header_segments(batch, reference, created), *detail])
    return interchange(envelope_of(batch, control, created, usage), transactions)


def envelope_of(
    batch: Batch837P, control: ControlNumbers, created: datetime, usage: str
) -> Envelope:
    """Who sends the file to whom, for ISA and GS."""
    sender, receiver = batch.submitter, batch.receiver
    return Envelope(
        sender=Party(
            identifier=sender.interchange_id or sender.identifier,
            qualifier=sender.interchange_qualifier,
            group_identifier=sender.identifier,
        ),
        receiver=Party(
            identifier=receiver.interchange_id or receiver.identifier,
            qualifier=receiver.interchange_qualifier,
            group_identifier=receiver.identifier,
        ),
        functional_identifier="HC",
        transaction_set="837",
        version=VERSION,
        control=control,
        created=created,
        usage=usage,
    )


def header_segments(batch: Batch837P, reference: str, created: datetime) -> Iterator[str]:
    """BHT, the submitter and the receiver."""
    submitter, receiver = batch.submitter, batch.receiver
    yield segment("BHT", "0019", "00", reference, day(created), f"{created:%H%M}", "CH")
    yield organisation(
        "41", submitter.name, "submitter.name", "46",
        identifier(submitter.identifier, "submitter.identifier", shortest=2, longest=15),
    )  # fmt: skip
    yield segment(
        "PER",
        "IC",
        text(submitter.contact_name, "submitter.contact_name", longest=60),
        "TE",
        digits(submitter.contact_phone, "submitter.contact_phone", longest=10),
    )
    yield organisation(
        "40", receiver.name, "receiver.name", "46",
        identifier(receiver.identifier, "receiver.identifier", shortest=2, longest=15),
    )  # fmt: skip


def claim_segments(claim: Claim, field: str) -> Iterator[str]:
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


def _detail(batch: Batch837P, placed: Sequence[tuple[int, int]]) -> Iterator[str]:
    """One level per billing provider, and below it one per claim: its subscriber's."""
    level = 0
    for g, members in groupby(placed, key=lambda place: place[0]):
        group = batch.groups[g]
        level += 1
        parent = str(level)
        yield segment("HL", parent, "", "20", "1")
        yield from billing_segments(group.provider, f"groups[{g}].provider")
        for _, c in members:
            level += 1
            yield segment("HL", str(level), parent, "22", "0")
            yield from claim_segments(group.claims[c], f"groups[{g}].claims[{c}]")


def _claim(claim: Claim, field: str) -> Iterator[str]:
    _within(len(claim.lines), MOST_LINES, f"{field}.lines")
    _within(len(claim.diagnoses), MOST_DIAGNOSES, f"{field}.diagnoses")
    if claim.frequency not in FREQUENCIES:
        raise NotRepresentable(f"{field}.frequency", "isn't 1, 7 or 8")
    place = identifier(claim.place_of_service, f"{field}.place_of_service", shortest=2, longest=2)
    yield segment(
        "CLM",
        identifier(claim.claim_id, f"{field}.claim_id", longest=20),
        amount(claim.charge_minor, f"{field}.charge_minor"),
        "",
        "",
        (place, "B", claim.frequency),
        _SIGNED,
        _ASSIGNED,
        _BENEFITS_ASSIGNED,
        _RELEASED,
    )
    if claim.admission_date is not None:
        yield segment("DTP", "435", "D8", day(claim.admission_date))
    prior = f"{field}.prior_authorization"
    if authorization := optional_identifier(claim.prior_authorization, prior, longest=50):
        yield segment("REF", "G1", authorization)
    control = f"{field}.payer_control_number"
    if claim.frequency != ORIGINAL:
        number = identifier(claim.payer_control_number or "", control, longest=50)
        yield segment("REF", "F8", number)
    elif (claim.payer_control_number or "").strip():
        raise NotRepresentable(control, "has no place on an original claim")
    codes = [
        identifier(code.replace(".", ""), f"{field}.diagnoses[{index}]", shortest=3, longest=7)
        for index, code in enumerate(claim.diagnoses)
    ]
    yield segment("HI", ("ABK", codes[0]), *(("ABF", code) for code in codes[1:]))


def _line(line: Line, claim: Claim, field: str) -> Iterator[str]:
    if len(line.modifiers) > MOST_MODIFIERS:
        raise NotRepresentable(f"{field}.modifiers", f"holds more than {MOST_MODIFIERS}")
    pointers = f"{field}.diagnosis_pointers"
    _within(len(line.diagnosis_pointers), MOST_POINTERS, pointers)
    if not all(1 <= pointer <= len(claim.diagnoses) for pointer in line.diagnosis_pointers):
        raise NotRepresentable(pointers, "points at no diagnosis of the claim")
    modifiers = (
        identifier(modifier, f"{field}.modifiers[{index}]", shortest=2, longest=2)
        for index, modifier in enumerate(line.modifiers)
    )
    place = line.place_of_service if line.place_of_service != claim.place_of_service else None
    yield segment(
        "SV1",
        ("HC", identifier(line.code, f"{field}.code", shortest=5, longest=5), *modifiers),
        amount(line.charge_minor, f"{field}.charge_minor"),
        identifier(line.unit_basis, f"{field}.unit_basis", shortest=2, longest=2),
        whole_number(line.units, f"{field}.units", most=99_999_999),
        optional_identifier(place, f"{field}.place_of_service", longest=2),
        "",
        tuple(str(pointer) for pointer in line.diagnosis_pointers),
    )
    yield segment("DTP", "472", "D8", day(line.service_date))
    number = identifier(line.control_number, f"{field}.control_number", longest=30)
    yield segment("REF", "6R", number)


def _within(count: int, most: int, field: str) -> None:
    if not 1 <= count <= most:
        raise NotRepresentable(field, f"doesn't hold 1 to {most}")

"""The parties a claim file names: providers, subscriber and payer, with names and addresses."""

from collections.abc import Iterator

from services.billing.domain.x12.envelope.elements import (
    NotRepresentable,
    day,
    digits,
    identifier,
    optional_identifier,
    optional_text,
    text,
)
from services.billing.domain.x12.envelope.interchange import segment
from services.billing.domain.x12.t837.claim import (
    BillingProvider,
    Clinician,
    DestinationPayer,
    ServiceFacility,
    StreetAddress,
    Subscriber,
)


def billing_segments(provider: BillingProvider, field: str) -> Iterator[str]:
    """Loops 2000A, after its HL, and 2010AA."""
    yield segment("PRV", "BI", "PXC", _taxonomy(provider.taxonomy, f"{field}.taxonomy"))
    npi = _npi(provider.npi, f"{field}.npi")
    yield organisation("85", provider.name, f"{field}.name", "XX", npi)
    yield from _address(provider.address, f"{field}.address")
    yield segment("REF", "EI", digits(provider.tax_id, f"{field}.tax_id", longest=9))


def subscriber_segments(person: Subscriber, payer: DestinationPayer, field: str) -> Iterator[str]:
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


def clinician_segments(role: str, specialty: str, person: Clinician, field: str) -> Iterator[str]:
    """Loop 2310B of a professional claim, who rendered; 2310A of an institutional, who attends."""
    last = text(person.last, f"{field}.last", longest=60)
    first = optional_text(person.first, f"{field}.first", longest=35)
    npi = _npi(person.npi, f"{field}.npi")
    yield segment("NM1", role, "1", last, first, "", "", "", "XX", npi)
    if person.taxonomy:
        taxonomy = _taxonomy(person.taxonomy, f"{field}.taxonomy")
        yield segment("PRV", specialty, "PXC", taxonomy)


def facility_segments(facility: ServiceFacility, field: str) -> Iterator[str]:
    """Loop 2310C of a professional claim, 2310E of an institutional one."""
    npi = _npi(facility.npi, f"{field}.npi") if facility.npi else ""
    yield organisation("77", facility.name, f"{field}.name", "XX" if npi else "", npi)
    yield from _address(facility.address, f"{field}.address")


def organisation(role: str, name: str, field: str, qualifier: str, number: str) -> str:
    """NM1 of an organisation in its role."""
    named = text(name, field, longest=60)
    return segment("NM1", role, "2", named, "", "", "", "", qualifier, number)


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

"""Who stands in a claim file of either form: fed with identities, and kept nowhere else."""

from collections.abc import Callable
from dataclasses import astuple, replace
from datetime import date
from itertools import groupby
from typing import Any

from kernel.refusal import Malformed
from kernel.rpc.translate import date_of
from services.billing.adapters.identities import member_of
from services.billing.app.ports import Filing
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.providers.practitioner import PractitionerRegistered
from services.billing.domain.providers.provider import OrganisationAddress, ProviderRegistered
from services.billing.domain.x12.t837.claim import (
    AnyBatch,
    BillingProvider,
    DestinationPayer,
    Receiver,
    ServiceFacility,
    StreetAddress,
    Submitter,
    Subscriber,
)
from services.billing.domain.x12.t837.findings import ScrubFinding
from services.billing.domain.x12.t837.scrub import scrub

SEXES = {1: "F", 2: "M", 3: "U"}
AT_HOME = {"10", "12"}
"""Places of service: telehealth in the patient's home, and the home."""


def findings_of(filing: Filing, batch_of: Callable[[Filing], AnyBatch]) -> dict[str, ScrubFinding]:
    """Claim → the first thing wrong with it, by a path from the claim on; each alone."""
    found: dict[str, ScrubFinding] = {}
    for claim in filing.claims:
        alone = batch_of(replace(filing, claims=[claim]))
        if findings := scrub(alone, created=filing.created.date()):
            first = findings[0]
            path = first.path.removeprefix("groups[0].").removeprefix("claims[0].")
            found[claim.claim_id] = replace(first, path=path)
    return found


def groups_of(filing: Filing) -> list[tuple[BillingProvider, list[ClaimIssued]]]:
    """The claims by who bills, in the file's order."""
    ordered = sorted(filing.claims, key=lambda claim: (claim.provider_id, claim.number))
    return [
        (_billing_provider(filing.providers[provider_id]), list(group))
        for provider_id, group in groupby(ordered, key=lambda claim: claim.provider_id)
    ]


def submitter_of(filing: Filing) -> Submitter:
    """The first billing provider sends the file."""
    first = filing.providers[min(claim.provider_id for claim in filing.claims)]
    return Submitter(
        name=first.name,
        identifier=first.npi,
        contact_name=first.contact_name,
        contact_phone=first.contact_phone,
    )


def receiver_of(filing: Filing) -> Receiver:
    """The payer is sent it."""
    return Receiver(name=filing.payer.name, identifier=filing.payer.payer_number)


def payer_of(filing: Filing) -> DestinationPayer:
    """Who is asked to pay."""
    return DestinationPayer(
        name=filing.payer.name,
        payer_id=filing.payer.payer_number,
        filing_indicator=filing.payer.filing_indicator,
    )


def practitioner_of(claim: ClaimIssued, filing: Filing) -> PractitionerRegistered | None:
    """Who is named as rendering or attending."""
    return filing.practitioners.get(claim.rendering_staff_id)


def subscriber_of(claim: ClaimIssued, filing: Filing) -> Subscriber:
    """The client, with the number of the coverage that the claim is about."""
    person = filing.persons[claim.client_id]
    identity = person.particulars.identity
    member_number, group_number = member_of(person, claim.coverage_id)
    return Subscriber(
        last=identity.family_name,
        first=identity.given_name,
        birth_date=_birth_date(identity),
        sex=SEXES.get(identity.sex),
        member_id=member_number,
        group_number=group_number or None,
        address=StreetAddress(
            line1=identity.address.line,
            city=identity.address.city,
            state=identity.address.state,
            postal_code=identity.address.zip,
        ),
    )


def facility_of(claim: ClaimIssued, filing: Filing) -> ServiceFacility | None:
    """The site, where another address bills and somebody came to it.

    A part of who bills has no NPI here: it may be given of others' places only (X12 RFI 1210 and
    1845, on loop 2310C of 005010X222A1; 2310E of an 837I says the same).
    """
    site = filing.sites[claim.site_id]
    billed_from = filing.providers[claim.provider_id].address
    if _place(site.address) == _place(billed_from):
        return None
    if all(line.place_of_service in AT_HOME for line in claim.lines):
        return None
    return ServiceFacility(name=site.name, address=_address(site.address))


def line_number(claim: ClaimIssued, number: int) -> str:
    """REF*6R: the claim's number and the line's place, unlike any other line's."""
    return f"{claim.number[:18]}{number:02d}"


def _billing_provider(provider: ProviderRegistered) -> BillingProvider:
    return BillingProvider(
        name=provider.name,
        npi=provider.npi,
        tax_id=provider.tax_id,
        taxonomy=provider.taxonomy,
        address=_address(provider.address),
    )


def _address(address: OrganisationAddress) -> StreetAddress:
    return StreetAddress(
        line1=address.line, city=address.city, state=address.state, postal_code=address.zip
    )


def _place(address: OrganisationAddress) -> tuple[str, ...]:
    """To compare: in capitals, and of the ZIP the five digits everybody writes."""
    *words, zip_code = astuple(address)
    return *(" ".join(word.upper().split()) for word in words), zip_code[:5]


def _birth_date(identity: Any) -> date | None:
    """None when it can't be one: the scrub says so of that claim, and the others go out."""
    try:
        return date_of(identity, "birth_date")
    except Malformed:
        return None

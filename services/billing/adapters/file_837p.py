"""Issued claims as a professional claim file: the domain's writer, fed with identities."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from kernel.refusal import Malformed
from kernel.rpc.translate import date_of
from services.billing.app.ports import Filing, Person
from services.billing.domain.issue import ClaimIssued
from services.billing.domain.provider import ProviderRegistered
from services.billing.domain.x12.claim import (
    Address,
    Batch837P,
    BillingGroup,
    BillingProvider,
    Claim,
    Line,
    Payer,
    Receiver,
    Submitter,
    Subscriber,
)
from services.billing.domain.x12.claim_837p import write_837p
from services.billing.domain.x12.interchange import ControlNumbers
from services.billing.domain.x12.scrub import scrub

SEXES = {1: "F", 2: "M", 3: "U"}
MOST_POINTERS = 4


class Files837P:
    """The Files port for 837P. `usage` is P in production, T everywhere else."""

    def __init__(self, usage: str) -> None:
        self._usage = usage

    def findings(self, filing: Filing) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for claim in filing.claims:
            alone = _batch(filing, [claim])
            findings = scrub(alone, created=filing.created.date())
            if findings:
                found[claim.claim_id] = findings[0].code
        return found

    def write(self, filing: Filing) -> bytes:
        control = ControlNumbers(interchange=filing.control_number, group=filing.control_number)
        return write_837p(
            _batch(filing, filing.claims),
            control=control,
            created=filing.created,
            usage=self._usage,
        )


def _batch(filing: Filing, claims: Sequence[ClaimIssued]) -> Batch837P:
    ordered = sorted(claims, key=lambda claim: (claim.provider_id, claim.number))
    first = filing.providers[ordered[0].provider_id]
    return Batch837P(
        submitter=Submitter(
            name=first.name,
            identifier=first.npi,
            contact_name=first.contact_name,
            contact_phone=first.contact_phone,
        ),
        receiver=Receiver(name=filing.payer.name, identifier=filing.payer.payer_number),
        groups=tuple(
            BillingGroup(
                provider=_billing_provider(filing.providers[provider_id]),
                claims=tuple(_claim(claim, filing) for claim in group),
            )
            for provider_id, group in groupby(ordered, key=lambda claim: claim.provider_id)
        ),
    )


def _billing_provider(provider: ProviderRegistered) -> BillingProvider:
    return BillingProvider(
        name=provider.name,
        npi=provider.npi,
        tax_id=provider.tax_id,
        taxonomy=provider.taxonomy,
        address=Address(
            line1=provider.address.line,
            city=provider.address.city,
            state=provider.address.state,
            postal_code=provider.address.zip,
        ),
    )


def _claim(claim: ClaimIssued, filing: Filing) -> Claim:
    pointers = tuple(range(1, min(len(claim.diagnoses), MOST_POINTERS) + 1))
    place = claim.lines[0].place_of_service
    return Claim(
        claim_id=claim.number,
        place_of_service=place,
        frequency=claim.frequency,
        prior_authorization=filing.authorization_numbers.get(claim.authorization_id),
        diagnoses=claim.diagnoses,
        lines=tuple(
            Line(
                control_number=f"{claim.number[:18]}{number:02d}",
                code=line.code,
                modifiers=line.modifiers,
                charge_minor=line.charge_minor,
                units=line.units,
                place_of_service=None if line.place_of_service == place else line.place_of_service,
                service_date=line.service_date,
                diagnosis_pointers=pointers,
            )
            for number, line in enumerate(claim.lines, start=1)
        ),
        subscriber=_subscriber(filing.persons[claim.client_id]),
        payer=Payer(
            name=filing.payer.name,
            payer_id=filing.payer.payer_number,
            filing_indicator=filing.payer.filing_indicator,
        ),
    )


def _subscriber(person: Person) -> Subscriber:
    covered = person.particulars
    identity = covered.identity
    return Subscriber(
        last=identity.family_name,
        first=identity.given_name,
        birth_date=_birth_date(identity),
        sex=SEXES.get(identity.sex),
        member_id=covered.member_number,
        group_number=covered.group_number or None,
        address=Address(
            line1=identity.address.line,
            city=identity.address.city,
            state=identity.address.state,
            postal_code=identity.address.zip,
        ),
    )


def _birth_date(identity: Any) -> date | None:
    """None when it can't be one: the scrub says so of that claim, and the others go out."""
    try:
        return date_of(identity, "birth_date")
    except Malformed:
        return None

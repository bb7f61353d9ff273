"""Issued claims as a claim file of either form: the domain's writer, fed with identities.

Who stands in a file is kept nowhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import astuple, replace
from datetime import date
from itertools import groupby
from typing import Any, TypeVar

from kernel.decider import filled
from kernel.refusal import Malformed
from kernel.rpc.translate import date_of
from kernel.supposing import is_supposing
from services.billing.adapters.identities import member_of
from services.billing.app.ports import Filing
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.claims.parties import FIRST
from services.billing.domain.providers.provider import OrganisationAddress, on_claims
from services.billing.domain.x12.envelope import ControlNumbers
from services.billing.domain.x12.t837.claim import (
    MOST_POINTERS,
    STILL_A_PATIENT,
    AnyBatch,
    AnyClaim,
    Batch837I,
    Batch837P,
    BillingGroup,
    Clinician,
    DestinationPayer,
    InstitutionalClaim,
    InstitutionalLine,
    ProfessionalClaim,
    ProfessionalLine,
    Receiver,
    ServiceFacility,
    StreetAddress,
    Submitter,
    Subscriber,
)
from services.billing.domain.x12.t837.claim_file import write_claims
from services.billing.domain.x12.t837.scrub import ScrubFinding, scrub

C = TypeVar("C", bound=AnyClaim)

SEXES = {1: "F", 2: "M", 3: "U"}
AT_HOME = {"10", "12"}
"""Places of service: telehealth in the patient's home, and the home."""
# CL1 of every program's client: came by appointment (3, elective), from home (1).
ADMISSION_TYPE, ADMISSION_SOURCE = "3", "1"


class FileWriter:
    """The ClaimWriter port for one form. `usage` is P in production, T everywhere else.

    Of a dry run, to which nobody is named, there is no file, and nothing to be scrubbed.
    """

    def __init__(self, batch_of: Callable[[Filing], AnyBatch], usage: str) -> None:
        self._batch_of = batch_of
        self._usage = usage

    def findings(self, filing: Filing) -> Mapping[str, ScrubFinding]:
        """Claim → the first thing wrong with it, by a path from the claim on; each alone."""
        found: dict[str, ScrubFinding] = {}
        for claim in () if is_supposing() else filing.claims:
            alone = self._batch_of(replace(filing, claims=[claim]))
            if findings := scrub(alone, created=filing.created.date()):
                first = findings[0]
                path = first.path.removeprefix("groups[0].").removeprefix("claims[0].")
                found[claim.claim_id] = replace(first, path=path)
        return found

    def write(self, filing: Filing) -> bytes:
        if is_supposing():
            return b""
        return write_claims(
            self._batch_of(filing),
            control=ControlNumbers(interchange=filing.control_number, group=filing.control_number),
            created=filing.created,
            usage=self._usage,
        )


def professional(filing: Filing) -> Batch837P:
    """What an 837P says."""
    return Batch837P(
        submitter=_submitter(filing),
        receiver=_receiver(filing),
        groups=_groups(filing, _professional),
    )


def institutional(filing: Filing) -> Batch837I:
    """What an 837I says."""
    return Batch837I(
        submitter=_submitter(filing),
        receiver=_receiver(filing),
        groups=_groups(filing, _institutional),
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
    return ServiceFacility(name=site.name, address=site.address.street)


def _groups(
    filing: Filing, claim_of: Callable[[ClaimIssued, Filing], C]
) -> tuple[BillingGroup[C], ...]:
    """The claims by who bills, in the file's order."""
    ordered = sorted(filing.claims, key=lambda claim: (claim.provider_id, claim.number))
    return tuple(
        BillingGroup(
            provider=on_claims(filing.providers[provider_id]),
            claims=tuple(claim_of(claim, filing) for claim in claims),
        )
        for provider_id, claims in groupby(ordered, key=lambda claim: claim.provider_id)
    )


def _professional(claim: ClaimIssued, filing: Filing) -> ProfessionalClaim:
    """Lines point at their own diagnoses, where any does; else all at the claim's first."""
    place = claim.lines[0].place_of_service
    first = tuple(range(1, min(len(claim.diagnoses), MOST_POINTERS) + 1))
    alike = not any(line.diagnosis_pointers for line in claim.lines)
    return ProfessionalClaim(
        **_of_either_form(claim, filing),
        place_of_service=place,
        rendering=_clinician(claim, filing),
        lines=tuple(
            filled(
                ProfessionalLine,
                line,
                control_number=_line_number(claim, number),
                unit_basis="UN",
                place_of_service=None if line.place_of_service == place else line.place_of_service,
                diagnosis_pointers=first if alike else line.diagnosis_pointers,
            )
            for number, line in enumerate(claim.lines, start=1)
        ),
    )


def _institutional(claim: ClaimIssued, filing: Filing) -> InstitutionalClaim:
    """The statement covers its services; claims of before kept no status, and said 30."""
    return InstitutionalClaim(
        **_of_either_form(claim, filing),
        type_of_bill=claim.type_of_bill,
        statement_from=min(line.service_date for line in claim.lines),
        statement_to=max(line.service_date for line in claim.lines),
        admission_type=ADMISSION_TYPE,
        admission_source=ADMISSION_SOURCE,
        patient_status=claim.patient_status or STILL_A_PATIENT,
        condition_codes=(claim.condition_code,) if claim.condition_code else (),
        attending=_clinician(claim, filing),
        lines=tuple(
            filled(
                InstitutionalLine,
                line,
                control_number=_line_number(claim, number),
                unit_basis="UN",
            )
            for number, line in enumerate(claim.lines, start=1)
        ),
    )


def _of_either_form(claim: ClaimIssued, filing: Filing) -> dict[str, Any]:
    return {
        "claim_id": claim.number,
        "frequency": claim.frequency,
        "payer_control_number": claim.payer_control_number or None,
        "prior_authorization": filing.authorization_numbers.get(claim.authorization_id),
        "diagnoses": claim.diagnoses,
        "subscriber": _subscriber(claim, filing),
        "payer": DestinationPayer(
            name=filing.payer.name,
            payer_id=filing.payer.payer_number,
            filing_indicator=filing.payer.filing_indicator,
        ),
        "facility": facility_of(claim, filing),
    }


def _submitter(filing: Filing) -> Submitter:
    """The first billing provider sends the file."""
    first = filing.providers[min(claim.provider_id for claim in filing.claims)]
    return Submitter(
        name=first.name,
        identifier=first.npi,
        contact_name=first.contact_name,
        contact_phone=first.contact_phone,
    )


def _receiver(filing: Filing) -> Receiver:
    """The payer is sent it."""
    return Receiver(name=filing.payer.name, identifier=filing.payer.payer_number)


def _clinician(claim: ClaimIssued, filing: Filing) -> Clinician | None:
    """Who is named as rendering or attending."""
    person = filing.practitioners.get(claim.rendering_staff_id)
    if person is None:
        return None
    return Clinician(
        last=person.family_name,
        first=person.given_name,
        npi=person.npi,
        taxonomy=person.taxonomy or None,
    )


def _subscriber(claim: ClaimIssued, filing: Filing) -> Subscriber:
    """The client, with the number of the coverage that the claim is about.

    A void names the member as its claim did: of before it was kept, by the first number.
    """
    person = filing.persons[claim.client_id]
    identity = person.particulars.identity
    version = claim.membership_version or FIRST
    member_number, group_number = member_of(person, claim.coverage_id, version)
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


def _line_number(claim: ClaimIssued, number: int) -> str:
    """REF*6R: the claim's number and the line's place, unlike any other line's."""
    return f"{claim.number[:18]}{number:02d}"


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

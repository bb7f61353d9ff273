"""Issued claims as a professional claim file: the domain's writer, fed with identities."""

from collections.abc import Mapping

from services.billing.adapters import file_parties as parties
from services.billing.app.ports import Filing
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.x12.envelope.interchange import ControlNumbers
from services.billing.domain.x12.t837.claim import (
    MOST_POINTERS,
    Batch837P,
    BillingGroup,
    ProfessionalClaim,
    ProfessionalLine,
    RenderingProvider,
)
from services.billing.domain.x12.t837.findings import ScrubFinding
from services.billing.domain.x12.t837.professional import write_837p


class ProfessionalWriter:
    """The ClaimWriter port for 837P. `usage` is P in production, T everywhere else."""

    def __init__(self, usage: str) -> None:
        self._usage = usage

    def findings(self, filing: Filing) -> Mapping[str, ScrubFinding]:
        return parties.findings_of(filing, _batch)

    def write(self, filing: Filing) -> bytes:
        control = ControlNumbers(interchange=filing.control_number, group=filing.control_number)
        return write_837p(
            _batch(filing), control=control, created=filing.created, usage=self._usage
        )


def _batch(filing: Filing) -> Batch837P:
    return Batch837P(
        submitter=parties.submitter_of(filing),
        receiver=parties.receiver_of(filing),
        groups=tuple(
            BillingGroup(provider=provider, claims=tuple(_claim(claim, filing) for claim in claims))
            for provider, claims in parties.groups_of(filing)
        ),
    )


def _claim(claim: ClaimIssued, filing: Filing) -> ProfessionalClaim:
    place = claim.lines[0].place_of_service
    return ProfessionalClaim(
        claim_id=claim.number,
        place_of_service=place,
        frequency=claim.frequency,
        payer_control_number=claim.payer_control_number or None,
        prior_authorization=filing.authorization_numbers.get(claim.authorization_id),
        diagnoses=claim.diagnoses,
        lines=_lines(claim, place),
        subscriber=parties.subscriber_of(claim, filing),
        payer=parties.payer_of(filing),
        rendering=_rendering(claim, filing),
        facility=parties.facility_of(claim, filing),
    )


def _lines(claim: ClaimIssued, place: str) -> tuple[ProfessionalLine, ...]:
    """Each points at its own diagnoses, where any line does; else all at the claim's first."""
    first = tuple(range(1, min(len(claim.diagnoses), MOST_POINTERS) + 1))
    alike = not any(line.diagnosis_pointers for line in claim.lines)
    return tuple(
        ProfessionalLine(
            control_number=parties.line_number(claim, number),
            code=line.code,
            modifiers=line.modifiers,
            charge_minor=line.charge_minor,
            units=line.units,
            place_of_service=None if line.place_of_service == place else line.place_of_service,
            service_date=line.service_date,
            diagnosis_pointers=first if alike else line.diagnosis_pointers,
        )
        for number, line in enumerate(claim.lines, start=1)
    )


def _rendering(claim: ClaimIssued, filing: Filing) -> RenderingProvider | None:
    person = parties.practitioner_of(claim, filing)
    if person is None:
        return None
    return RenderingProvider(
        last=person.family_name,
        first=person.given_name,
        npi=person.npi,
        taxonomy=person.taxonomy or None,
    )

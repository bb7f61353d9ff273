"""Issued claims as an institutional claim file: the domain's writer, fed with identities."""

from collections.abc import Mapping

from services.billing.adapters import file_parties as parties
from services.billing.app.ports import Filing
from services.billing.domain.claims.issue import ClaimIssued
from services.billing.domain.x12.envelope.interchange import ControlNumbers
from services.billing.domain.x12.t837.claim import (
    STILL_A_PATIENT,
    AttendingProvider,
    Batch837I,
    InstitutionalClaim,
    InstitutionalGroup,
    InstitutionalLine,
)
from services.billing.domain.x12.t837.findings import ScrubFinding
from services.billing.domain.x12.t837.institutional import write_837i

# CL1 of every program's client: came by appointment (3, elective), from home (1).
ADMISSION_TYPE, ADMISSION_SOURCE = "3", "1"


class InstitutionalWriter:
    """The ClaimWriter port for 837I. `usage` is P in production, T everywhere else."""

    def __init__(self, usage: str) -> None:
        self._usage = usage

    def findings(self, filing: Filing) -> Mapping[str, ScrubFinding]:
        return parties.findings_of(filing, _batch)

    def write(self, filing: Filing) -> bytes:
        control = ControlNumbers(interchange=filing.control_number, group=filing.control_number)
        return write_837i(
            _batch(filing), control=control, created=filing.created, usage=self._usage
        )


def _batch(filing: Filing) -> Batch837I:
    return Batch837I(
        submitter=parties.submitter_of(filing),
        receiver=parties.receiver_of(filing),
        groups=tuple(
            InstitutionalGroup(
                provider=provider, claims=tuple(_claim(claim, filing) for claim in claims)
            )
            for provider, claims in parties.groups_of(filing)
        ),
    )


def _claim(claim: ClaimIssued, filing: Filing) -> InstitutionalClaim:
    """The statement covers its services; claims of before kept no status, and said 30."""
    return InstitutionalClaim(
        claim_id=claim.number,
        type_of_bill=claim.type_of_bill,
        frequency=claim.frequency,
        payer_control_number=claim.payer_control_number or None,
        prior_authorization=filing.authorization_numbers.get(claim.authorization_id),
        statement_from=min(line.service_date for line in claim.lines),
        statement_to=max(line.service_date for line in claim.lines),
        admission_type=ADMISSION_TYPE,
        admission_source=ADMISSION_SOURCE,
        patient_status=claim.patient_status or STILL_A_PATIENT,
        diagnoses=claim.diagnoses,
        condition_codes=(claim.condition_code,) if claim.condition_code else (),
        lines=tuple(
            InstitutionalLine(
                control_number=parties.line_number(claim, number),
                revenue_code=line.revenue_code,
                code=line.code,
                modifiers=line.modifiers,
                charge_minor=line.charge_minor,
                units=line.units,
                service_date=line.service_date,
            )
            for number, line in enumerate(claim.lines, start=1)
        ),
        subscriber=parties.subscriber_of(claim, filing),
        payer=parties.payer_of(filing),
        attending=_attending(claim, filing),
        facility=parties.facility_of(claim, filing),
    )


def _attending(claim: ClaimIssued, filing: Filing) -> AttendingProvider | None:
    person = parties.practitioner_of(claim, filing)
    if person is None:
        return None
    return AttendingProvider(
        last=person.family_name,
        first=person.given_name,
        npi=person.npi,
        taxonomy=person.taxonomy or None,
    )

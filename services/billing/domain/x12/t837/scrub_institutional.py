"""Checks one institutional claim."""

from collections.abc import Iterator
from datetime import date

from services.billing.domain.x12.t837 import scrub_claim
from services.billing.domain.x12.t837 import scrub_rules as rules
from services.billing.domain.x12.t837.claim import (
    CONTINUING_INTERIM,
    FIRST_INTERIM,
    INSTITUTIONAL_FREQUENCIES,
    LAST_INTERIM,
    MOST_CONDITION_CODES,
    MOST_INSTITUTIONAL_DIAGNOSES,
    MOST_INSTITUTIONAL_LINES,
    MOST_REASONS_FOR_VISIT,
    ORIGINAL,
    STILL_A_PATIENT,
    InstitutionalClaim,
    InstitutionalLine,
)
from services.billing.domain.x12.t837.codes import PATIENT_STATUSES
from services.billing.domain.x12.t837.findings import (
    ScrubFinding,
    finding,
    misshapen,
    repeated,
    unwritable,
)
from services.billing.domain.x12.t837.institutional import claim_segments
from services.billing.domain.x12.t837.scrub_rules import Rule

UNIT_BASES = frozenset({"UN", "DA"})
_STAYS = {ORIGINAL: False, FIRST_INTERIM: True, CONTINUING_INTERIM: True, LAST_INTERIM: False}
"""Whether somebody is still a patient when a bill of this frequency ends."""


def institutional(claim: InstitutionalClaim, path: str, created: date) -> Iterator[ScrubFinding]:
    """All its findings; the writer's last."""
    found = [*_findings(claim, path, created)]
    yield from found
    yield from unwritable(claim_segments(claim, path), found)


def _findings(claim: InstitutionalClaim, path: str, created: date) -> Iterator[ScrubFinding]:
    yield from scrub_claim.header(
        claim, path, frequencies=INSTITUTIONAL_FREQUENCIES, most_lines=MOST_INSTITUTIONAL_LINES
    )
    yield from _bill(claim, path)
    yield from _codes(claim, path)
    if claim.attending is None:
        yield finding(Rule.ATTENDING_MISSING, f"{path}.attending")
    else:
        yield from scrub_claim.clinician(claim.attending, f"{path}.attending")
    yield from scrub_claim.facility(claim.facility, f"{path}.facility")
    yield from scrub_claim.payer(claim.payer, f"{path}.payer")
    yield from scrub_claim.subscriber(claim.subscriber, f"{path}.subscriber")
    yield from scrub_claim.dates(claim, path, created)
    yield from _statement(claim, path, created)
    for index, line in enumerate(claim.lines):
        yield from _line(line, f"{path}.lines[{index}]")


def _bill(claim: InstitutionalClaim, path: str) -> Iterator[ScrubFinding]:
    if not rules.TYPE_OF_BILL.fullmatch(claim.type_of_bill):
        yield finding(Rule.TYPE_OF_BILL_SHAPE, f"{path}.type_of_bill")
    admission = (
        (f"{path}.admission_type", claim.admission_type),
        (f"{path}.admission_source", claim.admission_source),
    )
    yield from misshapen(admission, rules.ADMISSION_CODE, Rule.ADMISSION_CODE_SHAPE)
    status, stays = f"{path}.patient_status", claim.patient_status == STILL_A_PATIENT
    if claim.patient_status not in PATIENT_STATUSES:
        yield finding(Rule.PATIENT_STATUS_UNKNOWN, status)
    elif _STAYS.get(claim.frequency, stays) != stays:
        yield finding(Rule.PATIENT_STATUS_NOT_OF_FREQUENCY, status)


def _codes(claim: InstitutionalClaim, path: str) -> Iterator[ScrubFinding]:
    if not 1 <= len(claim.diagnoses) <= MOST_INSTITUTIONAL_DIAGNOSES:
        yield finding(Rule.DIAGNOSES_COUNT, f"{path}.diagnoses")
    yield from scrub_claim.diagnoses(claim.diagnoses, f"{path}.diagnoses")
    if len(claim.reasons_for_visit) > MOST_REASONS_FOR_VISIT:
        yield finding(Rule.REASONS_COUNT, f"{path}.reasons_for_visit")
    yield from scrub_claim.diagnoses(claim.reasons_for_visit, f"{path}.reasons_for_visit")
    if len(claim.condition_codes) > MOST_CONDITION_CODES:
        yield finding(Rule.CONDITIONS_COUNT, f"{path}.condition_codes")
    conditions = [(f"{path}.condition_codes[{n}]", c) for n, c in enumerate(claim.condition_codes)]
    yield from misshapen(conditions, rules.CONDITION, Rule.CONDITION_SHAPE)
    yield from repeated(conditions, Rule.CONDITION_REPEATED)


def _statement(claim: InstitutionalClaim, path: str, created: date) -> Iterator[ScrubFinding]:
    if claim.statement_from > claim.statement_to:
        yield finding(Rule.STATEMENT_REVERSED, f"{path}.statement_to")
        return
    if claim.statement_to > created:
        yield finding(Rule.STATEMENT_AFTER_CREATION, f"{path}.statement_to")
    for index, line in enumerate(claim.lines):
        if not claim.statement_from <= line.service_date <= claim.statement_to:
            where = f"{path}.lines[{index}].service_date"
            yield finding(Rule.SERVICE_OUTSIDE_STATEMENT, where)


def _line(line: InstitutionalLine, path: str) -> Iterator[ScrubFinding]:
    if not rules.REVENUE_CODE.fullmatch(line.revenue_code):
        yield finding(Rule.REVENUE_CODE_SHAPE, f"{path}.revenue_code")
    yield from scrub_claim.service(line, path, unit_bases=UNIT_BASES)
    if line.code is None and line.modifiers:
        yield finding(Rule.MODIFIER_WITHOUT_PROCEDURE, f"{path}.modifiers")

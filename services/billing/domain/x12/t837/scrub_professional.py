"""Checks one professional claim."""

from collections.abc import Iterator
from datetime import date

from services.billing.domain.x12.t837 import scrub_claim
from services.billing.domain.x12.t837.claim import (
    FREQUENCIES,
    MOST_DIAGNOSES,
    MOST_LINES,
    MOST_POINTERS,
    ProfessionalClaim,
    ProfessionalLine,
)
from services.billing.domain.x12.t837.codes import PLACES_OF_SERVICE
from services.billing.domain.x12.t837.findings import ScrubFinding, finding, unwritable
from services.billing.domain.x12.t837.professional import claim_segments
from services.billing.domain.x12.t837.scrub_rules import Rule

UNIT_BASES = frozenset({"UN", "MJ"})


def professional(claim: ProfessionalClaim, path: str, created: date) -> Iterator[ScrubFinding]:
    """All its findings; the writer's last."""
    found = [*_findings(claim, path, created)]
    yield from found
    yield from unwritable(claim_segments(claim, path), found)


def _findings(claim: ProfessionalClaim, path: str, created: date) -> Iterator[ScrubFinding]:
    yield from scrub_claim.header(claim, path, frequencies=FREQUENCIES, most_lines=MOST_LINES)
    if claim.place_of_service not in PLACES_OF_SERVICE:
        yield finding(Rule.PLACE_OF_SERVICE_UNKNOWN, f"{path}.place_of_service")
    if not 1 <= len(claim.diagnoses) <= MOST_DIAGNOSES:
        yield finding(Rule.DIAGNOSES_COUNT, f"{path}.diagnoses")
    yield from scrub_claim.diagnoses(claim.diagnoses, f"{path}.diagnoses")
    if claim.rendering is not None:
        yield from scrub_claim.clinician(claim.rendering, f"{path}.rendering")
    yield from scrub_claim.facility(claim.facility, f"{path}.facility")
    yield from scrub_claim.payer(claim.payer, f"{path}.payer")
    yield from scrub_claim.subscriber(claim.subscriber, f"{path}.subscriber")
    yield from scrub_claim.dates(claim, path, created)
    for index, line in enumerate(claim.lines):
        yield from _line(line, len(claim.diagnoses), f"{path}.lines[{index}]")


def _line(line: ProfessionalLine, diagnoses: int, path: str) -> Iterator[ScrubFinding]:
    yield from scrub_claim.service(line, path, unit_bases=UNIT_BASES)
    if line.place_of_service and line.place_of_service not in PLACES_OF_SERVICE:
        yield finding(Rule.PLACE_OF_SERVICE_UNKNOWN, f"{path}.place_of_service")
    where, pointers = f"{path}.diagnosis_pointers", line.diagnosis_pointers
    if not 1 <= len(pointers) <= MOST_POINTERS:
        yield finding(Rule.POINTERS_COUNT, where)
    if not all(1 <= pointer <= diagnoses for pointer in pointers):
        yield finding(Rule.POINTER_OUT_OF_RANGE, where)
    if len(set(pointers)) < len(pointers):
        yield finding(Rule.POINTER_REPEATED, where)

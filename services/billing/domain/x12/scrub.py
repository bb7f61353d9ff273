"""Checks claims before they are written: what payers reject and no structural judge sees."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from services.billing.domain.x12 import rules
from services.billing.domain.x12.claim import (
    FREQUENCIES,
    MOST_DIAGNOSES,
    MOST_LINES,
    MOST_MODIFIERS,
    MOST_POINTERS,
    ORIGINAL,
    Address,
    Batch837P,
    BillingProvider,
    Claim,
    Line,
    Subscriber,
)
from services.billing.domain.x12.claim_837p import claim_segments, envelope_of, header_segments
from services.billing.domain.x12.elements import NotRepresentable, fold
from services.billing.domain.x12.interchange import ControlNumbers, enveloped
from services.billing.domain.x12.npi import is_valid_npi
from services.billing.domain.x12.parties import billing_segments
from services.billing.domain.x12.rules import Rule


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where. Neither path nor message holds a value."""

    code: str
    path: str
    message: str


def scrub(subject: Claim | Batch837P, *, created: date) -> tuple[Finding, ...]:
    """Everything wrong with a claim, or with a whole batch, on the day its file is made.

    A batch without findings can be written. What needs two claims or the billing provider (ids
    used twice, rendering as billing provider) only a batch can show.
    """
    if isinstance(subject, Claim):
        return tuple(_claim(subject, "claim", created))
    return tuple(_batch(subject, created))


def _batch(batch: Batch837P, created: date) -> Iterator[Finding]:
    midnight = datetime.combine(created, time())
    envelope = envelope_of(batch, ControlNumbers(interchange=1, group=1), midnight, "T")
    yield from _unwritable(header_segments(batch, "SCRUB", midnight), set())
    yield from _unwritable(enveloped(envelope, ()), set())
    ids: list[tuple[str, str]] = []
    for g, group in enumerate(batch.groups):
        yield from _provider(group.provider, f"groups[{g}].provider")
        for c, claim in enumerate(group.claims):
            path = f"groups[{g}].claims[{c}]"
            yield from _claim(claim, path, created)
            ids.append((f"{path}.claim_id", claim.claim_id.strip().upper()))
            if claim.rendering and claim.rendering.npi == group.provider.npi:
                yield _finding(Rule.RENDERING_IS_BILLING, f"{path}.rendering.npi")
    if not ids:
        yield _finding(Rule.NOT_REPRESENTABLE, "groups", "holds no claim")
    yield from _repeated(ids, Rule.CLAIM_ID_REPEATED)


def _provider(provider: BillingProvider, path: str) -> Iterator[Finding]:
    found: list[Finding] = []
    if not is_valid_npi(provider.npi):
        found.append(_finding(Rule.NPI_INVALID, f"{path}.npi"))
    if not rules.TAX_ID.fullmatch(provider.tax_id):
        found.append(_finding(Rule.TAX_ID_SHAPE, f"{path}.tax_id"))
    if not rules.TAXONOMY.fullmatch(provider.taxonomy):
        found.append(_finding(Rule.TAXONOMY_SHAPE, f"{path}.taxonomy"))
    found.extend(_address(provider.address, f"{path}.address", plus_four=True))
    lines = (("line1", provider.address.line1), ("line2", provider.address.line2 or ""))
    for name, value in lines:
        if rules.PO_BOX.search(fold(value)):
            found.append(_finding(Rule.PO_BOX_IN_BILLING_ADDRESS, f"{path}.address.{name}"))
    yield from found
    yield from _unwritable(billing_segments(provider, path), {finding.path for finding in found})


def _claim(claim: Claim, path: str, created: date) -> Iterator[Finding]:
    found = [
        *_header(claim, path),
        *_diagnoses(claim, path),
        *_providers(claim, path),
        *_subscriber(claim.subscriber, f"{path}.subscriber"),
        *_dates(claim, path, created),
    ]
    for index, line in enumerate(claim.lines):
        found.extend(_line(line, claim, f"{path}.lines[{index}]"))
    numbers = [
        (f"{path}.lines[{index}].control_number", line.control_number.strip().upper())
        for index, line in enumerate(claim.lines)
    ]
    found.extend(_repeated(numbers, Rule.LINE_CONTROL_NUMBER_REPEATED))
    yield from found
    yield from _unwritable(claim_segments(claim, path), {finding.path for finding in found})


def _header(claim: Claim, path: str) -> Iterator[Finding]:
    if not rules.CLAIM_ID.fullmatch(claim.claim_id):
        yield _finding(Rule.CLAIM_ID_SHAPE, f"{path}.claim_id")
    if not rules.PLACE.fullmatch(claim.place_of_service):
        yield _finding(Rule.PLACE_OF_SERVICE_SHAPE, f"{path}.place_of_service")
    given = bool(claim.payer_control_number and claim.payer_control_number.strip())
    if claim.frequency not in FREQUENCIES:
        yield _finding(Rule.FREQUENCY_UNKNOWN, f"{path}.frequency")
    elif claim.frequency == ORIGINAL and claim.payer_control_number is not None:
        yield _finding(Rule.CONTROL_NUMBER_UNEXPECTED, f"{path}.payer_control_number")
    elif claim.frequency != ORIGINAL and not given:
        yield _finding(Rule.CONTROL_NUMBER_MISSING, f"{path}.payer_control_number")
    if not 1 <= len(claim.lines) <= MOST_LINES:
        yield _finding(Rule.LINES_COUNT, f"{path}.lines")


def _diagnoses(claim: Claim, path: str) -> Iterator[Finding]:
    if not 1 <= len(claim.diagnoses) <= MOST_DIAGNOSES:
        yield _finding(Rule.DIAGNOSES_COUNT, f"{path}.diagnoses")
    named = [(f"{path}.diagnoses[{index}]", code) for index, code in enumerate(claim.diagnoses)]
    for where, code in named:
        if not rules.DIAGNOSIS.fullmatch(code):
            yield _finding(Rule.DIAGNOSIS_SHAPE, where)
    undotted = [(where, code.replace(".", "")) for where, code in named]
    yield from _repeated(undotted, Rule.DIAGNOSIS_REPEATED)


def _providers(claim: Claim, path: str) -> Iterator[Finding]:
    if rendering := claim.rendering:
        if not is_valid_npi(rendering.npi):
            yield _finding(Rule.NPI_INVALID, f"{path}.rendering.npi")
        if rendering.taxonomy and not rules.TAXONOMY.fullmatch(rendering.taxonomy):
            yield _finding(Rule.TAXONOMY_SHAPE, f"{path}.rendering.taxonomy")
    if facility := claim.facility:
        if facility.npi and not is_valid_npi(facility.npi):
            yield _finding(Rule.NPI_INVALID, f"{path}.facility.npi")
        yield from _address(facility.address, f"{path}.facility.address", plus_four=True)


def _subscriber(person: Subscriber, path: str) -> Iterator[Finding]:
    if person.birth_date is None:
        yield _finding(Rule.BIRTH_DATE_MISSING, f"{path}.birth_date")
    if person.sex not in ("M", "F", "U"):
        yield _finding(Rule.SEX_MISSING, f"{path}.sex")
    if person.address is None:
        yield _finding(Rule.SUBSCRIBER_ADDRESS_MISSING, f"{path}.address")
    else:
        yield from _address(person.address, f"{path}.address", plus_four=False)


def _address(address: Address, path: str, *, plus_four: bool) -> Iterator[Finding]:
    if not rules.STATE.fullmatch(address.state):
        yield _finding(Rule.STATE_SHAPE, f"{path}.state")
    if plus_four and not rules.ZIP_PLUS_4.fullmatch(address.postal_code):
        yield _finding(Rule.POSTAL_CODE_NOT_PLUS_FOUR, f"{path}.postal_code")
    elif not rules.ZIP.fullmatch(address.postal_code):
        yield _finding(Rule.POSTAL_CODE_SHAPE, f"{path}.postal_code")


def _dates(claim: Claim, path: str, created: date) -> Iterator[Finding]:
    birth = claim.subscriber.birth_date
    for index, line in enumerate(claim.lines):
        where = f"{path}.lines[{index}].service_date"
        if birth is not None and line.service_date < birth:
            yield _finding(Rule.SERVICE_BEFORE_BIRTH, where)
        if line.service_date > created:
            yield _finding(Rule.SERVICE_AFTER_CREATION, where)
    first = min((line.service_date for line in claim.lines), default=None)
    if claim.admission_date is not None and first is not None and claim.admission_date > first:
        yield _finding(Rule.ADMISSION_AFTER_SERVICE, f"{path}.admission_date")


def _line(line: Line, claim: Claim, path: str) -> Iterator[Finding]:
    if not rules.PROCEDURE.fullmatch(line.code):
        yield _finding(Rule.PROCEDURE_SHAPE, f"{path}.code")
    if line.charge_minor <= 0:
        yield _finding(Rule.CHARGE_NOT_POSITIVE, f"{path}.charge_minor")
    if line.units <= 0:
        yield _finding(Rule.UNITS_NOT_POSITIVE, f"{path}.units")
    if line.place_of_service and not rules.PLACE.fullmatch(line.place_of_service):
        yield _finding(Rule.PLACE_OF_SERVICE_SHAPE, f"{path}.place_of_service")
    if len(line.modifiers) > MOST_MODIFIERS:
        yield _finding(Rule.MODIFIERS_COUNT, f"{path}.modifiers")
    modifiers = [(f"{path}.modifiers[{n}]", code) for n, code in enumerate(line.modifiers)]
    for where, code in modifiers:
        if not rules.MODIFIER.fullmatch(code):
            yield _finding(Rule.MODIFIER_SHAPE, where)
    yield from _repeated(modifiers, Rule.MODIFIER_REPEATED)
    yield from _pointers(line.diagnosis_pointers, len(claim.diagnoses), path)


def _pointers(pointers: tuple[int, ...], diagnoses: int, path: str) -> Iterator[Finding]:
    where = f"{path}.diagnosis_pointers"
    if not 1 <= len(pointers) <= MOST_POINTERS:
        yield _finding(Rule.POINTERS_COUNT, where)
    if not all(1 <= pointer <= diagnoses for pointer in pointers):
        yield _finding(Rule.POINTER_OUT_OF_RANGE, where)
    if len(set(pointers)) < len(pointers):
        yield _finding(Rule.POINTER_REPEATED, where)


def _repeated(named: Sequence[tuple[str, Hashable]], rule: Rule) -> Iterator[Finding]:
    """A finding for each use after the first."""
    uses: Counter[Hashable] = Counter()
    for path, value in named:
        uses[value] += 1
        if uses[value] > 1:
            yield _finding(rule, path)


def _unwritable(segments: Iterable[str], known: set[str]) -> Iterator[Finding]:
    """What only the writer refuses: lengths and characters."""
    try:
        for _ in segments:
            pass
    except NotRepresentable as refused:
        if refused.field not in known:
            yield _finding(Rule.NOT_REPRESENTABLE, refused.field, refused.reason)


def _finding(rule: Rule, path: str, message: str | None = None) -> Finding:
    return Finding(rule.name, path, message or rule.value)

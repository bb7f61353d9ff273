"""Checks claims before they are written: what payers reject and no structural judge sees."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from re import Pattern

from kernel.states import STATES
from services.billing.domain.x12.envelope import ControlNumbers, NotRepresentable, enveloped, fold
from services.billing.domain.x12.npi import is_valid_npi
from services.billing.domain.x12.t837 import scrub_rules as rules
from services.billing.domain.x12.t837.claim import (
    CORRECTIONS,
    FREQUENCIES,
    MOST_CONDITION_CODES,
    MOST_DIAGNOSES,
    MOST_INSTITUTIONAL_DIAGNOSES,
    MOST_INSTITUTIONAL_LINES,
    MOST_LINES,
    MOST_MODIFIERS,
    MOST_POINTERS,
    MOST_REASONS_FOR_VISIT,
    STILL_A_PATIENT,
    AnyBatch,
    AnyClaim,
    AnyLine,
    Batch,
    BillingProvider,
    ClaimFrequency,
    Clinician,
    InstitutionalClaim,
    InstitutionalLine,
    ProfessionalClaim,
    ProfessionalLine,
    ServiceFacility,
    StreetAddress,
    Subscriber,
)
from services.billing.domain.x12.t837.claim_file import envelope_of, header_segments
from services.billing.domain.x12.t837.codes import (
    FILING_INDICATORS,
    PATIENT_STATUSES,
    PLACES_OF_SERVICE,
    SEXES,
)
from services.billing.domain.x12.t837.loops import billing_segments, claim_segments
from services.billing.domain.x12.t837.scrub_rules import Rule

UNIT_BASES = frozenset({"UN", "MJ"})
INSTITUTIONAL_UNIT_BASES = frozenset({"UN", "DA"})
_STAYS = {
    ClaimFrequency.ORIGINAL: False,
    ClaimFrequency.FIRST_INTERIM: True,
    ClaimFrequency.CONTINUING_INTERIM: True,
    ClaimFrequency.LAST_INTERIM: False,
}
"""Whether somebody is still a patient when a bill of this frequency ends."""


@dataclass(frozen=True, slots=True)
class ScrubFinding:
    """What is wrong, and where. Neither path nor message holds a value."""

    code: str
    path: str
    message: str


def scrub(subject: AnyClaim | AnyBatch, *, created: date) -> tuple[ScrubFinding, ...]:
    """Everything wrong with a claim, or with a whole batch, on the day its file is made.

    A batch without findings can be written. What needs two claims or the billing provider (ids
    used twice, a person named who is the billing provider) only a batch can show.
    """
    if isinstance(subject, Batch):
        return tuple(_batch(subject, created))
    return tuple(_claim(subject, "claim", created))


def billing_provider(provider: BillingProvider, path: str) -> Iterator[ScrubFinding]:
    """What is wrong with it on any claim."""
    found: list[ScrubFinding] = []
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
    yield from _unwritable(billing_segments(provider, path), found)


def _batch(batch: AnyBatch, created: date) -> Iterator[ScrubFinding]:
    midnight = datetime.combine(created, time())
    control = ControlNumbers(interchange=1, group=1)
    yield from _unwritable(header_segments(batch, "SCRUB", midnight))
    yield from _unwritable(enveloped(envelope_of(batch, control, midnight, "T"), ()))
    ids: list[tuple[str, str]] = []
    for g, group in enumerate(batch.groups):
        yield from billing_provider(group.provider, f"groups[{g}].provider")
        for c, claim in enumerate(group.claims):
            path = f"groups[{g}].claims[{c}]"
            yield from _claim(claim, path, created)
            yield from _persons(claim, group.provider, path)
            ids.append((f"{path}.claim_id", claim.claim_id.strip().upper()))
    if not ids:
        yield _finding(Rule.NOT_REPRESENTABLE, "groups", "holds no claim")
    yield from _repeated(ids, Rule.CLAIM_ID_REPEATED)


def _claim(claim: AnyClaim, path: str, created: date) -> Iterator[ScrubFinding]:
    """All its findings; the writer's last."""
    found = [*_findings(claim, path, created)]
    yield from found
    yield from _unwritable(claim_segments(claim, path), found)


def _findings(claim: AnyClaim, path: str, created: date) -> Iterator[ScrubFinding]:
    if isinstance(claim, ProfessionalClaim):
        yield from _professional(claim, path)
    else:
        yield from _institutional(claim, path)
    yield from _facility(claim.facility, f"{path}.facility")
    if claim.payer.filing_indicator not in FILING_INDICATORS:
        yield _finding(Rule.FILING_INDICATOR_UNKNOWN, f"{path}.payer.filing_indicator")
    yield from _subscriber(claim.subscriber, f"{path}.subscriber")
    yield from _dates(claim, path, created)
    if isinstance(claim, ProfessionalClaim):
        for index, line in enumerate(claim.lines):
            where = f"{path}.lines[{index}]"
            yield from _professional_line(line, len(claim.diagnoses), where)
    else:
        yield from _statement(claim, path, created)
        for index, line_of_bill in enumerate(claim.lines):
            yield from _institutional_line(line_of_bill, f"{path}.lines[{index}]")


def _professional(claim: ProfessionalClaim, path: str) -> Iterator[ScrubFinding]:
    yield from _header(claim, path, frequencies=FREQUENCIES, most_lines=MOST_LINES)
    if claim.place_of_service not in PLACES_OF_SERVICE:
        yield _finding(Rule.PLACE_OF_SERVICE_UNKNOWN, f"{path}.place_of_service")
    if not 1 <= len(claim.diagnoses) <= MOST_DIAGNOSES:
        yield _finding(Rule.DIAGNOSES_COUNT, f"{path}.diagnoses")
    yield from _diagnoses(claim.diagnoses, f"{path}.diagnoses")
    if claim.rendering is not None:
        yield from _clinician(claim.rendering, f"{path}.rendering")


def _institutional(claim: InstitutionalClaim, path: str) -> Iterator[ScrubFinding]:
    yield from _header(
        claim, path, frequencies=tuple(ClaimFrequency), most_lines=MOST_INSTITUTIONAL_LINES
    )
    yield from _bill(claim, path)
    yield from _codes(claim, path)
    if claim.attending is None:
        yield _finding(Rule.ATTENDING_MISSING, f"{path}.attending")
    else:
        yield from _clinician(claim.attending, f"{path}.attending")


def _header(
    claim: AnyClaim, path: str, *, frequencies: Collection[str], most_lines: int
) -> Iterator[ScrubFinding]:
    """Which claim it is, what it does to an earlier one, and how much it holds."""
    if not rules.CLAIM_ID.fullmatch(claim.claim_id):
        yield _finding(Rule.CLAIM_ID_SHAPE, f"{path}.claim_id")
    given = bool(claim.payer_control_number and claim.payer_control_number.strip())
    if claim.frequency not in frequencies:
        yield _finding(Rule.FREQUENCY_UNKNOWN, f"{path}.frequency")
    elif claim.frequency in CORRECTIONS and not given:
        yield _finding(Rule.CONTROL_NUMBER_MISSING, f"{path}.payer_control_number")
    elif claim.frequency not in CORRECTIONS and claim.payer_control_number is not None:
        yield _finding(Rule.CONTROL_NUMBER_UNEXPECTED, f"{path}.payer_control_number")
    if not 1 <= len(claim.lines) <= most_lines:
        yield _finding(Rule.LINES_COUNT, f"{path}.lines")
    numbers = [
        (f"{path}.lines[{index}].control_number", line.control_number.strip().upper())
        for index, line in enumerate(claim.lines)
    ]
    yield from _repeated(numbers, Rule.LINE_CONTROL_NUMBER_REPEATED)


def _diagnoses(codes: Sequence[str], path: str) -> Iterator[ScrubFinding]:
    """Their shape, and each only once."""
    named = [(f"{path}[{index}]", code) for index, code in enumerate(codes)]
    yield from _misshapen(named, rules.DIAGNOSIS, Rule.DIAGNOSIS_SHAPE)
    undotted = [(where, code.replace(".", "")) for where, code in named]
    yield from _repeated(undotted, Rule.DIAGNOSIS_REPEATED)


def _clinician(person: Clinician, path: str) -> Iterator[ScrubFinding]:
    """A person who treats."""
    if not is_valid_npi(person.npi):
        yield _finding(Rule.NPI_INVALID, f"{path}.npi")
    if person.taxonomy and not rules.TAXONOMY.fullmatch(person.taxonomy):
        yield _finding(Rule.TAXONOMY_SHAPE, f"{path}.taxonomy")


def _facility(place: ServiceFacility | None, path: str) -> Iterator[ScrubFinding]:
    """Where it happened, if that is said."""
    if place is None:
        return
    if place.npi and not is_valid_npi(place.npi):
        yield _finding(Rule.NPI_INVALID, f"{path}.npi")
    yield from _address(place.address, f"{path}.address", plus_four=True)


def _subscriber(person: Subscriber, path: str) -> Iterator[ScrubFinding]:
    """The patient: some of it is unknown at intake, and needed here."""
    if person.birth_date is None:
        yield _finding(Rule.BIRTH_DATE_MISSING, f"{path}.birth_date")
    if person.sex not in SEXES:
        yield _finding(Rule.SEX_MISSING, f"{path}.sex")
    if person.address is None:
        yield _finding(Rule.SUBSCRIBER_ADDRESS_MISSING, f"{path}.address")
    else:
        yield from _address(person.address, f"{path}.address", plus_four=False)


def _address(place: StreetAddress, path: str, *, plus_four: bool) -> Iterator[ScrubFinding]:
    """A state and a ZIP code."""
    if place.state not in STATES:
        yield _finding(Rule.STATE_UNKNOWN, f"{path}.state")
    if plus_four and not rules.ZIP_PLUS_4.fullmatch(place.postal_code):
        yield _finding(Rule.POSTAL_CODE_NOT_PLUS_FOUR, f"{path}.postal_code")
    elif not rules.ZIP.fullmatch(place.postal_code):
        yield _finding(Rule.POSTAL_CODE_SHAPE, f"{path}.postal_code")


def _dates(claim: AnyClaim, path: str, created: date) -> Iterator[ScrubFinding]:
    """Birth, admission, services and the file, in this order."""
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


def _bill(claim: InstitutionalClaim, path: str) -> Iterator[ScrubFinding]:
    if not rules.TYPE_OF_BILL.fullmatch(claim.type_of_bill):
        yield _finding(Rule.TYPE_OF_BILL_SHAPE, f"{path}.type_of_bill")
    admission = (
        (f"{path}.admission_type", claim.admission_type),
        (f"{path}.admission_source", claim.admission_source),
    )
    yield from _misshapen(admission, rules.ADMISSION_CODE, Rule.ADMISSION_CODE_SHAPE)
    status, stays = f"{path}.patient_status", claim.patient_status == STILL_A_PATIENT
    if claim.patient_status not in PATIENT_STATUSES:
        yield _finding(Rule.PATIENT_STATUS_UNKNOWN, status)
    elif _STAYS.get(claim.frequency, stays) != stays:
        yield _finding(Rule.PATIENT_STATUS_NOT_OF_FREQUENCY, status)


def _codes(claim: InstitutionalClaim, path: str) -> Iterator[ScrubFinding]:
    if not 1 <= len(claim.diagnoses) <= MOST_INSTITUTIONAL_DIAGNOSES:
        yield _finding(Rule.DIAGNOSES_COUNT, f"{path}.diagnoses")
    yield from _diagnoses(claim.diagnoses, f"{path}.diagnoses")
    if len(claim.reasons_for_visit) > MOST_REASONS_FOR_VISIT:
        yield _finding(Rule.REASONS_COUNT, f"{path}.reasons_for_visit")
    yield from _diagnoses(claim.reasons_for_visit, f"{path}.reasons_for_visit")
    if len(claim.condition_codes) > MOST_CONDITION_CODES:
        yield _finding(Rule.CONDITIONS_COUNT, f"{path}.condition_codes")
    conditions = [(f"{path}.condition_codes[{n}]", c) for n, c in enumerate(claim.condition_codes)]
    yield from _misshapen(conditions, rules.CONDITION, Rule.CONDITION_SHAPE)
    yield from _repeated(conditions, Rule.CONDITION_REPEATED)


def _statement(claim: InstitutionalClaim, path: str, created: date) -> Iterator[ScrubFinding]:
    if claim.statement_from > claim.statement_to:
        yield _finding(Rule.STATEMENT_REVERSED, f"{path}.statement_to")
        return
    if claim.statement_to > created:
        yield _finding(Rule.STATEMENT_AFTER_CREATION, f"{path}.statement_to")
    for index, line in enumerate(claim.lines):
        if not claim.statement_from <= line.service_date <= claim.statement_to:
            where = f"{path}.lines[{index}].service_date"
            yield _finding(Rule.SERVICE_OUTSIDE_STATEMENT, where)


def _professional_line(line: ProfessionalLine, diagnoses: int, path: str) -> Iterator[ScrubFinding]:
    yield from _service(line, path, unit_bases=UNIT_BASES)
    if line.place_of_service and line.place_of_service not in PLACES_OF_SERVICE:
        yield _finding(Rule.PLACE_OF_SERVICE_UNKNOWN, f"{path}.place_of_service")
    where, pointers = f"{path}.diagnosis_pointers", line.diagnosis_pointers
    if not 1 <= len(pointers) <= MOST_POINTERS:
        yield _finding(Rule.POINTERS_COUNT, where)
    if not all(1 <= pointer <= diagnoses for pointer in pointers):
        yield _finding(Rule.POINTER_OUT_OF_RANGE, where)
    if len(set(pointers)) < len(pointers):
        yield _finding(Rule.POINTER_REPEATED, where)


def _institutional_line(line: InstitutionalLine, path: str) -> Iterator[ScrubFinding]:
    if not rules.REVENUE_CODE.fullmatch(line.revenue_code):
        yield _finding(Rule.REVENUE_CODE_SHAPE, f"{path}.revenue_code")
    yield from _service(line, path, unit_bases=INSTITUTIONAL_UNIT_BASES)
    if line.code is None and line.modifiers:
        yield _finding(Rule.MODIFIER_WITHOUT_PROCEDURE, f"{path}.modifiers")


def _service(line: AnyLine, path: str, *, unit_bases: Collection[str]) -> Iterator[ScrubFinding]:
    """A line's procedure with its modifiers, its charge and its units."""
    if line.code is not None and not rules.PROCEDURE.fullmatch(line.code):
        yield _finding(Rule.PROCEDURE_SHAPE, f"{path}.code")
    if line.charge_minor <= 0:
        yield _finding(Rule.CHARGE_NOT_POSITIVE, f"{path}.charge_minor")
    if line.units <= 0:
        yield _finding(Rule.UNITS_NOT_POSITIVE, f"{path}.units")
    if line.unit_basis not in unit_bases:
        yield _finding(Rule.UNIT_BASIS_UNKNOWN, f"{path}.unit_basis")
    if len(line.modifiers) > MOST_MODIFIERS:
        yield _finding(Rule.MODIFIERS_COUNT, f"{path}.modifiers")
    modifiers = [(f"{path}.modifiers[{n}]", code) for n, code in enumerate(line.modifiers)]
    yield from _misshapen(modifiers, rules.MODIFIER, Rule.MODIFIER_SHAPE)
    yield from _repeated(modifiers, Rule.MODIFIER_REPEATED)


def _persons(claim: AnyClaim, billing: BillingProvider, path: str) -> Iterator[ScrubFinding]:
    if isinstance(claim, ProfessionalClaim):
        if claim.rendering and claim.rendering.npi == billing.npi:
            yield _finding(Rule.RENDERING_IS_BILLING, f"{path}.rendering.npi")
    elif claim.attending and claim.attending.npi == billing.npi:
        yield _finding(Rule.ATTENDING_IS_BILLING, f"{path}.attending.npi")


def _finding(rule: Rule, path: str, message: str | None = None) -> ScrubFinding:
    """A rule is broken at this path."""
    return ScrubFinding(rule.name, path, message or rule.value)


def _misshapen(
    named: Iterable[tuple[str, str]], shape: Pattern[str], rule: Rule
) -> Iterator[ScrubFinding]:
    """A finding for each value of another shape."""
    return (_finding(rule, path) for path, value in named if not shape.fullmatch(value))


def _repeated(named: Sequence[tuple[str, Hashable]], rule: Rule) -> Iterator[ScrubFinding]:
    """A finding for each use after the first."""
    uses: Counter[Hashable] = Counter()
    for path, value in named:
        uses[value] += 1
        if uses[value] > 1:
            yield _finding(rule, path)


def _unwritable(
    segments: Iterable[str], known: Iterable[ScrubFinding] = ()
) -> Iterator[ScrubFinding]:
    """What only the writer refuses: lengths and characters."""
    try:
        for _ in segments:
            pass
    except NotRepresentable as refused:
        if refused.field not in {found.path for found in known}:
            yield _finding(Rule.NOT_REPRESENTABLE, refused.field, refused.reason)

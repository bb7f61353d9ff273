"""The rules that professional and institutional claims share."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date

from kernel.states import STATES
from services.billing.domain.x12.npi import is_valid_npi
from services.billing.domain.x12.t837 import scrub_rules as rules
from services.billing.domain.x12.t837.claim import (
    CORRECTIONS,
    MOST_MODIFIERS,
    AnyClaim,
    AnyLine,
    AttendingProvider,
    DestinationPayer,
    RenderingProvider,
    ServiceFacility,
    StreetAddress,
    Subscriber,
)
from services.billing.domain.x12.t837.codes import FILING_INDICATORS, SEXES
from services.billing.domain.x12.t837.findings import ScrubFinding, finding, misshapen, repeated
from services.billing.domain.x12.t837.scrub_rules import Rule


def header(
    claim: AnyClaim, path: str, *, frequencies: Collection[str], most_lines: int
) -> Iterator[ScrubFinding]:
    """Which claim it is, what it does to an earlier one, and how much it holds."""
    if not rules.CLAIM_ID.fullmatch(claim.claim_id):
        yield finding(Rule.CLAIM_ID_SHAPE, f"{path}.claim_id")
    given = bool(claim.payer_control_number and claim.payer_control_number.strip())
    if claim.frequency not in frequencies:
        yield finding(Rule.FREQUENCY_UNKNOWN, f"{path}.frequency")
    elif claim.frequency in CORRECTIONS and not given:
        yield finding(Rule.CONTROL_NUMBER_MISSING, f"{path}.payer_control_number")
    elif claim.frequency not in CORRECTIONS and claim.payer_control_number is not None:
        yield finding(Rule.CONTROL_NUMBER_UNEXPECTED, f"{path}.payer_control_number")
    if not 1 <= len(claim.lines) <= most_lines:
        yield finding(Rule.LINES_COUNT, f"{path}.lines")
    lines: Sequence[AnyLine] = claim.lines
    numbers = [
        (f"{path}.lines[{index}].control_number", line.control_number.strip().upper())
        for index, line in enumerate(lines)
    ]
    yield from repeated(numbers, Rule.LINE_CONTROL_NUMBER_REPEATED)


def diagnoses(codes: Sequence[str], path: str) -> Iterator[ScrubFinding]:
    """Their shape, and each only once."""
    named = [(f"{path}[{index}]", code) for index, code in enumerate(codes)]
    yield from misshapen(named, rules.DIAGNOSIS, Rule.DIAGNOSIS_SHAPE)
    undotted = [(where, code.replace(".", "")) for where, code in named]
    yield from repeated(undotted, Rule.DIAGNOSIS_REPEATED)


def clinician(person: RenderingProvider | AttendingProvider, path: str) -> Iterator[ScrubFinding]:
    """A person who treats."""
    if not is_valid_npi(person.npi):
        yield finding(Rule.NPI_INVALID, f"{path}.npi")
    if person.taxonomy and not rules.TAXONOMY.fullmatch(person.taxonomy):
        yield finding(Rule.TAXONOMY_SHAPE, f"{path}.taxonomy")


def facility(place: ServiceFacility | None, path: str) -> Iterator[ScrubFinding]:
    """Where it happened, if that is said."""
    if place is None:
        return
    if place.npi and not is_valid_npi(place.npi):
        yield finding(Rule.NPI_INVALID, f"{path}.npi")
    yield from address(place.address, f"{path}.address", plus_four=True)


def payer(asked: DestinationPayer, path: str) -> Iterator[ScrubFinding]:
    """Who is asked to pay."""
    if asked.filing_indicator not in FILING_INDICATORS:
        yield finding(Rule.FILING_INDICATOR_UNKNOWN, f"{path}.filing_indicator")


def subscriber(person: Subscriber, path: str) -> Iterator[ScrubFinding]:
    """The patient: some of it is unknown at intake, and needed here."""
    if person.birth_date is None:
        yield finding(Rule.BIRTH_DATE_MISSING, f"{path}.birth_date")
    if person.sex not in SEXES:
        yield finding(Rule.SEX_MISSING, f"{path}.sex")
    if person.address is None:
        yield finding(Rule.SUBSCRIBER_ADDRESS_MISSING, f"{path}.address")
    else:
        yield from address(person.address, f"{path}.address", plus_four=False)


def address(place: StreetAddress, path: str, *, plus_four: bool) -> Iterator[ScrubFinding]:
    """A state and a ZIP code."""
    if place.state not in STATES:
        yield finding(Rule.STATE_UNKNOWN, f"{path}.state")
    if plus_four and not rules.ZIP_PLUS_4.fullmatch(place.postal_code):
        yield finding(Rule.POSTAL_CODE_NOT_PLUS_FOUR, f"{path}.postal_code")
    elif not rules.ZIP.fullmatch(place.postal_code):
        yield finding(Rule.POSTAL_CODE_SHAPE, f"{path}.postal_code")


def dates(claim: AnyClaim, path: str, created: date) -> Iterator[ScrubFinding]:
    """Birth, admission, services and the file, in this order."""
    lines: Sequence[AnyLine] = claim.lines
    birth = claim.subscriber.birth_date
    for index, line in enumerate(lines):
        where = f"{path}.lines[{index}].service_date"
        if birth is not None and line.service_date < birth:
            yield finding(Rule.SERVICE_BEFORE_BIRTH, where)
        if line.service_date > created:
            yield finding(Rule.SERVICE_AFTER_CREATION, where)
    first = min((line.service_date for line in lines), default=None)
    if claim.admission_date is not None and first is not None and claim.admission_date > first:
        yield finding(Rule.ADMISSION_AFTER_SERVICE, f"{path}.admission_date")


def service(line: AnyLine, path: str, *, unit_bases: Collection[str]) -> Iterator[ScrubFinding]:
    """A line's procedure with its modifiers, its charge and its units."""
    if line.code is not None and not rules.PROCEDURE.fullmatch(line.code):
        yield finding(Rule.PROCEDURE_SHAPE, f"{path}.code")
    if line.charge_minor <= 0:
        yield finding(Rule.CHARGE_NOT_POSITIVE, f"{path}.charge_minor")
    if line.units <= 0:
        yield finding(Rule.UNITS_NOT_POSITIVE, f"{path}.units")
    if line.unit_basis not in unit_bases:
        yield finding(Rule.UNIT_BASIS_UNKNOWN, f"{path}.unit_basis")
    if len(line.modifiers) > MOST_MODIFIERS:
        yield finding(Rule.MODIFIERS_COUNT, f"{path}.modifiers")
    modifiers = [(f"{path}.modifiers[{n}]", code) for n, code in enumerate(line.modifiers)]
    yield from misshapen(modifiers, rules.MODIFIER, Rule.MODIFIER_SHAPE)
    yield from repeated(modifiers, Rule.MODIFIER_REPEATED)

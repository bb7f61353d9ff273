"""Reads back what an 837P or an 837I file claims: its segments, and of these its claims."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

PROFESSIONAL, INSTITUTIONAL = "P", "I"
_FORMS = {"B": PROFESSIONAL, "A": INSTITUTIONAL}
"""By the qualifier of CLM05: a place of service, or a type of bill."""
_ISA_LENGTH = 106
_DECIMAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DAY = re.compile(r"[0-9]{8}")


class Unreadable(ValueError):
    """The bytes aren't the X12 they should be; names the place, never the content."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; elements count from 1, as the guides do, and absent ones are empty."""

    tag: str
    elements: tuple[str, ...]
    component_separator: str

    def __getitem__(self, number: int) -> str:
        return self.elements[number - 1] if 1 <= number <= len(self.elements) else ""

    def components(self, number: int) -> tuple[str, ...]:
        """The parts of a composite element."""
        return tuple(self[number].split(self.component_separator)) if self[number] else ()


def read_segments(data: bytes) -> tuple[Segment, ...]:
    """All segments of a file, by the separators its ISA names; blanks between them are skipped."""
    try:
        content = data.decode("ascii")
    except UnicodeDecodeError:
        raise Unreadable("the file isn't ASCII") from None
    if len(content) < _ISA_LENGTH or not content.startswith("ISA"):
        raise Unreadable("the file doesn't start with an ISA segment of 106 characters")
    element, component, terminator = content[3], content[104], content[105]
    if len({element, component, terminator, content[82]}) < 4:
        raise Unreadable("the ISA segment doesn't name four different separators")
    *written, rest = content.split(terminator)
    if rest.strip():
        raise Unreadable("the last segment has no terminator")
    segments: list[Segment] = []
    for number, line in enumerate(written, start=1):
        tag, *elements = line.lstrip("\r\n").split(element)
        if not tag:
            raise Unreadable(f"segment {number} is empty")
        segments.append(Segment(tag, tuple(elements), component))
    return tuple(segments)


def minor(value: str, place: str) -> int:
    """An amount in cents."""
    if not _DECIMAL.fullmatch(value):
        raise Unreadable(f"{place} isn't an amount")
    cents = Decimal(value) * 100
    if cents != cents.to_integral_value():
        raise Unreadable(f"{place} isn't an amount of whole cents")
    return int(cents)


def whole(value: str, place: str) -> int:
    """A count."""
    if not (value.isascii() and value.isdigit()):
        raise Unreadable(f"{place} isn't a whole number")
    return int(value)


def day(value: str, place: str) -> date:
    """A date, D8."""
    if not _DAY.fullmatch(value):
        raise Unreadable(f"{place} isn't a date")
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        raise Unreadable(f"{place} isn't a date") from None


def days(value: str, place: str) -> tuple[date, date]:
    """A range of dates, RD8."""
    first, _, last = value.partition("-")
    return day(first, place), day(last, place)


@dataclass(frozen=True, slots=True)
class LineSummary:
    """One 2400 loop. Pointers are a professional line's, the revenue code an institutional's."""

    control_number: str
    code: str
    modifiers: tuple[str, ...]
    charge_minor: int
    units: int
    place_of_service: str | None
    service_date: date
    diagnosis_pointers: tuple[int, ...]
    revenue_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSummary:
    """One 2300 loop, with whose it is. The charge is the claim's own, not the lines' sum.

    `form` is P or I; what the other form says is None or empty.
    """

    form: str
    claim_id: str
    charge_minor: int
    place_of_service: str | None = None
    type_of_bill: str | None = None
    frequency: str
    payer_control_number: str | None
    prior_authorization: str | None
    admission_date: date | None = None
    statement_from: date | None = None
    statement_to: date | None = None
    admission_type: str | None = None
    admission_source: str | None = None
    patient_status: str | None = None
    diagnoses: tuple[str, ...]
    reasons_for_visit: tuple[str, ...] = ()
    condition_codes: tuple[str, ...] = ()
    billing_npi: str
    rendering_npi: str | None = None
    attending_npi: str | None = None
    facility_name: str | None = None
    facility_npi: str | None
    payer_id: str
    member_id: str = field(repr=False)
    lines: tuple[LineSummary, ...]


def claims_of(data: bytes) -> tuple[ClaimSummary, ...]:
    """The claims of an 837P or 837I file, in its order."""
    return tuple(_claims(read_segments(data)))


def _claims(segments: Sequence[Segment]) -> Iterator[ClaimSummary]:
    """A claim ends where the next one, a next level or the transaction set's trailer starts."""
    parties: dict[str, str] = {}
    claim: list[Segment] = []
    for segment in segments:
        if segment.tag in ("CLM", "HL", "SE") and claim:
            yield _claim(claim, parties)
            claim = []
        if segment.tag == "CLM" or claim:
            claim.append(segment)
        elif segment.tag == "NM1":
            parties[segment[1]] = segment[9]


def _claim(segments: Sequence[Segment], parties: dict[str, str]) -> ClaimSummary:
    starts = [index for index, segment in enumerate(segments) if segment.tag == "LX"]
    own = segments[: starts[0]] if starts else segments
    ends = [*starts[1:], len(segments)]
    clm = own[0]
    place, qualifier, frequency = (*clm.components(5), "", "", "")[:3]
    form = _FORMS.get(qualifier)
    if form is None:
        raise Unreadable("CLM05 names neither a place of service nor a type of bill")
    line_of = _professional_line if form == PROFESSIONAL else _institutional_line
    references = _by_qualifier(own, "REF", 2)
    named = _by_qualifier(own, "NM1", 9)
    status = next((segment for segment in own if segment.tag == "CL1"), Segment("CL1", (), ":"))
    statement = _statement(own) if form == INSTITUTIONAL else (None, None)
    return ClaimSummary(
        form=form,
        claim_id=clm[1],
        charge_minor=minor(clm[2], "CLM02"),
        place_of_service=place if form == PROFESSIONAL else None,
        type_of_bill=place if form == INSTITUTIONAL else None,
        frequency=frequency,
        payer_control_number=references.get("F8"),
        prior_authorization=references.get("G1"),
        admission_date=_admission_date(own),
        statement_from=statement[0],
        statement_to=statement[1],
        admission_type=status[1] or None,
        admission_source=status[2] or None,
        patient_status=status[3] or None,
        diagnoses=_codes(own, "ABK", "ABF"),
        reasons_for_visit=_codes(own, "APR"),
        condition_codes=_codes(own, "BG"),
        billing_npi=parties.get("85", ""),
        rendering_npi=named.get("82") or None,
        attending_npi=named.get("71") or None,
        facility_name=_by_qualifier(own, "NM1", 3).get("77") or None,
        facility_npi=named.get("77") or None,
        payer_id=parties.get("PR", ""),
        member_id=parties.get("IL", ""),
        lines=tuple(line_of(segments[start:end]) for start, end in zip(starts, ends, strict=True)),
    )


def _statement(segments: Sequence[Segment]) -> tuple[date, date]:
    return days(_by_qualifier(segments, "DTP", 3).get("434", ""), "DTP*434")


def _admission_date(segments: Sequence[Segment]) -> date | None:
    """A day, or a day with the hour and minute, which are left out."""
    for segment in segments:
        if segment.tag == "DTP" and segment[1] == "435":
            return day(segment[3][:8] if segment[2] == "DT" else segment[3], "DTP*435")
    return None


def _codes(segments: Sequence[Segment], *qualifiers: str) -> tuple[str, ...]:
    composites = [
        segment.components(number)
        for segment in segments
        if segment.tag == "HI"
        for number in range(1, len(segment.elements) + 1)
    ]
    return tuple(parts[1] for parts in composites if len(parts) > 1 and parts[0] in qualifiers)


def _professional_line(segments: Sequence[Segment]) -> LineSummary:
    service = _only(segments, "SV1")
    procedure = service.components(1)
    return LineSummary(
        control_number=_by_qualifier(segments, "REF", 2).get("6R", ""),
        code="".join(procedure[1:2]),
        modifiers=procedure[2:6],
        charge_minor=minor(service[2], "SV102"),
        units=whole(service[4], "SV104"),
        place_of_service=service[5] or None,
        service_date=_service_date(segments),
        diagnosis_pointers=tuple(whole(pointer, "SV107") for pointer in service.components(7)),
    )


def _institutional_line(segments: Sequence[Segment]) -> LineSummary:
    service = _only(segments, "SV2")
    procedure = service.components(2)
    return LineSummary(
        control_number=_by_qualifier(segments, "REF", 2).get("6R", ""),
        code="".join(procedure[1:2]),
        modifiers=procedure[2:6],
        charge_minor=minor(service[3], "SV203"),
        units=whole(service[5], "SV205"),
        place_of_service=None,
        service_date=_service_date(segments),
        diagnosis_pointers=(),
        revenue_code=service[1],
    )


def _service_date(segments: Sequence[Segment]) -> date:
    dates = {segment[1]: segment for segment in segments if segment.tag == "DTP"}
    if "472" not in dates or dates["472"][2] != "D8":
        raise Unreadable("a line has no single service date")
    return day(dates["472"][3], "DTP03")


def _by_qualifier(segments: Sequence[Segment], tag: str, number: int) -> dict[str, str]:
    """One element of each segment of a kind, by what its first element calls it."""
    return {segment[1]: segment[number] for segment in segments if segment.tag == tag}


def _only(segments: Sequence[Segment], tag: str) -> Segment:
    found = [segment for segment in segments if segment.tag == tag]
    if len(found) != 1:
        raise Unreadable(f"a line doesn't have one {tag} segment")
    return found[0]

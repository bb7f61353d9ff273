"""Reads X12 back: the segments of any file, and what an 837P claims."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

_ISA_LENGTH = 106
_DIAGNOSIS = ("ABK", "ABF")
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


@dataclass(frozen=True, slots=True)
class LineSummary:
    """One 2400 loop."""

    control_number: str
    code: str
    modifiers: tuple[str, ...]
    charge_minor: int
    units: int
    place_of_service: str | None
    service_date: date
    diagnosis_pointers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ClaimSummary:
    """One 2300 loop, with whose it is. The charge is the claim's own, not the lines' sum."""

    claim_id: str
    charge_minor: int
    place_of_service: str
    frequency: str
    payer_control_number: str | None
    prior_authorization: str | None
    diagnoses: tuple[str, ...]
    billing_npi: str
    rendering_npi: str | None
    facility_npi: str | None
    payer_id: str
    member_id: str = field(repr=False)
    lines: tuple[LineSummary, ...]


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


def claims_of(data: bytes) -> tuple[ClaimSummary, ...]:
    """The claims of an 837P file, in its order."""
    return tuple(_claims(read_segments(data)))


def _claims(segments: tuple[Segment, ...]) -> Iterator[ClaimSummary]:
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


def _claim(segments: list[Segment], parties: dict[str, str]) -> ClaimSummary:
    starts = [index for index, segment in enumerate(segments) if segment.tag == "LX"]
    own = segments[: starts[0]] if starts else segments
    ends = [*starts[1:], len(segments)]
    clm = own[0]
    place, _, frequency = (*clm.components(5), "", "", "")[:3]
    references = {segment[1]: segment[2] for segment in own if segment.tag == "REF"}
    named = {segment[1]: segment[9] for segment in own if segment.tag == "NM1"}
    return ClaimSummary(
        claim_id=clm[1],
        charge_minor=_minor(clm[2], "CLM02"),
        place_of_service=place,
        frequency=frequency,
        payer_control_number=references.get("F8"),
        prior_authorization=references.get("G1"),
        diagnoses=_diagnoses(own),
        billing_npi=parties.get("85", ""),
        rendering_npi=named.get("82") or None,
        facility_npi=named.get("77") or None,
        payer_id=parties.get("PR", ""),
        member_id=parties.get("IL", ""),
        lines=tuple(_line(segments[start:end]) for start, end in zip(starts, ends, strict=True)),
    )


def _diagnoses(segments: list[Segment]) -> tuple[str, ...]:
    composites = [
        segment.components(number)
        for segment in segments
        if segment.tag == "HI"
        for number in range(1, len(segment.elements) + 1)
    ]
    return tuple(parts[1] for parts in composites if len(parts) > 1 and parts[0] in _DIAGNOSIS)


def _line(segments: list[Segment]) -> LineSummary:
    service = _only(segments, "SV1")
    references = {segment[1]: segment[2] for segment in segments if segment.tag == "REF"}
    dates = {segment[1]: segment for segment in segments if segment.tag == "DTP"}
    if "472" not in dates or dates["472"][2] != "D8":
        raise Unreadable("a line has no single service date")
    procedure = service.components(1)
    return LineSummary(
        control_number=references.get("6R", ""),
        code="".join(procedure[1:2]),
        modifiers=procedure[2:6],
        charge_minor=_minor(service[2], "SV102"),
        units=_whole(service[4], "SV104"),
        place_of_service=service[5] or None,
        service_date=_day(dates["472"][3], "DTP03"),
        diagnosis_pointers=tuple(_whole(pointer, "SV107") for pointer in service.components(7)),
    )


def _only(segments: list[Segment], tag: str) -> Segment:
    found = [segment for segment in segments if segment.tag == tag]
    if len(found) != 1:
        raise Unreadable(f"a line doesn't have one {tag} segment")
    return found[0]


def _minor(value: str, place: str) -> int:
    if not _DECIMAL.fullmatch(value):
        raise Unreadable(f"{place} isn't an amount")
    minor = Decimal(value) * 100
    if minor != minor.to_integral_value():
        raise Unreadable(f"{place} isn't an amount of whole cents")
    return int(minor)


def _whole(value: str, place: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise Unreadable(f"{place} isn't a whole number")
    return int(value)


def _day(value: str, place: str) -> date:
    if not _DAY.fullmatch(value):
        raise Unreadable(f"{place} isn't a date")
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        raise Unreadable(f"{place} isn't a date") from None

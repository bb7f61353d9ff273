"""Envelopes of any transaction set."""

from dataclasses import replace

import pytest

from services.billing.domain.x12.envelope import (
    ControlNumbers,
    InterchangeEnvelope,
    NotRepresentable,
    Party,
    interchange,
    segment,
)
from tests.harness.x12.professional_claims import CREATED
from tests.harness.x12.reading import read_segments

ENVELOPE = InterchangeEnvelope(
    sender=Party(identifier="SENDER", group_identifier="SENDGROUP"),
    receiver=Party(identifier="123456789", qualifier="30"),
    functional_identifier="HC",
    transaction_set="837",
    version="005010X222A1",
    control=ControlNumbers(interchange=7, group=31, transaction=9),
    created=CREATED,
    usage="P",
)


def test_isa_is_106_characters_and_names_its_separators() -> None:
    data = interchange(ENVELOPE, [])
    isa = data.split(b"\n")[0].decode()
    assert len(isa) == 106
    assert (isa[3], isa[82], isa[104], isa[105]) == ("*", "^", ":", "~")
    widths = [len(element) for element in isa[:-1].split("*")]
    assert widths == [3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1]


def test_isa_and_gs_say_who_when_and_for_what() -> None:
    isa, gs, *_ = read_segments(interchange(ENVELOPE, []))
    assert (isa[5], isa[6].strip(), isa[7], isa[8].strip()) == ("ZZ", "SENDER", "30", "123456789")
    assert (isa[9], isa[10], isa[12], isa[15]) == ("260309", "0705", "00501", "P")
    assert gs.elements == (
        "HC", "SENDGROUP", "123456789", "20260309", "0705", "31", "X", "005010X222A1",
    )  # fmt: skip


def test_trailers_repeat_control_numbers_and_count() -> None:
    bodies = [[segment("BHT", "1")], [segment("BHT", "1"), segment("NM1", "2")]]
    trailers = [s for s in read_segments(interchange(ENVELOPE, bodies)) if s.tag[-1] == "E"]
    starts = [s for s in read_segments(interchange(ENVELOPE, bodies)) if s.tag == "ST"]
    assert [s.elements for s in starts] == [
        ("837", "0009", "005010X222A1"),
        ("837", "0010", "005010X222A1"),
    ]
    assert [(s.tag, *s.elements) for s in trailers] == [
        ("SE", "3", "0009"),
        ("SE", "4", "0010"),
        ("GE", "2", "31"),
    ]
    assert read_segments(interchange(ENVELOPE, bodies))[-1].elements == ("1", "000000007")


def test_a_file_is_for_production_or_for_testing() -> None:
    with pytest.raises(NotRepresentable, match=r"^usage: "):
        interchange(replace(ENVELOPE, usage="X"), [])


@pytest.mark.parametrize("field", ["interchange", "group", "transaction"])
@pytest.mark.parametrize("number", [0, -1, 1_000_000_000])
def test_control_numbers_have_one_to_nine_digits(field: str, number: int) -> None:
    control = replace(ENVELOPE.control, **{field: number})
    with pytest.raises(NotRepresentable, match=f"^control.{field}: "):
        interchange(replace(ENVELOPE, control=control), [[segment("BHT", "1")]])


@pytest.mark.parametrize("identifier", ["", "A", "A" * 16, "A*B", "É1"])
def test_parties_fit_the_envelope(identifier: str) -> None:
    with pytest.raises(NotRepresentable, match=r"^sender.identifier: "):
        interchange(replace(ENVELOPE, sender=Party(identifier=identifier)), [])


def test_a_segment_leaves_empty_ends_out() -> None:
    assert segment("N3", "1 ELM", "") == "N3*1 ELM"
    assert segment("SV1", ("HC", "H0015", "", ""), "", "2", "") == "SV1*HC:H0015**2"


@pytest.mark.parametrize("foreign", ["A*B", "A:B", "A~B", "A^B", "a", "É", "A\nB"])
def test_no_separator_and_no_foreign_character_gets_into_data(foreign: str) -> None:
    with pytest.raises(NotRepresentable, match=r"^N302: "):
        segment("N3", "1 ELM", foreign)
    with pytest.raises(NotRepresentable, match=r"^HI01: "):
        segment("HI", ("ABK", foreign))

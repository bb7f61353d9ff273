"""Reading X12 back."""

from datetime import date

import pytest

from tests.harness.x12.professional_claims import FACILITY, GOLDEN, PROVIDER, RENDERING, written
from tests.harness.x12.reading import (
    ClaimSummary,
    LineSummary,
    Unreadable,
    claims_of,
    read_segments,
)

FILE = written(*GOLDEN).decode()


def test_a_claim_says_what_was_claimed() -> None:
    first, second, third = claims_of(FILE.encode())
    assert first == ClaimSummary(
        form="P",
        claim_id="C-1",
        charge_minor=75_105,
        place_of_service="57",
        frequency="1",
        payer_control_number=None,
        prior_authorization="AUTH-77",
        diagnoses=("F1020", "F321"),
        billing_npi=PROVIDER.npi,
        rendering_npi=RENDERING.npi,
        facility_name="EXAMPLE IOP EAST",
        facility_npi=FACILITY.npi,
        payer_id="EXPLAN",
        member_id="EX000123",
        lines=(
            LineSummary("L1", "H0015", ("HF", "HQ"), 25_050, 1, None, date(2026, 3, 2), (1, 2)),
            LineSummary("L2", "H0015", ("HF",), 25_055, 2, None, date(2026, 3, 3), (1,)),
            LineSummary("L3", "90853", (), 25_000, 1, "10", date(2026, 3, 4), (1,)),
        ),
    )
    assert (second.frequency, second.payer_control_number) == ("7", "EXICN-1")
    assert (third.frequency, third.payer_control_number) == ("8", "EXICN-2")
    assert second.rendering_npi is None and second.facility_npi is None


def test_separators_are_those_the_file_names() -> None:
    other = FILE.translate(str.maketrans("*^:~", "|!>'")).replace("O'NEILL", "ONEILL")
    assert claims_of(other.encode()) == claims_of(FILE.encode())


@pytest.mark.parametrize("ending", ["~", "~\r\n", "~\n\n"])
def test_line_ends_between_segments_do_not_matter(ending: str) -> None:
    assert read_segments(FILE.replace("~\n", ending).encode()) == read_segments(FILE.encode())


def test_absent_elements_are_empty() -> None:
    isa, *_ = read_segments(FILE.encode())
    assert (isa.tag, isa[16], isa[17], isa[0]) == ("ISA", ":", "", "")
    assert isa.components(17) == ()


def test_a_summary_does_not_show_whose_claim_it_is() -> None:
    assert "EX000123" not in repr(claims_of(FILE.encode()))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("ISA*00", "ISB*00", "doesn't start with an ISA"),
        ("*T*:~", "*T**~", "four different separators"),
        ("ROBIN", "RÖBIN", "isn't ASCII"),
        ("IEA*1*000000042~", "IEA*1*000000042", "no terminator"),
        ("LX*2~", "~LX*2~", "segment 33 is empty"),
        ("*250.5*", "*250.555*", "SV102 isn't an amount of whole cents"),
        ("*250.5*", "*2_5*", "SV102 isn't an amount"),
        ("*751.05*", "**", "CLM02 isn't an amount"),
        ("*UN*2*", "*UN*2.5*", "SV104 isn't a whole number"),
        ("***1:2", "***1:X", "SV107 isn't a whole number"),
        ("D8*20260302", "D8*20260230", "DTP03 isn't a date"),
        ("D8*20260302", "D8*2026032", "DTP03 isn't a date"),
        ("D8*20260302", "RD8*20260302-20260303", "no single service date"),
        ("57:B:1", "57:C:1", "neither a place of service nor a type of bill"),
        ("SV1*HC:90853", "SV2*HC:90853", "one SV1 segment"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_place(before: str, after: str, said: str) -> None:
    assert before in FILE
    with pytest.raises(Unreadable) as refused:
        claims_of(FILE.replace(before, after, 1).encode())
    assert said in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("length", [0, 3, 105])
def test_a_file_begins_with_a_whole_isa(length: int) -> None:
    with pytest.raises(Unreadable, match="106 characters"):
        read_segments(FILE.encode()[:length])

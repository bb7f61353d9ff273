"""Reading institutional claims back, and telling the forms apart."""

from datetime import date

import pytest

from tests.harness.x12 import professional_claims as examples
from tests.harness.x12.institutional_claims import ATTENDING, GOLDEN, written
from tests.harness.x12.professional_claims import FACILITY, PROVIDER
from tests.harness.x12.reading import ClaimSummary, LineSummary, Unreadable, claims_of

FILE = written(*GOLDEN).decode()


def test_a_claim_says_what_was_claimed() -> None:
    first, second, third = claims_of(FILE.encode())
    third_of_march, fourth_of_march = date(2026, 3, 3), date(2026, 3, 4)
    assert first == ClaimSummary(
        form="I",
        claim_id="C-1",
        charge_minor=75_105,
        type_of_bill="76",
        frequency="2",
        payer_control_number=None,
        prior_authorization="AUTH-77",
        admission_date=date(2026, 2, 23),
        statement_from=date(2026, 3, 1),
        statement_to=date(2026, 3, 7),
        admission_type="3",
        admission_source="1",
        patient_status="30",
        diagnoses=("F1020", "F321"),
        reasons_for_visit=("F1020",),
        condition_codes=("92", "A6"),
        billing_npi=PROVIDER.npi,
        attending_npi=ATTENDING.npi,
        facility_name="EXAMPLE IOP EAST",
        facility_npi=FACILITY.npi,
        payer_id="EXPLAN",
        member_id="EX000123",
        lines=(
            LineSummary(
                "L1", "90853", ("PO", "HQ"), 25_050, 1, None, date(2026, 3, 2), (), "0905"
            ),
            LineSummary("L2", "G0176", (), 25_055, 2, None, third_of_march, (), "0904"),
            LineSummary("L3", "", (), 25_000, 1, None, fourth_of_march, (), "0905"),
        ),
    )  # fmt: skip
    assert (second.frequency, second.payer_control_number) == ("7", "EXICN-1")
    assert (third.frequency, third.payer_control_number) == ("8", "EXICN-2")
    assert second.facility_npi is None and second.admission_date is None


def test_the_form_is_told_by_the_claim() -> None:
    professional = examples.written(*examples.GOLDEN)
    assert {read.form for read in claims_of(professional)} == {"P"}
    assert {read.form for read in claims_of(FILE.encode())} == {"I"}
    for read in claims_of(professional):
        assert read.type_of_bill is None and read.attending_npi is None
        assert all(line.revenue_code is None for line in read.lines)
    for read in claims_of(FILE.encode()):
        assert read.place_of_service is None and read.rendering_npi is None


def test_the_hour_of_an_admission_is_left_out() -> None:
    hourly = FILE.replace("435*D8*20260223", "435*DT*202602231030")
    assert claims_of(hourly.encode()) == claims_of(FILE.encode())


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("*250.5*", "*250.555*", "SV203 isn't an amount of whole cents"),
        ("*UN*2~", "*UN*2.5~", "SV205 isn't a whole number"),
        ("SV2*0905*HC", "SV1*0905*HC", "one SV2 segment"),
        ("472*D8*20260302", "472*D8*20260230", "DTP03 isn't a date"),
        ("434*RD8", "096*RD8", "DTP*434 isn't a date"),
        ("20260301-20260307", "20260301", "DTP*434 isn't a date"),
        ("20260301-20260307", "20260301-20260230", "DTP*434 isn't a date"),
        ("435*D8*20260223", "435*D8*2026022310", "DTP*435 isn't a date"),
        ("76:A:2", "76::2", "neither a place of service nor a type of bill"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_place(before: str, after: str, said: str) -> None:
    assert before in FILE
    with pytest.raises(Unreadable) as refused:
        claims_of(FILE.replace(before, after, 1).encode())
    assert said in str(refused.value)
    assert refused.value.__cause__ is None

"""The 837I writer, judged by pyx12 and read back."""

import string
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings

from services.billing.domain.x12.envelope import NotRepresentable
from services.billing.domain.x12.t837.claim import Batch837I, BillingGroup, InstitutionalClaim
from services.billing.domain.x12.t837.claim_file import write_claims
from services.billing.domain.x12.t837.scrub import scrub
from tests.harness.x12 import institutional_strategies as strategies_837i
from tests.harness.x12.institutional_claims import ATTENDING, GOLDEN, batch, claim, line, written
from tests.harness.x12.judge import judge
from tests.harness.x12.professional_claims import (
    CONTROL,
    CREATED,
    FACILITY,
    PROVIDER,
    SUBSCRIBER,
    npi,
    segments,
)
from tests.harness.x12.reading import claims_of

GOLDEN_FILE = Path(__file__).parent / "golden_837i.x12"


def test_the_golden_file_is_written_byte_by_byte() -> None:
    assert written(*GOLDEN) == GOLDEN_FILE.read_bytes()


def test_the_golden_file_is_accepted() -> None:
    assert judge(GOLDEN_FILE.read_bytes()) == []


@settings(deadline=None)
@given(strategies_837i.batches())
def test_a_clean_batch_is_accepted_and_reads_back_as_issued(issued: Batch837I) -> None:
    assert scrub(issued, created=CREATED.date()) == ()
    data = write_claims(issued, control=CONTROL, created=CREATED, usage="P")
    assert judge(data) == []
    assert claims_of(data) == strategies_837i.said_by(issued)


@settings(deadline=None)
@given(strategies_837i.batches())
def test_charges_add_up_and_only_basic_characters_are_sent(issued: Batch837I) -> None:
    data = write_claims(issued, control=CONTROL, created=CREATED, usage="P")
    for read in claims_of(data):
        assert read.charge_minor == sum(line.charge_minor for line in read.lines)
    basic = string.ascii_uppercase + string.digits + "!\"&'()*+,-./:;?= "
    assert set(data.decode()) <= set(basic + "^~\n")
    assert data == write_claims(issued, control=CONTROL, created=CREATED, usage="P")


def test_every_claim_has_its_subscribers_level_under_its_billing_provider() -> None:
    other = replace(PROVIDER, npi=npi("199999909"))
    groups = (
        BillingGroup(provider=PROVIDER, claims=(claim(claim_id="A"), claim(claim_id="B"))),
        BillingGroup(provider=other, claims=(claim(claim_id="C"),)),
    )
    data = write_claims(
        replace(batch(), groups=groups), control=CONTROL, created=CREATED, usage="T"
    )
    levels = [(hl[0], hl[1], hl[2]) for hl in segments(data, "HL")]
    assert levels == [("1", "", "20"), ("2", "1", "22"), ("3", "1", "22"), ("4", "", "20"),
                      ("5", "4", "22")]  # fmt: skip
    assert [read.billing_npi for read in claims_of(data)] == [PROVIDER.npi, PROVIDER.npi, other.npi]
    assert judge(data) == []


def test_more_claims_than_a_transaction_set_takes_make_further_sets() -> None:
    issued = batch(*(claim(claim_id=f"C-{n}") for n in range(5)))
    data = write_claims(issued, control=CONTROL, created=CREATED, usage="T", most_claims=2)
    assert [st[1:] for st in segments(data, "ST")] == [
        ("0001", "005010X223A2"), ("0002", "005010X223A2"), ("0003", "005010X223A2"),
    ]  # fmt: skip
    assert claims_of(data) == strategies_837i.said_by(issued)
    assert judge(data) == []


@pytest.mark.parametrize("frequency", ["7", "8"])
def test_a_replacement_or_void_carries_the_payers_control_number(frequency: str) -> None:
    data = written(claim(frequency=frequency, payer_control_number="EXICN-1"))
    assert ("F8", "EXICN-1") in segments(data, "REF")
    assert judge(data) == []
    with pytest.raises(NotRepresentable, match="payer_control_number: is missing"):
        written(claim(frequency=frequency))


@pytest.mark.parametrize("frequency", ["1", "2", "3", "4", "5"])
def test_no_other_bill_carries_it(frequency: str) -> None:
    assert judge(written(claim(frequency=frequency))) == []
    with pytest.raises(NotRepresentable, match="payer_control_number: "):
        written(claim(frequency=frequency, payer_control_number="EXICN-1"))


def test_a_void_says_what_its_original_said() -> None:
    (original,) = claims_of(written(claim()))
    (void,) = claims_of(
        written(claim(claim_id="C-9", frequency="8", payer_control_number="EXICN-1"))
    )
    told = replace(original, claim_id="C-9", frequency="8", payer_control_number="EXICN-1")
    assert void == told


def test_each_kind_of_code_has_its_own_segments_of_twelve() -> None:
    many = tuple(f"F1{n % 10}.{n // 10}0" for n in range(25))
    conditions = tuple(f"{n:02d}" for n in range(13))
    data = written(
        claim(diagnoses=many, reasons_for_visit=("R45.1", "F32.1"), condition_codes=conditions)
    )
    kinds = [(hi[0].split(":")[0], len(hi)) for hi in segments(data, "HI")]
    assert kinds == [("ABK", 1), ("APR", 2), ("ABF", 12), ("ABF", 12), ("BG", 12), ("BG", 1)]
    assert judge(data) == []


def test_one_diagnosis_and_no_condition_make_one_segment() -> None:
    data = written(claim(diagnoses=("F10.20",)))
    assert segments(data, "HI") == [("ABK:F1020",)]
    assert judge(data) == []


def test_a_statement_of_one_day_is_a_range_too() -> None:
    day = date(2026, 3, 3)
    data = written(claim(statement_from=day, statement_to=day, lines=(line(2),)))
    assert ("434", "RD8", "20260303-20260303") in segments(data, "DTP")
    assert judge(data) == []


def test_nine_hundred_and_ninety_nine_lines_are_the_most() -> None:
    most = tuple(line(n) for n in range(1, 1000))
    data = written(claim(lines=most))
    assert [lx[0] for lx in segments(data, "LX")] == [str(n) for n in range(1, 1000)]
    assert judge(data) == []
    with pytest.raises(NotRepresentable, match=r"^groups\[0\].claims\[0\].lines: "):
        written(claim(lines=(*most, line(1000))))


def test_a_line_without_procedure_has_its_revenue_code() -> None:
    data = written(claim(lines=(line(code=None, modifiers=(), units=2, unit_basis="DA"),)))
    assert segments(data, "SV2") == [("0906", "", "250", "DA", "2")]
    assert judge(data) == []


def test_a_facility_without_npi_is_named_without_qualifier() -> None:
    data = written(claim(facility=replace(FACILITY, npi=None)))
    assert ("77", "2", "EXAMPLE IOP EAST") in segments(data, "NM1")
    assert judge(data) == []


def test_an_empty_batch_makes_no_file() -> None:
    nothing = replace(batch(), groups=(BillingGroup(provider=PROVIDER, claims=()),))
    with pytest.raises(NotRepresentable, match=r"^groups: "):
        write_claims(nothing, control=CONTROL, created=CREATED, usage="T")


REFUSED: list[tuple[str, InstitutionalClaim]] = [
    ("claim_id", claim(claim_id="C" * 21)),
    ("type_of_bill", claim(type_of_bill="131")),
    ("frequency", claim(frequency="6")),
    ("statement_to", claim(statement_from=date(2026, 3, 8))),
    ("admission_type", claim(admission_type="33")),
    ("admission_source", claim(admission_source="")),
    ("patient_status", claim(patient_status="030")),
    ("diagnoses", claim(diagnoses=())),
    ("diagnoses", claim(diagnoses=("F10",) * 26)),
    ("diagnoses[1]", claim(diagnoses=("F10", "F1*0"))),
    ("reasons_for_visit", claim(reasons_for_visit=("F10",) * 4)),
    ("reasons_for_visit[0]", claim(reasons_for_visit=("F",))),
    ("condition_codes", claim(condition_codes=("92",) * 25)),
    ("condition_codes[1]", claim(condition_codes=("92", "9"))),
    ("attending", claim(attending=None)),
    ("attending.npi", claim(attending=replace(ATTENDING, npi="1"))),
    ("lines", claim(lines=())),
    ("lines[0].revenue_code", claim(lines=(line(revenue_code="906"),))),
    ("lines[0].code", claim(lines=(line(code=""),))),
    ("lines[0].modifiers", claim(lines=(line(modifiers=("HF",) * 5),))),
    ("lines[0].modifiers", claim(lines=(line(code=None),))),
    ("lines[0].charge_minor", claim(lines=(line(charge_minor=-1), line(charge_minor=2)))),
    ("lines[0].units", claim(lines=(line(units=-1),))),
    ("subscriber.birth_date", claim(subscriber=replace(SUBSCRIBER, birth_date=None))),
]


@pytest.mark.parametrize(("field", "unwritable"), REFUSED)
def test_what_cannot_be_written_is_refused_by_field(
    field: str, unwritable: InstitutionalClaim
) -> None:
    with pytest.raises(NotRepresentable) as refused:
        written(unwritable)
    assert refused.value.field == f"groups[0].claims[0].{field}"


def test_nobody_appears_in_a_representation() -> None:
    shown = repr(claim())
    assert not [
        value for value in (SUBSCRIBER.last, SUBSCRIBER.member_id, "1990") if value in shown
    ]

"""The 837P writer, judged by pyx12 and read back."""

import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from services.billing.domain.x12.envelope import NotRepresentable
from services.billing.domain.x12.t837.claim import Batch837P, BillingGroup, ProfessionalClaim
from services.billing.domain.x12.t837.claim_file import write_claims
from services.billing.domain.x12.t837.scrub import scrub
from tests.harness.x12 import professional_strategies as strategies
from tests.harness.x12.judge import judge
from tests.harness.x12.professional_claims import (
    CONTROL,
    CREATED,
    FACILITY,
    GOLDEN,
    PROVIDER,
    RENDERING,
    SUBSCRIBER,
    batch,
    claim,
    line,
    npi,
    segments,
    written,
)
from tests.harness.x12.reading import claims_of

GOLDEN_FILE = Path(__file__).parent / "golden_837p.x12"


def test_the_golden_file_is_written_byte_by_byte() -> None:
    assert written(*GOLDEN) == GOLDEN_FILE.read_bytes()


def test_the_golden_file_is_accepted() -> None:
    assert judge(GOLDEN_FILE.read_bytes()) == []


@settings(deadline=None)
@given(strategies.batches())
def test_a_clean_batch_is_accepted_and_reads_back_as_issued(issued: Batch837P) -> None:
    assert scrub(issued, created=CREATED.date()) == ()
    data = write_claims(issued, control=CONTROL, created=CREATED, usage="P")
    assert judge(data) == []
    assert claims_of(data) == strategies.said_by(issued)


@settings(deadline=None)
@given(strategies.batches())
def test_charges_add_up_and_only_basic_characters_are_sent(issued: Batch837P) -> None:
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
    assert segments(data, "HL") == [
        ("1", "", "20", "1"),
        ("2", "1", "22", "0"),
        ("3", "1", "22", "0"),
        ("4", "", "20", "1"),
        ("5", "4", "22", "0"),
    ]
    assert [read.billing_npi for read in claims_of(data)] == [PROVIDER.npi, PROVIDER.npi, other.npi]
    assert judge(data) == []


def test_more_claims_than_a_transaction_set_takes_make_further_sets() -> None:
    issued = batch(*(claim(claim_id=f"C-{n}") for n in range(5)))
    data = write_claims(issued, control=CONTROL, created=CREATED, usage="T", most_claims=2)
    assert [st[1] for st in segments(data, "ST")] == ["0001", "0002", "0003"]
    assert [bht[2] for bht in segments(data, "BHT")] == [
        "000000042-0001", "000000042-0002", "000000042-0003",
    ]  # fmt: skip
    assert claims_of(data) == strategies.said_by(issued)
    assert judge(data) == []


def test_a_transaction_set_takes_at_most_5000_claims() -> None:
    plain = claim(lines=(line(),))
    data = written(*(replace(plain, claim_id=f"C-{n}") for n in range(5001)))
    assert len(segments(data, "ST")) == 2
    assert len(claims_of(data)) == 5001


@pytest.mark.parametrize("frequency", ["7", "8"])
def test_a_replacement_or_void_carries_the_payers_control_number(frequency: str) -> None:
    data = written(claim(frequency=frequency, payer_control_number="EXICN-1"))
    assert ("F8", "EXICN-1") in segments(data, "REF")
    assert judge(data) == []
    with pytest.raises(NotRepresentable, match="payer_control_number: is missing"):
        written(claim(frequency=frequency))


def test_an_original_carries_no_control_number_of_the_payer() -> None:
    with pytest.raises(NotRepresentable, match="payer_control_number: "):
        written(claim(payer_control_number="EXICN-1"))


def test_the_first_diagnosis_is_the_principal_one_and_dots_are_left_out() -> None:
    twelve = tuple(f"F1{n % 10}.{n // 10}0" for n in range(12))
    data = written(claim(diagnoses=twelve))
    (hi,) = segments(data, "HI")
    assert hi[0] == "ABK:F1000"
    assert hi[1:] == tuple(f"ABF:F1{n % 10}{n // 10}0" for n in range(1, 12))
    assert judge(data) == []


def test_fifty_lines_are_the_most() -> None:
    fifty = tuple(line(n) for n in range(1, 51))
    data = written(claim(lines=fifty))
    assert [lx[0] for lx in segments(data, "LX")] == [str(n) for n in range(1, 51)]
    assert judge(data) == []
    with pytest.raises(NotRepresentable, match=r"^groups\[0\].claims\[0\].lines: "):
        written(claim(lines=(*fifty, line(51))))


def test_a_line_says_its_place_only_where_it_isnt_the_claims() -> None:
    elsewhere = line(2, place_of_service="10")
    data = written(claim(lines=(line(1, place_of_service="57"), elsewhere)))
    assert [sv1[4] for sv1 in segments(data, "SV1")] == ["", "10"]


def test_an_admission_date_is_accepted_where_the_guide_has_it() -> None:
    data = written(claim(admission_date=CREATED.date()))
    assert ("435", "D8", "20260309") in segments(data, "DTP")
    assert judge(data) == []


def test_a_facility_without_npi_is_named_without_qualifier() -> None:
    data = written(claim(facility=replace(FACILITY, npi=None)))
    assert ("77", "2", "EXAMPLE IOP EAST") in segments(data, "NM1")
    assert judge(data) == []


def test_awkward_names_are_written_plainly() -> None:
    data = written(claim(rendering=replace(RENDERING, last="Ødegård–Łoś")))
    assert ("IL", "1", "O'NEILL-NUNEZ", "ZOE", "Q", "", "", "MI", "EX000123") in segments(
        data, "NM1"
    )
    assert ("82", "1", "ODEGARD-LOS", "ROBIN", "", "", "", "XX", RENDERING.npi) in segments(
        data, "NM1"
    )
    assert judge(data) == []


def test_an_empty_batch_makes_no_file() -> None:
    nothing = replace(batch(), groups=(BillingGroup(provider=PROVIDER, claims=()),))
    with pytest.raises(NotRepresentable, match=r"^groups: "):
        write_claims(nothing, control=CONTROL, created=CREATED, usage="T")


def test_a_provider_without_claims_has_no_level() -> None:
    groups = (BillingGroup(provider=PROVIDER, claims=()), *batch().groups)
    data = write_claims(
        replace(batch(), groups=groups), control=CONTROL, created=CREATED, usage="T"
    )
    assert len(segments(data, "HL")) == 2


REFUSED: list[tuple[str, ProfessionalClaim]] = [
    ("claim_id", claim(claim_id="C" * 21)),
    ("frequency", claim(frequency="6")),
    ("diagnoses", claim(diagnoses=())),
    ("diagnoses", claim(diagnoses=("F10",) * 13)),
    ("diagnoses[1]", claim(diagnoses=("F10", "F1*0"))),
    ("lines", claim(lines=())),
    ("lines[0].modifiers", claim(lines=(line(modifiers=("HF",) * 5),))),
    ("lines[0].diagnosis_pointers", claim(lines=(line(diagnosis_pointers=()),))),
    ("lines[0].diagnosis_pointers", claim(lines=(line(diagnosis_pointers=(3,)),))),
    ("lines[0].diagnosis_pointers", claim(lines=(line(diagnosis_pointers=(0,)),))),
    ("lines[0].charge_minor", claim(lines=(line(charge_minor=-1), line(charge_minor=2)))),
    ("lines[0].units", claim(lines=(line(units=-1),))),
    ("subscriber.last", claim(subscriber=replace(SUBSCRIBER, last="Иванова"))),
    ("subscriber.address", claim(subscriber=replace(SUBSCRIBER, address=None))),
    ("subscriber.birth_date", claim(subscriber=replace(SUBSCRIBER, birth_date=None))),
    ("subscriber.sex", claim(subscriber=replace(SUBSCRIBER, sex=None))),
    ("subscriber.member_id", claim(subscriber=replace(SUBSCRIBER, member_id="X*Y"))),
]


@pytest.mark.parametrize(("field", "unwritable"), REFUSED)
def test_what_cannot_be_written_is_refused_by_field(
    field: str, unwritable: ProfessionalClaim
) -> None:
    with pytest.raises(NotRepresentable) as refused:
        written(unwritable)
    assert refused.value.field == f"groups[0].claims[0].{field}"


def test_nobody_appears_in_a_representation() -> None:
    shown = repr(claim())
    values: list[Any] = [SUBSCRIBER.last, SUBSCRIBER.member_id, "1990", "Parma", "Sample"]
    assert not [value for value in values if value in shown]

"""Values become data elements of the basic character set, or a field is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.x12.envelope import (
    DATA_CHARACTERS,
    MOST_MINOR_UNITS,
    NotRepresentable,
    amount,
    digits,
    fold,
    identifier,
    optional_identifier,
    optional_text,
    text,
    whole_number,
)
from tests.harness.x12.professional_strategies import awkward_names


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("O'Neill-Núñez", "O'NEILL-NUNEZ"),
        ("O’Brien", "O'BRIEN"),
        ("Łukasz Strauß", "LUKASZ STRAUSS"),
        ("Søren Æbelø", "SOREN AEBELO"),
        ("İnci Işık", "INCI ISIK"),
        ("Nguyễn Thị", "NGUYEN THI"),
        ("Kealiʻi", "KEALI'I"),
        ("Jean–Luc", "JEAN-LUC"),
        ("ﬁne ½", "FINE 1/2"),
        ("  two\t words\u00a0here ", "TWO WORDS HERE"),
        ("100 Elm #4", "100 ELM 4"),
        ("A*B:C^D~E", "A B C D E"),
    ],
)
def test_names_are_written_in_plain_capitals(name: str, written: str) -> None:
    assert text(name, "last", longest=60) == written


@given(awkward_names)
def test_awkward_names_keep_to_the_basic_characters_without_separators(name: str) -> None:
    written = text(name, "last", longest=60)
    assert DATA_CHARACTERS.issuperset(written)
    assert written == written.strip()
    assert text(written, "last", longest=60) == written


@given(st.text())
def test_any_text_is_written_plainly_or_refused_by_field(value: str) -> None:
    try:
        assert DATA_CHARACTERS.issuperset(text(value, "subscriber.last", longest=60))
    except NotRepresentable as refused:
        assert str(refused).startswith("subscriber.last: ")


@given(st.text())
def test_folding_twice_is_folding_once(value: str) -> None:
    assert fold(fold(value)) == fold(value)


@pytest.mark.parametrize(
    "value", ["Иванова", "山田", "CANARY\x00", "CANARY%", "CANARY@", "x" * 61, "*"]
)
def test_a_refusal_names_the_field_and_never_the_value(value: str) -> None:
    with pytest.raises(NotRepresentable) as refused:
        text(value, "subscriber.last", longest=60)
    assert refused.value.field == "subscriber.last"
    assert value not in str(refused.value) and "CANARY" not in repr(refused.value)
    assert refused.value.__cause__ is None and refused.value.__context__ is None


@pytest.mark.parametrize("value", ["A*1", "A:1", "A^1", "A~1", "Á1", "ß1", "ﬁ1", "A\n1", "A_1", ""])
def test_an_identifier_is_never_repaired(value: str) -> None:
    with pytest.raises(NotRepresentable, match=r"^member_id: "):
        identifier(value, "member_id", longest=80)


def test_an_identifier_is_trimmed_and_upper_cased() -> None:
    assert identifier(" abc-1 ", "member_id", longest=80) == "ABC-1"


@pytest.mark.parametrize("value", ["A", "ABCDE"])
def test_an_identifier_has_its_length(value: str) -> None:
    with pytest.raises(NotRepresentable, match="2 to 4 characters"):
        identifier(value, "code", shortest=2, longest=4)


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_nothing_optional_is_written_as_nothing(nothing: str | None) -> None:
    assert optional_text(nothing, "middle", longest=25) == ""
    assert optional_identifier(nothing, "group", longest=50) == ""


def test_digits_lose_the_punctuation_between_them() -> None:
    assert digits("(216) 555-0100", "phone", longest=10) == "2165550100"
    assert digits("44101-0001", "postal_code", shortest=5, longest=9) == "441010001"


@pytest.mark.parametrize("value", ["21655501OO", "²165550100", "216555010", "", "-"])
def test_what_isnt_digits_is_refused(value: str) -> None:
    with pytest.raises(NotRepresentable, match=r"^phone: "):
        digits(value, "phone", longest=10)


@pytest.mark.parametrize(
    ("minor", "written"),
    [(25_000, "250"), (25_050, "250.5"), (25_055, "250.55"), (25_005, "250.05"), (5, "0.05"),
     (0, "0"), (100, "1"), (10, "0.1"), (100_000, "1000"), (MOST_MINOR_UNITS, "99999999.99")],
)  # fmt: skip
def test_an_amount_is_its_shortest_decimal(minor: int, written: str) -> None:
    assert amount(minor, "charge") == written


@pytest.mark.parametrize("minor", [-1, MOST_MINOR_UNITS + 1])
def test_an_amount_is_neither_negative_nor_boundless(minor: int) -> None:
    with pytest.raises(NotRepresentable, match=r"^charge: "):
        amount(minor, "charge")


@pytest.mark.parametrize("value", [-1, 11])
def test_a_count_keeps_its_bounds(value: int) -> None:
    assert whole_number(10, "units", most=10) == "10"
    with pytest.raises(NotRepresentable, match=r"^units: "):
        whole_number(value, "units", most=10)

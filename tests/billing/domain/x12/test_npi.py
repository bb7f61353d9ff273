"""NPIs: the check digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.x12.npi import check_digit_for, is_valid_npi

nine_digits = st.from_regex(r"[12][0-9]{8}", fullmatch=True)


def test_the_standards_own_example_is_valid() -> None:
    assert check_digit_for("123456789") == "3"
    assert is_valid_npi("1234567893")


@given(nine_digits)
def test_exactly_one_last_digit_is_right(digits: str) -> None:
    valid = [last for last in "0123456789" if is_valid_npi(digits + last)]
    assert valid == [check_digit_for(digits)]


@given(nine_digits, st.integers(0, 9), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_noticed(digits: str, place: int, other: str) -> None:
    npi = digits + check_digit_for(digits)
    mistyped = npi[:place] + other + npi[place + 1 :]
    assert is_valid_npi(mistyped) == (mistyped == npi)


@pytest.mark.parametrize(
    "value",
    ["", "123456789", "12345678933", "123456789X", "3234567893", "１234567893", " 234567893"],
)
def test_what_isnt_ten_digits_starting_with_1_or_2_is_no_npi(value: str) -> None:
    assert not is_valid_npi(value)


@pytest.mark.parametrize("value", ["12345678", "1234567890", "12345678A", "12345678²"])
def test_a_check_digit_is_computed_from_nine_digits_only(value: str) -> None:
    with pytest.raises(ValueError, match="nine digits") as refused:
        check_digit_for(value)
    assert value not in str(refused.value)

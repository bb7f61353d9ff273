"""Minutes to units, by each payer's rounding (domain guide, 5.5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.billing.domain.days.lines import units_of

ROUNDINGS = some.sampled_from(["UP", "DOWN", "MIDPOINT"])
MINUTES = some.integers(0, 1440)
UNIT = some.integers(1, 120)


@pytest.mark.parametrize(
    ("rounding", "minutes", "expected"),
    [
        *(("MIDPOINT", m, u) for m, u in ((7, 0), (8, 1), (22, 1), (23, 2), (37, 2), (38, 3))),
        *(("MIDPOINT", m, u) for m, u in ((52, 3), (53, 4), (67, 4), (68, 5))),
        *(("UP", m, u) for m, u in ((1, 1), (15, 1), (16, 2), (30, 2), (31, 3))),
        *(("DOWN", m, u) for m, u in ((14, 0), (15, 1), (29, 1), (30, 2), (44, 2))),
    ],
)
def test_quarter_hours_are_rounded_as_the_payer_says(
    rounding: str, minutes: int, expected: int
) -> None:
    assert units_of(minutes, 15, rounding) == expected


@pytest.mark.parametrize(
    ("unit", "last_without", "first_with"), [(15, 7, 8), (30, 15, 16), (60, 30, 31), (6, 3, 4)]
)
def test_a_unit_counts_once_more_than_half_of_it_has_passed(
    unit: int, last_without: int, first_with: int
) -> None:
    assert units_of(last_without, unit, "MIDPOINT") == 0
    assert units_of(first_with, unit, "MIDPOINT") == 1


@given(UNIT, ROUNDINGS)
def test_no_minutes_are_no_units(unit: int, rounding: str) -> None:
    assert units_of(0, unit, rounding) == 0


@given(MINUTES, MINUTES, UNIT, ROUNDINGS)
def test_more_minutes_are_never_fewer_units(a: int, b: int, unit: int, rounding: str) -> None:
    assert units_of(min(a, b), unit, rounding) <= units_of(max(a, b), unit, rounding)


@given(MINUTES, UNIT)
def test_the_midpoint_lies_between_down_and_up_which_differ_by_one_at_most(
    minutes: int, unit: int
) -> None:
    down, mid, up = (units_of(minutes, unit, rounding) for rounding in ("DOWN", "MIDPOINT", "UP"))
    assert down <= mid <= up <= down + 1


@given(some.integers(1, 96), UNIT, ROUNDINGS)
def test_whole_units_are_not_rounded(units: int, unit: int, rounding: str) -> None:
    assert units_of(units * unit, unit, rounding) == units


def test_a_way_of_rounding_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no way of rounding"):
        units_of(15, 15, "BANKERS")

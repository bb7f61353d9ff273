"""Seconds: a payer's grace is added to what must be reached; units bill what was given."""

from typing import Any

from services.billing.domain.payers.rules import DiscreteService, TimedUnits
from tests.billing.domain.test_lines import FEES
from tests.harness.billing.history import (
    MONDAY,
    attended,
    billable,
    confirmed,
    session,
    signed,
    the_day,
)


def of_seconds(*seconds: int, **rules: Any) -> Any:
    """A Monday of groups of so many seconds, under these rules."""
    names = [str(number) for number in range(len(seconds))]
    return the_day(
        billable(
            sessions=tuple(session(MONDAY, name) for name in names),
            attendances=tuple(
                attended(MONDAY, seconds_attended // 60, name, seconds=seconds_attended)
                for seconds_attended, name in zip(seconds, names, strict=True)
            ),
            notes=tuple(signed(MONDAY, name=name) for name in names),
            fees=FEES,
            confirmed=(confirmed(**rules),),
        )
    )


def test_twenty_seconds_late_is_a_short_day_where_the_payer_gives_no_grace() -> None:
    day = of_seconds(180 * 60 - 20)
    assert (day.outcome, day.minutes, day.reasons) == ("NOT_BILLABLE", 179, ("SHORT_OF_MINUTES",))


def test_a_payers_grace_is_added_to_the_days_sum_before_its_minimum() -> None:
    assert of_seconds(180 * 60 - 20, grace_seconds=20).outcome == "PER_DIEM"
    assert of_seconds(180 * 60 - 21, grace_seconds=20).outcome == "NOT_BILLABLE"
    assert of_seconds(90 * 60 - 15, 90 * 60 - 15, grace_seconds=30).outcome == "PER_DIEM"


def test_seconds_are_summed_before_they_are_minutes() -> None:
    day = of_seconds(90 * 60 - 30, 90 * 60 + 30)
    assert (day.outcome, day.minutes) == ("PER_DIEM", 180)


def test_units_bill_what_was_given_floored_once_a_day() -> None:
    timed = TimedUnits(
        code="H0015", modifiers=(), unit_minutes=15, rounding="DOWN", minimum_minutes=45
    )
    rules = {"bill_by": "TIMED_UNITS", "timed_units": timed}
    assert [line.units for line in of_seconds(1770, 1830, **rules).lines] == [4]
    # Grace reaches the minimum; the units stay those of the time there was.
    short = of_seconds(45 * 60 - 20, **rules, grace_seconds=60)
    assert (short.outcome, [line.units for line in short.lines]) == ("DISCRETE", [2])


def test_a_single_service_has_the_payers_grace_too() -> None:
    group = DiscreteService(service_kind="GROUP", code="H0005", minimum_minutes=45)
    rules = {"bill_by": "DISCRETE", "discrete": (group,)}
    assert of_seconds(45 * 60 - 20, **rules).outcome == "NOT_BILLABLE"
    assert of_seconds(45 * 60 - 20, **rules, grace_seconds=20).outcome == "DISCRETE"


def test_facts_of_before_tell_minutes_alone() -> None:
    assert attended(MONDAY, 179).time == 179 * 60
    assert attended(MONDAY, 179, seconds=10_780).time == 10_780

"""What a day is billed as: by the day, by units of time, by its single services; all by data."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.billing.domain.days.lines import units_of
from services.billing.domain.history.history import BillingHistory, Session
from services.billing.domain.payers.rules import DiscreteService, Institutional, TimedUnits
from tests.harness.billing.history import (
    ENROLLMENT,
    FEE,
    MONDAY,
    attended,
    authorization,
    billable,
    confirmed,
    line,
    outcome,
    session,
    signed,
    the_day,
)

TIMED = TimedUnits(code="H0015", modifiers=("HF",), unit_minutes=15, rounding="MIDPOINT")
GROUP = DiscreteService(service_kind="GROUP", code="H0005", minimum_minutes=45)
INDIVIDUAL = DiscreteService(
    service_kind="INDIVIDUAL", code="H0004", unit_minutes=15, rounding="DOWN"
)
FEES = tuple(
    replace(FEE, fact=f"fee {code}", code=code, charge_minor=charge)
    for code, charge in (("H0015", 30_000), ("H0005", 5_000), ("H0004", 2_500))
)


def day_of(*services: tuple[str, int], sites: tuple[str, ...] = (), **rules: Any) -> BillingHistory:
    """A Monday of services, each with its minutes, under these rules."""
    names = [f"{number}" for number in range(len(services))]
    places = sites or ("site",) * len(services)
    return billable(
        sessions=tuple(
            session(
                MONDAY,
                name,
                service_kind=kind,
                facilitator_id=f"staff {name}",
                site_id=site,
            )
            for name, (kind, _), site in zip(names, services, places, strict=True)
        ),
        attendances=tuple(
            attended(MONDAY, minutes, name, site_id=site)
            for name, (_, minutes), site in zip(names, services, places, strict=True)
        ),
        notes=tuple(signed(MONDAY, name=name) for name in names),
        fees=FEES,
        confirmed=(confirmed(**rules),),
        authorizations=(authorization(100, unit=rules.get("authorization_unit", "DAYS")),),
    )


def billed(history: BillingHistory) -> tuple[str, list[tuple[str, int]]]:
    found = the_day(history)
    return found.outcome, [(of_line.code, of_line.units) for of_line in found.lines]


DISCRETE = {"bill_by": "DISCRETE", "discrete": (GROUP, INDIVIDUAL)}
BY_UNITS = {"bill_by": "TIMED_UNITS", "timed_units": TIMED}
FALLBACK = {"discrete_fallback": True, "discrete": (GROUP, INDIVIDUAL)}


# The per diem


def test_a_per_diem_is_one_unit_however_long_the_day() -> None:
    assert billed(day_of(("GROUP", 500))) == ("PER_DIEM", [("H0015", 1)])


@pytest.mark.parametrize(
    ("minimum", "expected"),
    [
        (0, ("PER_DIEM", ())),
        (2, ("PER_DIEM", ())),
        (3, ("NOT_BILLABLE", ("SHORT_OF_SERVICES",))),
    ],
)
def test_a_payer_may_want_several_services_for_a_per_diem(
    minimum: int, expected: tuple[str, tuple[str, ...]]
) -> None:
    history = day_of(("GROUP", 120), ("INDIVIDUAL", 60), minimum_services=minimum)
    assert outcome(history) == expected


def test_a_day_short_of_the_per_diem_falls_back_to_its_single_services() -> None:
    short = (("GROUP", 100), ("INDIVIDUAL", 50))
    assert billed(day_of(*short, **FALLBACK)) == ("DISCRETE", [("H0005", 1), ("H0004", 3)])
    assert billed(day_of(*short)) == ("NOT_BILLABLE", [])
    too_few = day_of(("GROUP", 180), minimum_services=2, **FALLBACK)
    assert billed(too_few) == ("DISCRETE", [("H0005", 1)])


def test_a_day_long_enough_does_not_fall_back() -> None:
    assert billed(day_of(("GROUP", 180), **FALLBACK)) == ("PER_DIEM", [("H0015", 1)])


def test_what_falls_back_to_nothing_is_short_of_the_per_diem() -> None:
    assert outcome(day_of(("FAMILY", 100), **FALLBACK)) == ("NOT_BILLABLE", ("SHORT_OF_MINUTES",))


def test_minutes_that_are_not_known_yet_do_not_fall_back_for_good() -> None:
    history = day_of(("GROUP", 0), **FALLBACK)
    forgot = replace(history, attendances=(attended(MONDAY, 0, "0", no_check_out=True),))
    assert outcome(forgot) == ("HOLD", ("NO_CHECK_OUT", "SHORT_OF_MINUTES"))


# Units of time


@pytest.mark.parametrize(
    ("minutes", "changes", "expected"),
    [
        (180, {}, [("H0015", 12)]),
        (127, {}, [("H0015", 8)]),
        (128, {}, [("H0015", 9)]),
        (127, {"rounding": "UP"}, [("H0015", 9)]),
        (134, {"rounding": "DOWN"}, [("H0015", 8)]),
        (300, {"maximum_units": 16}, [("H0015", 16)]),
        (7, {}, []),
        (59, {"minimum_minutes": 60}, []),
        (60, {"minimum_minutes": 60}, [("H0015", 4)]),
    ],
)
def test_units_are_rounded_limited_and_begin_at_a_minimum_as_the_payer_says(
    minutes: int, changes: dict[str, Any], expected: list[tuple[str, int]]
) -> None:
    rules = {**BY_UNITS, "timed_units": replace(TIMED, **changes)}
    outcome_ = "DISCRETE" if expected else "NOT_BILLABLE"
    assert billed(day_of(("GROUP", minutes), **rules)) == (outcome_, expected)


@given(some.lists(some.integers(1, 200), min_size=1, max_size=4))
def test_a_days_minutes_are_summed_before_they_are_rounded(minutes: list[int]) -> None:
    found = billed(
        day_of(*(("GROUP", minutes_attended) for minutes_attended in minutes), **BY_UNITS)
    )
    units = units_of(sum(minutes), 15, "MIDPOINT")
    assert found == (("DISCRETE", [("H0015", units)]) if units else ("NOT_BILLABLE", []))


def test_a_unit_costs_what_the_fee_says_of_one() -> None:
    [found] = the_day(day_of(("GROUP", 60), **BY_UNITS)).lines
    assert (found.units, found.charge_minor) == (4, 120_000)


# Single services


def test_each_listed_service_long_enough_is_a_line() -> None:
    history = day_of(("GROUP", 90), ("INDIVIDUAL", 44), ("FAMILY", 60), **DISCRETE)
    assert billed(history) == ("DISCRETE", [("H0005", 1), ("H0004", 2)])
    assert [of_line.charge_minor for of_line in the_day(history).lines] == [5_000, 5_000]


def test_services_alike_in_all_a_line_says_are_one_line_of_several_units() -> None:
    history = day_of(("GROUP", 90), ("GROUP", 60), ("GROUP", 44), **DISCRETE)
    [found] = the_day(history).lines
    assert (found.code, found.units, found.charge_minor) == ("H0005", 2, 10_000)


def test_units_of_single_services_are_of_the_days_seconds_rounded_once() -> None:
    history = day_of(("INDIVIDUAL", 22), ("INDIVIDUAL", 22), **DISCRETE)
    half = replace(
        history,
        attendances=tuple(replace(attendance, seconds=1_350) for attendance in history.attendances),
    )
    assert billed(half) == ("DISCRETE", [("H0004", 3)])
    # Twice ten minutes are a unit; beside a quarter of an hour they are its second.
    assert billed(day_of(("INDIVIDUAL", 10), ("INDIVIDUAL", 10), **DISCRETE)) == (
        "DISCRETE",
        [("H0004", 1)],
    )
    assert billed(day_of(("INDIVIDUAL", 15), ("INDIVIDUAL", 14), **DISCRETE)) == (
        "DISCRETE",
        [("H0004", 1)],
    )


def test_a_session_below_its_own_minimum_adds_no_time_to_the_others() -> None:
    at_least = replace(INDIVIDUAL, minimum_minutes=15)
    rules = {**DISCRETE, "discrete": (GROUP, at_least)}
    short = day_of(("INDIVIDUAL", 29), ("INDIVIDUAL", 14), **rules)
    assert billed(short) == ("DISCRETE", [("H0004", 1)])
    enough = day_of(("INDIVIDUAL", 29), ("INDIVIDUAL", 16), **rules)
    assert billed(enough) == ("DISCRETE", [("H0004", 3)])


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([("GROUP", 44)], ("NOT_BILLABLE", ("SHORT_OF_MINUTES",))),
        ([("FAMILY", 90)], ("NOT_BILLABLE", ("NO_LISTED_SERVICE",))),
        ([("FAMILY", 90), ("INDIVIDUAL", 14)], ("NOT_BILLABLE", ("SHORT_OF_MINUTES",))),
    ],
)
def test_a_day_without_a_line_is_not_billable_and_says_why(
    services: list[tuple[str, int]], expected: tuple[str, tuple[str, ...]]
) -> None:
    assert outcome(day_of(*services, **DISCRETE)) == expected


def test_a_service_nobody_scheduled_the_client_for_waits_until_it_is_known_which_it_was() -> None:
    history = day_of(("GROUP", 90), **DISCRETE)
    assert outcome(replace(history, sessions=())) == ("HOLD", ("SERVICE_UNKNOWN",))
    short = replace(day_of(("GROUP", 90), **FALLBACK), sessions=())
    assert outcome(short) == ("HOLD", ("SERVICE_UNKNOWN",))
    walk_in = replace(day_of(("GROUP", 180)), sessions=())
    assert outcome(walk_in) == ("PER_DIEM", ())  # a day's minutes are minutes


def test_single_services_at_two_sites_wait_until_somebody_bills_for_both() -> None:
    services = (("GROUP", 90), ("INDIVIDUAL", 60))
    history = day_of(*services, sites=("site", "other"), **DISCRETE)
    assert outcome(history) == ("HOLD", ("NOT_ENROLLED",))
    other = replace(ENROLLMENT, fact="enrolled 2", site_id="other")
    assert outcome(replace(history, enrollments=(ENROLLMENT, other))) == ("DISCRETE", ())
    together = day_of(("GROUP", 120), ("GROUP", 60), sites=("site", "other"))
    assert outcome(together) == ("PER_DIEM", ())


# What lines say besides


def test_a_line_names_who_rendered_where_the_payer_wants_that() -> None:
    services = (("GROUP", 60), ("INDIVIDUAL", 120))
    named = the_day(day_of(*services, rendering="FACILITATOR"))
    assert [of_line.rendering_staff_id for of_line in named.lines] == ["staff 1"]  # the longest's
    assert [of_line.rendering_staff_id for of_line in the_day(day_of(*services)).lines] == [""]
    by_service = the_day(day_of(*services, rendering="FACILITATOR", **DISCRETE))
    assert [of_line.rendering_staff_id for of_line in by_service.lines] == ["staff 0", "staff 1"]


def test_two_groups_of_two_clinicians_are_two_lines_where_they_are_named() -> None:
    services = (("GROUP", 60), ("GROUP", 60))
    assert len(the_day(day_of(*services, rendering="FACILITATOR", **DISCRETE)).lines) == 2
    assert len(the_day(day_of(*services, **DISCRETE)).lines) == 1


def test_an_institutional_line_has_the_revenue_code_of_its_service() -> None:
    institutional = {
        "claim_form": "INSTITUTIONAL",
        "institutional": Institutional(type_of_bill="89", revenue_code="0905"),
    }
    [per_diem] = the_day(day_of(("GROUP", 180), **institutional)).lines
    assert per_diem == line(MONDAY, revenue_code="0905")
    group = replace(GROUP, revenue_code="0915")
    fallback = {"discrete_fallback": True, "discrete": (group,)}
    [single] = the_day(day_of(("GROUP", 90), **institutional, **fallback)).lines
    assert single.revenue_code == "0915"


@pytest.mark.parametrize(
    ("modality", "modifiers", "place"),
    [("TELEHEALTH", ("HF", "95"), "10"), ("IN_PERSON", ("HF",), "57")],
)
def test_telehealth_shows_in_the_place_of_service_and_the_payers_modifiers(
    modality: str, modifiers: tuple[str, ...], place: str
) -> None:
    history = day_of(("GROUP", 180), telehealth_modifiers=("95",))
    sessions: tuple[Session, ...] = tuple(
        replace(planned, modality=modality) for planned in history.sessions
    )
    found = the_day(replace(history, sessions=sessions))
    assert found.lines == (line(MONDAY, modifiers=modifiers, place_of_service=place),)


def test_of_a_mixed_day_each_single_service_has_its_own_place() -> None:
    history = day_of(("GROUP", 90), ("INDIVIDUAL", 60), **DISCRETE)
    group, individual = history.sessions
    mixed = replace(history, sessions=(group, replace(individual, modality="TELEHEALTH")))
    assert [of_line.place_of_service for of_line in the_day(mixed).lines] == ["57", "10"]


def test_every_code_of_a_day_needs_its_fee() -> None:
    history = day_of(("GROUP", 90), ("INDIVIDUAL", 60), **DISCRETE)
    without = replace(history, fees=tuple(fee for fee in FEES if fee.code != "H0004"))
    assert outcome(without) == ("HOLD", ("NO_FEE",))


# What a day takes of an authorization


@pytest.mark.parametrize(
    ("unit", "rules", "expected"),
    [
        ("DAYS", {}, 1),
        ("SESSIONS", {}, 2),
        ("HOURS", {}, 3),  # full ones of 195 minutes
        ("UNITS", {}, 1),
        ("UNITS", BY_UNITS, 13),
        ("SESSIONS", {"bill_by": "DISCRETE", "discrete": (INDIVIDUAL,)}, 1),
        ("UNITS", DISCRETE, 5),
        ("HOURS", {"bill_by": "DISCRETE", "discrete": (INDIVIDUAL,)}, 1),
    ],
)
def test_a_day_takes_of_its_authorization_what_the_unit_says(
    unit: str, rules: dict[str, Any], expected: int
) -> None:
    history = day_of(("GROUP", 130), ("INDIVIDUAL", 65), authorization_unit=unit, **rules)
    found = the_day(history)
    assert (found.billable, found.authorized_units) == (True, expected)


def test_less_than_an_hour_takes_an_hour() -> None:
    history = day_of(("GROUP", 50), authorization_unit="HOURS", **DISCRETE)
    assert the_day(history).authorized_units == 1

"""Which rules hold on a date, and the payer's weeks and periods."""

import dataclasses
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ninehours.billing.v1 import rules_pb2

from kernel.refusal import Malformed
from services.billing.adapters.rule_sets import confirmed_rules_of, message_of, rule_set_of
from services.billing.domain.payers.rules import (
    DiscreteService,
    ExampleLine,
    ExampleSession,
    Institutional,
    RuleSet,
    TimedUnits,
    WorkedExample,
    lacking,
    period_of,
    rules_in_effect,
    week_of,
)
from tests.harness.billing.history import RULES

DATES = some.dates(date(2024, 1, 1), date(2028, 12, 31))


def version(number: int, effective_from: date) -> RuleSet:
    return replace(RULES, version=number, effective_from=effective_from)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2025, 12, 31), None),
        (date(2026, 1, 1), 1),
        (date(2026, 2, 28), 1),
        (date(2026, 3, 1), 3),
        # Version 2 begins later, but 3 was confirmed after it and reaches back before it.
        (date(2026, 4, 1), 3),
    ],
)
def test_the_highest_confirmed_version_in_effect_counts(on: date, expected: int | None) -> None:
    versions = [
        version(2, date(2026, 4, 1)),
        version(1, date(2026, 1, 1)),
        version(3, date(2026, 3, 1)),
    ]
    for order in (versions, versions[::-1]):
        found = rules_in_effect(order, on)
        assert (found.version if found else None) == expected


@pytest.mark.parametrize(
    ("on", "week_start", "first"),
    [
        (date(2026, 3, 2), "MONDAY", date(2026, 3, 2)),
        (date(2026, 3, 8), "MONDAY", date(2026, 3, 2)),
        (date(2026, 3, 1), "MONDAY", date(2026, 2, 23)),
        (date(2026, 3, 1), "SUNDAY", date(2026, 3, 1)),
        (date(2026, 3, 7), "SUNDAY", date(2026, 3, 1)),
        (date(2026, 3, 8), "SUNDAY", date(2026, 3, 8)),
    ],
)
def test_a_week_begins_on_the_payers_day(on: date, week_start: str, first: date) -> None:
    assert week_of(on, week_start) == (first, first + timedelta(days=6))


@pytest.mark.parametrize(
    ("on", "first", "last"),
    [
        (date(2026, 1, 31), date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 1), date(2026, 2, 28)),
        (date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_a_month_is_the_calendars(on: date, first: date, last: date) -> None:
    assert period_of(on, replace(RULES, claim_period="MONTH")) == (first, last)


@given(DATES, some.sampled_from(["WEEK", "MONTH"]), some.sampled_from(["MONDAY", "SUNDAY"]))
def test_periods_neither_overlap_nor_leave_a_day_out(on: date, period: str, week: str) -> None:
    rules = replace(RULES, claim_period=period, week_start=week)
    first, last = period_of(on, rules)
    assert first <= on <= last
    assert period_of(first, rules) == period_of(last, rules) == (first, last)
    assert period_of(last + timedelta(days=1), rules)[0] == last + timedelta(days=1)


MODIFIERS = some.lists(some.sampled_from(["HF", "HQ", "U1", "95"]), max_size=4).map(tuple)
CODES = some.sampled_from(["H0015", "S9480", "H0005", "90853"])
MINUTES = some.integers(0, 1440)
KINDS = ["GROUP", "INDIVIDUAL", "FAMILY", "INTAKE_EVALUATION", "PRESCRIBER_VISIT"]


def service_of(kind: str) -> some.SearchStrategy[DiscreteService]:
    return some.builds(
        DiscreteService,
        service_kind=some.just(kind),
        code=CODES,
        modifiers=MODIFIERS,
        minimum_minutes=MINUTES,
        unit_minutes=some.integers(1, 60),
        rounding=some.sampled_from(["UP", "DOWN", "MIDPOINT"]),
        revenue_code=some.just("0915"),
    )


EXAMPLES = some.lists(
    some.builds(
        WorkedExample,
        name=some.sampled_from(["three hours", "a short day"]),
        sessions=some.lists(
            some.builds(ExampleSession, service_kind=some.sampled_from(KINDS), minutes=MINUTES),
            max_size=3,
        ).map(tuple),
        outcome=some.sampled_from(["PER_DIEM", "DISCRETE", "NOT_BILLABLE", "HOLD"]),
        lines=some.lists(
            some.builds(ExampleLine, code=CODES, units=some.integers(1, 24)), max_size=2
        ).map(tuple),
        other_minutes_of_week=MINUTES,
    ),
    max_size=3,
).map(tuple)


@given(
    some.builds(
        replace,
        some.just(replace(RULES, payer_id="9f1c3c60-0d5e-4c39-9d4e-2f4f1b0b7a10")),
        version=some.integers(1, 9),
        effective_from=DATES,
        claim_form=some.sampled_from(["PROFESSIONAL", "INSTITUTIONAL"]),
        claim_period=some.sampled_from(["WEEK", "MONTH"]),
        week_start=some.sampled_from(["MONDAY", "SUNDAY"]),
        late_signature=some.sampled_from(["ACCEPT", "HOLD", "DENY", "ATTEST"]),
        plan_due_days=some.integers(0, 365),
        sign_within_hours=some.integers(0, 8760),
        authorization_required=some.booleans(),
        enrollment_required=some.booleans(),
        complete_weeks_only=some.booleans(),
        changed_claim=some.sampled_from(["REPLACE", "VOID"]),
        fallen_claim=some.sampled_from(["REPLACE", "VOID"]),
        late_day=some.sampled_from(["NEW_CLAIM", "REPLACE"]),
        filing_limit_days=some.integers(1, 3650),
        bill_by=some.sampled_from(["PER_DIEM", "TIMED_UNITS", "DISCRETE"]),
        timed_units=some.builds(
            TimedUnits,
            code=CODES,
            modifiers=MODIFIERS,
            unit_minutes=some.integers(1, 60),
            rounding=some.sampled_from(["UP", "DOWN", "MIDPOINT"]),
            maximum_units=some.integers(0, 96),
            minimum_minutes=MINUTES,
        ),
        discrete=some.tuples(service_of("GROUP"), service_of("INDIVIDUAL")),
        discrete_fallback=some.booleans(),
        ancillary=some.lists(service_of("PRESCRIBER_VISIT"), max_size=1).map(tuple),
        minimum_services=some.integers(0, 5),
        weekly_minimum_minutes=some.integers(0, 1200),
        week_consequence=some.sampled_from(["HOLD", "NOT_BILLABLE"]),
        authorization_unit=some.sampled_from(["DAYS", "SESSIONS", "HOURS", "UNITS"]),
        institutional=some.builds(
            Institutional,
            type_of_bill=some.just("89"),
            revenue_code=some.just("0905"),
            condition_code=some.sampled_from(["", "92"]),
        ),
        rendering=some.sampled_from(["NONE", "FACILITATOR"]),
        split_by_month=some.booleans(),
        sequential=some.booleans(),
        units_return=some.sampled_from(["VOID_ISSUED", "VOID_PROCESSED"]),
        new_claim_after=some.sampled_from(["VOID_ISSUED", "VOID_PROCESSED"]),
        amended_identity=some.sampled_from(["CHANGED", "VOID", "NOTHING"]),
        amended_member=some.sampled_from(["CHANGED", "VOID", "NOTHING"]),
        examples=EXAMPLES,
        telehealth_modifiers=some.sampled_from([(), ("95",)]),
    )
)
def test_rules_come_back_from_their_message_whole(rules: RuleSet) -> None:
    assert confirmed_rules_of(message_of(rules)) == rules


def test_every_field_of_rules_is_in_their_message() -> None:
    stated = {field.name for field in dataclasses.fields(RuleSet)}
    assert stated == set(rules_pb2.RuleSet.DESCRIPTOR.fields_by_name)


def test_a_message_of_an_older_release_means_what_it_meant() -> None:
    """Rules confirmed before there was anything but a professional per diem."""
    message = message_of(replace(RULES, payer_id="9f1c3c60-0d5e-4c39-9d4e-2f4f1b0b7a10"))
    newer = [field for field in message.DESCRIPTOR.fields if field.number > 20]
    assert len(newer) == 21
    for field in newer:
        message.ClearField(field.name)
    assert confirmed_rules_of(message) == rule_set_of(message)
    assert rule_set_of(message) == replace(RULES, payer_id=message.payer_id)


GROUP = DiscreteService(service_kind="GROUP", code="H0005")
BILL = Institutional(type_of_bill="89", revenue_code="0905")
FACILITY = {"claim_form": "INSTITUTIONAL", "institutional": BILL, "rendering": "FACILITATOR"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"per_diem": None}, "per_diem"),
        ({"bill_by": "TIMED_UNITS"}, "timed_units"),
        ({"bill_by": "DISCRETE"}, "discrete"),
        ({"discrete_fallback": True}, "discrete"),
        ({"claim_form": "INSTITUTIONAL", "rendering": "FACILITATOR"}, "institutional"),
        ({**FACILITY, "ancillary": (GROUP,)}, "discrete"),
        # What no claim could say, or nobody could do.
        ({**FACILITY, "rendering": "NONE"}, "rendering"),
        ({**FACILITY, "institutional": replace(BILL, type_of_bill="08")}, "institutional"),
        ({**FACILITY, "institutional": replace(BILL, revenue_code="905")}, "institutional"),
        ({**FACILITY, "institutional": replace(BILL, condition_code="9 ")}, "institutional"),
        ({"fallen_claim": "REPLACE"}, "fallen_claim"),
        ({"place_of_service_in_person": "5B"}, "place_of_service_in_person"),
        ({"place_of_service_telehealth": "1O"}, "place_of_service_telehealth"),
        ({"discrete": (replace(GROUP, code="H005"),)}, "discrete"),
        ({"discrete": (replace(GROUP, modifiers=("h!",)),)}, "discrete"),
        ({"ancillary": (replace(GROUP, revenue_code="915"),)}, "ancillary"),
        ({"telehealth_modifiers": ("95", "GT", "U1", "U2")}, "per_diem"),
        ({"telehealth_modifiers": ("HF",)}, "per_diem"),
        ({"discrete": (GROUP,), "ancillary": (GROUP,)}, "ancillary"),
        ({"discrete": (GROUP, replace(GROUP, code="90853"))}, "ancillary"),
    ],
)
def test_rules_that_name_what_they_do_not_say_are_not_proposed_but_stay_readable(
    changes: dict[str, Any], field: str
) -> None:
    rules = replace(RULES, payer_id="9f1c3c60-0d5e-4c39-9d4e-2f4f1b0b7a10", **changes)
    assert set(lacking(rules)) == {field}
    message = message_of(rules)
    with pytest.raises(Malformed) as refused:
        rule_set_of(message, at="rule_set.")
    assert set(refused.value.details) == {f"rule_set.{field}"}
    assert confirmed_rules_of(message) == rules


def test_everything_that_is_wrong_with_proposed_rules_is_said_at_once() -> None:
    message = message_of(RULES)  # its payer's id is none
    message.discrete.add(service_kind="YOGA", unit_minutes=15)
    message.examples.add(name="a day", outcome="PAID").lines.add(code="H0015")
    message.telehealth_modifiers.append("video")
    with pytest.raises(Malformed) as refused:
        rule_set_of(message)
    assert set(refused.value.details) == {
        "payer_id",
        "discrete.0.service_kind",
        "discrete.0.code",
        "discrete.0.rounding",
        "examples.0.outcome",
        "examples.0.lines.0.units",
        "telehealth_modifiers",
    }

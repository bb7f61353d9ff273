"""Which rules hold on a date, and the payer's weeks and periods."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.billing.adapters.rule_sets import message_of, rule_set_of
from services.billing.domain.rules import RuleSet, period_of, rules_in_effect, week_of
from tests.billing.known import RULES

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


@given(
    some.builds(
        replace,
        some.just(replace(RULES, payer_id="9f1c3c60-0d5e-4c39-9d4e-2f4f1b0b7a10")),
        version=some.integers(1, 9),
        effective_from=DATES,
        claim_form=some.sampled_from(["PROFESSIONAL", "INSTITUTIONAL"]),
        claim_period=some.sampled_from(["WEEK", "MONTH"]),
        week_start=some.sampled_from(["MONDAY", "SUNDAY"]),
        late_signature=some.sampled_from(["ACCEPT", "HOLD", "DENY"]),
        plan_due_days=some.integers(0, 365),
        sign_within_hours=some.integers(0, 8760),
        authorization_required=some.booleans(),
        enrollment_required=some.booleans(),
        complete_weeks_only=some.booleans(),
        changed_claim=some.sampled_from(["REPLACE", "VOID"]),
        fallen_claim=some.sampled_from(["REPLACE", "VOID"]),
        late_day=some.sampled_from(["NEW_CLAIM", "REPLACE"]),
        filing_limit_days=some.integers(1, 3650),
    )
)
def test_rules_come_back_from_their_message_whole(rules: RuleSet) -> None:
    assert rule_set_of(message_of(rules)) == rules

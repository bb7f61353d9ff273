"""Worked examples: what rules must come to before they are confirmed, and the rules we ship."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from google.protobuf.json_format import ParseDict
from ninehours.billing.v1 import rules_pb2

import services.billing
from services.billing.adapters.rule_sets import message_of, rule_set_of
from services.billing.domain.payers.examples import example_date, example_day, unreproduced
from services.billing.domain.payers.rules import (
    ExampleLine,
    ExampleSession,
    RuleSet,
    WorkedExample,
    lacking,
    week_of,
)
from tests.harness.billing.history import RULES

FOLDER = Path(services.billing.__file__).parent / "rules"
FILES = sorted(path.name for path in FOLDER.glob("*.yaml"))
PAYER = "9f1c3c60-0d5e-4c39-9d4e-2f4f1b0b7a10"


def shipped(name: str) -> tuple[rules_pb2.RuleSet, RuleSet]:
    written = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    message = ParseDict({**written, "payer_id": PAYER}, rules_pb2.RuleSet())
    return message, rule_set_of(message)


def example(minutes: int, outcome: str, *lines: tuple[str, int], other: int = 0) -> WorkedExample:
    return WorkedExample(
        name=f"{minutes} minutes",
        sessions=(ExampleSession(service_kind="GROUP", minutes=minutes),),
        outcome=outcome,
        lines=tuple(ExampleLine(code=code, units=units) for code, units in lines),
        other_minutes_of_week=other,
    )


def test_rules_that_come_to_what_their_examples_say_leave_none() -> None:
    examples = (example(180, "PER_DIEM", ("H0015", 1)), example(179, "NOT_BILLABLE"))
    assert unreproduced(replace(RULES, examples=examples)) == ()
    assert unreproduced(RULES) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        example(179, "PER_DIEM", ("H0015", 1)),
        example(180, "NOT_BILLABLE"),
        example(180, "PER_DIEM"),
        example(180, "PER_DIEM", ("H0015", 2)),
        example(180, "PER_DIEM", ("S9480", 1)),
        example(180, "PER_DIEM", ("H0015", 1), ("H0015", 1)),
        example(0, "HOLD"),
    ],
)
def test_an_example_they_do_not_come_to_is_named(wrong: WorkedExample) -> None:
    right = example(200, "PER_DIEM", ("H0015", 1))
    assert unreproduced(replace(RULES, examples=(right, wrong))) == (wrong.name,)


def test_an_example_without_sessions_is_never_reproduced() -> None:
    empty = WorkedExample(name="nothing", sessions=(), outcome="NOT_BILLABLE")
    assert unreproduced(replace(RULES, examples=(empty,))) == ("nothing",)


@pytest.mark.parametrize("week_start", ["MONDAY", "SUNDAY"])
def test_an_examples_week_lies_wholly_in_the_rules_time(week_start: str) -> None:
    on = example_date(replace(RULES, week_start=week_start))
    assert week_of(on, week_start)[0] == on > RULES.effective_from


def test_the_rest_of_the_week_counts_toward_it_and_toward_nothing_else() -> None:
    rules = replace(RULES, weekly_minimum_minutes=540)
    enough = example(180, "PER_DIEM", ("H0015", 1), other=360)
    short = example(180, "HOLD", other=359)
    assert unreproduced(replace(rules, examples=(enough, short))) == ()


# The rules we ship


def test_there_are_rules_for_four_kinds_of_payer() -> None:
    found = [shipped(name)[1] for name in FILES]
    assert sorted((rules.claim_form, rules.bill_by) for rules in found) == [
        ("INSTITUTIONAL", "PER_DIEM"),
        ("PROFESSIONAL", "DISCRETE"),
        ("PROFESSIONAL", "PER_DIEM"),
        ("PROFESSIONAL", "TIMED_UNITS"),
    ]


@pytest.mark.parametrize("name", FILES)
def test_shipped_rules_lack_nothing_and_come_back_from_their_message_whole(name: str) -> None:
    message, rules = shipped(name)
    assert lacking(rules) == {}
    assert message_of(rules) == message


@pytest.mark.parametrize("name", FILES)
def test_shipped_rules_reproduce_their_examples_billable_and_not(name: str) -> None:
    _, rules = shipped(name)
    assert unreproduced(rules) == ()
    outcomes = {worked.outcome for worked in rules.examples}
    assert len(rules.examples) >= 5
    assert "NOT_BILLABLE" in outcomes
    assert outcomes & {"PER_DIEM", "DISCRETE"}


@pytest.mark.parametrize("name", FILES)
def test_every_code_of_shipped_rules_is_in_an_example_or_ancillary(name: str) -> None:
    _, rules = shipped(name)
    shown = {line.code for worked in rules.examples for line in worked.lines}
    billed = rules.codes - {ancillary.code for ancillary in rules.ancillary} - {"T1006"}
    assert billed <= shown


def test_a_psychiatric_per_diem_is_s9480_under_0905_on_the_institutional_form() -> None:
    _, rules = shipped("psychiatric_per_diem_s9480.yaml")
    day = example_day(rules, rules.examples[0])
    assert day is not None
    [line] = day.lines
    assert (line.code, line.revenue_code, rules.claim_form) == ("S9480", "0905", "INSTITUTIONAL")
    assert line.rendering_staff_id


def test_payers_of_units_round_differently() -> None:
    medicaid, discrete = (
        shipped("medicaid_like_units.yaml")[1],
        shipped("discrete_h0005_h0004.yaml")[1],
    )
    individual = discrete.discrete_for("INDIVIDUAL")
    assert medicaid.timed_units is not None
    assert individual is not None
    assert (medicaid.timed_units.rounding, individual.rounding) == ("MIDPOINT", "DOWN")

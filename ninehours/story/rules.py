"""The rules of the story, read from the YAML that billing and plans keep."""

from pathlib import Path

import yaml
from google.protobuf.json_format import ParseDict
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.billing.v1 import rules_pb2
from ninehours.plans.v1 import plans_service_pb2

from ninehours.story.network import TREATED_MINUTES, PayerKey

SERVICES = Path(__file__).resolve().parents[2] / "services"
RULES = SERVICES / "billing/rules"
LEVEL_RULES = SERVICES / "plans/rules/intensive_outpatient.yaml"
# Which payer goes by which file.
FILES = {
    PayerKey.PER_DIEM: "sud_per_diem_h0015.yaml",
    PayerKey.INSTITUTIONAL: "psychiatric_per_diem_s9480.yaml",
    PayerKey.UNITS: "medicaid_like_units.yaml",
    PayerKey.DISCRETE: "discrete_h0005_h0004.yaml",
}
# What they don't ask, as they say when they are proposed.
NONE_ASKS = ("sequential", "ancillary.minimum_minutes")
NOT_ASKED = {
    PayerKey.PER_DIEM: ("weekly_minimum_minutes", *NONE_ASKS),
    PayerKey.INSTITUTIONAL: NONE_ASKS,
    PayerKey.UNITS: ("weekly_minimum_minutes", "complete_weeks_only", *NONE_ASKS),
    PayerKey.DISCRETE: (
        "weekly_minimum_minutes",
        "enrollment_required",
        "complete_weeks_only",
        *NONE_ASKS,
    ),
}
HOURS = rules_pb2.AUTHORIZATION_UNIT_HOURS
UNITS = rules_pb2.AUTHORIZATION_UNIT_UNITS


def rules_of(payer: PayerKey, payer_id: str) -> rules_pb2.RuleSet:
    """A payer's rules."""
    return read_rule_set(RULES / FILES[payer], payer_id)


def propose(rule_set: rules_pb2.RuleSet, payer: PayerKey) -> pb.ProposeRuleSetRequest:
    """The rules, and what they don't ask."""
    return pb.ProposeRuleSetRequest(rule_set=rule_set, not_asked=NOT_ASKED[payer])


def read_rule_set(path: Path, payer_id: str) -> rules_pb2.RuleSet:
    """The rules as a message; raises json_format.ParseError with the field that is no field."""
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    return ParseDict({**written, "payer_id": payer_id}, rules_pb2.RuleSet())


def level_rules() -> plans_service_pb2.LevelRules:
    """The thresholds that recommendations are made by."""
    written = yaml.safe_load(LEVEL_RULES.read_text(encoding="utf-8"))
    return ParseDict(written, plans_service_pb2.LevelRules())


def units_of_a_day(rules: rules_pb2.RuleSet) -> int:
    """What a full day takes of an authorization, in the payer's unit."""
    if rules.authorization_unit == HOURS:
        return TREATED_MINUTES // 60
    if rules.authorization_unit != UNITS:
        return 1
    timed = [rules.timed_units.unit_minutes, *(service.unit_minutes for service in rules.discrete)]
    return max((TREATED_MINUTES // minutes for minutes in timed if minutes), default=1)

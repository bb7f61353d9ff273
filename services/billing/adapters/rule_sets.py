"""A rule set as a message, and as the domain's own type, in both directions."""

from typing import Any, Literal

from ninehours.billing.v1 import billing_service_pb2 as service
from ninehours.billing.v1 import rules_pb2 as pb

from kernel.mapping.fields import bounded, left_out, text
from kernel.mapping.reading import each_of, request_reader
from kernel.mapping.writing import writer
from kernel.refusal import Malformed
from kernel.rpc.translate import reading, required_enum, required_level
from services.billing.domain.payers import rules
from services.billing.domain.payers.rules import Rounding, RuleSet, lacking, not_asked

MOST_MODIFIERS, MODIFIER = 4, 2  # HCPCS
DAY, WEEK = 24 * 60, 7 * 24 * 60  # minutes


def rule_set_of(message: pb.RuleSet, at: str = "") -> RuleSet:
    """The rules that somebody proposes; Malformed with every field that is missing or wrong."""
    found = confirmed_rules_of.read_at(message, at)
    with reading(message, at=at) as read:
        read.value(required_level, "billed_level", "")
    if wrong := lacking(found):
        raise Malformed(**{f"{at}{field}": what for field, what in wrong.items()})
    return found


def proposed_rules_of(request: service.ProposeRuleSetRequest) -> RuleSet:
    """As `rule_set_of`; Malformed too where they ask nothing of a day or a claim and don't say so.

    `not_asked` names the fields whose zero is meant.
    """
    found = rule_set_of(request.rule_set, at="rule_set.")
    with reading(request.rule_set, at="rule_set.") as read:
        read.enum("units_return")
        read.enum("new_claim_after")
    unasked, said = not_asked(found), frozenset(request.not_asked)
    if left := unasked - said:
        what = "is left out: say it, or name it in not_asked"
        raise Malformed(**{f"rule_set.{field}": what for field in sorted(left)})
    if said - unasked:
        raise Malformed(not_asked="names what the rules ask, or what is none of their conditions")
    return found


def _modifiers(request: Any, field: str) -> tuple[str, ...]:
    given = tuple(getattr(request, field))
    if len(given) > MOST_MODIFIERS or any(len(modifier) != MODIFIER for modifier in given):
        raise Malformed(**{field: "is not at most four modifiers of two characters"})
    return given


def _rounding(request: Any, field: str) -> Rounding | Literal[""]:
    """Needed where there are units to round."""
    if not request.unit_minutes and not getattr(request, field):
        return ""
    return Rounding(required_enum(request, field))


_CODE = text(5)  # HCPCS
_service = request_reader(
    pb.DiscreteService,
    rules.DiscreteService,
    code=_CODE,
    modifiers=_modifiers,
    minimum_minutes=bounded(0, DAY),
    unit_minutes=bounded(0, DAY),
    rounding=_rounding,
    revenue_code=left_out(text(4)),
)
_example = request_reader(
    pb.WorkedExample,
    rules.WorkedExample,
    sessions=each_of(
        request_reader(
            pb.ExampleSession,
            rules.ExampleSession,
            minutes=bounded(0, DAY),
        )
    ),
    lines=each_of(
        request_reader(pb.ExampleLine, rules.ExampleLine, code=_CODE, units=bounded(1, DAY))
    ),
    other_minutes_of_week=bounded(0, WEEK),
)
confirmed_rules_of = request_reader(
    pb.RuleSet,
    RuleSet,
    version=bounded(1, 100_000),
    per_diem=request_reader(
        pb.PerDiem,
        rules.PerDiem,
        code=_CODE,
        modifiers=_modifiers,
        minimum_minutes=bounded(1, DAY),
    ),
    billed_level=text(8),
    place_of_service_in_person=text(2),
    place_of_service_telehealth=text(2),
    plan_due_days=bounded(0, 365),
    sign_within_hours=bounded(0, 8760),
    filing_limit_days=bounded(1, 3650),
    timed_units=request_reader(
        pb.TimedUnits,
        rules.TimedUnits,
        code=_CODE,
        modifiers=_modifiers,
        unit_minutes=bounded(1, DAY),
        maximum_units=bounded(0, DAY),
        minimum_minutes=bounded(0, DAY),
    ),
    discrete=each_of(_service),
    ancillary=each_of(_service),
    minimum_services=bounded(0, 24),
    weekly_minimum_minutes=bounded(0, WEEK),
    institutional=request_reader(
        pb.Institutional,
        rules.Institutional,
        type_of_bill=text(2),
        revenue_code=text(4),
        condition_code=left_out(text(2)),
    ),
    examples=each_of(_example),
    telehealth_modifiers=_modifiers,
    grace_seconds=bounded(0, 3600),
)
"""The rules that were confirmed: what is asked of new ones since doesn't make them unreadable.

A field that rules of older releases don't have is read as what it meant then: its default.
"""
message_of = writer(pb.RuleSet, RuleSet)
"""The message that states these rules."""

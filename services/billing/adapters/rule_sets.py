"""A rule set as a message, and as the domain's own type: field by field, in both directions."""

from ninehours.billing.v1 import billing_service_pb2 as service
from ninehours.billing.v1 import rules_pb2 as pb

from kernel.refusal import Malformed
from kernel.rpc.translate import reading, required_enum, required_level, to_date
from services.billing.adapters import rule_set_parts as parts
from services.billing.domain.payers.rules import RuleSet, lacking, not_asked


def rule_set_of(message: pb.RuleSet, at: str = "") -> RuleSet:
    """The rules that somebody proposes; Malformed with every field that is missing or wrong."""
    rules = confirmed_rules_of(message, at)
    with reading(message, at=at) as read:
        read.value(required_level, "billed_level", "")
    if wrong := lacking(rules):
        raise Malformed(**{f"{at}{field}": what for field, what in wrong.items()})
    return rules


def proposed_rules_of(request: service.ProposeRuleSetRequest) -> RuleSet:
    """As `rule_set_of`; Malformed too where they ask nothing of a day or a claim and don't say so.

    `not_asked` names the fields whose zero is meant.
    """
    rules = rule_set_of(request.rule_set, at="rule_set.")
    with reading(request.rule_set, at="rule_set.") as read:
        read.enum("units_return")
        read.enum("new_claim_after")
    unasked, said = not_asked(rules), frozenset(request.not_asked)
    if left_out := unasked - said:
        what = "is left out: say it, or name it in not_asked"
        raise Malformed(**{f"rule_set.{field}": what for field in sorted(left_out)})
    if said - unasked:
        raise Malformed(not_asked="names what the rules ask, or what is none of their conditions")
    return rules


def confirmed_rules_of(message: pb.RuleSet, at: str = "") -> RuleSet:
    """The rules that were confirmed: what is asked of new ones since doesn't make them unreadable.

    A field that rules of older releases don't have is read as what it meant then.
    """
    with reading(message, at=at) as read:

        def said(field: str, otherwise: str) -> str:
            return read.optional(required_enum, field) or otherwise

        return RuleSet(
            payer_id=str(read.uuid("payer_id")),
            version=read.integer("version", low=1, high=100_000),
            effective_from=read.date("effective_from"),
            claim_form=read.enum("claim_form"),
            per_diem=read.value(parts.per_diem, "per_diem", None),
            claim_period=read.enum("claim_period"),
            week_start=read.enum("week_start"),
            billed_level=read.text("billed_level", max_length=8),
            place_of_service_in_person=read.text("place_of_service_in_person", max_length=2),
            place_of_service_telehealth=read.text("place_of_service_telehealth", max_length=2),
            plan_due_days=read.integer("plan_due_days", low=0, high=365),
            late_signature=read.enum("late_signature"),
            sign_within_hours=read.integer("sign_within_hours", low=0, high=8760),
            authorization_required=message.authorization_required,
            enrollment_required=message.enrollment_required,
            filing_limit_days=read.integer("filing_limit_days", low=1, high=3650),
            complete_weeks_only=message.complete_weeks_only,
            changed_claim=read.enum("changed_claim"),
            fallen_claim=read.enum("fallen_claim"),
            late_day=read.enum("late_day"),
            bill_by=said("bill_by", "PER_DIEM"),
            timed_units=read.value(parts.timed_units, "timed_units", None),
            discrete=read.value(parts.services, "discrete", ()),
            discrete_fallback=message.discrete_fallback,
            ancillary=read.value(parts.services, "ancillary", ()),
            minimum_services=read.integer("minimum_services", low=0, high=24),
            weekly_minimum_minutes=read.integer("weekly_minimum_minutes", low=0, high=10_080),
            week_consequence=said("week_consequence", "HOLD"),
            authorization_unit=said("authorization_unit", "DAYS"),
            institutional=read.value(parts.institutional, "institutional", None),
            rendering=said("rendering", "NONE"),
            split_by_month=message.split_by_month,
            sequential=message.sequential,
            units_return=said("units_return", "VOID_ISSUED"),
            examples=read.value(parts.examples, "examples", ()),
            telehealth_modifiers=read.value(parts.modifiers, "telehealth_modifiers", ()),
            grace_seconds=read.integer("grace_seconds", low=0, high=3600),
            new_claim_after=said("new_claim_after", "VOID_ISSUED"),
        )


def message_of(rules: RuleSet) -> pb.RuleSet:
    """The message that states these rules."""
    return pb.RuleSet(
        payer_id=rules.payer_id,
        version=rules.version,
        effective_from=to_date(rules.effective_from),
        claim_form=f"CLAIM_FORM_{rules.claim_form}",
        per_diem=parts.per_diem_message(rules.per_diem),
        claim_period=f"CLAIM_PERIOD_{rules.claim_period}",
        week_start=f"WEEKDAY_{rules.week_start}",
        billed_level=rules.billed_level,
        place_of_service_in_person=rules.place_of_service_in_person,
        place_of_service_telehealth=rules.place_of_service_telehealth,
        plan_due_days=rules.plan_due_days,
        late_signature=f"LATE_SIGNATURE_{rules.late_signature}",
        sign_within_hours=rules.sign_within_hours,
        authorization_required=rules.authorization_required,
        enrollment_required=rules.enrollment_required,
        filing_limit_days=rules.filing_limit_days,
        complete_weeks_only=rules.complete_weeks_only,
        changed_claim=f"CORRECTION_ACTION_{rules.changed_claim}",
        fallen_claim=f"CORRECTION_ACTION_{rules.fallen_claim}",
        late_day=f"LATE_DAY_{rules.late_day}",
        bill_by=f"BILL_BY_{rules.bill_by}",
        timed_units=parts.timed_units_message(rules.timed_units),
        discrete=[parts.service_message(each) for each in rules.discrete],
        discrete_fallback=rules.discrete_fallback,
        ancillary=[parts.service_message(each) for each in rules.ancillary],
        minimum_services=rules.minimum_services,
        weekly_minimum_minutes=rules.weekly_minimum_minutes,
        week_consequence=f"WEEK_CONSEQUENCE_{rules.week_consequence}",
        authorization_unit=f"AUTHORIZATION_UNIT_{rules.authorization_unit}",
        institutional=parts.institutional_message(rules.institutional),
        rendering=f"RENDERING_ON_CLAIM_{rules.rendering}",
        split_by_month=rules.split_by_month,
        sequential=rules.sequential,
        units_return=f"UNITS_RETURN_{rules.units_return}",
        examples=[parts.example_message(each) for each in rules.examples],
        telehealth_modifiers=rules.telehealth_modifiers,
        grace_seconds=rules.grace_seconds,
        new_claim_after=f"NEW_CLAIM_AFTER_{rules.new_claim_after}",
    )

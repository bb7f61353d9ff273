"""A rule set as a message, and as the domain's own type: field by field, in both directions."""

from ninehours.billing.v1 import rules_pb2 as pb

from kernel.rpc.translate import reading, to_date
from services.billing.domain.rules import PerDiem, RuleSet

LONGEST_CODE = 5  # HCPCS
MOST_MODIFIERS = 4


def rule_set_of(message: pb.RuleSet, at: str = "") -> RuleSet:
    """The rules a message states; Malformed with every field that is missing or wrong."""
    with reading(message, at=at) as read:
        return RuleSet(
            payer_id=str(read.uuid("payer_id")),
            version=read.integer("version", low=1, high=100_000),
            effective_from=read.date("effective_from"),
            claim_form=read.enum("claim_form"),
            per_diem=PerDiem(
                code=read.text("per_diem.code", max_length=LONGEST_CODE),
                modifiers=tuple(message.per_diem.modifiers[:MOST_MODIFIERS]),
                minimum_minutes=read.integer("per_diem.minimum_minutes", low=1, high=1440),
            ),
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
        )


def message_of(rules: RuleSet) -> pb.RuleSet:
    """The message that states these rules."""
    return pb.RuleSet(
        payer_id=rules.payer_id,
        version=rules.version,
        effective_from=to_date(rules.effective_from),
        claim_form=f"CLAIM_FORM_{rules.claim_form}",
        per_diem=pb.PerDiem(
            code=rules.per_diem.code,
            modifiers=rules.per_diem.modifiers,
            minimum_minutes=rules.per_diem.minimum_minutes,
        ),
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
    )

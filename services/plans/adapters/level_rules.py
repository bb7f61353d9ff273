"""Level rules as a message, and as the domain's own type: field by field, in both directions."""

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.rpc.translate import reading, to_date
from services.plans.domain.rules import LevelRules


def level_rules_of(message: pb.LevelRules, at: str = "") -> LevelRules:
    """The rules a message states; Malformed with every field that is missing or out of bounds."""
    with reading(message, at=at) as read:
        return LevelRules(
            version=read.integer("version", low=1, high=100_000),
            effective_from=read.date("effective_from"),
            step_up_consecutive_missed=read.integer("step_up_consecutive_missed", low=1, high=100),
            step_up_on_reliable_deterioration=message.step_up_on_reliable_deterioration,
            step_up_on_open_safety_task=message.step_up_on_open_safety_task,
            step_down_objectives_met_percent=read.integer(
                "step_down_objectives_met_percent", low=1, high=100
            ),
            step_down_attended_percent=read.integer("step_down_attended_percent", low=1, high=100),
            step_down_needs_reliable_improvement=message.step_down_needs_reliable_improvement,
            minimum_weeks=read.integer("minimum_weeks", low=0, high=104),
            complete_objectives_met_percent=read.integer(
                "complete_objectives_met_percent", low=1, high=100
            ),
            complete_weeks=read.integer("complete_weeks", low=1, high=104),
        )


def message_of(rules: LevelRules) -> pb.LevelRules:
    """The message that states these rules."""
    return pb.LevelRules(
        version=rules.version,
        effective_from=to_date(rules.effective_from),
        step_up_consecutive_missed=rules.step_up_consecutive_missed,
        step_up_on_reliable_deterioration=rules.step_up_on_reliable_deterioration,
        step_up_on_open_safety_task=rules.step_up_on_open_safety_task,
        step_down_objectives_met_percent=rules.step_down_objectives_met_percent,
        step_down_attended_percent=rules.step_down_attended_percent,
        step_down_needs_reliable_improvement=rules.step_down_needs_reliable_improvement,
        minimum_weeks=rules.minimum_weeks,
        complete_objectives_met_percent=rules.complete_objectives_met_percent,
        complete_weeks=rules.complete_weeks,
    )

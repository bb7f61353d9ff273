"""Level rules as a message, and as the domain's own type: field by field, in both directions."""

from collections.abc import Collection

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.refusal import Malformed
from kernel.rpc.translate import reading, required_said, to_date
from services.plans.domain.rules import LevelRules

# Fields that came with their sources; none is asked of those of before.
SOURCED = ("complete_attended_percent", "step_down_remission_below", "relapse_points")
# Said in a proposal: left out, each would be the milder rule.
SAFEGUARDS = (
    "step_up_on_reliable_deterioration",
    "step_up_on_open_safety_task",
    "step_down_needs_reliable_improvement",
    "minimum_weeks",
)
LONGEST_SOURCE = 500


def level_rules_of(
    message: pb.LevelRules, at: str = "", *, said: Collection[str] = ()
) -> LevelRules:
    """The rules a message states; Malformed with every field that is missing or out of bounds, and
    where a source is missing or of no field. `said`: what has to be set, be it a no or a zero."""
    with reading(message, at=at) as read:
        for field in said:
            read.value(required_said, field, None)
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
            complete_attended_percent=read.integer("complete_attended_percent", low=0, high=100),
            step_down_remission_below=read.integer("step_down_remission_below", low=0, high=27),
            relapse_points=read.integer("relapse_points", low=0, high=27),
            sources=read.value(_sources, "sources", ()),
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
        complete_attended_percent=rules.complete_attended_percent,
        step_down_remission_below=rules.step_down_remission_below,
        relapse_points=rules.relapse_points,
        sources=[pb.RuleSource(field=field, source=source) for field, source in rules.sources],
    )


def _sources(request: pb.LevelRules, field: str) -> tuple[tuple[str, str], ...]:
    named = [each.field for each in request.sources]
    if not set(named) <= set(request.DESCRIPTOR.fields_by_name) or len(set(named)) < len(named):
        raise Malformed(**{field: "name a field of the rules each, and each once"})
    if any(not 0 < len(each.source.strip()) <= LONGEST_SOURCE for each in request.sources):
        raise Malformed(**{field: f"are words, {LONGEST_SOURCE} characters at most"})
    if missing := [each for each in SOURCED if getattr(request, each) and each not in named]:
        raise Malformed(**{field: f"have none of {', '.join(missing)}"})
    return tuple((each.field, each.source) for each in request.sources)

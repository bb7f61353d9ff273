"""Level rules as a message, and as the domain's own type, in both directions."""

from typing import Any

from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.mapping.fields import bounded
from kernel.mapping.reading import fact_reader, request_reader
from kernel.mapping.writing import writer
from kernel.refusal import Malformed
from kernel.rpc.translate import required_int, required_said
from services.plans.domain.rules import LevelRules

# Fields that came with their sources; none is asked of those of before.
SOURCED = ("complete_attended_percent", "step_down_remission_below", "relapse_points")
LONGEST_SOURCE = 500
PERCENT, PERCENT_OR_NONE, POINTS = bounded(1, 100), bounded(0, 100), bounded(0, 27)


def _said_weeks(message: Any, field: str) -> int:
    """Left out, it would be the milder rule; so are the three flags, which have presence too."""
    required_said(message, field)
    return required_int(message, field, low=0, high=104)


def _sources(message: Any, field: str) -> tuple[tuple[str, str], ...]:
    """Malformed where a source is missing, empty, or of no field."""
    named_fields = [source.field for source in message.sources]
    declared = set(message.DESCRIPTOR.fields_by_name)
    if not set(named_fields) <= declared or len(set(named_fields)) < len(named_fields):
        raise Malformed(**{field: "name a field of the rules each, and each once"})
    if any(not 0 < len(source.source.strip()) <= LONGEST_SOURCE for source in message.sources):
        raise Malformed(**{field: f"are words, {LONGEST_SOURCE} characters at most"})
    if missing := [name for name in SOURCED if getattr(message, name) and name not in named_fields]:
        raise Malformed(**{field: f"have none of {', '.join(missing)}"})
    return tuple((source.field, source.source) for source in message.sources)


def _stated_sources(rules: LevelRules) -> list[pb.RuleSource]:
    return [pb.RuleSource(field=field, source=source) for field, source in rules.sources]


# A threshold that isn't told would be one that everybody reaches: a fact is bounded, too.
_BOUNDS: dict[str, Any] = {
    "version": bounded(1, 100_000),
    "step_up_consecutive_missed": PERCENT,
    "step_down_objectives_met_percent": PERCENT,
    "step_down_attended_percent": PERCENT,
    "complete_objectives_met_percent": PERCENT,
    "complete_weeks": bounded(1, 104),
    "complete_attended_percent": PERCENT_OR_NONE,
    "step_down_remission_below": POINTS,
    "relapse_points": POINTS,
}
to_level_rules = fact_reader(
    pb.LevelRules, LevelRules, **_BOUNDS, minimum_weeks=bounded(0, 104), sources=_sources
)

# Malformed with every field that is missing or out of bounds.
to_proposed_rules = request_reader(
    pb.LevelRules,
    LevelRules,
    **_BOUNDS,
    minimum_weeks=_said_weeks,
    sources=_sources,
)

level_rules_message = writer(pb.LevelRules, LevelRules, sources=_stated_sources)

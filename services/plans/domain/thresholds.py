"""Thresholds of the level rules, each compared with what was measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.plans.domain.progress import WeekOfProgress
from services.plans.domain.rules import LevelRules
from services.plans.domain.scores import ScoreChange, change_between


class LevelMeasure(StrEnum):
    """What a threshold is compared with, as the contract explains them one by one."""

    WEEKS_AT_LEVEL = "WEEKS_AT_LEVEL"
    COMPLETE_WEEKS = "COMPLETE_WEEKS"
    OBJECTIVES_MET_PERCENT = "OBJECTIVES_MET_PERCENT"
    ATTENDED_PERCENT = "ATTENDED_PERCENT"
    CONSECUTIVE_MISSED = "CONSECUTIVE_MISSED"
    PHQ9 = "PHQ9"
    PHQ9_RISE = "PHQ9_RISE"
    PHQ9_LATEST = "PHQ9_LATEST"
    SAFETY_TASK = "SAFETY_TASK"


OF_SCORES = frozenset({LevelMeasure.PHQ9, LevelMeasure.PHQ9_RISE, LevelMeasure.PHQ9_LATEST})


class ThresholdComparison(StrEnum):
    """How a value stands to its threshold; FELL_BY and ROSE_BY are of an earlier value."""

    AT_LEAST = "AT_LEAST"
    BELOW = "BELOW"
    FELL_BY = "FELL_BY"
    ROSE_BY = "ROSE_BY"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCheck:
    """One comparison. `value` None: not known; `field`: the one of LevelRules that asks for it."""

    measure: LevelMeasure
    value: int | None
    comparison: ThresholdComparison
    threshold: int
    field: str
    holds: bool
    earlier_value: int | None = None

    @property
    def tells_scores(self) -> bool:
        """Whether it tells what somebody scored."""
        return self.measure in OF_SCORES


def at_least(measure: LevelMeasure, value: int, threshold: int, field: str) -> ThresholdCheck:
    """Holds from the threshold on."""
    return ThresholdCheck(
        measure=measure,
        value=value,
        comparison=ThresholdComparison.AT_LEAST,
        threshold=threshold,
        field=field,
        holds=value >= threshold,
    )


def below(measure: LevelMeasure, value: int, threshold: int, field: str) -> ThresholdCheck:
    """Holds under the threshold."""
    return ThresholdCheck(
        measure=measure,
        value=value,
        comparison=ThresholdComparison.BELOW,
        threshold=threshold,
        field=field,
        holds=value < threshold,
    )


def completing(
    weeks: Sequence[WeekOfProgress], latest: WeekOfProgress | None, rules: LevelRules
) -> list[ThresholdCheck]:
    """What completing a program takes of the weeks that count, and of the latest week there is."""
    # Completing takes no less attendance than stepping down where the rules don't say which.
    own = rules.complete_attended_percent > 0
    sessions = "complete_attended_percent" if own else "step_down_attended_percent"
    objectives = "complete_objectives_met_percent"
    return [
        at_least(LevelMeasure.COMPLETE_WEEKS, len(weeks), rules.complete_weeks, "complete_weeks"),
        objectives_met(latest, rules.complete_objectives_met_percent, objectives),
        attended(weeks, rules.attended_to_complete, sessions),
    ]


def objectives_met(week: WeekOfProgress | None, threshold: int, field: str) -> ThresholdCheck:
    """The share of the plan's objectives; without a week, none."""
    share = percent(week.objectives_met, week.objectives) if week is not None else 0
    return at_least(LevelMeasure.OBJECTIVES_MET_PERCENT, share, threshold, field)


def attended(weeks: Sequence[WeekOfProgress], threshold: int, field: str) -> ThresholdCheck:
    """Of the sessions of these weeks that were attended or missed."""
    came, missed = sum(week.attended for week in weeks), sum(week.missed for week in weeks)
    share = percent(came, came + missed)
    return at_least(LevelMeasure.ATTENDED_PERCENT, share, threshold, field)


def percent(part: int, whole: int) -> int:
    """Rounded down, so that it reaches a threshold exactly when the share does; of nothing: 0."""
    return part * 100 // whole if whole else 0


def reasons_of(checks: Iterable[ThresholdCheck]) -> tuple[str, ...]:
    """The checks in words, each once: the contract's `reasons`, which go with its v2."""
    return tuple(dict.fromkeys(_in_words(check) for check in checks))


def _in_words(check: ThresholdCheck) -> str:
    name = check.measure.lower()
    match check.comparison:
        case _ if check.measure == LevelMeasure.SAFETY_TASK:
            return f"{name} open"
        case ThresholdComparison.AT_LEAST:
            return f"{name} {check.value} {'>=' if check.holds else '<'} {check.threshold}"
        case ThresholdComparison.BELOW:
            return f"{name} {check.value} {'<' if check.holds else '>='} {check.threshold}"
        case ThresholdComparison.FELL_BY:
            asked = ScoreChange.RELIABLY_IMPROVED
        case ThresholdComparison.ROSE_BY:
            asked = ScoreChange.RELIABLY_DETERIORATED
    if check.value is None or check.earlier_value is None:
        return f"{name} unknown, not {asked}"
    change = change_between(check.earlier_value, check.value, check.threshold)
    trend = f"{name} {check.earlier_value} -> {check.value} {change}"
    return trend if check.holds else f"{trend}, not {asked}"

"""What the thresholds say of a complete week: continue, step up, step down, complete. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.plans.domain.history import (
    Assessed,
    CareHistory,
    HistoryFact,
    LevelChange,
    ProgressFact,
    SafetyClosed,
    SafetyTask,
    order,
)
from services.plans.domain.progress import (
    Episode,
    MeasuredWeek,
    WeekOfProgress,
    episodes_of,
    level_on,
    weeks_of,
)
from services.plans.domain.reference_values import RELIABLE_CHANGE
from services.plans.domain.rules import LevelRules, in_effect
from services.plans.domain.scores import PHQ9, EpisodeDays
from services.plans.domain.thresholds import (
    LevelMeasure,
    ThresholdCheck,
    ThresholdComparison,
    at_least,
    attended,
    below,
    completing,
    objectives_met,
    reasons_of,
)


class RecommendationKind(StrEnum):
    """What is recommended at the end of a week."""

    STEP_UP = "STEP_UP"
    COMPLETE = "COMPLETE"
    STEP_DOWN = "STEP_DOWN"
    CONTINUE = "CONTINUE"


STEPS = frozenset({RecommendationKind.STEP_UP, RecommendationKind.STEP_DOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """`checks`: the thresholds that were reached; of CONTINUE, those that were not. Fields are a
    storage format; `recommendation_id` is the row's own.
    """

    client_id: str
    recommendation_id: str = ""
    episode_id: str
    week_start: date
    kind: RecommendationKind
    rules_version: int
    checks: tuple[ThresholdCheck, ...] = ()
    # In words: what rows of the release before say instead, until they are derived again.
    reasons: tuple[str, ...] = ()

    @property
    def in_words(self) -> tuple[str, ...]:
        """The contract's `reasons`, which its v2 has no more."""
        return reasons_of(self.checks) if self.checks else self.reasons

    def without_scores(self) -> "Recommendation":
        """As it is told to who may not see scores; words alone may tell any, and are left out."""
        checks = tuple(check for check in self.checks if not check.tells_scores)
        return replace(self, checks=checks, reasons=())


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeRecommendation(Recommendation):
    """`rests_on`: ids of the facts that it was made of."""

    rests_on: frozenset[str]


def recommend(history: CareHistory) -> list[MadeRecommendation]:
    """One for each complete week in which something happened, to the week of the discharge.

    The highest version in effect on the
    week's last day holds; without one nothing is recommended. A safety task counts while it is open
    when the week ends, whichever episode it arose in.
    """
    facts = sorted(frozenset(history.facts), key=order)
    found = []
    for episode in episodes_of(facts):
        weeks: list[MeasuredWeek] = []
        end = None if episode.discharge is None else episode.discharge.discharged_on
        for week in weeks_of(episode, history):
            if not week.counts or (end is not None and week.week_start > end):
                continue
            weeks.append(week)
            rules = in_effect(history.rules, week.last_day)
            if rules is not None:
                tasks = _open_tasks(facts, episode.stay, week.last_day)
                found.append(_recommendation(episode, weeks, tasks, rules, history.rules[rules]))
    return found


def _recommendation(
    episode: Episode,
    weeks: Sequence[MeasuredWeek],
    tasks: Sequence[HistoryFact],
    rules: LevelRules,
    rules_fact: str,
) -> MadeRecommendation:
    """Of the last of these weeks. In order: up, complete, down, else continue."""
    week = weeks[-1]
    # A step that takes effect within the week does not change what led to it.
    level = level_on(episode, week.week_start)
    start = level.effective_from if isinstance(level, LevelChange) else date.min
    at_level = sum(week.last_day >= start for week in weeks)
    long_enough = at_least(
        LevelMeasure.WEEKS_AT_LEVEL, at_level, rules.minimum_weeks, "minimum_weeks"
    )
    up = _step_up(week, bool(tasks), rules)
    complete = [long_enough, *completing(weeks, week, rules)]
    down = [long_enough, *_step_down(weeks, rules)]
    if up:
        kind, checks = RecommendationKind.STEP_UP, up
    elif all(check.holds for check in complete):
        kind, checks = RecommendationKind.COMPLETE, complete
    elif all(check.holds for check in down):
        kind, checks = RecommendationKind.STEP_DOWN, down
    else:
        kind = RecommendationKind.CONTINUE
        checks = [check for check in (*down, *complete) if not check.holds]
    rests_on = {fact for week in weeks for fact in week.rests_on}
    rests_on |= {level.id, rules_fact, *(task.id for task in tasks)}
    if tasks and episode.clocks is not None:
        rests_on.add(episode.clocks.id)
    return MadeRecommendation(
        client_id=week.client_id,
        episode_id=week.episode_id,
        week_start=week.week_start,
        kind=kind,
        checks=tuple(dict.fromkeys(checks)),
        rules_version=rules.version,
        rests_on=frozenset(rests_on),
    )


def _step_up(week: WeekOfProgress, task_open: bool, rules: LevelRules) -> list[ThresholdCheck]:
    """The triggers that hold; none: no step up.

    Deterioration and an open safety task are triggers of their own where the rules say so. Sessions
    missed in a row are one only together with either of them, whatever the rules say of it alone.
    """
    declined, relapse = _declined(week), _relapse(week, rules)
    worse = declined.holds or relapse.holds
    missed = at_least(
        LevelMeasure.CONSECUTIVE_MISSED,
        week.consecutive_missed,
        rules.step_up_consecutive_missed,
        "step_up_consecutive_missed",
    )
    risky = missed.holds and (worse or task_open)
    triggers = [missed] if risky else []
    if worse and (risky or rules.step_up_on_reliable_deterioration):
        triggers.append(declined if declined.holds else relapse)
    if task_open and (risky or rules.step_up_on_open_safety_task):
        triggers.append(at_least(LevelMeasure.SAFETY_TASK, 1, 1, "step_up_on_open_safety_task"))
    return triggers


def _step_down(weeks: Sequence[WeekOfProgress], rules: LevelRules) -> list[ThresholdCheck]:
    objectives, sessions = "step_down_objectives_met_percent", "step_down_attended_percent"
    checks = [
        objectives_met(weeks[-1], rules.step_down_objectives_met_percent, objectives),
        attended(weeks, rules.step_down_attended_percent, sessions),
    ]
    if rules.step_down_needs_reliable_improvement:
        checks.append(_improved(weeks[-1], rules))
    return checks


def _improved(week: WeekOfProgress, rules: LevelRules) -> ThresholdCheck:
    """Reliably, or so low that there is nothing to improve; not who relapsed from where they got.

    Somebody whose first score is low can't become reliably better.
    """
    if _relapse(week, rules).holds:
        return below(*_rise(week, rules))
    remission = rules.step_down_remission_below
    if week.phq9 is not None and week.phq9.latest < remission:
        latest = week.phq9.latest
        return below(LevelMeasure.PHQ9_LATEST, latest, remission, "step_down_remission_below")
    improved = ThresholdComparison.FELL_BY
    return _changed(week, improved, "step_down_needs_reliable_improvement")


def _declined(week: WeekOfProgress) -> ThresholdCheck:
    return _changed(week, ThresholdComparison.ROSE_BY, "step_up_on_reliable_deterioration")


def _relapse(week: WeekOfProgress, rules: LevelRules) -> ThresholdCheck:
    return at_least(*_rise(week, rules))


def _rise(week: WeekOfProgress, rules: LevelRules) -> tuple[LevelMeasure, int, int, str]:
    """From the lowest score; the first may have been as high."""
    rise = 0 if week.phq9 is None else week.phq9.rise
    return LevelMeasure.PHQ9_RISE, rise, rules.points_of_relapse, "relapse_points"


def _changed(week: WeekOfProgress, comparison: ThresholdComparison, field: str) -> ThresholdCheck:
    """Of the latest PHQ-9 against the first, by more than noise; without scores it fails."""
    reliable, trend = RELIABLE_CHANGE[PHQ9].value, week.phq9
    fell = 0 if trend is None else trend.first - trend.latest
    return ThresholdCheck(
        measure=LevelMeasure.PHQ9,
        value=None if trend is None else trend.latest,
        earlier_value=None if trend is None else trend.first,
        comparison=comparison,
        threshold=reliable,
        field=field,
        holds=(fell if comparison == ThresholdComparison.FELL_BY else -fell) >= reliable,
    )


def _open_tasks(facts: Sequence[ProgressFact], stay: EpisodeDays, day: date) -> list[HistoryFact]:
    """Tasks open at the end of the day at the episode's site, with the assessments they arose from.

    A task is open from its assessment on; where that isn't known, from when it is due.
    """
    assessed = {fact.assessment_id: fact for fact in facts if isinstance(fact, Assessed)}
    closed = {fact.task_id: fact for fact in facts if isinstance(fact, SafetyClosed)}
    used: list[HistoryFact] = []
    for task in (fact for fact in facts if isinstance(fact, SafetyTask)):
        arose = assessed.get(task.assessment_id)
        opened_at = task.due_at if arose is None else arose.completed_at
        closing = closed.get(task.task_id)
        ended = closing is not None and stay.day_of(closing.closed_at) <= day
        if stay.day_of(opened_at) <= day and not ended:
            used += [task] if arose is None else [task, arose]
    return used

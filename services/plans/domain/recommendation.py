"""What the thresholds say of a complete week: continue, step up, step down, complete. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.plans.domain.history import (
    Assessed,
    Heard,
    LevelChange,
    ProgressFact,
    SafetyClosed,
    SafetyTask,
    order,
)
from services.plans.domain.progress import (
    Bands,
    Episode,
    WeekOfProgress,
    episodes_of,
    level_on,
    weeks_of,
)
from services.plans.domain.rules import LevelRules, in_effect
from services.plans.domain.scores import RELIABLY_DETERIORATED, RELIABLY_IMPROVED, Stay

STEP_UP = "STEP_UP"
COMPLETE = "COMPLETE"
STEP_DOWN = "STEP_DOWN"
CONTINUE = "CONTINUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """`reasons`: `consecutive_missed 3 >= 3`; of CONTINUE, the thresholds not reached."""

    episode_id: str
    week_start: date
    kind: str
    reasons: tuple[str, ...]
    rules_version: int
    rests_on: frozenset[str]


@dataclass(frozen=True, slots=True)
class Check:
    """One threshold, met or not, and how it reads."""

    met: bool
    text: str


def recommend(
    facts: Iterable[ProgressFact], rules: Mapping[LevelRules, str], bands: Bands
) -> list[Recommendation]:
    """One for each complete week in which something happened, to the week of the discharge.

    `rules`: the confirmed ones, each with the id of its fact. The highest version in effect on the
    week's last day holds; without one nothing is recommended. A safety task counts while it is open
    when the week ends, whichever episode it arose in.
    """
    known = sorted(frozenset(facts), key=order)
    found = []
    for episode in episodes_of(known):
        weeks: list[WeekOfProgress] = []
        end = None if episode.discharge is None else episode.discharge.discharged_on
        for week in weeks_of(episode, bands):
            if not week.counts or (end is not None and week.week_start > end):
                continue
            weeks.append(week)
            table = in_effect(rules, week.last_day)
            if table is not None:
                tasks = _open_tasks(known, episode.stay, week.last_day)
                found.append(_recommendation(episode, weeks, tasks, table, rules[table]))
    return found


def _recommendation(
    episode: Episode,
    weeks: Sequence[WeekOfProgress],
    tasks: Sequence[Heard],
    rules: LevelRules,
    rules_fact: str,
) -> Recommendation:
    """Of the last of these weeks. In order: up, complete, down, else continue."""
    week = weeks[-1]
    # A step that takes effect within the week does not change what led to it.
    level = level_on(episode, week.week_start)
    start = level.effective_from if isinstance(level, LevelChange) else date.min
    since = [each for each in weeks if each.last_day >= start]
    up = _step_up(week, bool(tasks), rules)
    long_enough = _at_least("weeks_at_level", len(since), rules.minimum_weeks)
    complete = [
        long_enough,
        _at_least("complete_weeks", len(weeks), rules.complete_weeks),
        _objectives(week, rules.complete_objectives_met_percent),
        _attended(weeks, rules.attended_to_complete),
    ]
    down = [long_enough, *_step_down(weeks, rules)]
    if up:
        kind, checks = STEP_UP, up
    elif all(check.met for check in complete):
        kind, checks = COMPLETE, complete
    elif all(check.met for check in down):
        kind, checks = STEP_DOWN, down
    else:
        kind, checks = CONTINUE, [check for check in (*down, *complete) if not check.met]
    rests_on = {fact for each in weeks for fact in each.rests_on}
    rests_on |= {level.id, rules_fact, *(task.id for task in tasks)}
    if tasks and episode.clocks is not None:
        rests_on.add(episode.clocks.id)
    return Recommendation(
        episode_id=week.episode_id,
        week_start=week.week_start,
        kind=kind,
        reasons=tuple(dict.fromkeys(check.text for check in checks)),
        rules_version=rules.version,
        rests_on=frozenset(rests_on),
    )


def _step_up(week: WeekOfProgress, task_open: bool, rules: LevelRules) -> list[Check]:
    """The triggers that hold; none: no step up.

    Deterioration and an open safety task are triggers of their own where the rules say so. Sessions
    missed in a row are one only together with either of them, whatever the rules say of it alone.
    """
    declined = week.phq9 is not None and week.phq9.change == RELIABLY_DETERIORATED
    relapse = _relapse(week, rules)
    worse = declined or relapse.met
    most = rules.step_up_consecutive_missed
    missed = _at_least("consecutive_missed", week.consecutive_missed, most)
    risky = missed.met and (worse or task_open)
    triggers = [missed] if risky else []
    if worse and (risky or rules.step_up_on_reliable_deterioration):
        triggers.append(_change(week, RELIABLY_DETERIORATED) if declined else relapse)
    if task_open and (risky or rules.step_up_on_open_safety_task):
        triggers.append(Check(True, "safety_task open"))
    return triggers


def _step_down(weeks: Sequence[WeekOfProgress], rules: LevelRules) -> list[Check]:
    checks = [
        _objectives(weeks[-1], rules.step_down_objectives_met_percent),
        _attended(weeks, rules.step_down_attended_percent),
    ]
    if rules.step_down_needs_reliable_improvement:
        checks.append(_improved(weeks[-1], rules))
    return checks


def _attended(weeks: Sequence[WeekOfProgress], threshold: int) -> Check:
    """Of the sessions of these weeks that were attended or missed."""
    attended, missed = sum(week.attended for week in weeks), sum(week.missed for week in weeks)
    return _at_least("attended_percent", percent(attended, attended + missed), threshold)


def names_score(reason: str) -> bool:
    """Whether a reason, or its threshold, tells what somebody scored."""
    return reason.startswith("phq9")


def _improved(week: WeekOfProgress, rules: LevelRules) -> Check:
    """Reliably, or so low that there is nothing to improve; not who relapsed from where they got.

    Somebody whose first score is low can't become reliably better.
    """
    relapse = _relapse(week, rules)
    if relapse.met:
        return replace(relapse, met=False)
    below = rules.step_down_remission_below
    if week.phq9 is not None and week.phq9.latest < below:
        return Check(True, f"phq9_latest {week.phq9.latest} < {below}")
    return _change(week, RELIABLY_IMPROVED)


def _relapse(week: WeekOfProgress, rules: LevelRules) -> Check:
    """A rise from the lowest score; the first may have been as high."""
    rise = 0 if week.phq9 is None else week.phq9.rise
    return _at_least("phq9_rise", rise, rules.points_of_relapse)


def percent(part: int, whole: int) -> int:
    """Rounded down, so that it reaches a threshold exactly when the share does; of nothing: 0."""
    return part * 100 // whole if whole else 0


def _objectives(week: WeekOfProgress, threshold: int) -> Check:
    share = percent(week.objectives_met, week.objectives)
    return _at_least("objectives_met_percent", share, threshold)


def _at_least(name: str, value: int, threshold: int) -> Check:
    sign = ">=" if value >= threshold else "<"
    return Check(value >= threshold, f"{name} {value} {sign} {threshold}")


def _change(week: WeekOfProgress, wanted: str) -> Check:
    if week.phq9 is None:
        return Check(False, f"phq9 unknown, not {wanted}")
    trend = f"phq9 {week.phq9.first} -> {week.phq9.latest} {week.phq9.change}"
    met = week.phq9.change == wanted
    return Check(met, trend if met else f"{trend}, not {wanted}")


def _open_tasks(known: Sequence[ProgressFact], stay: Stay, day: date) -> list[Heard]:
    """Tasks open at the end of the day at the episode's site, with the assessments they arose from.

    A task is open from its assessment on; where that isn't known, from when it is due.
    """
    assessed = {fact.assessment_id: fact for fact in known if isinstance(fact, Assessed)}
    closed = {fact.task_id: fact for fact in known if isinstance(fact, SafetyClosed)}
    used: list[Heard] = []
    for task in (fact for fact in known if isinstance(fact, SafetyTask)):
        arose = assessed.get(task.assessment_id)
        opened_at = task.due_at if arose is None else arose.completed_at
        closing = closed.get(task.task_id)
        ended = closing is not None and stay.day_of(closing.closed_at) <= day
        if stay.day_of(opened_at) <= day and not ended:
            used += [task] if arose is None else [task, arose]
    return used

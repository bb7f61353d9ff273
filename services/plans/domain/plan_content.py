"""What a plan says: problems, goals, measurable objectives, interventions; and when it is whole."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

MOST_TIMES = 14  # a week
MOST_MINUTES = 600  # each time
# A metric is a code, such as `phq9`: facts carry no free text.
METRIC = re.compile(r"[a-z][a-z0-9_]{0,39}")
# ICD-10-CM with its dot, as intake takes it; that the code exists is not checked here.
DIAGNOSIS = re.compile(r"[A-Z][0-9][0-9AB](\.[0-9A-TV-Z]{1,4})?")
DIMENSIONS = range(7)  # 0: of none

InterventionKind = Literal[
    "CBT",
    "DBT",
    "MOTIVATIONAL_INTERVIEWING",
    "GROUP",
    "FAMILY",
    "PSYCHOEDUCATION",
    "CASE_MANAGEMENT",
    "RELAPSE_PREVENTION",
    "COPING_SKILLS",
    "CAREER_OR_ACADEMIC",
    "MEDICATION_COORDINATION",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`diagnosis_code` may be empty, `dimension` 0. Its description is sealed."""

    diagnosis_code: str
    dimension: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """Measurable: `metric` is a code, from `baseline` to `target` by a date."""

    metric: str
    baseline: int
    target: int
    target_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A goal's objectives, and the number of its problem (0: none). Its words are sealed."""

    objectives: tuple[Objective, ...]
    problem: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention:
    kind: InterventionKind
    times_per_week: int
    minutes_each_time: int


def minutes_per_week(interventions: Sequence[Intervention]) -> int:
    return sum(
        intervention.times_per_week * intervention.minutes_each_time
        for intervention in interventions
    )


def wrong_with(
    problems: Sequence[Problem], goals: Sequence[Goal], interventions: Sequence[Intervention]
) -> Mapping[str, str]:
    """Every field that keeps a plan from being carried out or measured, and what is wrong."""
    return {
        **_wrong_problems(problems),
        **_wrong_goals(goals, len(problems)),
        **_wrong_interventions(interventions),
    }


def _wrong_problems(problems: Sequence[Problem]) -> Mapping[str, str]:
    wrong = {}
    for p, problem in enumerate(problems):
        if problem.diagnosis_code and not DIAGNOSIS.fullmatch(problem.diagnosis_code):
            wrong[f"problems.{p}.diagnosis_code"] = "is no ICD-10-CM code, such as F10.20"
        if problem.dimension not in DIMENSIONS:
            wrong[f"problems.{p}.dimension"] = "is not between 1 and 6"
    return wrong


def _wrong_goals(goals: Sequence[Goal], problems: int) -> Mapping[str, str]:
    wrong = {}
    if not goals:
        wrong["goals"] = "must name at least one goal"
    elif not any(goal.objectives for goal in goals):
        wrong["goals"] = "must have at least one objective"
    for g, goal in enumerate(goals):
        if not 0 <= goal.problem <= problems:
            wrong[f"goals.{g}.problem"] = "is the number of no problem of this plan"
        for o, objective in enumerate(goal.objectives):
            if not METRIC.fullmatch(objective.metric):
                wrong[f"goals.{g}.objectives.{o}.metric"] = "is not a code, such as phq9"
    return wrong


def _wrong_interventions(interventions: Sequence[Intervention]) -> Mapping[str, str]:
    wrong = {}
    if not interventions:
        wrong["interventions"] = "must name at least one intervention"
    for i, intervention in enumerate(interventions):
        if not 1 <= intervention.times_per_week <= MOST_TIMES:
            wrong[f"interventions.{i}.times_per_week"] = f"is not between 1 and {MOST_TIMES}"
        if not 1 <= intervention.minutes_each_time <= MOST_MINUTES:
            wrong[f"interventions.{i}.minutes_each_time"] = f"is not between 1 and {MOST_MINUTES}"
    return wrong

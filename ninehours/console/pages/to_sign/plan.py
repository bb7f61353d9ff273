"""A plan beside the one that it follows: line by line, what it adds and what it takes away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import plans_service_pb2 as plans

from ninehours.console.pages.my_day.rows import short_date
from ninehours.console.texts import words
from ninehours.told.fields import day_of


class LineChange(StrEnum):
    """Of a line, against the plan before."""

    SAME = "same"
    ADDED = "added"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One thing that a plan says, under its heading."""

    about: str
    says: str = field(repr=False)
    change: LineChange = LineChange.SAME


def compared(plan: care.RecordedPlan, before: care.RecordedPlan | None) -> list[PlanLine]:
    """The plan's lines in its order, with what it takes away under the same heading; without a
    plan before, all is the same."""
    now, then = [*_lines(plan)], [*_lines(before)] if before is not None else []
    lines: list[PlanLine] = []
    for about in dict.fromkeys(line.about for line in [*now, *then]):
        held = [line for line in now if line.about == about]
        gone = [line for line in then if line.about == about and line not in held]
        lines += [
            line if before is None or line in then else PlanLine(about, line.says, LineChange.ADDED)
            for line in held
        ]
        lines += [PlanLine(about, line.says, LineChange.TAKEN) for line in gone]
    return lines


def _lines(plan: care.RecordedPlan) -> Iterator[PlanLine]:
    told = words().to_sign.plan
    for problem in plan.problems:
        said = filter(None, (problem.diagnosis_code, problem.description))
        yield PlanLine(told.problem, ", ".join(said) or told.forgotten)
    for goal in plan.goals:
        yield PlanLine(told.goal, _goal_says(goal))
        for objective in goal.objectives:
            yield PlanLine(told.objective, objective_says(goal, objective))
    for each in plan.interventions:
        yield PlanLine(
            told.intervention,
            told.intervention_says.format(
                kind=told.kinds[plans.InterventionKind.Name(each.kind)],
                times=each.times_per_week,
                minutes=each.minutes_each_time,
            ),
        )
    yield PlanLine(told.minutes, told.minutes_says.format(minutes=plan.planned_minutes_per_week))


def objective_says(goal: plans.Goal, objective: plans.Objective) -> str:
    """With the goal that it is of."""
    says = words().to_sign.plan.objective_says.format(
        goal=_goal_says(goal).rstrip(".:; "),
        metric=metric_in_words(objective.metric),
        baseline=objective.baseline,
        target=objective.target,
        by=short_date(day_of(objective.target_date)),
    )
    return str(says)


def metric_in_words(metric: str) -> str:
    """`PHQ-9` of `phq9`, `days without use` of `days_without_use`."""
    told = words().to_sign.metrics
    return str(told[metric]) if metric in told else metric.replace("_", " ")


def _goal_says(goal: plans.Goal) -> str:
    return goal.in_the_clients_words or str(words().to_sign.plan.forgotten)


def plan_named(found: Sequence[care.RecordedPlan], plan_id: str) -> care.RecordedPlan | None:
    """None where it isn't among them."""
    return next((plan for plan in found if plan.plan_id == plan_id), None)

"""A plan beside the one before: what it adds and takes away, in its own order."""

from typing import Any

from ninehours.common.v1 import common_pb2 as common
from ninehours.plans.v1 import care_service_pb2 as care
from ninehours.plans.v1 import plans_service_pb2 as plans

from ninehours.console.pages.to_sign.plan import LineChange, compared


def plan(*goals: str, minutes: int = 540) -> care.RecordedPlan:
    objective: Any = {"metric": "phq9", "baseline": 12, "target": 5}
    by = common.Date(year=2026, month=6, day=1)
    return care.RecordedPlan(
        goals=[
            plans.Goal(
                in_the_clients_words=goal,
                objectives=[plans.Objective(target_date=by, **objective)],
            )
            for goal in goals
        ],
        planned_minutes_per_week=minutes,
    )


def test_a_first_plan_adds_nothing_to_any_other() -> None:
    assert {line.change for line in compared(plan("Sleep."), None)} == {LineChange.SAME}


def test_what_is_new_and_what_is_taken_away_stand_under_one_heading() -> None:
    lines = compared(plan("Sleep.", "Work."), plan("Sleep.", "Walk.", minutes=600))
    objectives = [line.says for line in lines if line.about == "Objective"]
    assert all(": PHQ-9 from 12 to 5 by " in says for says in objectives), objectives
    goals = [(line.says, line.change) for line in lines if line.about == "Goal"]
    assert goals == [
        ("Sleep.", LineChange.SAME),
        ("Work.", LineChange.ADDED),
        ("Walk.", LineChange.TAKEN),
    ]
    week = [(line.says, line.change) for line in lines if line.about == "A week"]
    assert week == [("540 min", LineChange.ADDED), ("600 min", LineChange.TAKEN)]

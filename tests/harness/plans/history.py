"""A client's history in few words: facts as the derivations know them, counted from a Monday."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as some

from services.plans.domain.history import (
    Admission,
    Assessed,
    Attendance,
    Cancelled,
    CareHistory,
    Discharge,
    LevelChange,
    PlanInForce,
    Review,
    Scheduled,
)
from services.plans.domain.progress import MeasuredWeek, measure
from services.plans.domain.reference_values import Bands
from services.plans.domain.rules import LevelRules

BANDS = Bands(version="test", floor_minutes={"2.1": 540, "2.5": 1200})
MONDAY = date(2026, 3, 2)
RULES = LevelRules(
    version=1,
    effective_from=date(2026, 1, 5),
    step_up_consecutive_missed=3,
    step_up_on_reliable_deterioration=False,
    step_up_on_open_safety_task=False,
    step_down_objectives_met_percent=60,
    step_down_attended_percent=75,
    step_down_needs_reliable_improvement=True,
    minimum_weeks=2,
    complete_objectives_met_percent=100,
    complete_weeks=3,
)
NUMBERS = count(1)


def care(facts: Iterable[Any], *rules: LevelRules) -> CareHistory:
    """A client's history of these facts, under these rules."""
    confirmed = {rule: f"rules-{rule.version}" for rule in rules}
    return CareHistory(client_id="client-1", facts=list(facts), rules=confirmed, bands=BANDS)


def measured(facts: Iterable[Any]) -> list[MeasuredWeek]:
    return measure(care(facts))


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def at(number: int, hour: int = 15) -> datetime:
    return datetime.combine(day(number), time(hour), UTC)


def fact(kind: Any, **fields: Any) -> Any:
    """A fact of that kind with the next place in its log."""
    number = next(NUMBERS)
    return kind(id=f"fact-{number}", sequence=number, **fields)


def admitted(on: int = 0, episode: str = "e1", level: str = "2.1") -> Any:
    return fact(Admission, episode_id=episode, level_of_care=level, admitted_on=day(on))


def session(
    name: str, on: int, minutes: int | None, hour: int = 15, kind: str = "GROUP"
) -> list[Any]:
    """Scheduled and told of; `minutes` None: missed."""
    return [scheduled(name, on, hour, kind), attended(name, on, minutes)]


def scheduled(name: str, on: int, hour: int = 15, kind: str = "GROUP") -> Any:
    return fact(
        Scheduled,
        session_id=name,
        service_date=day(on),
        starts_at=at(on, hour),
        service_kind=kind,
    )


def visit(name: str, on: int, minutes: int | None, hour: int = 18) -> list[Any]:
    """To the prescriber."""
    return session(name, on, minutes, hour, "PRESCRIBER_VISIT")


def attended(name: str, on: int, minutes: int | None, correction: int = 0) -> Any:
    return fact(
        Attendance,
        session_id=name,
        service_date=day(on),
        correction=correction,
        attended=minutes is not None,
        time=timedelta(minutes=minutes or 0),
    )


def cancelled(name: str, on: int) -> Any:
    return fact(Cancelled, session_id=name, service_date=day(on))


def score(value: int, on: int, *, partial: bool = False, instrument: str = "phq9/1") -> Any:
    return fact(
        Assessed,
        assessment_id=f"a{next(NUMBERS)}",
        instrument=instrument,
        score=value,
        partial=partial,
        completed_at=at(on),
    )


def plan(
    name: str, on: int, objectives: int = 0, *, minutes: int = 540, episode: str = "e1"
) -> Any:
    return fact(
        PlanInForce,
        episode_id=episode,
        plan_id=name,
        in_force_from=day(on),
        planned_minutes_per_week=minutes,
        objectives=objectives,
    )


def reviewed(name: str, on: int, met: int, objectives: int = 3) -> Any:
    return fact(
        Review,
        plan_id=name,
        reviewed_on=day(on),
        objectives=objectives,
        objectives_met=met,
    )


def level(to: str, on: int, episode: str = "e1") -> Any:
    return fact(LevelChange, episode_id=episode, level_of_care=to, effective_from=day(on))


def discharged(on: int, episode: str = "e1") -> Any:
    return fact(Discharge, episode_id=episode, discharged_on=day(on))


DAYS = some.integers(-3, 24)
NAMES = some.sampled_from(["s1", "s2", "s3"])
EPISODES = some.sampled_from(["e1", "e2"])
FACTS = some.lists(
    some.builds(admitted, DAYS, EPISODES)
    | some.builds(scheduled, NAMES, DAYS)
    | some.builds(cancelled, NAMES, DAYS)
    | some.builds(attended, NAMES, DAYS, some.none() | some.integers(0, 200), some.integers(0, 2))
    | some.builds(score, some.integers(0, 27), DAYS)
    | some.builds(plan, some.sampled_from(["p1", "p2"]), DAYS, some.integers(0, 4))
    | some.builds(reviewed, some.sampled_from(["p1", "p2"]), DAYS, some.integers(0, 3))
    | some.builds(level, some.sampled_from(["1", "2.1", "2.5"]), DAYS, EPISODES)
    | some.builds(discharged, DAYS, EPISODES),
    max_size=16,
)

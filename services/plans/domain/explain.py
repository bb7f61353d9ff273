"""Why a client is at a level: its segments, and what each recommendation compared with what."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any

from services.plans.domain import history as k
from services.plans.domain.progress import Episode
from services.plans.domain.rules import LevelRules

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of days at one level; `end` None: it goes on. `fact`: what began it."""

    level_of_care: str
    start: date
    end: date | None
    fact: k.Admission | k.LevelChange


@dataclass(frozen=True, slots=True)
class Clause:
    """A field of the level rules, as their contract names it, and its value."""

    field: str
    value: str


def segments_of(episode: Episode) -> list[Segment]:
    """Oldest first: the admission's, then each change's; of one day's changes the last holds."""
    begun: dict[date, k.Admission | k.LevelChange] = {
        episode.admission.admitted_on: episode.admission
    }
    for change in sorted(episode.levels, key=k.order):
        begun[change.effective_from] = change
    starts = sorted(begun)
    last = episode.discharge.discharged_on if episode.discharge else None
    ends = [*(start - DAY for start in starts[1:]), last]
    return [
        Segment(level_of_care=begun[start].level_of_care, start=start, end=end, fact=begun[start])
        for start, end in zip(starts, ends, strict=True)
    ]


# What a reason begins with → the threshold that it was compared with.
THRESHOLDS: Mapping[tuple[str, str], str] = {
    ("STEP_UP", "consecutive_missed"): "step_up_consecutive_missed",
    ("STEP_UP", "phq9"): "step_up_on_reliable_deterioration",
    ("", "phq9_rise"): "relapse_points",
    ("", "phq9_latest"): "step_down_remission_below",
    ("STEP_UP", "safety_task"): "step_up_on_open_safety_task",
    ("COMPLETE", "objectives_met_percent"): "complete_objectives_met_percent",
    ("", "weeks_at_level"): "minimum_weeks",
    ("", "complete_weeks"): "complete_weeks",
    ("", "phq9"): "step_down_needs_reliable_improvement",
}
# Measures that a step down and a completion both ask for, each with its own threshold.
SHARES = {
    "objectives_met_percent": (
        "step_down_objectives_met_percent",
        "complete_objectives_met_percent",
    ),
    "attended_percent": ("step_down_attended_percent", "complete_attended_percent"),
}


def clauses_of(kind: str, reasons: Iterable[str], rules: LevelRules) -> list[Clause]:
    """The fields of the rules that these reasons were compared with, each once."""
    fields: list[str] = []
    for reason in reasons:
        measure = reason.split(" ", 1)[0]
        field = THRESHOLDS.get((kind, measure)) or THRESHOLDS.get(("", measure))
        if measure in SHARES and field is None:
            value = int(reason.rsplit(" ", 1)[1])
            candidates = SHARES[measure][:1] if kind == "STEP_DOWN" else SHARES[measure]
            fields += [each for each in candidates if getattr(rules, each) == value]
        elif field is not None:
            fields.append(field)
    return [Clause(field, _shown(getattr(rules, field))) for field in dict.fromkeys(fields)]


def sayings(known: Sequence[k.ProgressFact], rules: Mapping[LevelRules, str]) -> dict[str, str]:
    """Fact → what it says of the level of care."""
    said = {fact.id: SAYINGS[type(fact)](fact) for fact in known}
    return said | {
        fact: f"level rules {table.version} confirmed, in effect from {table.effective_from}"
        for table, fact in rules.items()
    }


def _attendance(fact: k.Attendance) -> str:
    said = f"{fact.time // MINUTE} minutes attended" if fact.attended else "missed"
    corrected = f" (correction {fact.correction})" if fact.correction else ""
    return f"{fact.service_date}: {said}{corrected}"


def _assessed(fact: k.Assessed) -> str:
    partial = ", partial" if fact.partial else ""
    return f"{fact.instrument} {fact.score}{partial}, {fact.completed_at.astimezone(UTC):%Y-%m-%d}"


def _plan(fact: k.PlanInForce) -> str:
    return (
        f"plan in force from {fact.in_force_from}: {fact.planned_minutes_per_week} minutes a week,"
        f" {fact.objectives} objectives"
    )


SAYINGS: dict[type, Callable[[Any], str]] = {
    k.SiteClocks: lambda f: f"site {f.site_id} keeps the time of {f.time_zone}",
    k.Admission: lambda f: f"admitted {f.admitted_on} at level {f.level_of_care}",
    k.LevelChange: lambda f: f"level {f.level_of_care} from {f.effective_from}",
    k.Discharge: lambda f: f"discharged {f.discharged_on}",
    k.PlanInForce: _plan,
    k.Review: lambda f: (
        f"reviewed {f.reviewed_on}: {f.objectives_met} of {f.objectives} objectives met"
    ),
    k.Scheduled: lambda f: f"{f.service_date}: session scheduled",
    k.Cancelled: lambda f: f"{f.service_date}: session cancelled",
    k.Attendance: _attendance,
    k.Assessed: _assessed,
    k.SafetyTask: lambda f: f"safety task opened, due {f.due_at.astimezone(UTC):%Y-%m-%d %H:%MZ}",
    k.SafetyClosed: lambda f: f"safety task closed {f.closed_at.astimezone(UTC):%Y-%m-%d %H:%MZ}",
}


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

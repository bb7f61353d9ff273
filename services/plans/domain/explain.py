"""Why a client is at a level: its segments, and what each recommendation compared with what."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any

from services.plans.domain import history
from services.plans.domain.progress import Episode
from services.plans.domain.rules import LevelRules
from services.plans.domain.thresholds import ThresholdCheck

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSegment:
    """A clinical level with its first and last day; `last` None: it goes on. `fact` began it."""

    level_of_care: str
    first: date
    last: date | None
    fact: history.Admission | history.LevelChange

    def has(self, day: date) -> bool:
        """Whether it was in force on the day."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleClause:
    """A field of the level rules, as their contract names it, and its value."""

    field: str
    value: str


def segments_of(episode: Episode) -> list[LevelSegment]:
    """Oldest first: the admission's, then each change's; of one day's changes the last holds."""
    begun: dict[date, history.Admission | history.LevelChange] = {
        episode.admission.admitted_on: episode.admission
    }
    for change in sorted(episode.levels, key=history.order):
        begun[change.effective_from] = change
    firsts = sorted(begun)
    last = episode.discharge.discharged_on if episode.discharge else None
    lasts = [*(first - DAY for first in firsts[1:]), last]
    return [
        LevelSegment(
            level_of_care=begun[first].level_of_care, first=first, last=last, fact=begun[first]
        )
        for first, last in zip(firsts, lasts, strict=True)
    ]


def clauses_of(checks: Iterable[ThresholdCheck], rules: LevelRules) -> list[RuleClause]:
    """The fields of the rules that ask for these checks, each once."""
    fields = dict.fromkeys(check.field for check in checks)
    return [RuleClause(field=field, value=_shown(getattr(rules, field))) for field in fields]


def facts_in_words(care: history.CareHistory) -> dict[str, str]:
    """Id of a fact → what it says of the level of care."""
    return {fact.id: IN_WORDS[type(fact)](fact) for fact in care.facts} | {
        fact_id: f"level rules {rules.version} confirmed, in effect from {rules.effective_from}"
        for rules, fact_id in care.rules.items()
    }


def _attendance(fact: history.Attendance) -> str:
    said = f"{fact.time // MINUTE} minutes attended" if fact.attended else "missed"
    corrected = f" (correction {fact.correction})" if fact.correction else ""
    return f"{fact.service_date}: {said}{corrected}"


def _assessed(fact: history.Assessed) -> str:
    partial = ", partial" if fact.partial else ""
    return f"{fact.instrument} {fact.score}{partial}, {fact.completed_at.astimezone(UTC):%Y-%m-%d}"


def _plan(fact: history.PlanInForce) -> str:
    return (
        f"plan in force from {fact.in_force_from}: {fact.planned_minutes_per_week} minutes a week,"
        f" {fact.objectives} objectives"
    )


IN_WORDS: Mapping[type, Callable[[Any], str]] = {
    history.SiteClocks: lambda f: f"site {f.site_id} keeps the time of {f.time_zone}",
    history.Admission: lambda f: f"admitted {f.admitted_on} at level {f.level_of_care}",
    history.Transfer: lambda f: f"transferred {f.transferred_on} to program {f.program_id}",
    history.LevelChange: lambda f: f"level {f.level_of_care} from {f.effective_from}",
    history.Discharge: lambda f: f"discharged {f.discharged_on}",
    history.PlanInForce: _plan,
    history.Review: lambda f: (
        f"reviewed {f.reviewed_on}: {f.objectives_met} of {f.objectives} objectives met"
    ),
    history.Scheduled: lambda f: f"{f.service_date}: session scheduled",
    history.Cancelled: lambda f: f"{f.service_date}: session cancelled",
    history.Attendance: _attendance,
    history.Assessed: _assessed,
    history.SafetyTask: lambda f: (
        f"safety task opened, due {f.due_at.astimezone(UTC):%Y-%m-%d %H:%MZ}"
    ),
    history.SafetyClosed: lambda f: (
        f"safety task closed {f.closed_at.astimezone(UTC):%Y-%m-%d %H:%MZ}"
    ),
}


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

"""When a program is completed: the rule table's criteria against progress as it was measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.plans.domain.progress import WeekOfProgress
from services.plans.domain.rules import LevelRules, in_effect
from services.plans.domain.thresholds import completing, reasons_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionCriteria:
    """What is missing, as `complete_weeks 3 < 8`; and the rules' version, 0 where none hold."""

    missing: tuple[str, ...]
    rules_version: int


UNKNOWN = CompletionCriteria(missing=("nothing was measured",), rules_version=0)


def criteria_of(
    weeks: Sequence[WeekOfProgress], confirmed: Iterable[LevelRules], day: date
) -> CompletionCriteria:
    """By the rules in effect that day: objectives met in the latest week, weeks that count, and the
    share of their sessions that was attended."""
    rules = in_effect(confirmed, day)
    if rules is None:
        return CompletionCriteria(missing=("no level rules in effect",), rules_version=0)
    past = sorted((w for w in weeks if w.week_start <= day), key=lambda week: week.week_start)
    counting = [week for week in past if week.counts]
    in_weeks, objectives, sessions = completing(counting, past[-1] if past else None, rules)
    missing = reasons_of(check for check in (objectives, in_weeks, sessions) if not check.holds)
    return CompletionCriteria(missing=missing, rules_version=rules.version)

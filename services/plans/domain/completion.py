"""When a program is completed: the rule table's criteria against progress as it was measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.plans.domain.recommendation import percent
from services.plans.domain.rules import LevelRules, in_effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of one week of the episode; `counts`: it is complete, and something happened in it.

    `attended` and `missed`: sessions.
    """

    week_start: date
    counts: bool
    objectives: int
    objectives_met: int
    attended: int = 0
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What is missing, as `complete_weeks 3 < 8`; and the rules' version, 0 where none hold."""

    missing: tuple[str, ...]
    rules_version: int


UNKNOWN = Criteria(missing=("nothing was measured",), rules_version=0)


def criteria_of(weeks: Sequence[Measured], confirmed: Iterable[LevelRules], day: date) -> Criteria:
    """By the rules in effect that day: objectives met in the latest week, weeks that count, and the
    share of their sessions that was attended."""
    rules = in_effect(confirmed, day)
    if rules is None:
        return Criteria(missing=("no level rules in effect",), rules_version=0)
    past = sorted((w for w in weeks if w.week_start <= day), key=lambda week: week.week_start)
    share = percent(past[-1].objectives_met, past[-1].objectives) if past else 0
    counting = [week for week in past if week.counts]
    attended = sum(week.attended for week in counting)
    of_sessions = percent(attended, attended + sum(week.missed for week in counting))
    missing = []
    if share < rules.complete_objectives_met_percent:
        asked = rules.complete_objectives_met_percent
        missing.append(f"objectives_met_percent {share} < {asked}")
    if len(counting) < rules.complete_weeks:
        missing.append(f"complete_weeks {len(counting)} < {rules.complete_weeks}")
    if of_sessions < rules.attended_to_complete:
        missing.append(f"attended_percent {of_sessions} < {rules.attended_to_complete}")
    return Criteria(missing=tuple(missing), rules_version=rules.version)

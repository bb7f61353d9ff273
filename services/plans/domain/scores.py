"""The trend of an episode's scores, and whether their change is more than an instrument's noise."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from services.plans.domain.cited import BASELINE_DAYS, RELIABLE_CHANGE
from services.plans.domain.known import Assessed, order

PHQ9 = "phq9"
NONE_RELIABLE = "NONE_RELIABLE"
RELIABLY_IMPROVED = "RELIABLY_IMPROVED"
RELIABLY_DETERIORATED = "RELIABLY_DETERIORATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Of one instrument: the first score and the latest; lower is better."""

    first: int
    latest: int
    change: str


def day_of(assessed: Assessed) -> date:
    """The date in UTC: where it was taken, and so its local date, isn't told."""
    return assessed.completed_at.astimezone(UTC).date()


def of_episode(
    assessed: Iterable[Assessed], admitted_on: date, after: date, until: date
) -> list[Assessed]:
    """PHQ-9 scores of an episode, oldest first: `after` one day, `until` another, and none older
    than a baseline may be. Partial ones are not used."""
    oldest = admitted_on - timedelta(days=BASELINE_DAYS.value)
    return sorted(
        (
            each
            for each in assessed
            if each.instrument.partition("/")[0] == PHQ9 and not each.partial
            if oldest <= day_of(each) and after < day_of(each) <= until
        ),
        key=lambda each: (each.completed_at, order(each)),
    )


def trend_of(first: int, latest: int, instrument: str = PHQ9) -> Trend:
    """One score alone has no change."""
    reliable = RELIABLE_CHANGE[instrument].value
    change = NONE_RELIABLE
    if latest - first <= -reliable:
        change = RELIABLY_IMPROVED
    elif latest - first >= reliable:
        change = RELIABLY_DETERIORATED
    return Trend(first=first, latest=latest, change=change)

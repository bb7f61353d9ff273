"""The trend of an episode's scores, and whether their change is more than an instrument's noise."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from services.plans.domain.cited import BASELINE_DAYS, RELIABLE_CHANGE
from services.plans.domain.history import Assessed, order

PHQ9 = "phq9"
NONE_RELIABLE = "NONE_RELIABLE"
RELIABLY_IMPROVED = "RELIABLY_IMPROVED"
RELIABLY_DETERIORATED = "RELIABLY_DETERIORATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Of one instrument: the first score, the latest and the lowest; lower is better.

    `change` is from the first to the latest.
    """

    first: int
    latest: int
    change: str
    lowest: int

    @property
    def rise(self) -> int:
        """Since it was lowest."""
        return self.latest - self.lowest


@dataclass(frozen=True, slots=True)
class Stay:
    """The days of an episode, both included, by the clocks of its site."""

    first: date
    last: date
    zone: tzinfo

    def day_of(self, moment: datetime) -> date:
        """The date there."""
        return moment.astimezone(self.zone).date()

    def has(self, moment: datetime) -> bool:
        return self.first <= self.day_of(moment) <= self.last


def scores_of(stay: Stay, assessed: Iterable[Assessed], others: Sequence[Stay]) -> list[Assessed]:
    """PHQ-9 scores of an episode, oldest first; partial ones are not used.

    It has those of its own days, whichever other episode has them too. One shortly before the
    admission may be its first, unless another episode was open then: it is of that one.
    """
    oldest = stay.first - timedelta(days=BASELINE_DAYS.value)

    def is_of_it(moment: datetime) -> bool:
        if oldest <= stay.day_of(moment) < stay.first:
            return not any(other.has(moment) for other in others)
        return stay.has(moment)

    return sorted(
        (
            each
            for each in assessed
            if each.instrument.partition("/")[0] == PHQ9 and not each.partial
            if is_of_it(each.completed_at)
        ),
        key=lambda each: (each.completed_at, order(each)),
    )


def trend_of(scores: Sequence[int], instrument: str = PHQ9) -> Trend:
    """Of scores, oldest first; one alone has no change."""
    first, latest = scores[0], scores[-1]
    reliable = RELIABLE_CHANGE[instrument].value
    change = NONE_RELIABLE
    if latest - first <= -reliable:
        change = RELIABLY_IMPROVED
    elif latest - first >= reliable:
        change = RELIABLY_DETERIORATED
    return Trend(first=first, latest=latest, change=change, lowest=min(scores))

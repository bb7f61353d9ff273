"""The trend of an episode's scores, and whether their change is more than an instrument's noise."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from services.plans.domain.history import Assessed, order
from services.plans.domain.reference_values import BASELINE_DAYS, RELIABLE_CHANGE

PHQ9 = "phq9"


class ScoreChange(StrEnum):
    """Whether a change is more than the instrument's noise, and which way; lower is better."""

    NONE_RELIABLE = "NONE_RELIABLE"
    RELIABLY_IMPROVED = "RELIABLY_IMPROVED"
    RELIABLY_DETERIORATED = "RELIABLY_DETERIORATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Of one instrument: the first score, the latest and the lowest; lower is better.

    `change` is from the first to the latest. Fields are a storage format; rows of releases before
    say no `lowest` of their own: what they know is the first score and the latest.
    """

    first: int
    latest: int
    change: ScoreChange
    lowest: int | None = None

    @property
    def least(self) -> int:
        """The lowest score, as far as it is known."""
        return min(self.first, self.latest) if self.lowest is None else self.lowest

    @property
    def rise(self) -> int:
        """Since it was lowest."""
        return self.latest - self.least


@dataclass(frozen=True, slots=True)
class EpisodeDays:
    """The days of an episode, both included, by the clocks of its site."""

    first: date
    last: date
    zone: tzinfo

    def day_of(self, moment: datetime) -> date:
        """The date there."""
        return moment.astimezone(self.zone).date()

    def has(self, moment: datetime) -> bool:
        return self.first <= self.day_of(moment) <= self.last


def scores_of(
    stay: EpisodeDays, assessed: Iterable[Assessed], others: Sequence[EpisodeDays]
) -> list[Assessed]:
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
            score
            for score in assessed
            if score.instrument.partition("/")[0] == PHQ9 and not score.partial
            if is_of_it(score.completed_at)
        ),
        key=lambda score: (score.completed_at, order(score)),
    )


def trend_of(scores: Sequence[int], instrument: str = PHQ9) -> Trend:
    """Of scores, oldest first; one alone has no change."""
    first, latest = scores[0], scores[-1]
    change = change_between(first, latest, RELIABLE_CHANGE[instrument].value)
    return Trend(first=first, latest=latest, change=change, lowest=min(scores))


def change_between(first: int, latest: int, reliable: int) -> ScoreChange:
    """`reliable`: the least difference that is more than noise."""
    if first - latest >= reliable:
        return ScoreChange.RELIABLY_IMPROVED
    if latest - first >= reliable:
        return ScoreChange.RELIABLY_DETERIORATED
    return ScoreChange.NONE_RELIABLE

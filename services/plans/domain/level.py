"""The clinical level of care within an episode: segments, the first of which is the admission's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kernel.decider import Decider, filled
from kernel.refusal import BrokenRule, Malformed
from services.plans.domain.episode import Admitted, EpisodeDischarged, require_admission
from services.plans.domain.recommendation import RecommendationKind

LEVEL = re.compile(r"[0-4](\.[0-9])?")  # ASAM's numbers: 1, 2.1, 3.7


class SameLevel(BrokenRule):
    """A change changes something."""

    code, about = "SAME_LEVEL", "episode_id"
    words = "that level is in force on that day already"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLevelOfCare:
    """`admitted` and `discharged` are filled in under the client's lock.

    `step`: the kind of the recommendation that is followed; None: none is.
    """

    client_id: str
    episode_id: str
    level_of_care: str
    effective_from: date
    changed_by: str
    admitted: Admitted | None = None
    discharged: bool = False
    step: RecommendationKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelOfCareChanged:
    client_id: str
    episode_id: str
    level_of_care: str
    effective_from: date
    changed_by: str


@dataclass(frozen=True, slots=True)
class Levels:
    """Level by its first day, as recorded: of one day's changes the last holds."""

    changes: tuple[tuple[date, str], ...] = ()

    def on(self, day: date, admission: str) -> str:
        """In force on that day."""
        by_then = [change for change in self.changes if change[0] <= day]
        return sorted(by_then, key=lambda change: change[0])[-1][1] if by_then else admission


def decide(command: ChangeLevelOfCare, levels: Levels) -> Iterator[LevelOfCareChanged]:
    """Refuses an unknown episode, or a discharged one; what is no level, the same level, a day
    before the admission; and a step that goes the other way."""
    admitted = require_admission(command.admitted, command.client_id, command.episode_id)
    if levels.changes and levels.changes[-1] == (command.effective_from, command.level_of_care):
        return
    if command.discharged:
        raise EpisodeDischarged(command.episode_id)
    if not LEVEL.fullmatch(command.level_of_care):
        raise Malformed(level_of_care="is no level of care, such as 2.1")
    if command.effective_from < admitted.admitted_on:
        raise Malformed(effective_from="is before the admission")
    present = levels.on(command.effective_from, admitted.level_of_care)
    if command.level_of_care == present:
        raise SameLevel(command.episode_id)
    if command.step == RecommendationKind.STEP_UP and _rank(command.level_of_care) < _rank(present):
        raise Malformed(level_of_care="is below the present level")
    if command.step == RecommendationKind.STEP_DOWN and _rank(command.level_of_care) > _rank(
        present
    ):
        raise Malformed(level_of_care="is above the present level")
    yield filled(LevelOfCareChanged, command)


def evolve(levels: Levels, fact: LevelOfCareChanged) -> Levels:
    return Levels((*levels.changes, (fact.effective_from, fact.level_of_care)))


LEVELS = Decider(decide, evolve, Levels())


def _rank(level: str) -> tuple[int, ...]:
    """Of ASAM's numbers; admissions carry such a number too."""
    return tuple(int(part) for part in level.split(".") if part.isdigit())

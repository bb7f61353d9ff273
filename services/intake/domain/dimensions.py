"""Ratings of the six ASAM dimensions, as one edition has them, with the level they indicate and the
level chosen. They are never summed or averaged, and never read under another edition."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kernel.decider import Decider, filled
from kernel.refusal import Malformed
from services.intake.domain.episode import LEVEL, Label

CriteriaEdition = Literal["ASAM_3", "ASAM_4"]
DiscrepancyReason = Literal[
    "LEVEL_NOT_AVAILABLE",
    "CLIENT_PREFERENCE",
    "LEGAL_MANDATE",
    "PAYER_DENIAL",
    "GEOGRAPHY_OR_CHILDCARE",
    "CLINICIAN_JUDGEMENT",
]
DIMENSIONS = range(1, 7)
# Third edition: a severity of 0 to 4. Fourth: tokens that name levels, of which only the shape is
# judged. Unverified: their table is in the book, which is licensed.
RATINGS: Mapping[CriteriaEdition, re.Pattern[str]] = {
    "ASAM_3": re.compile(r"[0-4]"),
    "ASAM_4": re.compile(r"(?=.*\S)[A-Z0-9.+ ]{1,8}"),
}
# The fourth edition names co-occurring enhanced levels too, such as 3.5 COE.
LEVELS: Mapping[CriteriaEdition, re.Pattern[str]] = {
    "ASAM_3": LEVEL,
    "ASAM_4": re.compile(rf"{LEVEL.pattern}( COE)?"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateDimensions:
    """`ratings`: dimension and rating, as given. `label` is filled in under the client's lock."""

    client_id: str
    rating_id: str
    edition: CriteriaEdition
    ratings: tuple[tuple[int, str], ...]
    indicated_level: str
    chosen_level: str
    discrepancy_reason: DiscrepancyReason | None
    rated_by: str
    rated_on: date
    label: Label = Label.PART2


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionsRated:
    """`discrepancy_reason`: why another level was chosen than indicated; None when it wasn't."""

    client_id: str
    rating_id: str
    edition: CriteriaEdition
    ratings: Mapping[int, str]
    indicated_level: str
    chosen_level: str
    discrepancy_reason: DiscrepancyReason | None
    rated_by: str
    rated_on: date
    label: Label


@dataclass(frozen=True, slots=True)
class Rating:
    """What later decisions need to know."""

    done: bool = False


def decide(command: RateDimensions, rating: Rating) -> Iterator[DimensionsRated]:
    """Never overwritten.

    Refuses all but six dimensions each rated once, ratings and levels the edition doesn't have, and
    a reason for another level that is missing, or given where the levels agree.
    """
    _require_ratings(command)
    for name in ("indicated_level", "chosen_level"):
        if not LEVELS[command.edition].fullmatch(getattr(command, name)):
            raise Malformed(**{name: "is no level of care of this edition, such as 2.1"})
    differ = command.indicated_level != command.chosen_level
    if differ and command.discrepancy_reason is None:
        raise Malformed(discrepancy_reason="is required, as the levels differ")
    if not differ and command.discrepancy_reason is not None:
        raise Malformed(discrepancy_reason="is for levels that differ")
    if not rating.done:
        yield filled(DimensionsRated, command, ratings=dict(sorted(command.ratings)))


def evolve(_: Rating, __: DimensionsRated) -> Rating:
    return Rating(done=True)


RATING = Decider(decide, evolve, Rating())


def _require_ratings(command: RateDimensions) -> None:
    if sorted(dimension for dimension, _ in command.ratings) != list(DIMENSIONS):
        raise Malformed(ratings="are not of all six dimensions, each once")
    if not all(RATINGS[command.edition].fullmatch(given) for _, given in command.ratings):
        raise Malformed(ratings="have one that the edition does not have")

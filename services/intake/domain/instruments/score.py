"""What every instrument's scorer gives, and what it asks of answers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kernel.refusal import Malformed


class Sex(StrEnum):
    """As a client's identity has it."""

    FEMALE = "FEMALE"
    MALE = "MALE"
    UNKNOWN = "UNKNOWN"


class Band(StrEnum):
    """What a total, or answers, mean by an instrument's source; each has some of these."""

    NONE = "NONE"
    MINIMAL = "MINIMAL"
    MILD = "MILD"
    LOW = "LOW"
    MODERATE = "MODERATE"
    MODERATELY_SEVERE = "MODERATELY_SEVERE"
    SUBSTANTIAL = "SUBSTANTIAL"
    SEVERE = "SEVERE"
    HIGH = "HIGH"
    NEGATIVE = "NEGATIVE"
    POSITIVE = "POSITIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """`band`: a Band, or flags joined by +.

    `partial`: items are missing; `incomplete`: one on which safety turns is among them.
    `safety_flag`: an answer asks for a safety protocol, or one that is missing might have.
    `subscales` only where the instrument has them; one that nobody answered is left out.
    """

    score: int
    band: str
    partial: bool
    safety_flag: bool = False
    incomplete: bool = False
    subscales: Mapping[str, int] = field(default_factory=dict)


def require_answers(
    answers: Mapping[int, int],
    scored: Collection[int],
    allowed: Collection[int],
    unscored: Collection[int] = (),
) -> dict[int, int]:
    """The answers to scored items.

    Refuses an item the instrument doesn't have, an answer outside `allowed`, and answers to no
    scored item: nothing is not «minimal».
    """
    if any(item not in scored and item not in unscored for item in answers):
        raise Malformed(answers="has an item that the instrument does not have")
    if any(answer not in allowed for answer in answers.values()):
        lowest, highest = min(allowed), max(allowed)
        raise Malformed(answers=f"has an answer that is not between {lowest} and {highest}")
    kept = {item: answer for item, answer in answers.items() if item in scored}
    if not kept:
        raise Malformed(answers="has none of the items that are scored")
    return kept

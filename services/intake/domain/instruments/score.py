"""What every instrument's scorer gives, and what it asks of answers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from kernel.refusal import Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """`partial`: items are missing; `incomplete`: one on which safety turns is among them.

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

"""What every instrument's scorer gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """`partial`: items are missing; `safety_flag`: an answer asks for a safety protocol today."""

    score: int
    band: str
    partial: bool
    safety_flag: bool

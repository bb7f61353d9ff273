"""GAD-7, seven items of anxiety over the last two weeks, each 0 to 3.

Source: Spitzer, Kroenke, Williams, Löwe (2006). A brief measure for assessing generalized anxiety
disorder: the GAD-7. Arch Intern Med 166:1092-1097. Its cut points are 5, 10 and 15.
"""

from collections.abc import Mapping

from services.intake.domain.instruments.score import Band, Score, require_answers

ID = "gad7/1"
SCORED = range(1, 8)
DIFFICULTY = 8  # asked, recorded, and no part of the score
ANSWERS = range(4)
BANDS = ((15, Band.SEVERE), (10, Band.MODERATE), (5, Band.MILD), (0, Band.MINIMAL))


def score(answers: Mapping[int, int]) -> Score:
    """The sum of items 1 to 7 as answered; a missing item makes it partial and is never prorated.

    Refuses an item that is none of 1 to 8, an answer outside 0 to 3, and answers to no scored item.
    """
    scored = require_answers(answers, SCORED, ANSWERS, unscored=(DIFFICULTY,))
    total = sum(scored.values())
    return Score(
        score=total,
        band=next(band for lowest, band in BANDS if total >= lowest),
        partial=len(scored) < len(SCORED),
    )

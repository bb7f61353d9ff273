"""PHQ-9, nine items of depression over the last two weeks, each 0 to 3.

Source: Kroenke, Spitzer, Williams (2001). The PHQ-9: validity of a brief depression severity
measure. J Gen Intern Med 16:606-613. Its bands have these lowest scores: 0, 5, 10, 15, 20.
"""

from collections.abc import Mapping

from services.intake.domain.instruments.score import Band, Score, require_answers

ID = "phq9/1"
SCORED = range(1, 10)
SELF_HARM = 9
FUNCTIONING = 10  # asked, recorded, and no part of the score
ANSWERS = range(4)
BANDS = (
    (20, Band.SEVERE),
    (15, Band.MODERATELY_SEVERE),
    (10, Band.MODERATE),
    (5, Band.MILD),
    (0, Band.MINIMAL),
)


def score(answers: Mapping[int, int]) -> Score:
    """The sum of items 1 to 9 as answered; a missing item makes it partial and is never prorated.

    Any answer but 0 to item 9 sets the safety flag, whatever the sum. So does none: who left it
    blank wasn't asked, or didn't say, and may have meant the worst (ours; no source has a rule for
    a blank). Refuses an item that is none
    of 1 to 10, an answer outside 0 to 3, and answers to no scored item.
    """
    scored = require_answers(answers, SCORED, ANSWERS, unscored=(FUNCTIONING,))
    total = sum(scored.values())
    return Score(
        score=total,
        band=next(band for lowest, band in BANDS if total >= lowest),
        partial=len(scored) < len(SCORED),
        safety_flag=scored.get(SELF_HARM) != 0,
        incomplete=SELF_HARM not in scored,
    )

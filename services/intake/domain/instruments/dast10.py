"""DAST-10, ten yes-or-no items of drug use over the last twelve months; item 3 counts its no.

Sources: Skinner (1982). The Drug Abuse Screening Test. Addict Behav 7:363-371. The rule for item 3
and the bands as in Australia's comorbidity guidelines, table 69:
https://comorbidityguidelines.org.au/appendix-w-drug-abuse-screening-test-dast10/dast10-scoring-and-interpretation
"""

from collections.abc import Mapping

from services.intake.domain.instruments.score import Band, Score, require_answers

ID = "dast10/1"
SCORED = range(1, 11)
NO, YES = 0, 1
ABLE_TO_STOP = 3  # «always able to stop»: here the no is a point
BANDS = ((9, Band.SEVERE), (6, Band.SUBSTANTIAL), (3, Band.MODERATE), (1, Band.LOW), (0, Band.NONE))


def score(answers: Mapping[int, int]) -> Score:
    """A point for each yes (1), and for the no (0) to item 3; answers as said, not as points.

    A missing item gives no point and makes it partial. Refuses an item that is none of 1 to 10, an
    answer that is neither 0 nor 1, and no answer.
    """
    scored = require_answers(answers, SCORED, (NO, YES))
    total = sum(answer == (NO if item == ABLE_TO_STOP else YES) for item, answer in scored.items())
    return Score(
        score=total,
        band=next(band for lowest, band in BANDS if total >= lowest),
        partial=len(scored) < len(SCORED),
    )

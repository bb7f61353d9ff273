"""AUDIT-C, three items of alcohol consumption, each 0 to 4; what is positive depends on the sex.

Sources: Bush, Kivlahan, McDonell, Fihn, Bradley (1998). The AUDIT alcohol consumption questions.
Arch Intern Med 158:1789-1795, for men 4 or more; Bradley, Bush, Epler, Dobie, et al. (2003). Two
brief alcohol-screening tests. Arch Intern Med 163:821-829 (PMID 12695273), for women 3 or more.
"""

from collections.abc import Mapping

from services.intake.domain.instruments.score import Band, Score, Sex, require_answers

ID = "audit_c/1"
SCORED = range(1, 4)
ANSWERS = range(5)
POSITIVE_FROM = {Sex.MALE: 4, Sex.FEMALE: 3}
# Neither source has another group. Ours, unverified: the lower cut, which misses less.
POSITIVE_FROM_OTHERWISE = 3


def score(answers: Mapping[int, int], sex: Sex) -> Score:
    """The sum of the items as answered; POSITIVE from 4 for men, from 3 for everybody else.

    A sum that item 1 alone makes is POSITIVE too; US Core's AUDIT-C advises whoever reads it that
    such a client may well drink within limits. Refuses an item that is none of 1 to 3, an answer
    outside 0 to 4, and no answer.
    """
    scored = require_answers(answers, SCORED, ANSWERS)
    total = sum(scored.values())
    positive = total >= POSITIVE_FROM.get(sex, POSITIVE_FROM_OTHERWISE)
    return Score(
        score=total,
        band=Band.POSITIVE if positive else Band.NEGATIVE,
        partial=len(scored) < len(SCORED),
    )

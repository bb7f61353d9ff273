"""C-SSRS screener: six questions on suicide, a category, and no total; sums of them mean nothing.

Items, each 0 (no) or 1 (yes). Of the past month: 1 wish to be dead, 2 suicidal thoughts, 3 with a
method, 4 with intent, 5 with a plan and intent. Of behaviour: 6 ever in life, 7 within the past
three months (the second part of question 6).

Sources: Posner, Brown, Stanley, et al. (2011). The Columbia-Suicide Severity Rating Scale.
Am J Psychiatry 168:1266-1277. Categories: Columbia's triage guidelines, as copied at
https://docsbay.net/doc/914678/c-ssrs-triage-guidelines for HIGH, and at
https://help.blueprint-health.com/en/articles/5208202 for LOW and MODERATE.
"""

from collections.abc import Mapping

from kernel.refusal import Malformed
from services.intake.domain.instruments.score import Band, Score, require_answers

ID = "c_ssrs/1"
THOUGHTS = 2
IF_THOUGHTS = (3, 4, 5)
BEHAVIOUR, BEHAVIOUR_RECENT = 6, 7
# Where a yes makes it HIGH, or leads to a question where it does.
MAY_BE_HIGH = frozenset({THOUGHTS, 4, 5, BEHAVIOUR, BEHAVIOUR_RECENT})
ITEMS = range(1, 8)
NO, YES = 0, 1
CATEGORIES = (Band.NONE, Band.LOW, Band.MODERATE, Band.HIGH)


def score(answers: Mapping[int, int]) -> Score:
    """The category: HIGH for 4, 5 or 7; MODERATE for 3 or 6; LOW for 1 or 2; else NONE.

    HIGH alone sets the safety flag: for it the guidelines ask for immediate referral and
    precautions, for the others for a referral. So does a question that was due and not asked, whose
    yes would make it HIGH: 2, 4 and 5 after a yes to 2, 6 (ours, on the safe side). The category is
    that of the answers there are. Behaviour of which nobody asked how recent it was
    counts as recent, and is partial: our rule, on the safe side. Refuses 3 to 5 unless 2 was
    answered yes, 7 unless 6 was, an item that is none of these, an answer that is neither 0 nor 1,
    and no answer.
    """
    answered = require_answers(answers, ITEMS, (NO, YES))
    yes = {item for item, answer in answered.items() if answer == YES}
    if THOUGHTS not in yes and any(item in answered for item in IF_THOUGHTS):
        raise Malformed(answers="has one of items 3 to 5, which are asked only after a yes to 2")
    if BEHAVIOUR not in yes and BEHAVIOUR_RECENT in answered:
        raise Malformed(answers="has item 7, which is asked only after a yes to 6")
    due = {1, THOUGHTS, BEHAVIOUR}
    due |= set(IF_THOUGHTS) if THOUGHTS in yes else set()
    due |= {BEHAVIOUR_RECENT} if BEHAVIOUR in yes else set()
    if BEHAVIOUR in yes and BEHAVIOUR_RECENT not in answered:
        yes.add(BEHAVIOUR_RECENT)
    missing = due - answered.keys()
    incomplete = bool(missing & MAY_BE_HIGH)
    band = _category(yes)
    return Score(
        score=0,
        band=band,
        partial=bool(missing),
        safety_flag=band == Band.HIGH or incomplete,
        incomplete=incomplete,
    )


def _category(yes: set[int]) -> Band:
    if yes & {4, 5, BEHAVIOUR_RECENT}:
        return Band.HIGH
    if yes & {3, BEHAVIOUR}:
        return Band.MODERATE
    return Band.LOW if yes else Band.NONE

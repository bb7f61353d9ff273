"""BAM, the Brief Addiction Monitor: 17 items of the last 30 days in three subscales, no total.

The version with categories, each answer 0 to 4; never mix it with the one that counts days. Items
7A to 7G, the drugs used, are numbered 71 to 77 here; they and item 17 stand outside the subscales.

Source: Cacciola, Alterman, DePhilippis, et al. (2013). Development and initial evaluation of the
Brief Addiction Monitor. J Subst Abuse Treat 44:256-263. Items of the subscales as VISN 4 MIRECC has
them (https://flutter.super.site/dc7fb3e885354298a8707c7cb8f0835f), flags as in
https://ebchelp.blueprint.ai/en/articles/3945380-brief-addiction-monitor-bam. Unverified: those are
vendors' pages, and neither says which items have fewer answers than five.
"""

from collections.abc import Mapping

from services.intake.domain.instruments.score import Score, require_answers

ID = "bam/1"
USE = (4, 5, 6)
RISK = (1, 2, 3, 8, 11, 15)
PROTECTIVE = (9, 10, 12, 13, 14, 16)
SUBSCALES = {"use": USE, "risk": RISK, "protective": PROTECTIVE}
SCORED = frozenset({*USE, *RISK, *PROTECTIVE})
USE_FROM, RISK_FROM, PROTECTIVE_TO = 1, 12, 12
DRUGS = range(71, 78)
PROGRESS = 17
ANSWERS = range(5)
NO_FLAG = "NO_FLAG"


def score(answers: Mapping[int, int]) -> Score:
    """The subscales as answered. There is no validated total: the score is 0.

    The band names the flags, joined by +: USE (from 1), RISK (from 12), PROTECTIVE (12 or less, and
    only if all of it was answered: a missing answer is no lack), else NO_FLAG. Refuses an item that
    is none of these, an answer outside 0 to 4, and answers to no item of a subscale.
    """
    scored = require_answers(answers, SCORED, ANSWERS, unscored=(*DRUGS, PROGRESS))
    subscales = {
        name: sum(scored[item] for item in items if item in scored)
        for name, items in SUBSCALES.items()
        if any(item in scored for item in items)
    }
    flags = []
    if subscales.get("use", 0) >= USE_FROM:
        flags.append("USE")
    if subscales.get("risk", 0) >= RISK_FROM:
        flags.append("RISK")
    if scored.keys() >= set(PROTECTIVE) and subscales["protective"] <= PROTECTIVE_TO:
        flags.append("PROTECTIVE")
    return Score(
        score=0,
        band="+".join(flags) or NO_FLAG,
        partial=scored.keys() < SCORED,
        subscales=subscales,
    )

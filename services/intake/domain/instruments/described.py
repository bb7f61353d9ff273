"""What instruments ask and how their scores come about, in words for whoever reads a score."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.intake.domain.instruments import (
    ACT_WITHIN,
    RISK,
    SCORERS_BY_SEX,
    SafetyRisk,
    audit_c,
    bam,
    c_ssrs,
    dast10,
    gad7,
    phq9,
)
from services.intake.domain.instruments.score import Band
from services.intake.domain.instruments.wording import WORDINGS, ItemWording


@dataclass(frozen=True, slots=True, kw_only=True)
class BandFrom:
    """What a score means from `lowest_score` on, until the next one; empty: nothing is flagged."""

    band: str
    lowest_score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscale:
    """A sum of some items, under the name that scores have it by; `bands` from the lowest."""

    name: str
    highest_score: int
    bands: tuple[BandFrom, ...]


BANDS: Mapping[str, Sequence[tuple[int, Band]]] = {
    phq9.ID: phq9.BANDS,
    gad7.ID: gad7.BANDS,
    dast10.ID: dast10.BANDS,
}
FLAGS = {
    "use": ((0, ""), (bam.USE_FROM, "USE")),
    "risk": ((0, ""), (bam.RISK_FROM, "RISK")),
    "protective": ((0, "PROTECTIVE"), (bam.PROTECTIVE_TO + 1, "")),
}
SUBSCALES = {
    bam.ID: tuple(
        Subscale(
            name=name,
            highest_score=len(items) * max(bam.ANSWERS),
            bands=tuple(BandFrom(band=band, lowest_score=lowest) for lowest, band in FLAGS[name]),
        )
        for name, items in bam.SUBSCALES.items()
    )
}
CATEGORIES: Mapping[str, Sequence[Band]] = {c_ssrs.ID: c_ssrs.CATEGORIES}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentDescribed:
    """`scored_items`: those of which the score, or the subscales, are made.

    `risk`: of the safety task that a flag opens; None: it opens none.
    """

    instrument: str
    title: str
    items: tuple[int, ...]
    scored_items: tuple[int, ...]
    lowest_answer: int
    highest_answer: int
    scoring: str

    @property
    def depends_on_sex(self) -> bool:
        return self.instrument in SCORERS_BY_SEX

    @property
    def risk(self) -> SafetyRisk | None:
        return RISK.get(self.instrument)

    @property
    def act_within_minutes(self) -> int:
        return int(ACT_WITHIN.get(self.instrument, timedelta()).total_seconds() // 60)

    @property
    def bands(self) -> Sequence[BandFrom]:
        """From the lowest; none where a total alone doesn't tell it."""
        found = BANDS.get(self.instrument, ())
        return [BandFrom(band=band, lowest_score=lowest) for lowest, band in reversed(found)]

    @property
    def highest_score(self) -> int:
        """0: it has no total."""
        return (
            0 if self.subscales or self.categories else len(self.scored_items) * self.highest_answer
        )

    @property
    def subscales(self) -> Sequence[Subscale]:
        """Of one that has no total of them."""
        return SUBSCALES.get(self.instrument, ())

    @property
    def categories(self) -> Sequence[Band]:
        """The mildest first, of one that sums nothing."""
        return CATEGORIES.get(self.instrument, ())

    @property
    def wordings(self) -> Sequence[ItemWording]:
        """By item."""
        return WORDINGS[self.instrument]


def _described(
    instrument: str,
    title: str,
    scored: Iterable[int],
    answers: Sequence[int],
    *,
    unscored: Iterable[int] = (),
    scoring: str,
) -> InstrumentDescribed:
    scored_items = tuple(sorted(scored))
    return InstrumentDescribed(
        instrument=instrument,
        title=title,
        items=tuple(sorted((*scored_items, *unscored))),
        scored_items=scored_items,
        lowest_answer=min(answers),
        highest_answer=max(answers),
        scoring=scoring,
    )


DESCRIBED: Sequence[InstrumentDescribed] = (
    _described(
        audit_c.ID,
        "AUDIT-C: alcohol consumption",
        audit_c.SCORED,
        audit_c.ANSWERS,
        scoring="The sum of the items. POSITIVE from 4 for men, from 3 for everybody else.",
    ),
    _described(
        bam.ID,
        "BAM: Brief Addiction Monitor, the last 30 days",
        bam.SCORED,
        bam.ANSWERS,
        scoring="No total: sums of three subscales, use (items 4 to 6), risk (1 to 3, 8, 11, 15)"
        " and protective (9, 10, 12 to 14, 16). The band names flags: USE from 1, RISK from 12,"
        " PROTECTIVE at 12 or less.",
        unscored=(*bam.DRUGS, bam.PROGRESS),
    ),
    _described(
        c_ssrs.ID,
        "C-SSRS screener: suicide",
        c_ssrs.ITEMS,
        (c_ssrs.NO, c_ssrs.YES),
        scoring="No total, a category: HIGH for a yes to 4, 5 or 7, MODERATE for 3 or 6,"
        " LOW for 1 or 2, else NONE. 6 without 7 counts as recent.",
    ),
    _described(
        dast10.ID,
        "DAST-10: drug use, the last 12 months",
        dast10.SCORED,
        (dast10.NO, dast10.YES),
        scoring="A point for each yes, and for the no to item 3. NONE 0, LOW from 1,"
        " MODERATE from 3, SUBSTANTIAL from 6, SEVERE from 9.",
    ),
    _described(
        gad7.ID,
        "GAD-7: anxiety, the last two weeks",
        gad7.SCORED,
        gad7.ANSWERS,
        scoring="The sum of items 1 to 7. MINIMAL 0, MILD from 5, MODERATE from 10,"
        " SEVERE from 15.",
        unscored=(gad7.DIFFICULTY,),
    ),
    _described(
        phq9.ID,
        "PHQ-9: depression, the last two weeks",
        phq9.SCORED,
        phq9.ANSWERS,
        scoring="The sum of items 1 to 9. MINIMAL 0, MILD from 5, MODERATE from 10,"
        " MODERATELY_SEVERE from 15, SEVERE from 20. Any answer but 0 to item 9, or none, sets the"
        " safety flag.",
        unscored=(phq9.FUNCTIONING,),
    ),
)

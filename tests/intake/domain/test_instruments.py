"""Every other instrument is scored as published; where no example was found, it says so."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.refusal import Malformed
from services.intake.domain.instruments import (
    ACT_WITHIN,
    INSTRUMENTS,
    SCORERS,
    SCORERS_BY_SEX,
    audit_c,
    bam,
    c_ssrs,
    dast10,
    gad7,
)
from services.intake.domain.instruments.described import DESCRIBED, SUBSCALES, Subscale
from services.intake.domain.instruments.score import Score


def in_order(*answers: int) -> dict[int, int]:
    """The answers to items 1, 2, 3 …"""
    return dict(enumerate(answers, start=1))


# GAD-7. PACIO Sample Data Depot, QuestionnaireResponses with answers, total and severity:
# https://build.fhir.org/ig/paciowg/sample-data-fsh/QuestionnaireResponse-BSJ1-GAD7-QuestionnaireResponse-January2026.html
# https://build.fhir.org/ig/paciowg/sample-data-fsh/QuestionnaireResponse-BSJ1-GAD7-QuestionnaireResponse-October2025.html
PACIO_JANUARY = (in_order(1, 0, 0, 1, 0, 1, 1), 4, "MINIMAL")
PACIO_OCTOBER = (in_order(1, 1, 1, 1, 0, 1, 2), 7, "MILD")
# And Medizininformatik-Initiative, GAD-7 with a total of 7:
# https://build.fhir.org/ig/medizininformatik-initiative/kerndatensatzmodul-proms/branches/v2026.7.0/en/QuestionnaireResponse-mii-exa-pro-gad-7-response.html
MII = (in_order(1, 1, 1, 2, 2, 0, 0), 7, "MILD")


@pytest.mark.parametrize(("answers", "total", "band"), [PACIO_JANUARY, PACIO_OCTOBER, MII])
def test_gad7_scores_the_published_examples_as_published(
    answers: dict[int, int], total: int, band: str
) -> None:
    assert gad7.score(answers) == Score(score=total, band=band, partial=False)


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (0, "MINIMAL"),
        (4, "MINIMAL"),
        (5, "MILD"),
        (9, "MILD"),
        (10, "MODERATE"),
        (14, "MODERATE"),
        (15, "SEVERE"),
        (21, "SEVERE"),
    ],
)
def test_gad7_bands_begin_and_end_where_they_should(total: int, band: str) -> None:
    answers = in_order(*(min(3, max(0, total - 3 * item)) for item in range(7)))
    assert (gad7.score(answers).score, gad7.score(answers).band) == (total, band)


def test_gad7_does_not_score_how_difficult_it_is() -> None:
    assert gad7.score({**PACIO_OCTOBER[0], 8: 3}) == gad7.score(PACIO_OCTOBER[0])


# AUDIT-C. US Behavioral Health Profiles, QuestionnaireResponse alcohol-use-identification-test-1:
# «3 or 4» drinks and 6 or more of them «Monthly» make a total of 3. Its first item is another
# question, outside the total, so the example is partial here. No published example with all three
# items, a sex and a verdict was found; the others are computed by hand.
# https://build.fhir.org/ig/HL7/us-behavioral-health-profiles/QuestionnaireResponse-alcohol-use-identification-test-1.html
BHP_AUDIT_C = {2: 1, 3: 2}


def test_audit_c_scores_the_published_example_as_published() -> None:
    scored = audit_c.score(BHP_AUDIT_C, "FEMALE")
    assert scored == Score(score=3, band="POSITIVE", partial=True)


@pytest.mark.parametrize(
    ("sex", "positive_from"), [("MALE", 4), ("FEMALE", 3), ("UNKNOWN", 3), ("", 3)]
)
def test_audit_c_is_positive_from_4_for_men_and_from_3_for_everybody_else(
    sex: str, positive_from: int
) -> None:
    for total in range(13):
        answers = in_order(*(min(4, max(0, total - 4 * item)) for item in range(3)))
        band = "POSITIVE" if total >= positive_from else "NEGATIVE"
        assert audit_c.score(answers, sex) == Score(score=total, band=band, partial=False)


# DAST-10. awell-health/awell-score, src/calculation_suite/calculations/dast_10/__testdata__: its
# `random_response` «Expected score: 4» has points for items 1, 3, 4 and 7; a point for item 3 is a
# «No» there too (definition/dast_10_inputs.ts). Its `median_response` has points for items 1 to 5.
# https://github.com/awell-health/awell-score
AWELL_RANDOM = (in_order(1, 0, 0, 1, 0, 0, 1, 0, 0, 0), 4, "MODERATE")
AWELL_MEDIAN = (in_order(1, 1, 0, 1, 1, 0, 0, 0, 0, 0), 5, "MODERATE")
AWELL_BEST = (in_order(0, 0, 1, 0, 0, 0, 0, 0, 0, 0), 0, "NONE")
AWELL_WORST = (in_order(1, 1, 0, 1, 1, 1, 1, 1, 1, 1), 10, "SEVERE")


@pytest.mark.parametrize(
    ("answers", "total", "band"), [AWELL_RANDOM, AWELL_MEDIAN, AWELL_BEST, AWELL_WORST]
)
def test_dast10_scores_the_published_examples_as_published(
    answers: dict[int, int], total: int, band: str
) -> None:
    assert dast10.score(answers) == Score(score=total, band=band, partial=False)


def test_dast10_bands_begin_and_end_where_they_should() -> None:
    bands = []
    for total in range(11):
        points = [item < total for item in range(10)]
        answers = {n: int(point if n != 3 else not point) for n, point in enumerate(points, 1)}
        bands.append((dast10.score(answers).score, dast10.score(answers).band))
    expected = ["NONE", "LOW", "LOW", *["MODERATE"] * 3, *["SUBSTANTIAL"] * 3, "SEVERE", "SEVERE"]
    assert bands == list(enumerate(expected))


def test_a_yes_to_item_3_of_dast10_is_no_point_and_a_missing_one_neither() -> None:
    assert dast10.score({3: 1}) == Score(score=0, band="NONE", partial=True)
    assert dast10.score({3: 0}) == Score(score=1, band="LOW", partial=True)
    assert dast10.score({1: 0}) == Score(score=0, band="NONE", partial=True)


# BAM. No published example with answers and subscales was found; computed by hand from the rule.
BAM_ANSWERS = {
    **{1: 2, 2: 3, 3: 1, 8: 4, 11: 2, 15: 0},  # risk 12
    **{4: 1, 5: 0, 6: 2},  # use 3
    **{9: 3, 10: 2, 12: 1, 13: 4, 14: 4, 16: 2},  # protective 16
}


def test_bam_gives_three_subscales_and_no_total() -> None:
    assert bam.score(BAM_ANSWERS) == Score(
        score=0,
        band="USE+RISK",
        partial=False,
        subscales={"use": 3, "risk": 12, "protective": 16},
    )


def test_bam_s_drugs_and_progress_stand_outside_its_subscales() -> None:
    more = dict.fromkeys((*range(71, 78), 17), 4)
    assert bam.score({**BAM_ANSWERS, **more}) == bam.score(BAM_ANSWERS)


@pytest.mark.parametrize(
    ("changes", "band"),
    [
        ({1: 1}, "USE"),
        ({4: 0, 6: 0}, "RISK"),
        ({4: 0, 6: 0, 1: 1}, "NO_FLAG"),
        ({4: 0, 6: 0, 1: 1, 13: 0}, "PROTECTIVE"),
        ({13: 1}, "USE+RISK"),
        ({13: 0}, "USE+RISK+PROTECTIVE"),
    ],
)
def test_bam_flags_use_from_1_risk_from_12_and_protection_up_to_12(
    changes: dict[int, int], band: str
) -> None:
    assert bam.score({**BAM_ANSWERS, **changes}).band == band


def test_what_was_not_asked_of_protection_is_no_lack_of_it() -> None:
    scored = bam.score({4: 0, 9: 0})
    assert (scored.band, scored.partial) == ("NO_FLAG", True)
    assert scored.subscales == {"use": 0, "protective": 0}


# C-SSRS. US Behavioral Health Profiles, QuestionnaireResponse C-SSRS-example-1: all answers «No».
# It answers also what the screener skips after those, which is left out here, and gives its risk
# level as «Low», the lowest of its list; NONE here. No published example of the others was found;
# they are computed by hand from the triage guidelines.
# https://build.fhir.org/ig/HL7/us-behavioral-health-profiles/QuestionnaireResponse-C-SSRS-example-1.html
BHP_C_SSRS = {1: 0, 2: 0, 6: 0}
THOUGHTS = {1: 1, 2: 1, 3: 0, 4: 0, 5: 0, 6: 0}


@pytest.mark.parametrize(
    ("answers", "category"),
    [
        (BHP_C_SSRS, "NONE"),
        ({**BHP_C_SSRS, 1: 1}, "LOW"),
        (THOUGHTS, "LOW"),
        ({**THOUGHTS, 1: 0}, "LOW"),
        ({**THOUGHTS, 3: 1}, "MODERATE"),
        ({**BHP_C_SSRS, 6: 1, 7: 0}, "MODERATE"),
        ({**THOUGHTS, 4: 1}, "HIGH"),
        ({**THOUGHTS, 5: 1}, "HIGH"),
        ({**BHP_C_SSRS, 6: 1, 7: 1}, "HIGH"),
    ],
)
def test_c_ssrs_gives_a_category_and_no_total(answers: dict[int, int], category: str) -> None:
    scored = c_ssrs.score(answers)
    assert scored == Score(score=0, band=category, partial=False, safety_flag=category == "HIGH")


def test_behaviour_of_which_nobody_asked_when_is_taken_as_recent() -> None:
    scored = c_ssrs.score({1: 0, 2: 0, 6: 1})
    assert scored == Score(score=0, band="HIGH", partial=True, safety_flag=True, incomplete=True)


@pytest.mark.parametrize("missing", [1, 3, 4, 5, 6])
def test_c_ssrs_is_partial_when_a_question_that_was_due_is_missing(missing: int) -> None:
    answers = {item: answer for item, answer in THOUGHTS.items() if item != missing}
    assert c_ssrs.score(answers).partial


@pytest.mark.parametrize(
    "answers", [{1: 0, 2: 0, 3: 0, 6: 0}, {1: 1, 4: 1}, {1: 0, 2: 0, 6: 0, 7: 0}, {7: 1}]
)
def test_c_ssrs_refuses_answers_to_what_is_skipped(answers: dict[int, int]) -> None:
    with pytest.raises(Malformed) as refused:
        c_ssrs.score(answers)
    assert list(refused.value.details) == ["answers"]


def score(instrument: str, answers: Mapping[int, int]) -> Score:
    if instrument in SCORERS:
        return SCORERS[instrument](answers)
    return SCORERS_BY_SEX[instrument](answers, "UNKNOWN")


@pytest.mark.parametrize("instrument", sorted(INSTRUMENTS))
@pytest.mark.parametrize("answers", [{}, {0: 0}, {18: 0}, {1: -1}, {1: 5}, {70: 1}])
def test_what_an_instrument_does_not_have_is_refused(
    instrument: str, answers: dict[int, int]
) -> None:
    with pytest.raises(Malformed) as refused:
        score(instrument, answers)
    assert list(refused.value.details) == ["answers"]


@given(st.dictionaries(st.integers(1, 7), st.integers(0, 3), min_size=1))
def test_gad7_is_the_sum_of_what_was_answered(answers: dict[int, int]) -> None:
    scored = gad7.score(answers)
    assert (scored.score, scored.partial) == (sum(answers.values()), len(answers) < 7)


@given(st.dictionaries(st.integers(1, 10), st.integers(0, 1), min_size=1))
def test_every_answer_of_dast10_is_one_point_one_way(answers: dict[int, int]) -> None:
    swapped = {item: 1 - answer for item, answer in answers.items()}
    assert dast10.score(answers).score + dast10.score(swapped).score == len(answers)


def test_every_instrument_is_found_by_its_id() -> None:
    assert {
        "phq9/1",
        "gad7/1",
        "audit_c/1",
        "dast10/1",
        "bam/1",
        "c_ssrs/1",
    } == INSTRUMENTS
    assert not SCORERS.keys() & SCORERS_BY_SEX.keys()
    assert ACT_WITHIN.keys() <= INSTRUMENTS


def sums_to(total: int, items: tuple[int, ...]) -> dict[int, int]:
    return {item: min(4, max(0, total - 4 * place)) for place, item in enumerate(items)}


@pytest.mark.parametrize("subscale", SUBSCALES[bam.ID], ids=lambda subscale: str(subscale.name))
def test_bands_of_a_subscale_begin_where_the_scorer_flags_it(subscale: Subscale) -> None:
    for total in range(subscale.highest_score + 1):
        scored = bam.score(sums_to(total, bam.SUBSCALES[subscale.name]))
        assert scored.subscales[subscale.name] == total
        meant = [each.band for each in subscale.bands if each.lowest_score <= total][-1]
        flagged = subscale.name.upper() in scored.band.split("+")
        assert meant == (subscale.name.upper() if flagged else "")


def test_categories_are_told_from_the_mildest() -> None:
    worse = (
        {1: 0, 2: 0, 6: 0},
        {1: 1, 2: 0, 6: 0},
        {1: 1, 2: 1, 3: 1, 4: 0, 5: 0, 6: 0},
        {4: 1, 2: 1},
    )
    assert tuple(c_ssrs.score(answers).band for answers in worse) == c_ssrs.CATEGORIES


def test_an_instrument_has_a_total_or_subscales_or_categories() -> None:
    for each in DESCRIBED:
        assert [bool(each.highest_score), bool(each.subscales), bool(each.categories)].count(
            True
        ) == 1

"""PHQ-9 is scored as published."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.refusal import Malformed
from services.intake.domain.instruments import SCORERS, phq9
from services.intake.domain.instruments.score import Score

# HL7 US Core, QuestionnaireResponse «phq-9-example»: these answers, total (LOINC 44261-6) 12, and
# «somewhat difficult» to the functional item (LOINC 69722-7).
# https://hl7.org/fhir/us/core/STU7/QuestionnaireResponse-phq-9-example.html
US_CORE = {1: 2, 2: 2, 3: 2, 4: 2, 5: 1, 6: 1, 7: 2, 8: 0, 9: 0, 10: 1}
# Of Kroenke, Spitzer, Williams 2001: every band's lowest and highest score.
BOUNDS = {
    "MINIMAL": (0, 4),
    "MILD": (5, 9),
    "MODERATE": (10, 14),
    "MODERATELY_SEVERE": (15, 19),
    "SEVERE": (20, 27),
}


def answers_of(total: int) -> dict[int, int]:
    """Nine answers with this sum, the last items lowest."""
    answers = {}
    for item in range(1, 10):
        answers[item] = min(3, total)
        total -= answers[item]
    return answers


def test_the_published_example_scores_as_published() -> None:
    assert phq9.score(US_CORE) == Score(score=12, band="MODERATE", partial=False, safety_flag=False)


@pytest.mark.parametrize(("band", "bounds"), BOUNDS.items())
def test_every_band_begins_and_ends_where_it_should(band: str, bounds: tuple[int, int]) -> None:
    for total in range(bounds[0], bounds[1] + 1):
        scored = phq9.score(answers_of(total))
        assert (scored.score, scored.band) == (total, band)


def test_the_bands_cover_every_score_once() -> None:
    covered = [total for low, high in BOUNDS.values() for total in range(low, high + 1)]
    assert covered == list(range(28))


@pytest.mark.parametrize("answer", [1, 2, 3])
def test_any_thought_of_self_harm_asks_for_safety_whatever_the_score(answer: int) -> None:
    assert phq9.score({**answers_of(0), 9: answer}).safety_flag
    assert phq9.score({9: answer}) == Score(
        score=answer, band="MINIMAL", partial=True, safety_flag=True
    )


def test_missing_items_are_flagged_and_never_prorated() -> None:
    scored = phq9.score(dict.fromkeys(range(1, 8), 3))
    assert scored == Score(score=21, band="SEVERE", partial=True, safety_flag=True, incomplete=True)


def test_the_functional_item_is_accepted_and_not_scored() -> None:
    assert phq9.score({**US_CORE, 10: 3}) == phq9.score(
        {k: v for k, v in US_CORE.items() if k != 10}
    )


@pytest.mark.parametrize(
    "answers", [{0: 1}, {11: 1}, {-1: 0}, {1: 4}, {1: -1}, {1: 1, 10: 4}, {}, {10: 1}]
)
def test_what_the_instrument_does_not_have_is_refused(answers: dict[int, int]) -> None:
    with pytest.raises(Malformed) as refused:
        phq9.score(answers)
    assert list(refused.value.details) == ["answers"]


@given(st.dictionaries(st.integers(1, 9), st.integers(0, 3), min_size=1))
def test_the_score_is_the_sum_of_what_was_answered(answers: dict[int, int]) -> None:
    scored = phq9.score(answers)
    assert scored.score == sum(answers.values())
    assert scored.partial == (len(answers) < 9)
    assert scored.safety_flag == (answers.get(9) != 0)
    assert scored.incomplete == (9 not in answers)


def test_the_scorer_is_found_by_its_id() -> None:
    assert SCORERS["phq9/1"] is phq9.score

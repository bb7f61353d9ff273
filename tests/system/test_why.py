"""Answers to why, of ten of README's stories: as they are kept, and every id in them leads on."""

import re
from pathlib import Path

import pytest

from ninehours.cli.why.page import page_of
from tests.harness.golden import assert_as_kept
from tests.system.played import Played

GOLDEN = Path(__file__).parent / "golden" / "why"
NAMES = (
    "authorization_used_up",
    "consent_revoked",
    "corrected_and_replaced",
    "full_course_first_claim",
    "late_note_before_it_was_signed",
    "late_note_released",
    "merged_released",
    "merged_taken_back",
    "paid_in_full",
    "replacement",
    "short_of_nine_hours",
    "step_up",
    "void",
    "voided",
)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_to_why_is_as_it_is_kept(calm: Played, name: str) -> None:
    assert_as_kept(GOLDEN / f"{name}.txt", calm.answers[name].text)


def test_every_answer_has_its_golden_file(calm: Played) -> None:
    assert set(calm.answers) == set(NAMES) == {path.stem for path in GOLDEN.iterdir()}


@pytest.mark.parametrize("name", NAMES)
def test_every_id_that_an_answer_names_resolves_over_the_api(calm: Played, name: str) -> None:
    answer = calm.answers[name]
    assert len(answer.named) > 5
    assert answer.named <= answer.resolved


@pytest.mark.parametrize("name", NAMES)
def test_the_page_says_what_the_tree_says(calm: Played, name: str) -> None:
    page = page_of(calm.answers[name].told)
    assert answer_ids(calm.answers[name].text) <= answer_ids(page)


def answer_ids(text: str) -> set[str]:
    return set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text))

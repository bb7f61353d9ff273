"""Admissions, what they make of confidentiality, and assessments."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.refusal import Refusal
from services.intake.domain.assessment import (
    ASSESSMENT,
    Assessment,
    AssessmentCompleted,
    CompleteAssessment,
)
from services.intake.domain.episode import (
    EPISODE,
    AdmitClient,
    ClientAdmitted,
    Episode,
    OpenEpisode,
    Program,
    is_under_part2,
    label_of,
)
from tests.intake import made
from tests.intake.made import CLIENT_ID, NOW, day

SUBSTANCE_USE = OpenEpisode(program_id="substance-use", under_part2=True)
MENTAL_HEALTH = OpenEpisode(program_id="mental-health", under_part2=False)
ADMISSION = AdmitClient(
    client_id=CLIENT_ID,
    episode_id="episode",
    site_id="site",
    program=Program(program_id="mental-health", kind="MENTAL_HEALTH", under_part2=False),
    level_of_care="2.1",
    admitted_on=day(0),
    now=NOW,
)


def admitted(command: AdmitClient) -> ClientAdmitted:
    [fact] = EPISODE.decide(command, Episode())
    return fact


def refused(command: AdmitClient) -> Refusal:
    with pytest.raises(Refusal) as caught:
        tuple(EPISODE.decide(command, Episode()))
    return caught.value


def test_a_client_is_in_a_program_once_at_a_time() -> None:
    assert refused(replace(ADMISSION, others=(MENTAL_HEALTH,))).reason == "ALREADY_IN_PROGRAM"
    assert admitted(replace(ADMISSION, others=(SUBSTANCE_USE,))).episode_id == "episode"


@pytest.mark.parametrize("level", ["2.1", "1", "0.5", "3.7", "4"])
def test_levels_of_care_are_numbers_of_asam(level: str) -> None:
    assert admitted(replace(ADMISSION, level_of_care=level)).level_of_care == level


@pytest.mark.parametrize("level", ["", "IOP", "2.1 ", "2.", "2.15", "5", "2.1\n"])
def test_what_is_no_level_of_care_is_refused(level: str) -> None:
    assert list(refused(replace(ADMISSION, level_of_care=level)).details) == ["level_of_care"]


def test_an_admission_is_at_most_a_day_ahead() -> None:
    assert admitted(replace(ADMISSION, admitted_on=day(1))).admitted_on == day(1)
    assert list(refused(replace(ADMISSION, admitted_on=day(2))).details) == ["admitted_on"]


def test_now_is_taken_in_utc() -> None:
    late = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
    assert refused(replace(ADMISSION, now=late, admitted_on=day(2)))


def test_before_any_admission_the_strict_label_holds() -> None:
    assert is_under_part2([])
    assert label_of([]) == "PART2"


def test_an_admission_to_a_program_not_under_part_2_relaxes_the_label() -> None:
    assert label_of([MENTAL_HEALTH]) == "HIPAA"
    assert admitted(ADMISSION).label == "HIPAA"


def test_one_program_under_part_2_suffices_for_the_strict_label() -> None:
    assert label_of([MENTAL_HEALTH, SUBSTANCE_USE]) == "PART2"
    assert admitted(replace(ADMISSION, others=(SUBSTANCE_USE,))).label == "PART2"


@given(made.admissions)
def test_an_admission_twice_yields_nothing_the_second_time(command: AdmitClient) -> None:
    try:
        [fact] = EPISODE.decide(command, Episode())
    except Refusal:
        return
    assert tuple(EPISODE.decide(command, EPISODE.fold([fact]))) == ()


@given(st.lists(made.admitted, min_size=1))
def test_an_episode_replays_in_halves(facts: list[ClientAdmitted]) -> None:
    assert EPISODE.evolve(EPISODE.fold(facts[:-1]), facts[-1]) == EPISODE.fold(facts)


@given(made.assessments)
def test_an_assessment_is_never_overwritten(command: CompleteAssessment) -> None:
    try:
        [fact] = ASSESSMENT.decide(command, Assessment())
    except Refusal:
        return
    assert fact.answers == command.answers
    assert tuple(ASSESSMENT.decide(command, ASSESSMENT.fold([fact]))) == ()
    other = replace(command, answers={1: 3})
    assert tuple(ASSESSMENT.decide(other, ASSESSMENT.fold([fact]))) == ()


@given(st.lists(made.assessed, min_size=1))
def test_an_assessment_replays_in_halves(facts: list[AssessmentCompleted]) -> None:
    assert ASSESSMENT.evolve(ASSESSMENT.fold(facts[:-1]), facts[-1]) == ASSESSMENT.fold(facts)


def test_an_unknown_instrument_is_refused_with_those_that_are_known() -> None:
    command = CompleteAssessment(
        client_id=CLIENT_ID,
        assessment_id="assessment",
        instrument="gad7/1",
        answers={1: 1},
        completed_by="staff/1",
        completed_at=NOW,
    )
    with pytest.raises(Refusal) as caught:
        tuple(ASSESSMENT.decide(command, Assessment()))
    assert caught.value.details["instrument"] == "is none of phq9/1"

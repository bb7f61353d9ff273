"""Admissions and their end, what they make of confidentiality, and assessments."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.refusal import Refusal
from services.intake.domain.assessment import (
    ASSESSMENT,
    Assessment,
    AssessmentCommand,
    AssessmentCompleted,
    AssessmentFact,
    CompleteAssessment,
    SafetyTaskOpened,
)
from services.intake.domain.episode import (
    EPISODE,
    AdmitClient,
    ClientAdmitted,
    CloseEpisode,
    Episode,
    EpisodeClosed,
    EpisodeCommand,
    EpisodeFact,
    EpisodeSummary,
    Program,
    is_under_part2,
    label_of,
)
from tests.harness.intake import strategies as made
from tests.harness.intake.strategies import CLIENT_ID, NOW, day

SUBSTANCE_USE = EpisodeSummary(episode_id="first", program_id="substance-use", under_part2=True)
MENTAL_HEALTH = EpisodeSummary(episode_id="second", program_id="mental-health", under_part2=False)
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
    assert isinstance(fact, ClientAdmitted)
    return fact


def refused(command: AdmitClient) -> Refusal:
    with pytest.raises(Refusal) as caught:
        tuple(EPISODE.decide(command, Episode()))
    return caught.value


def test_a_client_is_in_a_program_once_at_a_time() -> None:
    assert refused(replace(ADMISSION, others=(MENTAL_HEALTH,))).reason == "ALREADY_IN_PROGRAM"
    assert admitted(replace(ADMISSION, others=(SUBSTANCE_USE,))).episode_id == "episode"


def test_a_client_was_in_a_program_once_at_a_time() -> None:
    ended = replace(MENTAL_HEALTH, closed_on=day(-5))
    back = replace(ADMISSION, others=(ended,))
    assert list(refused(replace(back, admitted_on=day(-6))).details) == ["admitted_on"]
    assert admitted(replace(back, admitted_on=day(-5))).previous_episode_id == "second"
    elsewhere = replace(SUBSTANCE_USE, closed_on=day(-5))
    assert admitted(replace(ADMISSION, others=(elsewhere,), admitted_on=day(-6)))


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


def test_a_past_episode_under_part_2_keeps_the_label_strict() -> None:
    past = replace(SUBSTANCE_USE, closed_on=day(-30))
    assert label_of([past]) == "PART2"
    assert admitted(replace(ADMISSION, others=(past,))).label == "PART2"
    assert label_of([replace(MENTAL_HEALTH, closed_on=day(-30))]) == "HIPAA"


def test_a_readmission_names_the_episode_closed_last() -> None:
    earlier = replace(MENTAL_HEALTH, closed_on=day(-30))
    later = replace(SUBSTANCE_USE, closed_on=day(-10))
    same_day = replace(later, episode_id="third")
    assert admitted(ADMISSION).previous_episode_id is None
    assert admitted(replace(ADMISSION, others=(earlier,))).previous_episode_id == "second"
    assert admitted(replace(ADMISSION, others=(later, earlier))).previous_episode_id == "first"
    both = (later, same_day, earlier)
    assert admitted(replace(ADMISSION, others=both)).previous_episode_id == "third"
    assert admitted(replace(ADMISSION, others=(SUBSTANCE_USE,))).previous_episode_id is None


def test_whom_the_screening_declined_is_not_admitted() -> None:
    assert refused(replace(ADMISSION, declined=True)).reason == "SCREENING_DECLINED"


def test_only_an_episode_of_the_client_s_is_closed() -> None:
    episode = EPISODE.fold([admitted(ADMISSION)])
    closing = CloseEpisode(client_id=CLIENT_ID, episode_id="episode", closed_on=day(5))
    for command, state in ((closing, Episode()), (replace(closing, client_id="other"), episode)):
        with pytest.raises(Refusal) as caught:
            tuple(EPISODE.decide(command, state))
        assert caught.value.reason == "EPISODE_UNKNOWN"
    [fact] = EPISODE.decide(closing, episode)
    assert isinstance(fact, EpisodeClosed)
    assert tuple(EPISODE.decide(closing, EPISODE.evolve(episode, fact))) == ()


@given(
    st.lists(made.admitted | made.transferred | made.closed),
    made.admissions | made.transfers | made.closings,
)
def test_an_episode_s_command_twice_yields_nothing_the_second_time(
    history: list[EpisodeFact], command: EpisodeCommand
) -> None:
    episode = EPISODE.fold(history)
    try:
        facts = tuple(EPISODE.decide(command, episode))
    except Refusal:
        return
    for fact in facts:
        episode = EPISODE.evolve(episode, fact)
    assert tuple(EPISODE.decide(command, episode)) == ()


@given(st.lists(made.admitted | made.transferred | made.closed), st.integers(0, 9))
def test_an_episode_replays_in_halves(facts: list[EpisodeFact], cut: int) -> None:
    half = EPISODE.fold(facts[:cut])
    for fact in facts[cut:]:
        half = EPISODE.evolve(half, fact)
    assert half == EPISODE.fold(facts)


@given(made.assessments)
def test_an_assessment_is_never_overwritten(command: CompleteAssessment) -> None:
    try:
        facts = tuple(ASSESSMENT.decide(command, Assessment()))
    except Refusal:
        return
    completed = facts[0]
    assert isinstance(completed, AssessmentCompleted)
    assert completed.answers == command.answers
    assert tuple(ASSESSMENT.decide(command, ASSESSMENT.fold(facts))) == ()


@given(made.assessments)
def test_a_safety_flag_opens_a_task_and_nothing_else_does(command: CompleteAssessment) -> None:
    try:
        completed, *opened = ASSESSMENT.decide(command, Assessment())
    except Refusal:
        return
    assert isinstance(completed, AssessmentCompleted)
    assert len(opened) == completed.safety_flag
    for task in opened:
        assert isinstance(task, SafetyTaskOpened)
        assert (task.owner, task.task_id) == (command.completed_by, command.task_id)
        hours = {"phq9/1": 24, "c_ssrs/1": 1}[command.instrument]
        assert task.due_at == NOW + timedelta(hours=hours)


@given(
    st.lists(made.assessed | made.task_opened | made.task_closed | made.task_handed_on),
    made.assessments | made.task_closings | made.task_handings_on,
)
def test_a_command_on_an_assessment_twice_yields_nothing_the_second_time(
    history: list[AssessmentFact], command: AssessmentCommand
) -> None:
    assessment = ASSESSMENT.fold(history)
    try:
        facts = tuple(ASSESSMENT.decide(command, assessment))
    except Refusal:
        return
    for fact in facts:
        assessment = ASSESSMENT.evolve(assessment, fact)
    assert tuple(ASSESSMENT.decide(command, assessment)) == ()


@given(
    st.lists(made.assessed | made.task_opened | made.task_closed | made.task_handed_on),
    st.integers(0, 9),
)
def test_an_assessment_replays_in_halves(facts: list[AssessmentFact], cut: int) -> None:
    half = ASSESSMENT.fold(facts[:cut])
    for fact in facts[cut:]:
        half = ASSESSMENT.evolve(half, fact)
    assert half == ASSESSMENT.fold(facts)


def test_an_unknown_instrument_is_refused_with_those_that_are_known() -> None:
    command = CompleteAssessment(
        client_id=CLIENT_ID,
        assessment_id="assessment",
        task_id="task",
        instrument="gad7/2",
        answers={1: 1},
        completed_by="staff/1",
        completed_at=NOW,
    )
    with pytest.raises(Refusal) as caught:
        tuple(ASSESSMENT.decide(command, Assessment()))
    known = "audit_c/1, bam/1, c_ssrs/1, dast10/1, gad7/1, phq9/1"
    assert caught.value.details["instrument"] == f"is none of {known}"

"""Intake's commands and facts as hypothesis makes them: of few values, so that they meet."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from services.intake.domain.assessment import AssessmentCompleted, CompleteAssessment
from services.intake.domain.client import (
    ClientCommand,
    ClientFact,
    ClientRegistered,
    ConsentGiven,
    DiagnosisRecorded,
    GiveConsent,
    RecordDiagnosis,
    RegisterClient,
)
from services.intake.domain.coverage import (
    AddCoverage,
    CoverageAdded,
    CoverageVerified,
    VerifyCoverage,
)
from services.intake.domain.episode import AdmitClient, ClientAdmitted, OpenEpisode, Program

CLIENT_ID = "6f1c0000-0000-4000-8000-000000000001"
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
TODAY = NOW.date()

few = st.sampled_from
ids = few(["a", "b"])
payers = few(["payer-1", "payer-2"])
dates = few([TODAY + timedelta(days=days) for days in (-2, -1, 0, 1, 2)])
last_dates = st.none() | dates
labels = few(["PART2", "HIPAA"])
client = st.just(CLIENT_ID)
codes = few(["F10.20", "F33.1", "U07.1"])
ranks = st.integers(1, 3)
answers = st.dictionaries(st.integers(1, 10), st.integers(0, 3), max_size=10)
programs = st.builds(
    Program, program_id=ids, kind=few(["SUBSTANCE_USE", "DUAL"]), under_part2=st.booleans()
)
open_episodes = st.builds(OpenEpisode, program_id=ids, under_part2=st.booleans())

client_commands: st.SearchStrategy[ClientCommand] = st.one_of(
    st.builds(RegisterClient, client_id=client, identity_version=st.just(1)),
    st.builds(
        GiveConsent,
        client_id=client,
        consent_id=ids,
        purpose=st.just("TREATMENT_PAYMENT_OPERATIONS"),
        recipient_payer_id=payers,
        given_on=dates,
        expires_on=last_dates,
        label=labels,
    ),
    st.builds(
        AddCoverage,
        client_id=client,
        coverage_id=ids,
        payer_id=payers,
        membership_version=st.just(1),
        effective_from=dates,
        effective_to=last_dates,
    ),
    st.builds(
        VerifyCoverage,
        client_id=client,
        coverage_id=ids,
        verified_from=dates,
        verified_to=last_dates,
        label=labels,
    ),
    st.builds(
        RecordDiagnosis,
        client_id=client,
        code=codes | st.just("nonsense"),
        rank=ranks | st.just(13),
        effective_from=dates,
        label=labels,
    ),
)

client_facts: st.SearchStrategy[ClientFact] = st.one_of(
    st.builds(ClientRegistered, client_id=client, identity_version=st.just(1)),
    st.builds(
        ConsentGiven,
        client_id=client,
        consent_id=ids,
        purpose=st.just("TREATMENT_PAYMENT_OPERATIONS"),
        recipient_payer_id=payers,
        given_on=dates,
        expires_on=last_dates,
        label=labels,
    ),
    st.builds(
        CoverageAdded,
        client_id=client,
        coverage_id=ids,
        payer_id=payers,
        membership_version=st.just(1),
        effective_from=dates,
        effective_to=last_dates,
    ),
    st.builds(
        CoverageVerified,
        client_id=client,
        coverage_id=ids,
        payer_id=payers,
        verified_from=dates,
        verified_to=last_dates,
        label=labels,
    ),
    st.builds(
        DiagnosisRecorded,
        client_id=client,
        code=codes,
        rank=ranks,
        effective_from=dates,
        label=labels,
    ),
)

admissions = st.builds(
    AdmitClient,
    client_id=client,
    episode_id=st.just("episode"),
    site_id=st.just("site"),
    program=programs,
    level_of_care=few(["2.1", "1", "two"]),
    admitted_on=dates,
    now=st.just(NOW),
    others=st.lists(open_episodes, max_size=2).map(tuple),
)
admitted = st.builds(
    ClientAdmitted,
    client_id=client,
    episode_id=st.just("episode"),
    site_id=st.just("site"),
    program=programs,
    level_of_care=st.just("2.1"),
    admitted_on=dates,
    label=labels,
)
assessments = st.builds(
    CompleteAssessment,
    client_id=client,
    assessment_id=st.just("assessment"),
    instrument=few(["phq9/1", "tea-leaves/1"]),
    answers=answers,
    completed_by=st.just("staff/1"),
    completed_at=st.just(NOW),
    label=labels,
)
assessed = st.builds(
    AssessmentCompleted,
    client_id=client,
    assessment_id=st.just("assessment"),
    instrument=st.just("phq9/1"),
    answers=answers,
    score=st.integers(0, 27),
    band=st.just("MILD"),
    partial=st.booleans(),
    safety_flag=st.booleans(),
    completed_by=st.just("staff/1"),
    completed_at=st.just(NOW),
    label=labels,
)


def day(days: int) -> date:
    """So many days after today."""
    return TODAY + timedelta(days=days)

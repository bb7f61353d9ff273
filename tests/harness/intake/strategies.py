"""Intake's commands and facts as hypothesis makes them: of few values, so that they meet."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from services.intake.domain.areas import Area, AreasAssessed, AssessAreas, AssessmentArea
from services.intake.domain.assessment import (
    AssessmentCompleted,
    CloseSafetyTask,
    CompleteAssessment,
    SafetyTaskClosed,
    SafetyTaskOpened,
)
from services.intake.domain.client import (
    ClientCommand,
    ClientFact,
    ClientRegistered,
    DiagnosisEnded,
    DiagnosisRecorded,
    EndDiagnosis,
    RecordDiagnosis,
    RegisterClient,
)
from services.intake.domain.consent import (
    ConsentGiven,
    ConsentRevoked,
    DisclosureRestricted,
    GiveConsent,
    RestrictDisclosure,
    RevokeConsent,
)
from services.intake.domain.coverage import (
    AddCoverage,
    CoverageAdded,
    CoverageEnded,
    CoverageVerified,
    EndCoverage,
    VerifyCoverage,
)
from services.intake.domain.dimensions import DimensionsRated, RateDimensions
from services.intake.domain.episode import (
    AdmitClient,
    ClientAdmitted,
    CloseEpisode,
    EpisodeClosed,
    EpisodeSummary,
    Program,
)
from services.intake.domain.instruments import INSTRUMENTS
from services.intake.domain.screening import (
    AdmissionDeclined,
    ClientScreened,
    ScreenClient,
    Screening,
)

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
episode_summaries = st.builds(
    EpisodeSummary,
    episode_id=ids,
    program_id=ids,
    under_part2=st.booleans(),
    closed_on=last_dates,
)
screenings = st.builds(
    Screening,
    needs_detox=st.booleans(),
    needs_24_hour_care=st.just(False),
    motivated=st.just(True),
    stable_environment=st.booleans(),
    transition_from_inpatient=st.just(False),
    work_or_family_duties=st.just(True),
)
referrals = few(["OUTPATIENT", "WITHDRAWAL_MANAGEMENT"])

client_commands: st.SearchStrategy[ClientCommand] = st.one_of(
    st.builds(RegisterClient, client_id=client, identity_version=st.just(1)),
    st.builds(
        ScreenClient,
        client_id=client,
        screening=screenings,
        referred_to=st.none() | referrals,
        screened_on=dates,
        label=labels,
    ),
    st.builds(RevokeConsent, client_id=client, consent_id=ids, revoked_on=dates, label=labels),
    st.builds(
        RestrictDisclosure,
        client_id=client,
        restriction_id=ids,
        payer_id=payers,
        first=dates,
        last=dates,
        label=labels,
    ),
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
        order=st.integers(0, 2),
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
        EndCoverage,
        client_id=client,
        coverage_id=ids,
        last_day=dates,
        reason=st.sampled_from(["TERMINATED", "ENTERED_IN_ERROR"]),
        label=labels,
    ),
    st.builds(
        EndDiagnosis,
        client_id=client,
        code=codes,
        last_day=dates,
        reason=st.sampled_from(["RULED_OUT", "RESOLVED"]),
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
        ClientScreened, client_id=client, screening=screenings, screened_on=dates, label=labels
    ),
    st.builds(
        AdmissionDeclined,
        client_id=client,
        reasons=st.just(("NEEDS_DETOX",)),
        referred_to=referrals,
        declined_on=dates,
        label=labels,
    ),
    st.builds(ConsentRevoked, client_id=client, consent_id=ids, revoked_on=dates, label=labels),
    st.builds(
        DisclosureRestricted,
        client_id=client,
        restriction_id=ids,
        payer_id=payers,
        first=dates,
        last=dates,
        label=labels,
    ),
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
        CoverageEnded,
        client_id=client,
        coverage_id=ids,
        payer_id=payers,
        last_day=dates,
        reason=st.just("TERMINATED"),
        label=labels,
    ),
    st.builds(
        DiagnosisEnded,
        client_id=client,
        code=codes,
        last_day=dates,
        reason=st.just("RULED_OUT"),
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
    others=st.lists(episode_summaries, max_size=2).map(tuple),
    declined=st.booleans(),
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
closings = st.builds(
    CloseEpisode, client_id=client, episode_id=st.just("episode"), closed_on=dates, label=labels
)
closed = st.builds(
    EpisodeClosed, client_id=client, episode_id=st.just("episode"), closed_on=dates, label=labels
)
assessments = st.builds(
    CompleteAssessment,
    client_id=client,
    assessment_id=st.just("assessment"),
    task_id=st.just("task"),
    instrument=few([*sorted(INSTRUMENTS), "tea-leaves/1"]),
    answers=answers,
    completed_by=st.just("staff/1"),
    completed_at=st.just(NOW),
    label=labels,
    sex=few(["MALE", "FEMALE", "UNKNOWN"]),
)
task_closings = st.builds(
    CloseSafetyTask,
    client_id=client,
    task_id=few(["task", "another"]),
    action=few(["HOSPITALIZED", "SAFETY_PLAN_MADE"]),
    closed_by=st.just("staff/2"),
    closed_at=st.just(NOW),
    note_version=st.none() | st.just(1),
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
task_opened = st.builds(
    SafetyTaskOpened,
    client_id=client,
    task_id=st.just("task"),
    assessment_id=st.just("assessment"),
    owner=st.just("staff/1"),
    opened_at=st.just(NOW),
    due_at=st.just(NOW),
    label=labels,
)
task_closed = st.builds(
    SafetyTaskClosed,
    client_id=client,
    task_id=st.just("task"),
    action=few(["HOSPITALIZED", "SAFETY_PLAN_MADE"]),
    note_version=st.none(),
    closed_by=st.just("staff/2"),
    closed_at=st.just(NOW),
    label=labels,
)
area_assessments = st.builds(
    AssessAreas,
    client_id=client,
    assessment_id=st.just("assessment"),
    occasion=few(["INITIAL", "DISCHARGE"]),
    areas=st.permutations(AssessmentArea).map(
        lambda areas: tuple(Area(area=area, need=area < "N") for area in areas)
    ),
    assessed_by=st.just("staff/1"),
    assessed_on=dates,
    label=labels,
)
areas_assessed = st.builds(
    AreasAssessed,
    client_id=client,
    assessment_id=st.just("assessment"),
    occasion=st.just("INITIAL"),
    needs=st.just(("MEDICAL",)),
    narratives_version=st.just(1),
    assessed_by=st.just("staff/1"),
    assessed_on=dates,
    label=labels,
)
ratings = st.builds(
    RateDimensions,
    client_id=client,
    rating_id=st.just("rating"),
    edition=few(["ASAM_3", "ASAM_4"]),
    ratings=st.tuples(*(st.tuples(st.just(n), few(["0", "4", "B"])) for n in range(1, 7))),
    indicated_level=few(["2.1", "3.5 COE"]),
    chosen_level=few(["2.1", "1"]),
    discrepancy_reason=st.none() | st.just("CLIENT_PREFERENCE"),
    rated_by=st.just("staff/1"),
    rated_on=dates,
    label=labels,
)
rated = st.builds(
    DimensionsRated,
    client_id=client,
    rating_id=st.just("rating"),
    edition=st.just("ASAM_3"),
    ratings=st.just({1: "0"}),
    indicated_level=st.just("2.1"),
    chosen_level=st.just("2.1"),
    discrepancy_reason=st.none(),
    rated_by=st.just("staff/1"),
    rated_on=dates,
    label=labels,
)


def day(days: int) -> date:
    """So many days after today."""
    return TODAY + timedelta(days=days)

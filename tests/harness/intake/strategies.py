"""Intake's commands and facts as hypothesis makes them: of few values, so that they meet."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from services.intake.domain.areas import Area, AreasAssessed, AssessAreas, AssessmentArea
from services.intake.domain.assessment import (
    AssessmentCompleted,
    CloseSafetyTask,
    CompleteAssessment,
    HandOnSafetyTask,
    SafetyTaskClosed,
    SafetyTaskHandedOn,
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
    MembershipAmended,
    VerifyCoverage,
)
from services.intake.domain.dimensions import DimensionsRated, RateDimensions
from services.intake.domain.episode import (
    AdmitClient,
    ClientAdmitted,
    ClientTransferred,
    CloseEpisode,
    EpisodeClosed,
    EpisodeSummary,
    Program,
    TransferClient,
)
from services.intake.domain.forgetting import (
    AgreeToForget,
    AskToForget,
    ClientForgotten,
    ForgettingAsked,
    ForgettingWithdrawn,
    WithdrawForgetting,
)
from services.intake.domain.instruments import INSTRUMENTS
from services.intake.domain.person import (
    ChangePerson,
    IdentityAmended,
    IdentityPeriod,
    PersonChanged,
)
from services.intake.domain.screening import (
    AdmissionDeclined,
    ClientScreened,
    ScreenClient,
    Screening,
)

T = TypeVar("T")

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

# What a field holds, by its name: commands and facts say the same under the same names.
BY_NAME: Mapping[str, st.SearchStrategy[Any]] = {
    "client_id": client,
    "identity_version": st.just(1),
    "contacts_version": st.integers(0, 1),
    "changed_from": dates,
    "consent_id": ids,
    "restriction_id": ids,
    "coverage_id": ids,
    "payer_id": payers,
    "recipient_payer_id": payers,
    "purpose": st.just("TREATMENT_PAYMENT_OPERATIONS"),
    "screening": screenings,
    "code": codes,
    "rank": ranks,
    "membership_version": st.just(1),
    "episode_id": st.just("episode"),
    "site_id": st.just("site"),
    "program": programs,
    "assessment_id": st.just("assessment"),
    "task_id": st.just("task"),
    "rating_id": st.just("rating"),
    "action": few(["HOSPITALIZED", "SAFETY_PLAN_MADE"]),
    "answers": answers,
    "note_version": st.none() | st.just(1),
    "narratives_version": st.just(1),
    "completed_by": st.just("staff/1"),
    "assessed_by": st.just("staff/1"),
    "rated_by": st.just("staff/1"),
    "closed_by": st.just("staff/2"),
    "owner": st.just("staff/1"),
    "label": labels,
    **dict.fromkeys(("expires_on", "effective_to", "verified_to"), last_dates),
    **dict.fromkeys(("first", "last", "last_day", "effective_from", "verified_from"), dates),
    **dict.fromkeys(("now", "completed_at", "opened_at", "due_at", "closed_at"), st.just(NOW)),
}


def some(kind: type[T], **beside: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """Whatever of that kind; `beside` says the fields whose name doesn't say what they hold.

    Any other `…_on` is a date. What has a default may keep it.
    """
    by_name = {
        field.name: BY_NAME.get(field.name, dates)
        for field in fields(kind)  # type: ignore[arg-type]  # of a dataclass
        if field.name in BY_NAME or field.name.endswith("_on")
    }
    return st.builds(kind, **{**by_name, **beside})


AS_REGISTERED = IdentityPeriod(since=None, name=1, birth_date=1, sex=1, address=1)
people = few(["person/olga", "person/omar"])
open_ones = few([(), ("episode",)])
client_commands: st.SearchStrategy[ClientCommand] = st.one_of(
    some(RegisterClient),
    some(ChangePerson),
    some(ScreenClient, referred_to=st.none() | referrals),
    some(RevokeConsent),
    some(RestrictDisclosure),
    some(GiveConsent),
    some(AddCoverage, order=st.integers(0, 2)),
    some(VerifyCoverage),
    some(EndCoverage, reason=few(["TERMINATED", "ENTERED_IN_ERROR"])),
    some(EndDiagnosis, reason=few(["RULED_OUT", "RESOLVED"])),
    some(RecordDiagnosis, code=codes | st.just("nonsense"), rank=ranks | st.just(13)),
    some(AskToForget, asked_by=people, retained_until=st.none() | dates, open_episodes=open_ones),
    some(AgreeToForget, agreed_by=people, retained_until=st.none() | dates),
    some(WithdrawForgetting, withdrawn_by=people),
)

client_facts: st.SearchStrategy[ClientFact] = st.one_of(
    some(ClientRegistered),
    some(PersonChanged),
    some(IdentityAmended, version=st.just(1), periods=st.just((AS_REGISTERED,))),
    some(
        MembershipAmended,
        version=st.just(1),
        member_number=st.just(1),
        group_number=st.just(1),
    ),
    some(ClientScreened),
    some(AdmissionDeclined, reasons=st.just(("NEEDS_DETOX",)), referred_to=referrals),
    some(ConsentRevoked),
    some(DisclosureRestricted),
    some(ConsentGiven),
    some(CoverageAdded),
    some(CoverageVerified),
    some(CoverageEnded, reason=st.just("TERMINATED")),
    some(DiagnosisEnded, reason=st.just("RULED_OUT")),
    some(DiagnosisRecorded),
    some(ForgettingAsked, asked_by=people, expires_at=st.just(NOW), retained_until=dates),
    some(ForgettingWithdrawn, withdrawn_by=people),
    some(ClientForgotten, asked_by=people, agreed_by=people, retained_until=dates),
)

admissions = some(
    AdmitClient,
    level_of_care=few(["2.1", "1", "two"]),
    others=st.lists(episode_summaries, max_size=2).map(tuple),
    declined=st.booleans(),
)
admitted = some(ClientAdmitted, level_of_care=st.just("2.1"))
transfers = some(TransferClient, others=st.lists(episode_summaries, max_size=2).map(tuple))
transferred = some(ClientTransferred)
closings = some(CloseEpisode)
closed = some(EpisodeClosed)
assessments = some(
    CompleteAssessment,
    instrument=few([*sorted(INSTRUMENTS), "tea-leaves/1"]),
    sex=few(["MALE", "FEMALE", "UNKNOWN"]),
)
task_closings = some(CloseSafetyTask, task_id=few(["task", "another"]))
assessed = some(
    AssessmentCompleted,
    instrument=st.just("phq9/1"),
    score=st.integers(0, 27),
    band=st.just("MILD"),
    partial=st.booleans(),
    safety_flag=st.booleans(),
)
task_handings_on = some(HandOnSafetyTask, task_id=few(["task", "another"]), owner=people)
task_handed_on = some(SafetyTaskHandedOn, reason_version=st.just(1))
task_opened = some(SafetyTaskOpened)
task_closed = some(SafetyTaskClosed)
area_assessments = some(
    AssessAreas,
    occasion=few(["INITIAL", "DISCHARGE"]),
    areas=st.permutations(list(AssessmentArea)).map(
        lambda areas: tuple(Area(area=area, need=area < "N") for area in areas)
    ),
)
areas_assessed = some(AreasAssessed, occasion=st.just("INITIAL"), needs=st.just(("MEDICAL",)))
ratings = some(
    RateDimensions,
    edition=few(["ASAM_3", "ASAM_4"]),
    ratings=st.tuples(*(st.tuples(st.just(n), few(["0", "4", "B"])) for n in range(1, 7))),
    indicated_level=few(["2.1", "3.5 COE"]),
    chosen_level=few(["2.1", "1"]),
    discrepancy_reason=st.none() | st.just("CLIENT_PREFERENCE"),
)
rated = some(
    DimensionsRated,
    edition=st.just("ASAM_3"),
    ratings=st.just({1: "0"}),
    indicated_level=st.just("2.1"),
    chosen_level=st.just("2.1"),
    discrepancy_reason=st.none(),
)


def day(days: int) -> date:
    """So many days after today."""
    return TODAY + timedelta(days=days)

"""A client whose days are all billable, to be changed one thing at a time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from services.billing.domain.authorizations.allocation import allocate
from services.billing.domain.days.service_day import ServiceDay, resolve
from services.billing.domain.history.history import (
    Admission,
    Attendance,
    Authorization,
    BillingHistory,
    ClaimLine,
    ConfirmedRules,
    Consent,
    Coverage,
    Diagnosis,
    Enrollment,
    Fee,
    IssuedClaim,
    Modality,
    Note,
    Plan,
    Program,
    Session,
)
from services.billing.domain.payers.rules import (
    ClaimForm,
    ClaimPeriod,
    CorrectionAction,
    LateDay,
    LateSignature,
    PerDiem,
    RuleSet,
    Weekday,
)
from services.billing.domain.projection import Content, derive

MONDAY = date(2026, 3, 2)
PROGRAM = Program("program", under_part2=True)
MENTAL_HEALTH = Program("mental health", under_part2=False)

RULES = RuleSet(
    payer_id="payer",
    version=1,
    effective_from=date(2026, 1, 1),
    claim_form=ClaimForm.PROFESSIONAL,
    per_diem=PerDiem(code="H0015", modifiers=("HF",), minimum_minutes=180),
    claim_period=ClaimPeriod.WEEK,
    week_start=Weekday.MONDAY,
    billed_level="2.1",
    place_of_service_in_person="57",
    place_of_service_telehealth="10",
    plan_due_days=7,
    late_signature=LateSignature.HOLD,
    sign_within_hours=24,
    authorization_required=True,
    enrollment_required=True,
    filing_limit_days=90,
    complete_weeks_only=False,
    changed_claim=CorrectionAction.REPLACE,
    fallen_claim=CorrectionAction.VOID,
    late_day=LateDay.NEW_CLAIM,
)


def day(number: int) -> date:
    """So many days after Monday, March 2nd."""
    return MONDAY + timedelta(days=number)


def ends_at(on: date) -> datetime:
    """When each session of a day ends."""
    return datetime.combine(on, time(18), UTC)


def confirmed(**changes: Any) -> ConfirmedRules:
    rules = replace(RULES, **changes)
    return ConfirmedRules(fact=f"rules {rules.payer_id} {rules.version}", rules=rules)


def session(on: date, name: str = "s", **changes: Any) -> Session:
    made = Session(
        fact=f"scheduled {on} {name}",
        session_id=f"{on} {name}",
        site_id="site",
        modality=Modality.IN_PERSON,
        service_date=on,
        ends_at=ends_at(on),
        program=PROGRAM,
    )
    return replace(made, **changes)


def attended(on: date, minutes: int = 180, name: str = "s", **changes: Any) -> Attendance:
    made = Attendance(
        fact=f"attended {on} {name}",
        session_id=f"{on} {name}",
        site_id="site",
        service_date=on,
        correction=0,
        attended=True,
        minutes=minutes,
    )
    return replace(made, **changes)


def missed(on: date, name: str = "s") -> Attendance:
    return attended(on, 0, name, attended=False)


def corrected(on: date, number: int, minutes: int, name: str = "s") -> Attendance:
    return attended(
        on,
        minutes,
        name,
        fact=f"corrected {on} {name} {number}",
        correction=number,
        attended=minutes > 0,
    )


def signed(on: date, hours_after: float = 1, name: str = "s") -> Note:
    return Note(
        fact=f"note {on} {name}",
        session_id=f"{on} {name}",
        signed_at=ends_at(on) + timedelta(hours=hours_after),
    )


def authorization(
    units: int, start: int = 0, end: int = 60, name: str = "a", **changes: Any
) -> Authorization:
    made = Authorization(
        fact=f"authorization {name}",
        authorization_id=name,
        payer_id="payer",
        level_of_care="2.1",
        units=units,
        effective_from=day(start),
        effective_to=day(end),
    )
    return replace(made, **changes)


ADMISSION = Admission(
    fact="admission",
    episode_id="episode",
    site_id="site",
    program_id="program",
    level_of_care="2.1",
    admitted_on=MONDAY,
)
OUTPATIENT = replace(
    ADMISSION,
    fact="outpatient",
    episode_id="outpatient",
    program_id=MENTAL_HEALTH.program_id,
    level_of_care="1",
)
"""To outpatient care at the same site, in an episode of its own."""
# To what days at that site ask for; of no other day the episode.
ADMISSION_ELSEWHERE = replace(
    ADMISSION,
    fact="admission elsewhere",
    episode_id="episode elsewhere",
    site_id="other",
    program_id="program elsewhere",
    admitted_on=MONDAY - timedelta(days=1),
)
DIAGNOSIS = Diagnosis(fact="diagnosis", sequence=2, code="F10.20", rank=1, effective_from=MONDAY)
COVERAGE = Coverage(
    fact="coverage",
    coverage_id="coverage",
    payer_id="payer",
    verified_from=date(2026, 1, 1),
    verified_to=None,
)
CONSENT = Consent(
    fact="consent", consent_id="consent", payer_id="payer", given_on=MONDAY, expires_on=None
)
PLAN = Plan(fact="plan", plan_id="plan", episode_id="episode", in_force_from=MONDAY)
ENROLLMENT = Enrollment(
    fact="enrollment",
    provider_id="provider",
    payer_id="payer",
    site_id="site",
    effective_from=date(2026, 1, 1),
)
FEE = Fee(
    fact="fee",
    sequence=2,
    provider_id="provider",
    code="H0015",
    charge_minor=30_000,
    effective_from=date(2026, 1, 1),
)


def billable(*days: date, **changes: Any) -> BillingHistory:
    """A client who attended three hours on each of these days, and of whom all is in order."""
    history = BillingHistory(
        client_id="client",
        admissions=(ADMISSION, ADMISSION_ELSEWHERE),
        diagnoses=(DIAGNOSIS,),
        coverages=(COVERAGE,),
        consents=(CONSENT,),
        plans=(PLAN,),
        sessions=tuple(session(on) for on in days),
        attendances=tuple(attended(on) for on in days),
        notes=tuple(signed(on) for on in days),
        authorizations=(authorization(100),),
        enrollments=(ENROLLMENT,),
        fees=(FEE,),
        confirmed=(confirmed(),),
    )
    return replace(history, **changes)


def days_of(history: BillingHistory) -> list[ServiceDay]:
    """The client's days with their final outcome."""
    return allocate(resolve(history), history)


def the_day(history: BillingHistory) -> ServiceDay:
    """The one day of a client who has one."""
    [only] = days_of(history)
    return only


def outcome(history: BillingHistory) -> tuple[str, tuple[str, ...]]:
    """The one day's outcome and reasons."""
    only = the_day(history)
    return only.outcome, only.reasons


def line(on: date, **changes: Any) -> ClaimLine:
    """What a claim has of a billable day."""
    made = ClaimLine(
        service_date=on,
        code="H0015",
        modifiers=("HF",),
        units=1,
        charge_minor=30_000,
        place_of_service="57",
    )
    return replace(made, **changes)


def issued(
    *days: date, name: str = "1", lines: Sequence[ClaimLine] = (), **changes: Any
) -> IssuedClaim:
    """A claim of the first week, as issuing makes it of these billable days."""
    made = IssuedClaim(
        fact=f"issued {name}",
        claim_id=f"claim {name}",
        payer_id="payer",
        provider_id="provider",
        site_id="site",
        coverage_id="coverage",
        authorization_id="a",
        period_start=day(0),
        period_end=day(6),
        lines=tuple(lines) or tuple(line(on) for on in days),
    )
    return replace(made, **changes)


def rows_of(history: BillingHistory, kind: type[Content]) -> list[Content]:
    """What is projected of that kind."""
    rows = (row.content for row in derive(history))
    return [content for content in rows if isinstance(content, kind)]

"""Worked examples: days that a rule set must resolve as stated before it can be confirmed."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

from services.billing.domain.authorizations.allocation import allocate
from services.billing.domain.days.service_day import ServiceDay, resolve
from services.billing.domain.history.history import (
    Admission,
    Attendance,
    Authorization,
    BillingHistory,
    ConfirmedRules,
    Consent,
    Coverage,
    Diagnosis,
    Enrollment,
    Fee,
    Modality,
    Note,
    Plan,
    Session,
)
from services.billing.domain.payers.rules import (
    ExampleSession,
    RuleSet,
    ServiceKind,
    WorkedExample,
    week_of,
)

PLENTY = 100_000
SITE, PROVIDER, STAFF, EPISODE = "site", "provider", "staff", "episode"


def unreproduced(rules: RuleSet) -> tuple[str, ...]:
    """Names of the examples that these rules don't come to, in the order they are stated."""
    return tuple(example.name for example in rules.examples if not _reproduced(rules, example))


def example_day(rules: RuleSet, example: WorkedExample) -> ServiceDay | None:
    """The example's day with every gate open; None when nothing was attended or missed on it."""
    on = example_date(rules)
    history = _history(rules, example, on)
    found = {day.service_date: day for day in allocate(resolve(history), history)}
    return found.get(on)


def example_date(rules: RuleSet) -> date:
    """The first day of the first of the payer's weeks that lies wholly in the rules' time."""
    return week_of(rules.effective_from, rules.week_start)[0] + timedelta(days=7)


def _reproduced(rules: RuleSet, example: WorkedExample) -> bool:
    day = example_day(rules, example)
    if day is None or day.outcome != example.outcome:
        return False
    claimed = (*(day.own_lines if day.billable else ()), *day.ancillary_lines)
    return Counter((line.code, line.units) for line in claimed) == Counter(
        (line.code, line.units) for line in example.lines
    )


def _history(rules: RuleSet, example: WorkedExample, on: date) -> BillingHistory:
    """A client of whom all is in order, who attended what the example says."""
    start = on - timedelta(days=1)
    payer_id, level = rules.payer_id, rules.billed_level
    sessions = [_session(given, on, number) for number, given in enumerate(example.sessions)]
    attended = [
        _attended(session, given.minutes)
        for session, given in zip(sessions, example.sessions, strict=True)
    ]
    if example.other_minutes_of_week:
        # In one session of a kind inside the per diem, on the next day.
        other = ExampleSession(
            service_kind=_counted_kind(rules), minutes=example.other_minutes_of_week
        )
        sessions.append(_session(other, on + timedelta(days=1), len(sessions)))
        attended.append(_attended(sessions[-1], other.minutes))
    return BillingHistory(
        client_id="client",
        admissions=(
            Admission(
                fact="admission",
                episode_id=EPISODE,
                site_id=SITE,
                level_of_care=level,
                admitted_on=start,
            ),
        ),
        diagnoses=(
            Diagnosis(fact="diagnosis", sequence=1, code="F10.20", rank=1, effective_from=start),
        ),
        coverages=(
            Coverage(
                fact="coverage",
                coverage_id="coverage",
                payer_id=payer_id,
                verified_from=start,
                verified_to=None,
            ),
        ),
        consents=(
            Consent(
                fact="consent",
                consent_id="consent",
                payer_id=payer_id,
                given_on=start,
                expires_on=None,
            ),
        ),
        plans=(Plan(fact="plan", plan_id="plan", episode_id=EPISODE, in_force_from=start),),
        sessions=tuple(sessions),
        attendances=tuple(attended),
        notes=tuple(
            Note(fact="note", session_id=session.session_id, signed_at=session.ends_at)
            for session in sessions
        ),
        authorizations=(
            Authorization(
                fact="authorization",
                authorization_id="authorization",
                payer_id=payer_id,
                level_of_care=level,
                units=PLENTY,
                effective_from=start,
                effective_to=on + timedelta(days=30),
                unit=rules.authorization_unit,
            ),
        ),
        enrollments=(
            Enrollment(
                fact="enrollment",
                provider_id=PROVIDER,
                payer_id=payer_id,
                site_id=SITE,
                effective_from=start,
            ),
        ),
        fees=tuple(
            Fee(
                fact=f"fee {code}",
                sequence=1,
                provider_id=PROVIDER,
                code=code,
                charge_minor=100,
                effective_from=start,
            )
            for code in sorted(rules.codes)
        ),
        confirmed=(ConfirmedRules(fact="rules", rules=rules),),
    )


def _session(given: ExampleSession, on: date, number: int) -> Session:
    return Session(
        fact=f"session {number}",
        session_id=f"session {number}",
        site_id=SITE,
        modality=Modality.IN_PERSON,
        service_date=on,
        ends_at=datetime.combine(on, time(18), UTC),
        service_kind=given.service_kind,
        facilitator_id=STAFF,
    )


def _attended(session: Session, minutes: int) -> Attendance:
    """No minutes: missed."""
    return Attendance(
        fact=f"attended {session.session_id}",
        session_id=session.session_id,
        site_id=SITE,
        service_date=session.service_date,
        correction=0,
        attended=minutes > 0,
        minutes=minutes,
    )


def _counted_kind(rules: RuleSet) -> ServiceKind:
    return next((kind for kind in ServiceKind if not rules.ancillary_to(kind)), ServiceKind.GROUP)

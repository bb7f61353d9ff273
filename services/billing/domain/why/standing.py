"""What would keep a day from being billed, asked before anybody came: by the rules of every day.

A day is supposed, after the client was at each of the sessions that they are expected at until
then: long enough, and every note signed in time. What closes a gate all the same stands in the way,
whatever is attended.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from services.billing.domain.authorizations.allocation import allocate
from services.billing.domain.days.gates import Verdict, discharged_before
from services.billing.domain.days.release import Release, releases_of
from services.billing.domain.days.service_day import ServiceDay, resolve
from services.billing.domain.history.attended import unclosed
from services.billing.domain.history.coverage import coverage_on
from services.billing.domain.history.history import (
    Admission,
    Attendance,
    BillingHistory,
    Modality,
    Note,
    Program,
    Session,
)
from services.billing.domain.payers.rules import BillBy, RuleSet, ServiceKind
from services.billing.domain.reasons import PLANS, Gate, Reason

OF_WHAT_WAS_DONE = (
    Gate.ATTENDANCE,
    Gate.MINUTES,
    Gate.SERVICES,
    Gate.NOTE,
    Gate.WEEK,
    Gate.CLAIM,
)
"""Gates that nobody can pass or fail before the day."""
IN_TIME = {
    Reason.NO_PLAN_IN_FORCE: Release(
        "signs a plan, so that it is in force by {on}", f"{PLANS}/SignPlan"
    )
}
"""What still opens a gate before the day, and can't after it."""
SUPPOSED = "supposed"
LONG_ENOUGH = 60
"""Minutes of a service whose payer, or whose payer's minimum, isn't known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why the day can't be billed, and who mends that by which command.

    `on`: the date that was supposed; `final`: nothing opens it any more.
    """

    on: date
    gate: Gate
    reason: Reason
    final: bool
    releases: tuple[Release, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Of one admission, or of a client who has none on the date: then both are empty.

    `obstacles`: of the date, and those that a later date has beside.
    """

    client_id: str
    site_id: str
    episode_id: str
    payer_id: str
    obstacles: tuple[Obstacle, ...]


def standings(history: BillingHistory, on: date, until: date) -> list[Standing]:
    """How the client stands on the date at each site that admitted them, and what changes until.

    `until`: a date after it that is looked at, too, or the date itself.
    """
    admitted = sorted(
        (
            admission
            for admission in history.admissions
            if admission.covers(on) and not discharged_before(history, admission, on)
        ),
        key=lambda admission: (admission.site_id, admission.episode_id),
    )
    found: list[Admission | None] = [*admitted] or [None]
    return [_standing(history, admission, on, until) for admission in found]


def _standing(
    history: BillingHistory, admission: Admission | None, on: date, until: date
) -> Standing:
    where = admission or _last_admission(history, on)
    day = _supposed_day(history, where, on)
    found = list(_obstacles(day, history))
    if until > on:
        known = {obstacle.reason for obstacle in found}
        later = _obstacles(_supposed_day(history, where, until), history)
        found += [obstacle for obstacle in later if obstacle.reason not in known]
    return Standing(
        client_id=history.client_id,
        site_id=admission.site_id if admission else "",
        episode_id=admission.episode_id if admission else "",
        payer_id=day.payer_id,
        obstacles=tuple(found),
    )


def _last_admission(history: BillingHistory, on: date) -> Admission | None:
    """Where they were last, of whom no admission is open."""
    before = [admission for admission in history.admissions if admission.covers(on)]
    return max(
        before, key=lambda admission: (admission.admitted_on, admission.episode_id), default=None
    )


def _obstacles(day: ServiceDay, history: BillingHistory) -> Iterator[Obstacle]:
    for verdict in day.verdicts:
        if verdict.gate is Gate.ENROLLMENT and not day.site_id:
            continue  # nobody knows for which site
        if verdict.reason is not None and verdict.gate not in OF_WHAT_WAS_DONE:
            yield Obstacle(
                on=day.service_date,
                gate=verdict.gate,
                reason=verdict.reason,
                final=verdict.final,
                releases=_releases(verdict, day, history),
            )


def _releases(verdict: Verdict, day: ServiceDay, history: BillingHistory) -> tuple[Release, ...]:
    in_time = IN_TIME.get(verdict.reason) if verdict.reason else None
    if in_time is None:
        return releases_of(verdict, day, history)
    return (replace(in_time, says=in_time.says.format(on=day.service_date)),)


def _supposed_day(history: BillingHistory, admission: Admission | None, on: date) -> ServiceDay:
    """The day as it would be, if the client came whenever they are expected until then."""
    supposed = _without(history, on)
    expected = unclosed(supposed, date.min, on - timedelta(days=1))
    by_date: dict[date, list[Session]] = {}
    for session in expected:
        by_date.setdefault(session.service_date, []).append(session)
    by_date[on] = _sessions_on(history, admission, on)
    came = [
        _attended(session, minutes)
        for date_, sessions in by_date.items()
        for session, minutes in _long_enough(sessions, _rules_on(history, date_))
    ]
    signed = [
        Note(fact=SUPPOSED, session_id=session.session_id, signed_at=session.ends_at)
        for sessions in by_date.values()
        for session in sessions
    ]
    supposed = replace(
        supposed,
        sessions=(*supposed.sessions, *by_date[on]),
        attendances=(*supposed.attendances, *came),
        notes=(*supposed.notes, *signed),
    )
    [day] = [day for day in allocate(resolve(supposed), supposed) if day.service_date == on]
    return day


def _without(history: BillingHistory, on: date) -> BillingHistory:
    """As if nothing had been of that date, and nobody were expected after it."""
    return replace(
        history,
        sessions=tuple(session for session in history.sessions if session.service_date < on),
        attendances=tuple(
            attendance for attendance in history.attendances if attendance.service_date < on
        ),
    )


def _sessions_on(history: BillingHistory, admission: Admission | None, on: date) -> list[Session]:
    """As many as the payer wants, of a kind it pays for by the day, of the admission's program."""
    rules = _rules_on(history, on)
    return [
        Session(
            fact=SUPPOSED,
            session_id=f"{SUPPOSED} {number}",
            site_id=admission.site_id if admission else "",
            modality=Modality.IN_PERSON,
            service_date=on,
            ends_at=datetime.combine(on, time(12), UTC),
            service_kind=_kind(rules),
            program=_program(history, admission),
        )
        for number in range(max(1, rules.minimum_services if rules else 0))
    ]


def _kind(rules: RuleSet | None) -> ServiceKind:
    """One inside the per diem; where single services are billed, the first that is listed."""
    if rules is None:
        return ServiceKind.GROUP
    if rules.bill_by == BillBy.DISCRETE and rules.discrete:
        return rules.discrete[0].service_kind
    return next((kind for kind in ServiceKind if not rules.ancillary_to(kind)), ServiceKind.GROUP)


def _program(history: BillingHistory, admission: Admission | None) -> Program:
    """The admission's, under Part 2 unless a session of it said otherwise."""
    if admission is None:
        return Program()
    said = [
        session
        for session in history.sessions
        if session.program.program_id == admission.program_id != ""
    ]
    if not said:
        return Program(admission.program_id)
    return max(said, key=lambda session: (session.service_date, session.fact)).program


def _long_enough(
    sessions: Sequence[Session], rules: RuleSet | None
) -> Iterator[tuple[Session, int]]:
    """Each with its part of the shortest day that is billed; no more, so that units last."""
    share = -(-_minimum(rules) // max(1, len(sessions)))
    for session in sessions:
        single = rules.discrete_for(session.service_kind) if rules else None
        yield session, max(share, single.minimum_minutes if single else 0)


def _minimum(rules: RuleSet | None) -> int:
    if rules is None:
        return LONG_ENOUGH
    if rules.bill_by == BillBy.PER_DIEM and rules.per_diem:
        return max(1, rules.per_diem.minimum_minutes)
    if rules.bill_by == BillBy.TIMED_UNITS and rules.timed_units:
        return max(rules.timed_units.minimum_minutes, rules.timed_units.unit_minutes)
    return max([LONG_ENOUGH, *(max(s.minimum_minutes, s.unit_minutes) for s in rules.discrete)])


def _rules_on(history: BillingHistory, on: date) -> RuleSet | None:
    held = coverage_on(history, on)
    return history.rules_of(held.coverage.payer_id, on) if held else None


def _attended(session: Session, minutes: int) -> Attendance:
    return Attendance(
        fact=SUPPOSED,
        session_id=session.session_id,
        site_id=session.site_id,
        service_date=session.service_date,
        correction=0,
        attended=True,
        minutes=minutes,
        program=session.program,
    )

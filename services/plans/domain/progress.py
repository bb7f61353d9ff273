"""Progress, week by week: what the plan asks for, what was delivered. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """The least minutes a week of each level of care, and which version of them this is."""

    version: str
    floor_minutes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A public fact: its id, and its place in its owner's log of the client."""

    id: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission(Heard):
    episode_id: str
    level_of_care: str
    admitted_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInForce(Heard):
    episode_id: str
    in_force_from: date
    planned_minutes_per_week: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled(Heard):
    session_id: str
    service_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance(Heard):
    """What was told of a session: when it was closed (`correction` 0), or by a correction."""

    session_id: str
    service_date: date
    correction: int
    attended: bool
    minutes: int


ProgressFact = Admission | PlanInForce | Scheduled | Attendance


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekOfProgress:
    """One episode's week of the network, which begins on Monday; `rests_on` are ids of facts."""

    episode_id: str
    week_start: date
    planned_minutes: int
    delivered_minutes: int
    attended: int
    missed: int
    complete: bool
    reaches_band: bool
    rests_on: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Session:
    """A session as it stands: expected, or told of, or both."""

    service_date: date
    scheduled: Scheduled | None
    attendance: Attendance | None


def measure(facts: Iterable[ProgressFact], bands: Bands) -> list[WeekOfProgress]:
    """Every week of every episode of one client, from admission to the last session there is.

    Order and repetition of the facts do not matter. A session belongs to the episode admitted
    last before it, or that day; one before any admission to none. The week of admission is measured
    like any other, not prorated. A level without a floor reaches none.
    """
    known = sorted(frozenset(facts), key=_order)
    last = {fact.episode_id: fact for fact in known if isinstance(fact, Admission)}
    admissions = sorted(last.values(), key=lambda each: (each.admitted_on, _order(each)))
    ends = [*(admission.admitted_on for admission in admissions[1:]), date.max]
    sessions = _sessions(known)
    return [
        week
        for admission, end in zip(admissions, ends, strict=False)
        for week in _weeks_of(
            admission,
            [
                fact
                for fact in known
                if isinstance(fact, PlanInForce) and fact.episode_id == admission.episode_id
            ],
            [each for each in sessions if admission.admitted_on <= each.service_date < end],
            bands,
        )
    ]


def week_of(day: date) -> date:
    """The Monday on which the day's week begins."""
    return day - timedelta(days=day.weekday())


def _weeks_of(
    admission: Admission,
    plans: Sequence[PlanInForce],
    sessions: Sequence[_Session],
    bands: Bands,
) -> Iterator[WeekOfProgress]:
    by_week: defaultdict[date, list[_Session]] = defaultdict(list)
    for session in sessions:
        by_week[week_of(session.service_date)].append(session)
    week_start = week_of(admission.admitted_on)
    while by_week and week_start <= max(by_week):
        plan = _plan_in_force(plans, week_start + WEEK - timedelta(days=1))
        yield _week(admission, week_start, plan, by_week.get(week_start, []), bands)
        week_start += WEEK


def _plan_in_force(plans: Sequence[PlanInForce], day: date) -> PlanInForce | None:
    """The plan that came into force last; of one day's, the one activated last."""
    return max(
        (plan for plan in plans if plan.in_force_from <= day),
        key=lambda plan: (plan.in_force_from, _order(plan)),
        default=None,
    )


def _week(
    admission: Admission,
    week_start: date,
    plan: PlanInForce | None,
    sessions: Sequence[_Session],
    bands: Bands,
) -> WeekOfProgress:
    told = [session.attendance for session in sessions if session.attendance is not None]
    delivered = sum(attendance.minutes for attendance in told if attendance.attended)
    floor = bands.floor_minutes.get(admission.level_of_care)
    used: list[Heard | None] = [admission, plan, *told, *(each.scheduled for each in sessions)]
    return WeekOfProgress(
        episode_id=admission.episode_id,
        week_start=week_start,
        planned_minutes=0 if plan is None else plan.planned_minutes_per_week,
        delivered_minutes=delivered,
        attended=sum(attendance.attended for attendance in told),
        missed=sum(not attendance.attended for attendance in told),
        complete=len(told) == len(sessions),
        reaches_band=floor is not None and delivered >= floor,
        rests_on=frozenset(fact.id for fact in used if fact is not None),
    )


def _sessions(known: Sequence[ProgressFact]) -> list[_Session]:
    """Each session once, with what holds of it: the highest correction, else what closing said."""
    scheduled = {fact.session_id: fact for fact in known if isinstance(fact, Scheduled)}
    told = sorted(
        (fact for fact in known if isinstance(fact, Attendance)),
        key=lambda fact: (fact.correction, _order(fact)),
    )
    attendance = {fact.session_id: fact for fact in told}
    # The service date is computed once, by attendance: both facts carry the same.
    dates = {key: fact.service_date for key, fact in (scheduled | attendance).items()}
    return [
        _Session(service_date, scheduled.get(session_id), attendance.get(session_id))
        for session_id, service_date in sorted(dates.items())
    ]


def _order(fact: Heard) -> tuple[int, str]:
    return fact.sequence, fact.id

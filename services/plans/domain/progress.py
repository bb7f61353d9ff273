"""Progress, week by week: what the plan asks for, what was delivered, where scores go. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from itertools import takewhile
from typing import TypeVar
from zoneinfo import ZoneInfo

from services.plans.domain.civil import week_of
from services.plans.domain.history import (
    Admission,
    Assessed,
    CareHistory,
    Discharge,
    HistoryFact,
    LevelChange,
    PlanInForce,
    ProgressFact,
    Review,
    SiteClocks,
    Transfer,
    order,
)
from services.plans.domain.scores import EpisodeDays, Trend, scores_of, trend_of
from services.plans.domain.sessions import Session, sessions_of

WEEK = timedelta(days=7)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
H = TypeVar("H", bound=HistoryFact)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekOfProgress:
    """One episode's week of the network, which begins on Monday. Fields are a storage format.

    `delivered_minutes`: of therapy, each minute once, whole ones of the week's sum.
    `cancelled_minutes`: of therapy that the program cancelled, each minute once; no session in
    their place asked them of the client.
    `attended`, `missed`: sessions of therapy. `consecutive_missed`: those missed in a row, when the
    week ends. `objectives_met`: of the plan in force then, by its latest review.
    """

    client_id: str
    episode_id: str
    week_start: date
    planned_minutes: int
    delivered_minutes: int
    attended: int
    missed: int
    complete: bool
    reaches_band: bool
    # Rows of releases before say none of these, until they are derived again.
    consecutive_missed: int = 0
    objectives: int = 0
    objectives_met: int = 0
    phq9: Trend | None = None
    cancelled_minutes: int = 0

    @property
    def last_day(self) -> date:
        return self.week_start + WEEK - DAY

    @property
    def counts(self) -> bool:
        """A complete week with therapy to attend: what thresholds count weeks by."""
        return self.complete and self.attended + self.missed > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredWeek(WeekOfProgress):
    """`rests_on`: ids of the facts that it was made of."""

    rests_on: frozenset[str]


@dataclass(frozen=True, slots=True)
class Episode:
    """All facts of one episode, sessions and scores in order of time; its days at its site."""

    admission: Admission
    clocks: SiteClocks | None
    stay: EpisodeDays
    plans: Sequence[PlanInForce]
    reviews: Sequence[Review]
    levels: Sequence[LevelChange]
    discharge: Discharge | None
    sessions: Sequence[Session]
    scores: Sequence[Assessed]


def measure(history: CareHistory) -> list[MeasuredWeek]:
    """Every week of every episode of one client, from admission to the last session there is.

    A session before any admission belongs to no episode. The week of admission is measured like
    any other, not prorated. What was cancelled is neither open nor missed, and makes no further
    week. The level is the one in force on the week's last day; one without a floor reaches no band.
    """
    episodes = episodes_of(history.facts)
    return [week for episode in episodes for week in weeks_of(episode, history)]


def episodes_of(facts: Iterable[ProgressFact]) -> list[Episode]:
    """The client's episodes in order of admission, each with what belongs to it.

    A session belongs to the episode whose program gave it; where that isn't known, or is no
    episode's, to one open on its date, else to one before: of several, the one admitted last. A
    score belongs to every episode open on its date at the episode's site.
    """
    in_order = sorted(frozenset(facts), key=order)
    last = {fact.episode_id: fact for fact in _only(in_order, Admission)}
    admissions = sorted(
        last.values(), key=lambda admission: (admission.admitted_on, order(admission))
    )
    discharges = {fact.episode_id: fact for fact in _only(in_order, Discharge)}
    clocks = {fact.site_id: fact for fact in _only(in_order, SiteClocks)}
    stays = {admission.episode_id: _stay(admission, discharges, clocks) for admission in admissions}
    programs = _programs(admissions, _only(in_order, Transfer))
    sessions: defaultdict[str, list[Session]] = defaultdict(list)
    for session in sessions_of(in_order):
        if admission := _admission_of(session, admissions, stays, programs):
            sessions[admission.episode_id].append(session)
    return [
        Episode(
            admission=admission,
            clocks=clocks.get(admission.site_id),
            stay=stays[episode_id],
            plans=[fact for fact in _only(in_order, PlanInForce) if fact.episode_id == episode_id],
            reviews=_only(in_order, Review),
            levels=[fact for fact in _only(in_order, LevelChange) if fact.episode_id == episode_id],
            discharge=discharges.get(episode_id),
            sessions=sessions[episode_id],
            scores=scores_of(
                stays[episode_id],
                _only(in_order, Assessed),
                [stay for other, stay in stays.items() if other != episode_id],
            ),
        )
        for episode_id, admission in ((admitted.episode_id, admitted) for admitted in admissions)
    ]


def _stay(
    admission: Admission, discharges: Mapping[str, Discharge], clocks: Mapping[str, SiteClocks]
) -> EpisodeDays:
    """Of a site nobody told of, the dates are UTC's."""
    discharge = discharges.get(admission.episode_id)
    site = clocks.get(admission.site_id)
    return EpisodeDays(
        first=admission.admitted_on,
        last=date.max if discharge is None else discharge.discharged_on,
        zone=UTC if site is None else ZoneInfo(site.time_zone),
    )


def _programs(
    admissions: Iterable[Admission], transfers: Iterable[Transfer]
) -> Mapping[str, set[str]]:
    """Episode → the programs that it is, or was, in."""
    found = {admission.episode_id: {admission.program_id} for admission in admissions}
    for transfer in transfers:
        found.get(transfer.episode_id, set()).add(transfer.program_id)
    return found


def _admission_of(
    session: Session,
    admissions: Sequence[Admission],
    stays: Mapping[str, EpisodeDays],
    programs: Mapping[str, set[str]],
) -> Admission | None:
    """None: before any. The admissions are in order."""
    day = session.service_date
    begun = [admission for admission in admissions if admission.admitted_on <= day]
    own = [
        admission
        for admission in begun
        if session.program_id and session.program_id in programs[admission.episode_id]
    ]
    on_that_day = [admission for admission in begun if day <= stays[admission.episode_id].last]
    return next((candidates[-1] for candidates in (own, on_that_day, begun) if candidates), None)


def weeks_of(episode: Episode, history: CareHistory) -> Iterator[MeasuredWeek]:
    """The episode's weeks, oldest first."""
    by_week: defaultdict[date, list[Session]] = defaultdict(list)
    for session in episode.sessions:
        by_week[week_of(session.service_date)].append(session)
    expected = [week for week, those in by_week.items() if not all(s.cancelled for s in those)]
    week_start = week_of(episode.admission.admitted_on)
    while expected and week_start <= max(expected):
        yield _week(episode, week_start, by_week.get(week_start, []), history)
        week_start += WEEK


def level_on(episode: Episode, day: date) -> Admission | LevelChange:
    """What put the level in force on that day; of one day's changes the last. Before any, it is
    the admission's."""
    return max(
        (change for change in episode.levels if change.effective_from <= day),
        key=lambda change: (change.effective_from, order(change)),
        default=episode.admission,
    )


def _week(
    episode: Episode, week_start: date, sessions: Sequence[Session], history: CareHistory
) -> MeasuredWeek:
    last_day = week_start + WEEK - DAY
    plan = _plan_in_force(episode.plans, last_day)
    review = _latest_review(episode.reviews, plan, last_day)
    level = level_on(episode, last_day)
    scores = [
        score for score in episode.scores if episode.stay.day_of(score.completed_at) <= last_day
    ]
    therapy = [session for session in sessions if session.is_therapy]
    in_a_row = _missed_in_a_row(episode.sessions, last_day)
    delivered = sum((session.delivered for session in sessions), timedelta()) // MINUTE
    cancelled = sum((session.called_off for session in sessions), timedelta()) // MINUTE
    floor = history.bands.floor_minutes.get(level.level_of_care)
    lowest = sorted(scores, key=lambda fact: fact.score)[:1]
    used: list[HistoryFact | None] = [episode.admission, plan, review, level]
    used += [*scores[:1], *lowest, *scores[-1:]]
    used += [fact for session in (*sessions, *in_a_row) for fact in session.facts]
    used += [episode.clocks] if scores else []
    shared = frozenset().union(*(session.shared_with for session in sessions))
    return MeasuredWeek(
        client_id=history.client_id,
        episode_id=episode.admission.episode_id,
        week_start=week_start,
        planned_minutes=0 if plan is None else plan.planned_minutes_per_week,
        delivered_minutes=delivered,
        attended=sum(session.attended for session in therapy),
        missed=sum(session.missed for session in therapy),
        complete=all(session.settled for session in sessions),
        reaches_band=floor is not None and delivered + cancelled >= floor,
        rests_on=shared | frozenset(fact.id for fact in used if fact is not None),
        consecutive_missed=len(in_a_row),
        objectives=_objectives(plan, review),
        objectives_met=0 if review is None else review.objectives_met,
        phq9=trend_of([score.score for score in scores]) if scores else None,
        cancelled_minutes=cancelled,
    )


def _plan_in_force(plans: Sequence[PlanInForce], day: date) -> PlanInForce | None:
    """The plan that came into force last; of one day's, the one activated last."""
    return max(
        (plan for plan in plans if plan.in_force_from <= day),
        key=lambda plan: (plan.in_force_from, order(plan)),
        default=None,
    )


def _latest_review(reviews: Sequence[Review], plan: PlanInForce | None, day: date) -> Review | None:
    """Of this plan: a review of the version before says nothing of this one's objectives."""
    return max(
        (
            review
            for review in reviews
            if plan is not None and review.plan_id == plan.plan_id and review.reviewed_on <= day
        ),
        key=lambda review: (review.reviewed_on, order(review)),
        default=None,
    )


def _objectives(plan: PlanInForce | None, review: Review | None) -> int:
    if review is not None:
        return review.objectives
    return 0 if plan is None else plan.objectives


def _missed_in_a_row(sessions: Sequence[Session], day: date) -> list[Session]:
    """Back from the last session of therapy by that day that was held, while it was missed."""
    held = [
        session
        for session in sessions
        if session.is_therapy
        and (session.attended or session.missed)
        and session.service_date <= day
    ]
    return list(takewhile(lambda session: session.missed, reversed(held)))


def _only(facts: Sequence[ProgressFact], kind: type[H]) -> list[H]:
    return [fact for fact in facts if isinstance(fact, kind)]

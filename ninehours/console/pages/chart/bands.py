"""What services told of one client, as the rows of each band. Asks nobody."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from ninehours.plans.v1 import plans_service_pb2 as plans

from ninehours.console.pages.chart.telling import code, day_at, day_of

DAY = timedelta(days=1)
RELIABLE = (plans.SCORE_CHANGE_RELIABLY_IMPROVED, plans.SCORE_CHANGE_RELIABLY_DETERIORATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRow:
    """A stretch of days at one level; `last` None: it goes on. The floor and the ceiling of a week
    there are minutes, 0: it has none."""

    episode_id: str
    level: str
    first: date
    last: date | None
    floor: int
    ceiling: int
    site: str
    program: str
    under_part2: bool
    ended: str = ""

    def has(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRow:
    """A week from its Monday, as plans measured it; `level`: that of its end, if it is known."""

    monday: date
    delivered: int
    planned: int
    attended: int
    missed: int
    complete: bool
    reaches: bool
    level: LevelRow | None
    # Of PHQ-9, from the episode's first to the newest of then; None: none, or it isn't told.
    first_score: int | None = None
    latest_score: int | None = None
    change: str = ""
    reliable: bool = False

    @property
    def short(self) -> bool:
        """Of the level's floor, in a week that is over and had sessions."""
        asks = self.level is not None and self.level.floor > 0
        return asks and self.complete and not self.reaches and self.attended + self.missed > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """An assessment by an instrument. `scored`: it has a total, which `score` is."""

    assessment_id: str
    on: date
    instrument: str
    score: int
    scored: bool
    band: str
    partial: bool
    safety: bool
    subscales: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """A version of a plan; `first` None: never in force. `last` None: it goes on."""

    version: int
    first: date | None
    last: date | None
    minutes: int
    signed: Sequence[tuple[str, date]]
    refused: Sequence[tuple[str, date]]
    certified: Sequence[tuple[date, date | None]]
    reviewed: Sequence[tuple[date, date | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRow:
    """What a payer allowed, and what is left of it."""

    payer: str
    first: date
    last: date
    units: int
    left: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """An issued claim; `became`: what it is of another one, by its frequency."""

    claim_id: str
    payer: str
    first: date
    last: date
    charge: Any
    frequency: str
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """All rows, each band's oldest first."""

    levels: Sequence[LevelRow] = ()
    weeks: Sequence[WeekRow] = ()
    scores: Sequence[ScoreRow] = ()
    plans: Sequence[PlanRow] = ()
    authorizations: Sequence[AuthorizationRow] = ()
    claims: Sequence[ClaimRow] = ()
    instruments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changes(self) -> list[WeekRow]:
        """Of scores: the weeks by whose end there was a newer one, or another change."""
        told = [week for week in self.weeks if week.latest_score is not None]
        return [
            week
            for before, week in pairwise([None, *told])
            if week and (before is None or _change(before) != _change(week))
        ]


def _change(week: WeekRow) -> tuple[int | None, int | None, str]:
    return week.first_score, week.latest_score, week.change


def levels_of(episodes: Sequence[Any], sites: Mapping[str, str]) -> list[LevelRow]:
    """Of plans' courses."""
    return [
        LevelRow(
            episode_id=episode.episode_id,
            level=segment.level_of_care,
            first=day_of(segment, "from") or date.max,
            last=day_of(segment, "to"),
            floor=segment.floor_minutes,
            ceiling=segment.ceiling_minutes,
            site=sites.get(episode.site_id, episode.site_id),
            program=code(episode.program, "kind"),
            under_part2=episode.program.under_part2,
            ended=_ended(episode, segment),
        )
        for episode in episodes
        for segment in episode.levels
    ]


def _ended(episode: Any, segment: Any) -> str:
    """Why, where this stretch ends with the episode."""
    discharged = day_of(episode, "discharged_on")
    if discharged is None or day_of(segment, "to") != discharged:
        return ""
    return code(episode, "discharge_reason")


def weeks_of(weeks: Sequence[Any], levels: Sequence[LevelRow]) -> list[WeekRow]:
    """Of plans' progress."""
    return [_week(week, levels) for week in weeks]


def _week(week: Any, levels: Sequence[LevelRow]) -> WeekRow:
    monday = day_of(week, "week_start") or date.max
    at_end = [
        level
        for level in levels
        if level.episode_id == week.episode_id and level.first <= monday + 6 * DAY
    ]
    known = week.HasField("phq9") and week.phq9.known
    return WeekRow(
        monday=monday,
        delivered=week.delivered_minutes,
        planned=week.planned_minutes,
        attended=week.attended,
        missed=week.missed,
        complete=week.complete,
        reaches=week.reaches_band,
        level=at_end[-1] if at_end else None,
        first_score=week.phq9.first if known else None,
        latest_score=week.phq9.latest if known else None,
        change=code(week.phq9, "change") if known else "",
        reliable=known and week.phq9.change in RELIABLE,
    )


def scores_of(
    assessments: Sequence[Any], instruments: Mapping[str, Any], zone: ZoneInfo
) -> list[ScoreRow]:
    """Of intake's assessments, by instruments as intake describes them, as far as it does."""
    return [
        ScoreRow(
            assessment_id=each.assessment_id,
            on=day_at(each.completed_at, zone),
            instrument=each.instrument,
            score=each.score,
            scored=bool(described.highest_score) if described else not each.subscales,
            band=each.band,
            partial=each.partial,
            safety=each.safety_flag,
            subscales=dict(sorted(each.subscales.items())),
        )
        for each in assessments
        for described in [instruments.get(each.instrument)]
    ]


def plans_of(versions: Sequence[Any], levels: Sequence[LevelRow]) -> list[PlanRow]:
    """Of plans' plans in all versions: one ends before the day of what came into force in its
    place, or with its episode."""
    began = {plan.plan_id: day_of(plan, "in_force_from") for plan in versions}
    ends = {level.episode_id: level.last for level in levels}
    return [
        PlanRow(
            version=plan.plan_version,
            first=began[plan.plan_id],
            last=next_began - DAY
            if (next_began := began.get(plan.superseded_by))
            else ends.get(plan.episode_id),
            minutes=plan.planned_minutes_per_week,
            signed=list(_days(plan.signatures, "signed_on")),
            refused=list(_days(plan.refusals, "refused_on")),
            certified=[
                (on, day_of(each, "recertify_by"))
                for each in plan.certifications
                if (on := day_of(each, "certified_on"))
            ],
            reviewed=[
                (on, day_of(each, "next_review_by"))
                for each in plan.reviews
                if (on := day_of(each, "reviewed_on"))
            ],
        )
        for plan in versions
    ]


def _days(said: Sequence[Any], name: str) -> Iterator[tuple[str, date]]:
    for each in said:
        if on := day_of(each, name):
            yield code(each, "signer_role"), on


def authorizations_of(balances: Sequence[Any], payers: Mapping[str, str]) -> list[AuthorizationRow]:
    """Of billing's account."""
    return [
        AuthorizationRow(
            payer=payers.get(each.payer_id, each.payer_id),
            first=first,
            last=last,
            units=each.units,
            left=each.units - each.issued - each.allocated,
            unit=code(each, "unit"),
        )
        for each in balances
        if (first := day_of(each, "effective_from")) and (last := day_of(each, "effective_to"))
    ]


def claims_of(claims: Sequence[Any], payers: Mapping[str, str]) -> list[ClaimRow]:
    """Of billing's account."""
    return [
        ClaimRow(
            claim_id=each.claim_id,
            payer=payers.get(each.payer_id, each.payer_id),
            first=first,
            last=last,
            charge=each.charge,
            frequency=each.frequency,
            stands=each.stands,
        )
        for each in claims
        if (first := day_of(each, "from")) and (last := day_of(each, "to"))
    ]

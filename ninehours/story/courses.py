"""What each client's course is: who sits where, comes or stays away, and how it ends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from random import Random
from typing import Any

from ninehours.story import days
from ninehours.story.network import GROUPS, PayerKey, ProgramKind, group_of, program_of

HIGHEST = 24  # of PHQ-9 without item 9, which asks about self-harm
# How many of a group's seats go to people without a story of their own.
ORDINARY = {"day": 4, "evening": 5, "morning": 6, "both": 8, "weekend": 5, "online": 8}
PAYERS_OF: Mapping[ProgramKind, tuple[PayerKey, ...]] = {
    "SUBSTANCE_USE": (PayerKey.PER_DIEM, PayerKey.PER_DIEM, PayerKey.UNITS, PayerKey.DISCRETE),
    "MENTAL_HEALTH": (PayerKey.INSTITUTIONAL, PayerKey.INSTITUTIONAL, PayerKey.DISCRETE),
    "DUAL": (PayerKey.PER_DIEM, PayerKey.UNITS, PayerKey.DISCRETE),
}
EPISODES = ((1, 1), (1, 2), (1, 2), (1, 3), (2, 3), (2, 3), (3, 3))


class Objectives(StrEnum):
    """How a plan's objectives stand at a review, as plans calls it."""

    MET = "MET"
    PROGRESSING = "PROGRESSING"


class DemoDischarge(StrEnum):
    """Why an episode ends, as plans calls it."""

    COMPLETED = "COMPLETED"
    LEFT = "LEFT_AGAINST_ADVICE"
    TRANSFERRED = "TRANSFERRED"


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a group, from one block of weeks to another."""

    group: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class DemoEpisode:
    """One episode of care, in blocks; `ends`: why the client is discharged, None: not yet."""

    first: int
    last: int
    ends: DemoDischarge | None = None


@dataclass(frozen=True, slots=True)
class DemoScore:
    """A PHQ-9 at the end of a week; `total` without item 9."""

    week: int
    total: int
    self_harm: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseOfCare:
    """`reviews`: how objectives stand at each block's review; `leaves_after`: date and minutes."""

    payer: PayerKey
    seats: tuple[Seat, ...] = ()
    episodes: tuple[DemoEpisode, ...] = ()
    missed: frozenset[date] = frozenset()
    leaves_after: tuple[tuple[date, int], ...] = ()
    unsigned: frozenset[date] = frozenset()
    first_score: int = 12
    scores: tuple[DemoScore, ...] = ()
    reviews: tuple[tuple[int, Objectives], ...] = ()
    # Days the payer authorizes; 0: as many as there are sessions, and some.
    authorized_days: int = 0
    aftercare: tuple[str, ...] = ("OUTPATIENT",)

    @property
    def first_block(self) -> int:
        """In which the client comes, be it only to be declined."""
        return min((episode.first for episode in self.episodes), default=1)

    def sits_in(self, group: str, block: int) -> bool:
        """Whether the client is on that group's roster."""
        return any(seat.group == group and seat.first <= block <= seat.last for seat in self.seats)

    def episode_in(self, block: int) -> DemoEpisode | None:
        """The episode that covers a block."""
        covering = (found for found in self.episodes if found.first <= block <= found.last)
        return next(covering, None)

    def first_group(self, episode: DemoEpisode) -> str:
        """The group that leads to the program the client is admitted to."""
        return next(seat.group for seat in self.seats if seat.first <= episode.first <= seat.last)

    def groups_beside(self, episode: DemoEpisode) -> list[str]:
        """Of each other program that the client sits in meanwhile, a group: it admits them too."""
        groups = {
            group_of(seat.group).program: seat.group
            for seat in self.seats
            if seat.first <= episode.last and episode.first <= seat.last
        }
        del groups[group_of(self.first_group(episode)).program]
        return list(groups.values())

    def sessions_in(self, episode: DemoEpisode) -> int:
        """How often the client is expected."""
        blocks = sum(
            max(min(seat.last, episode.last) - max(seat.first, episode.first) + 1, 0)
            for seat in self.seats
        )
        return 3 * days.WEEKS_OF_A_BLOCK * blocks

    def objectives(self, block: int) -> Objectives:
        """How they stand at the block's review."""
        return dict(self.reviews).get(block, Objectives.PROGRESSING)


def ordinary_courses(chance: Random) -> Iterator[CourseOfCare]:
    """Group by group: who comes mostly, is better after a while, and leaves one way or another."""
    for group in GROUPS:
        payers = PAYERS_OF[program_of(group.program).kind]
        for number in range(ORDINARY[group.key]):
            payer = payers[number % len(payers)]
            yield _ordinary(chance, group.key, payer, *chance.choice(EPISODES))


def _ordinary(chance: Random, group: str, payer: PayerKey, first: int, last: int) -> CourseOfCare:
    expected = [
        days.day_of(week, weekday)
        for block in range(first, last + 1)
        for week in days.weeks_of(block)
        for weekday, _ in group_of(group).meets
    ]
    score = chance.randint(9, HIGHEST - 4)
    scores = []
    for block in range(first, last + 1):
        score = max(score - chance.randint(0, 5), 1)
        scores.append(DemoScore(days.weeks_of(block)[-1], score))
    does_well = chance.random() < 0.5 and last > first
    otherwise = (
        None
        if last == len(days.BLOCKS)
        else chance.choice((DemoDischarge.LEFT, DemoDischarge.TRANSFERRED))
    )
    return CourseOfCare(
        payer=payer,
        seats=(Seat(group, first, last),),
        episodes=(DemoEpisode(first, last, DemoDischarge.COMPLETED if does_well else otherwise),),
        missed=frozenset(day for day in expected if chance.random() < 0.07),
        leaves_after=tuple(
            (day, chance.randint(70, 150)) for day in expected if chance.random() < 0.03
        ),
        unsigned=frozenset(day for day in expected if chance.random() < 0.005),
        first_score=scores[0].total + chance.randint(0, 3),
        scores=tuple(scores),
        reviews=((last, Objectives.MET),) if does_well else (),
        aftercare=(chance.choice(("OUTPATIENT", "SUPPORT_GROUP")),),
    )


class StoryName(StrEnum):
    """As README's table has it."""

    FULL_COURSE = "full course"
    SHORT_OF_NINE_HOURS = "short of nine hours"
    STEP_DOWN = "step-down"
    STEP_UP = "step-up"
    NO_SHOW_WEEK = "no-show week"
    TELEHEALTH = "telehealth"
    TWO_SITES = "two sites"
    SCREENED_OUT = "screening declined"
    AUTHORIZATION_USED_UP = "authorization used up"
    CONSENT_REVOKED = "consent revoked"
    PAID_IN_FULL = "paid in full"
    CORRECTED_REPLACED = "corrected, replaced"
    CORRECTED_VOIDED = "corrected, voided"
    CORRECTED_WAITING = "corrected, waiting"
    LATE_NOTE = "late note"
    LATE_DAY = "late day"
    DUAL_DIAGNOSIS = "dual diagnosis"
    DAYLIGHT_SAVING = "daylight saving"
    READMITTED = "readmitted"
    MEMBER_NUMBER_MISTYPED = "member number mistyped"
    PLAN_ON_PAPER = "plan on paper"
    COVERAGE_ENDED_LATE = "coverage ended late"
    DISCHARGE_WITHDRAWN = "discharge withdrawn"
    REGISTERED_TWICE = "registered twice"


def _course(
    group: str, last: int = 1, *, ends: DemoDischarge | None = None, **more: Any
) -> CourseOfCare:
    """From the first block on, paid by the day."""
    usual = {"seats": (Seat(group, 1, last),), "episodes": (DemoEpisode(1, last, ends),)}
    return CourseOfCare(payer=PayerKey.PER_DIEM, **{**usual, **more})


def _weekly(*totals: int) -> tuple[DemoScore, ...]:
    return tuple(DemoScore(week, total) for week, total in enumerate(totals, start=1))


COURSES: Mapping[StoryName, CourseOfCare] = {
    StoryName.FULL_COURSE: _course(
        "day",
        2,
        ends=DemoDischarge.COMPLETED,
        first_score=16,
        scores=_weekly(15, 14, 13, 11, 10, 8, 6, 4),
        reviews=((1, Objectives.PROGRESSING), (2, Objectives.MET)),
        aftercare=("OUTPATIENT", "ALUMNI"),
    ),
    StoryName.SHORT_OF_NINE_HOURS: _course(
        "day",
        ends=DemoDischarge.LEFT,
        leaves_after=tuple((day, days.LEFT_EARLY_AFTER) for day in days.SHORT_DAYS),
    ),
    StoryName.STEP_DOWN: _course(
        "day", first_score=15, scores=_weekly(13, 11, 9, 6), reviews=((1, Objectives.MET),)
    ),
    StoryName.STEP_UP: _course(
        "evening",
        2,
        ends=DemoDischarge.TRANSFERRED,
        first_score=10,
        scores=(*_weekly(10, 9, 9, 10, 11, 12, 13), DemoScore(8, 18, self_harm=1)),
    ),
    StoryName.NO_SHOW_WEEK: _course("evening", 2, missed=days.days_of(days.NO_SHOW_WEEK)),
    StoryName.TELEHEALTH: _course("online", 3),
    StoryName.TWO_SITES: _course("day", 2, seats=(Seat("day", 1, 2), Seat("both", 1, 1))),
    StoryName.SCREENED_OUT: CourseOfCare(payer=PayerKey.PER_DIEM),
    StoryName.AUTHORIZATION_USED_UP: _course("day", authorized_days=days.AUTHORIZED_DAYS_USED_UP),
    StoryName.CONSENT_REVOKED: _course("evening", 2, ends=DemoDischarge.LEFT),
    StoryName.PAID_IN_FULL: _course("day", 2),
    StoryName.CORRECTED_REPLACED: _course("evening", 2),
    StoryName.CORRECTED_VOIDED: _course("day", missed=days.days_of(1) - {days.NEVER_THERE}),
    StoryName.CORRECTED_WAITING: _course(
        "evening", seats=(Seat("evening", 3, 3),), episodes=(DemoEpisode(3, 3),)
    ),
    StoryName.LATE_NOTE: _course("evening", unsigned=frozenset({days.UNSIGNED})),
    StoryName.LATE_DAY: _course("day", missed=frozenset({days.LATE_DAY})),
    StoryName.DUAL_DIAGNOSIS: _course("both", 2),
    StoryName.DAYLIGHT_SAVING: _course("weekend"),
    StoryName.READMITTED: _course(
        "evening",
        seats=(Seat("evening", 1, 1), Seat("evening", 3, 3)),
        episodes=(DemoEpisode(1, 1, DemoDischarge.LEFT), DemoEpisode(3, 3)),
    ),
    StoryName.MEMBER_NUMBER_MISTYPED: _course(
        "day", seats=(Seat("day", 2, 2),), episodes=(DemoEpisode(2, 2),)
    ),
    StoryName.PLAN_ON_PAPER: _course(
        "day", seats=(Seat("day", 3, 3),), episodes=(DemoEpisode(3, 3),)
    ),
    StoryName.COVERAGE_ENDED_LATE: _course("evening", 2),
    StoryName.DISCHARGE_WITHDRAWN: _course("evening", 3),
    StoryName.REGISTERED_TWICE: CourseOfCare(
        payer=PayerKey.INSTITUTIONAL,
        seats=(Seat("morning", 2, 3),),
        episodes=(DemoEpisode(2, 3),),
        missed=days.TICKED_ANEW,
    ),
}
# Of the second record, which nobody comes as any more once both are one.
REGISTERED_ANEW = CourseOfCare(
    payer=PayerKey.INSTITUTIONAL,
    seats=(Seat("morning", 3, 3),),
    episodes=(DemoEpisode(3, 3),),
    missed=frozenset(day for week in days.SPLIT_WEEKS for day in days.days_of(week))
    - days.TICKED_ANEW,
)

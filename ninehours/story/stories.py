"""Those who have a story of their own: one course each, by the name README's table gives it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from ninehours.story import days
from ninehours.story.courses import (
    CourseOfCare,
    DemoDischarge,
    DemoEpisode,
    DemoScore,
    Objectives,
    Seat,
)
from ninehours.story.network import PayerKey


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
}

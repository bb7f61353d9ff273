"""Those who have a story of their own: one course each, by the name README's table gives it."""

from ninehours.story import days
from ninehours.story.courses import (
    COMPLETED,
    LEFT,
    MET,
    PROGRESSING,
    TRANSFERRED,
    Course,
    Score,
    Seat,
    Stay,
)
from ninehours.story.network import PER_DIEM_PAYER

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


def _course(group: str, last: int = 1, *, ends: str = "", **more: object) -> Course:
    """From the first block on, paid by the day."""
    told: dict[str, object] = {
        "payer": PER_DIEM_PAYER,
        "seats": (Seat(group, 1, last),),
        "stays": (Stay(1, last, ends),),
        **more,
    }
    return Course(**told)  # type: ignore[arg-type]


def _weekly(*totals: int) -> tuple[Score, ...]:
    return tuple(Score(week, total) for week, total in enumerate(totals, start=1))


COURSES = {
    FULL_COURSE: _course(
        "day",
        2,
        ends=COMPLETED,
        first_score=16,
        scores=_weekly(15, 14, 13, 11, 10, 8, 6, 4),
        fares=((1, PROGRESSING), (2, MET)),
        aftercare=("OUTPATIENT", "ALUMNI"),
    ),
    SHORT_OF_NINE_HOURS: _course(
        "day",
        ends=LEFT,
        leaves_after=tuple((day, days.LEFT_EARLY_AFTER) for day in days.SHORT_DAYS),
    ),
    STEP_DOWN: _course("day", first_score=15, scores=_weekly(13, 11, 9, 6), fares=((1, MET),)),
    STEP_UP: _course(
        "evening",
        2,
        ends=TRANSFERRED,
        first_score=10,
        scores=(*_weekly(10, 9, 9, 10, 11, 12, 13), Score(8, 18, self_harm=1)),
    ),
    NO_SHOW_WEEK: _course("evening", 2, missed=days.days_of(days.NO_SHOW_WEEK)),
    TELEHEALTH: _course("online", 3),
    TWO_SITES: _course("day", 2, seats=(Seat("day", 1, 2), Seat("both", 1, 1))),
    SCREENED_OUT: Course(payer=PER_DIEM_PAYER),
    AUTHORIZATION_USED_UP: _course("day", authorized_days=days.AUTHORIZED_DAYS_USED_UP),
    CONSENT_REVOKED: _course("evening", 2, ends=LEFT),
    PAID_IN_FULL: _course("day", 2),
    CORRECTED_REPLACED: _course("evening", 2),
    CORRECTED_VOIDED: _course("day", missed=days.days_of(1) - {days.NEVER_THERE}),
    CORRECTED_WAITING: _course("evening", seats=(Seat("evening", 3, 3),), stays=(Stay(3, 3),)),
    LATE_NOTE: _course("evening", unsigned=frozenset({days.UNSIGNED})),
    LATE_DAY: _course("day", missed=frozenset({days.LATE_DAY})),
    DUAL_DIAGNOSIS: _course("both", 2),
    DAYLIGHT_SAVING: _course("weekend"),
    READMITTED: _course(
        "evening",
        seats=(Seat("evening", 1, 1), Seat("evening", 3, 3)),
        stays=(Stay(1, 1, LEFT), Stay(3, 3)),
    ),
}

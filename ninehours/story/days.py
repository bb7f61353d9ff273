"""When things happen in the story: a week of preparing, three of treatment, a Monday of billing."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TIME_ZONE = "America/Chicago"
ZONE = ZoneInfo(TIME_ZONE)

WEEKS = 3
FIRST_MONDAY = date(2026, 3, 2)
OPENING = FIRST_MONDAY - timedelta(days=7)
ADMISSION = FIRST_MONDAY - timedelta(days=3)
LAST_SUNDAY = FIRST_MONDAY + timedelta(days=7 * WEEKS - 1)
BILLING = LAST_SUNDAY + timedelta(days=1)
# Years begin later for what was there before the program was opened.
LONG_BEFORE = date(2026, 1, 1)

WEEKDAYS = ("Monday", "Wednesday", "Friday")
SESSION_MINUTES = 180
STARTS = time(9)
LEFT_EARLY_AFTER = 100
CORRECTED_TO = 60
AUTHORIZED_DAYS = 12
# From the first session on, with a week to spare.
AUTHORIZED_THROUGH = LAST_SUNDAY + timedelta(days=7)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment by the site's clock on the wall."""
    return datetime.combine(day, time(hour, minute), tzinfo=ZONE)


def session_days(week: int) -> tuple[date, date, date]:
    """Monday, Wednesday and Friday of a week, counted from 1."""
    monday = FIRST_MONDAY + timedelta(days=7 * (week - 1))
    return monday, monday + timedelta(days=2), monday + timedelta(days=4)


def starts_at(day: date) -> datetime:
    """When that day's session begins."""
    return datetime.combine(day, STARTS, tzinfo=ZONE)


def ends_at(day: date) -> datetime:
    """When it ends."""
    return starts_at(day) + timedelta(minutes=SESSION_MINUTES)


def weekend(week: int) -> date:
    """The Saturday after a week's sessions."""
    return FIRST_MONDAY + timedelta(days=7 * (week - 1) + 5)


# What happens to whom, and when; the people are named in cast.py.
NO_SHOW = session_days(1)[1]
LEFT_EARLY = session_days(2)[0]
SIGNED_LATE = session_days(1)[0]
SIGNED_AT_LAST = at(session_days(2)[0], 8, 15)
NEVER_SIGNED = session_days(2)[2]
CORRECTED = session_days(2)[1]

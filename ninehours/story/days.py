"""When things happen in the story: a week of preparing, twelve of treatment in three blocks."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CENTRAL, EASTERN = "America/Chicago", "America/New_York"

WEEKS = 12
BLOCKS = (1, 2, 3)
WEEKS_OF_A_BLOCK = WEEKS // len(BLOCKS)
FIRST_MONDAY = date(2026, 3, 2)
OPENING = FIRST_MONDAY - timedelta(days=7)
LAST_SUNDAY = FIRST_MONDAY + timedelta(days=7 * WEEKS - 1)
# Years begin later for what was there before the program was opened.
LONG_BEFORE = date(2026, 1, 1)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(1, 8)
# Claims go out on the Monday after every second week.
BILLED_AFTER = tuple(range(2, WEEKS + 1, 2))


def at(day: date, hour: int, minute: int = 0, zone: str = CENTRAL) -> datetime:
    """A moment by the site's clock on the wall."""
    return datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo(zone))


def day_of(week: int, weekday: int = MONDAY) -> date:
    """A day of a week of the story, both counted from 1."""
    return FIRST_MONDAY + timedelta(days=7 * (week - 1) + weekday - 1)


def days_of(week: int) -> frozenset[date]:
    """All seven of them."""
    return frozenset(day_of(week, weekday) for weekday in range(MONDAY, SUNDAY + 1))


def weeks_of(block: int) -> range:
    """The weeks of a block: rosters stay as they are within it."""
    first = WEEKS_OF_A_BLOCK * (block - 1) + 1
    return range(first, first + WEEKS_OF_A_BLOCK)


def block_of(day: date) -> int:
    """The block a day of treatment lies in."""
    return (day - FIRST_MONDAY).days // (7 * WEEKS_OF_A_BLOCK) + 1


def first_day(block: int) -> date:
    """A Monday."""
    return day_of(weeks_of(block)[0])


def last_day(block: int) -> date:
    """A Sunday."""
    return day_of(weeks_of(block)[-1], SUNDAY)


def admission(block: int) -> date:
    """The Friday before."""
    return first_day(block) - timedelta(days=3)


def ending(block: int) -> date:
    """The Monday after."""
    return last_day(block) + timedelta(days=1)


# What happens when to those who have a story of their own; they are named in stories.py.
SHORT_DAYS = tuple(day_of(week, WEDNESDAY) for week in weeks_of(1))
LEFT_EARLY_AFTER = 100  # minutes
NO_SHOW_WEEK = 3
STEPPED_DOWN = day_of(5)
STEPPED_UP = day_of(9)
OUTPATIENT_VISITS = (day_of(5, WEDNESDAY), day_of(6, WEDNESDAY))
AUTHORIZED_DAYS_USED_UP = 9
WAIVED = day_of(4)
REVOKED = day_of(6)
PAID_IN_FULL_WEEK = 3
CORRECTED = day_of(2, TUESDAY)
CORRECTED_TO = 60  # minutes
NEVER_THERE = day_of(1, FRIDAY)
CORRECTING = day_of(3, TUESDAY)
CORRECTED_LAST = day_of(12, TUESDAY)
CORRECTING_LAST = day_of(WEEKS + 1)
UNSIGNED = day_of(1, MONDAY)
SIGNED_AT_LAST = day_of(2, MONDAY)
LATE_DAY = day_of(2, WEDNESDAY)
# Clocks go forward at two in the morning of the 8th: the group of this evening sits through it.
DAYLIGHT_SAVING = date(2026, 3, 7)
FOLLOWED_UP = day_of(11)
PAPER_ENTERED = day_of(10, FRIDAY)
NUMBER_CORRECTED = day_of(11, TUESDAY)
COVERED_LAST = day_of(4, SUNDAY)
TOLD_OF_COVERAGE = day_of(11, TUESDAY)
DISCHARGED_BY_MISTAKE = day_of(11, TUESDAY)
# Of who is registered twice: a week under both ids, and of two weeks a day under the second alone.
TICKED_TWICE_WEEK = 10
SPLIT_WEEKS = (9, 11)
TICKED_ANEW = frozenset(day_of(week, WEDNESDAY) for week in SPLIT_WEEKS)
MERGED = day_of(12)

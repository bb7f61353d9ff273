"""Civil dates and weeks; a date against a moment, without a time zone, by its widest day."""

from datetime import date, datetime, timedelta, timezone

# Somewhere on earth it is this early, or this late: a civil date is compared without a time zone.
EARLIEST = timezone(timedelta(hours=-12))
LATEST = timezone(timedelta(hours=14))


def first_day(moment: datetime) -> date:
    """The earliest date it may have been anywhere."""
    return moment.astimezone(EARLIEST).date()


def last_day(moment: datetime) -> date:
    """The latest date it may have been anywhere; what is after it is in the future."""
    return moment.astimezone(LATEST).date()


def week_of(day: date) -> date:
    """The Monday on which the day's week begins."""
    return day - timedelta(days=day.weekday())

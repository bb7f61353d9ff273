"""Times as a desk types and reads them: by the site's clock on the wall."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ninehours.told.fields import HALF_A_DAY, clock_says

TYPED = re.compile(r"(\d{1,2})(?:[:.]?(\d{2}))?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE)
FAR = timedelta(hours=HALF_A_DAY)


class NoTime(Exception):
    """What was typed is none, or was none on that day."""


def on_the_wall(moment: datetime, zone: ZoneInfo) -> str:
    """`9:05 am`."""
    return clock_says(moment.astimezone(zone))


def typed_time(text: str, day: date, begins: datetime, ends: datetime, zone: ZoneInfo) -> datetime:
    """Which moment is meant: of those it may be, the one that is nearest to the session.

    `9:05`, `905`, `9`, `9:05 pm`, `21:05`. NoTime where it is none of them, is half a day away from
    the session, or was skipped by the clocks.
    """
    found = TYPED.fullmatch(text.strip())
    if found is None:
        raise NoTime
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    meant = [
        moment
        for each in _hours(hour, half)
        if minute < 60
        for moment in _moments(day, each, minute, zone)
        if begins - FAR <= moment <= ends + FAR
    ]
    if not meant:
        raise NoTime
    return min(meant, key=lambda moment: max(begins - moment, moment - ends, timedelta()))


def _hours(hour: int, half: str) -> Iterator[int]:
    """Of the day's twenty-four."""
    if half and not 1 <= hour <= HALF_A_DAY:
        return
    if half:
        yield hour % HALF_A_DAY + (HALF_A_DAY if half == "p" else 0)
    elif 1 <= hour <= HALF_A_DAY:
        yield hour % HALF_A_DAY
        yield hour % HALF_A_DAY + HALF_A_DAY
    elif hour < 2 * HALF_A_DAY:
        yield hour


def _moments(day: date, hour: int, minute: int, zone: ZoneInfo) -> Iterator[datetime]:
    """On the day, or the one before or after it: sessions may pass midnight."""
    for days in (-1, 0, 1):
        wall = datetime.combine(day + timedelta(days=days), time(hour, minute))
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == wall:
            yield moment

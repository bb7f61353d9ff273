"""Times as a desk types them are the moments that it means."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ninehours.console.pages.today.times import NoTime, on_the_wall, typed_time

CHICAGO = ZoneInfo("America/Chicago")
DAY = date(2026, 3, 2)


def wall(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=CHICAGO)


MORNING = (wall(9), wall(12))
EVENING = (wall(18), wall(21))
NIGHT = (wall(23), wall(2, day=date(2026, 3, 3)))


@pytest.mark.parametrize(
    ("text", "group", "meant"),
    [
        ("9:05", MORNING, wall(9, 5)),
        ("905", MORNING, wall(9, 5)),
        ("9", MORNING, wall(9)),
        ("8.55", MORNING, wall(8, 55)),
        ("12:10", MORNING, wall(12, 10)),
        ("1:15", MORNING, wall(13, 15)),
        ("9:05 am", EVENING, wall(9, 5)),
        ("9:05", EVENING, wall(21, 5)),
        ("6:02p", EVENING, wall(18, 2)),
        ("18:02", EVENING, wall(18, 2)),
        ("12:30", NIGHT, wall(0, 30, date(2026, 3, 3))),
        ("1:45 a.m.", NIGHT, wall(1, 45, date(2026, 3, 3))),
        ("23:05", NIGHT, wall(23, 5)),
    ],
)
def test_the_nearest_to_the_group_is_meant(
    text: str, group: tuple[datetime, datetime], meant: datetime
) -> None:
    assert typed_time(text, DAY, *group, CHICAGO) == meant


@pytest.mark.parametrize("text", ["", "soon", "9:60", "25:00", "13 pm", "9:5", "-1", "9:05:10"])
def test_what_is_no_time_is_none(text: str) -> None:
    with pytest.raises(NoTime):
        typed_time(text, DAY, *MORNING, CHICAGO)


def test_an_hour_that_the_clocks_skipped_is_none() -> None:
    spring = date(2026, 3, 8)
    group = (wall(1, day=spring), wall(4, day=spring))
    assert on_the_wall(typed_time("3:30", spring, *group, CHICAGO), CHICAGO) == "3:30 am"
    with pytest.raises(NoTime):
        typed_time("2:30 am", spring, *group, CHICAGO)


def test_times_are_read_by_the_clock_on_the_wall() -> None:
    assert on_the_wall(datetime(2026, 3, 2, 15, 5, tzinfo=UTC), CHICAGO) == "9:05 am"
    assert on_the_wall(datetime(2026, 3, 2, 6, 0, tzinfo=UTC), CHICAGO) == "12:00 am"
    assert on_the_wall(datetime(2026, 3, 2, 18, 0, tzinfo=UTC), CHICAGO) == "12:00 pm"

"""What a template asks for: local starts and real minutes, whatever the clocks do."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.refusal import Malformed
from services.attendance.domain.template import (
    TEMPLATE,
    DefineTemplate,
    Template,
    TemplateBreak,
    TemplateDefined,
    TemplateSession,
    expand,
    first_instant,
    outside,
)

CHICAGO, NEW_YORK = "America/Chicago", "America/New_York"
SYDNEY, SANTIAGO = "Australia/Sydney", "America/Santiago"
GROUP = TemplateSession(
    weekday=7, starts_minute=60, minutes=180, service_kind="GROUP", modality="IN_PERSON"
)
DEFINE = DefineTemplate(template_id="t", site_id="s", program_id="p", sessions=(GROUP,))


def defined(*sessions: TemplateSession) -> TemplateDefined:
    return TemplateDefined(template_id="t", site_id="s", program_id="p", sessions=sessions)


def starting(hour: float, weekday: int = 7, minutes: int = 180) -> TemplateSession:
    return replace(GROUP, weekday=weekday, starts_minute=int(hour * 60), minutes=minutes)


@pytest.mark.parametrize(
    ("zone", "wall", "utc"),
    [
        # Clocks go on: 2:00 to 3:00.
        (CHICAGO, datetime(2026, 3, 8, 1, 59), datetime(2026, 3, 8, 7, 59)),
        (CHICAGO, datetime(2026, 3, 8, 2, 0), datetime(2026, 3, 8, 8, 0)),
        (CHICAGO, datetime(2026, 3, 8, 2, 30), datetime(2026, 3, 8, 8, 0)),
        (CHICAGO, datetime(2026, 3, 8, 2, 59), datetime(2026, 3, 8, 8, 0)),
        (CHICAGO, datetime(2026, 3, 8, 3, 0), datetime(2026, 3, 8, 8, 0)),
        (NEW_YORK, datetime(2026, 3, 8, 2, 30), datetime(2026, 3, 8, 7, 0)),
        (SYDNEY, datetime(2026, 10, 4, 2, 30), datetime(2026, 10, 3, 16, 0)),
        (SANTIAGO, datetime(2026, 9, 6, 0, 30), datetime(2026, 9, 6, 4, 0)),
        # Clocks go back: 1:30 comes twice, and the first is meant.
        (CHICAGO, datetime(2026, 11, 1, 0, 59), datetime(2026, 11, 1, 5, 59)),
        (CHICAGO, datetime(2026, 11, 1, 1, 30), datetime(2026, 11, 1, 6, 30)),
        (CHICAGO, datetime(2026, 11, 1, 2, 0), datetime(2026, 11, 1, 8, 0)),
        (NEW_YORK, datetime(2026, 11, 1, 1, 30), datetime(2026, 11, 1, 5, 30)),
        (SYDNEY, datetime(2026, 4, 5, 2, 30), datetime(2026, 4, 4, 15, 30)),
        # A change of half an hour, and a day that was left out.
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 2, 10), datetime(2026, 10, 3, 15, 30)),
        ("Pacific/Apia", datetime(2011, 12, 30, 9, 0), datetime(2011, 12, 30, 10, 0)),
    ],
)
def test_a_start_is_the_first_moment_at_which_clocks_show_it_or_a_later_time(
    zone: str, wall: datetime, utc: datetime
) -> None:
    assert first_instant(wall, zone) == utc.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "night"),
    [
        (CHICAGO, date(2026, 3, 8)),
        (CHICAGO, date(2026, 11, 1)),
        (NEW_YORK, date(2026, 3, 8)),
        (NEW_YORK, date(2026, 11, 1)),
        (SYDNEY, date(2026, 10, 4)),
        (SYDNEY, date(2026, 4, 5)),
        (SANTIAGO, date(2026, 9, 6)),
        (SANTIAGO, date(2026, 4, 5)),
    ],
)
@pytest.mark.parametrize("hour", [0, 1, 1.5, 2, 2.5, 9])
def test_on_a_night_when_clocks_change_a_session_keeps_its_minutes_and_its_date(
    zone: str, night: date, hour: float
) -> None:
    [session] = expand(defined(starting(hour)), zone, night, night)
    assert session.span.ends_at - session.span.starts_at == timedelta(minutes=180)
    assert session.service_date == session.on == night


def test_the_same_local_start_is_another_moment_after_the_clocks_changed() -> None:
    evening = defined(starting(18, weekday=5), starting(18, weekday=1))
    found = expand(evening, CHICAGO, date(2026, 3, 6), date(2026, 3, 9))
    assert [slot.span.starts_at for slot in found] == [
        datetime(2026, 3, 7, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 9, 23, 0, tzinfo=UTC),
    ]


def test_a_session_past_midnight_is_of_the_day_it_began() -> None:
    [session] = expand(
        defined(starting(22, weekday=6)), CHICAGO, date(2026, 3, 7), date(2026, 3, 8)
    )
    assert session.service_date == date(2026, 3, 7)
    # It ends at two in the morning by standard time, which is three o'clock.
    assert session.span.ends_at == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)


def test_breaks_are_counted_in_real_minutes_from_the_start() -> None:
    group = replace(starting(1), breaks=(TemplateBreak(after_minutes=90, minutes=15),))
    [session] = expand(defined(group), CHICAGO, date(2026, 3, 8), date(2026, 3, 8))
    [pause] = session.breaks
    assert pause.starts_at - session.span.starts_at == timedelta(minutes=90)
    assert pause.ends_at - pause.starts_at == timedelta(minutes=15)


def test_a_holiday_holds_nothing_and_the_days_around_it_do() -> None:
    week = defined(*(starting(9, weekday=weekday) for weekday in (1, 2, 3)))
    found = expand(week, CHICAGO, date(2026, 5, 25), date(2026, 5, 27))
    kept = outside(found, {date(2026, 5, 25), date(2026, 5, 28)})
    assert [slot.on for slot in kept] == [date(2026, 5, 26), date(2026, 5, 27)]


def test_what_begins_on_the_eve_of_a_holiday_is_held_though_it_ends_on_it() -> None:
    found = expand(defined(starting(22, 7)), CHICAGO, date(2026, 5, 24), date(2026, 5, 25))
    assert outside(found, {date(2026, 5, 25)}) == list(found)


def test_sessions_of_a_day_are_numbered_by_their_place_in_the_template() -> None:
    week = defined(starting(13, 2), starting(9, 1), starting(9, 2))
    found = expand(week, CHICAGO, date(2026, 3, 2), date(2026, 3, 3))
    assert [(slot.on.day, slot.number) for slot in found] == [(2, 2), (3, 1), (3, 3)]


@pytest.mark.parametrize("days", [-1, 31, 365])
def test_a_month_is_expanded_at_most_and_nothing_backwards(days: int) -> None:
    first = date(2026, 3, 1)
    with pytest.raises(Malformed) as refused:
        expand(defined(GROUP), CHICAGO, first, first + timedelta(days=days))
    assert set(refused.value.details) == {"to"}
    assert expand(defined(GROUP), CHICAGO, first, first + timedelta(days=30))


def test_two_hundred_sessions_are_expanded_at_most() -> None:
    busy = defined(*(starting(hour, weekday, 30) for weekday in range(1, 8) for hour in range(7)))
    first = date(2026, 3, 1)
    assert len(expand(busy, CHICAGO, first, first + timedelta(days=27))) == 196
    with pytest.raises(Malformed):
        expand(busy, CHICAGO, first, first + timedelta(days=28))


@given(
    some.sampled_from([CHICAGO, NEW_YORK, SYDNEY, SANTIAGO, "Australia/Lord_Howe", "UTC"]),
    some.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
        lambda wall: wall.replace(second=0, microsecond=0)
    ),
)
def test_a_start_is_shown_by_the_clocks_or_lies_at_the_end_of_a_gap(
    name: str, wall: datetime
) -> None:
    zone = ZoneInfo(name)
    instant = first_instant(wall, name)
    shown = instant.astimezone(zone).replace(tzinfo=None)
    before = (instant - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    assert before < wall <= shown or shown == wall
    if shown != wall:
        assert shown - before > timedelta(seconds=1)


@pytest.mark.parametrize(
    ("session", "field"),
    [
        (replace(GROUP, weekday=0), "sessions.0.weekday"),
        (replace(GROUP, weekday=8), "sessions.0.weekday"),
        (replace(GROUP, starts_minute=-1), "sessions.0.starts_minute"),
        (replace(GROUP, starts_minute=1440), "sessions.0.starts_minute"),
        (replace(GROUP, minutes=0), "sessions.0.minutes"),
        (replace(GROUP, minutes=721), "sessions.0.minutes"),
        (
            replace(GROUP, breaks=(TemplateBreak(after_minutes=170, minutes=11),)),
            "sessions.0.breaks",
        ),
        (replace(GROUP, breaks=(TemplateBreak(after_minutes=-1, minutes=5),)), "sessions.0.breaks"),
        (replace(GROUP, breaks=(TemplateBreak(after_minutes=5, minutes=0),)), "sessions.0.breaks"),
    ],
)
def test_a_template_that_can_not_take_place_is_refused(
    session: TemplateSession, field: str
) -> None:
    with pytest.raises(Malformed) as refused:
        list(TEMPLATE.decide(replace(DEFINE, sessions=(session,)), Template()))
    assert set(refused.value.details) == {field}


def test_a_template_is_defined_once_and_is_not_empty() -> None:
    [fact] = TEMPLATE.decide(DEFINE, Template())
    assert not list(TEMPLATE.decide(DEFINE, TEMPLATE.fold([fact])))
    with pytest.raises(Malformed):
        list(TEMPLATE.decide(replace(DEFINE, sessions=()), Template()))

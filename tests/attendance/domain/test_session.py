"""Sessions, the sites and programs they belong to, and who leads them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.decider import filled
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from services.attendance.domain.presence import Interval, Presence
from services.attendance.domain.session import (
    SESSION,
    Attendance,
    CloseSession,
    Session,
    SessionClosed,
    SessionScheduled,
    attendance_of,
    service_date,
)
from services.attendance.domain.site import (
    SITE,
    Address,
    OpenProgram,
    OpenSite,
    Program,
    ProgramOpened,
    Site,
    SiteOpened,
)
from services.attendance.domain.staff import (
    STAFF,
    CredentialEnded,
    CredentialStaff,
    StaffCredentialed,
)
from tests.harness.attendance.values import (
    END,
    PROGRAM,
    SCHEDULE,
    SCHEDULED,
    START,
    schedule,
    there,
)
from tests.harness.deciders import assert_evolving_never_refuses, assert_repeating_adds_nothing

CLOSE = CloseSession(
    session_id="session",
    now=END,
    presences={"bob": Presence(), "ada": Presence(intervals=(there(0, 180),))},
)
OPEN = OpenSite(
    site_id="site",
    name="Lakeside",
    time_zone="America/Chicago",
    address=Address(line="1 Lake St", city="Chicago", state="IL", zip="606011234"),
    npi="1234567893",
)
OPEN_PROGRAM = filled(OpenProgram, PROGRAM, site_id="site")


def test_a_session_is_scheduled_once() -> None:
    assert list(SESSION.decide(SCHEDULE, Session())) == [SCHEDULED]
    assert not list(SESSION.decide(SCHEDULE, Session(scheduled=SCHEDULED)))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ends_at": START}, "ends_at"),
        ({"ends_at": START - timedelta(minutes=1)}, "ends_at"),
        ({"ends_at": START + timedelta(hours=12, seconds=1)}, "ends_at"),
        ({"roster": ()}, "roster"),
        ({"roster": ("ada", "ada")}, "roster"),
    ],
)
def test_a_session_that_can_not_take_place_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as refused:
        list(SESSION.decide(schedule(**changes), Session()))
    assert set(refused.value.details) == {field}


def test_a_session_of_twelve_hours_is_long_enough() -> None:
    assert list(SESSION.decide(schedule(ends_at=START + timedelta(hours=12)), Session()))


def test_closing_says_of_everybody_whether_they_attended() -> None:
    [closed] = SESSION.decide(CLOSE, Session(scheduled=SCHEDULED))
    assert isinstance(closed, SessionClosed)
    assert [
        (attendance.client_id, attendance.attended, attendance.minutes)
        for attendance in closed.attendances
    ] == [
        ("ada", True, 180),
        ("bob", False, 0),
    ]
    assert closed.under_part2


def test_nobody_missed_what_has_not_begun() -> None:
    before = replace(CLOSE, now=START - timedelta(seconds=1))
    with pytest.raises(AgainstTheRules) as refused:
        list(SESSION.decide(before, Session(scheduled=SCHEDULED)))
    assert refused.value.reason == "SESSION_NOT_STARTED"
    assert list(SESSION.decide(replace(CLOSE, now=START), Session(scheduled=SCHEDULED)))


def test_a_session_nobody_scheduled_can_not_be_closed() -> None:
    with pytest.raises(Unknown):
        list(SESSION.decide(CLOSE, Session()))


@pytest.mark.parametrize(
    ("client", "intervals", "flags"),
    [
        ("ada", (there(0, 180),), ()),
        ("ada", (there(-5, 200),), ()),
        ("ada", (there(0.1, 180),), ("LATE",)),
        ("ada", (there(0, 179),), ("LEFT_EARLY",)),
        ("ada", (there(0),), ("NO_CHECK_OUT",)),
        ("ada", (there(0, 60), there(90)), ("NO_CHECK_OUT",)),
        ("ada", (there(0, 60), there(90, 180)), ()),
        # Recorded afterwards, in no order.
        ("ada", (there(90, 180), there(0, 60)), ()),
        ("ada", (there(90, 170), there(10, 60)), ("LATE", "LEFT_EARLY")),
        ("eve", (there(0, 180),), ("NOT_ON_ROSTER",)),
        ("eve", (there(10, 20),), ("NOT_ON_ROSTER", "LATE", "LEFT_EARLY")),
        ("ada", (), ()),
        ("eve", (), ()),
    ],
)
def test_what_should_not_have_been_is_recorded_and_flagged(
    client: str, intervals: tuple[Interval, ...], flags: tuple[str, ...]
) -> None:
    attendance = attendance_of(client, Presence(intervals=intervals), SCHEDULED)
    assert attendance.flags == flags
    assert attendance.attended == bool(intervals)


@pytest.mark.parametrize(
    ("starts_at", "zone", "on"),
    [
        # Chicago leaves daylight saving time on 2026-11-01 at 2:00: the night has 25 hours.
        (datetime(2026, 11, 1, 4, 59, tzinfo=UTC), "America/Chicago", date(2026, 10, 31)),
        (datetime(2026, 11, 1, 5, 0, tzinfo=UTC), "America/Chicago", date(2026, 11, 1)),
        (datetime(2026, 11, 2, 5, 59, tzinfo=UTC), "America/Chicago", date(2026, 11, 1)),
        (datetime(2026, 11, 2, 6, 0, tzinfo=UTC), "America/Chicago", date(2026, 11, 2)),
        # And enters it on 2026-03-08: that night has 23.
        (datetime(2026, 3, 8, 5, 59, tzinfo=UTC), "America/Chicago", date(2026, 3, 7)),
        (datetime(2026, 3, 8, 6, 0, tzinfo=UTC), "America/Chicago", date(2026, 3, 8)),
        (datetime(2026, 3, 9, 4, 59, tzinfo=UTC), "America/Chicago", date(2026, 3, 8)),
        (datetime(2026, 3, 9, 5, 0, tzinfo=UTC), "America/Chicago", date(2026, 3, 9)),
        # Arizona does not take part, Guam is a day ahead.
        (datetime(2026, 3, 9, 6, 59, tzinfo=UTC), "America/Phoenix", date(2026, 3, 8)),
        (datetime(2026, 3, 8, 14, 0, tzinfo=UTC), "Pacific/Guam", date(2026, 3, 9)),
    ],
)
def test_the_service_date_is_the_sites_own_at_the_start(
    starts_at: datetime, zone: str, on: date
) -> None:
    assert service_date(starts_at, zone) == on


def test_a_site_is_opened_once() -> None:
    [opened] = SITE.decide(OPEN, Site())
    with pytest.raises(AgainstTheRules) as refused:
        list(SITE.decide(OPEN, SITE.fold([opened])))
    assert refused.value.reason == "SITE_ALREADY_OPEN"


def test_a_program_needs_an_open_site() -> None:
    with pytest.raises(Unknown):
        list(SITE.decide(OPEN_PROGRAM, Site()))
    [opened] = SITE.decide(OPEN_PROGRAM, Site(time_zone="America/Chicago"))
    assert opened == ProgramOpened(site_id="site", program=PROGRAM)


def test_a_credential_that_was_there_before_is_added_again_only_when_it_differs() -> None:
    command = CredentialStaff(
        staff_id="staff", credential="LCSW", npi="1", effective_from=date(2026, 1, 1)
    )
    [first] = STAFF.decide(command, ())
    held = STAFF.fold([first])
    assert not list(STAFF.decide(command, held))
    assert list(STAFF.decide(replace(command, npi="2"), held))


PROGRAMS = some.builds(
    Program,
    program_id=some.sampled_from("pq"),
    kind=some.just("DUAL"),
    under_part2=some.booleans(),
)
DECIDERS: list[Any] = [
    (
        SITE,
        some.just(OPEN)
        | PROGRAMS.map(lambda program: filled(OpenProgram, program, site_id="site")),
    ),
    (SESSION, some.sampled_from([SCHEDULE, CLOSE, replace(CLOSE, presences={})])),
    (
        STAFF,
        some.builds(
            CredentialStaff,
            staff_id=some.just("staff"),
            credential=some.sampled_from(["LCSW", "LPC"]),
            npi=some.just("1"),
            effective_from=some.dates(date(2026, 1, 1), date(2026, 1, 3)),
        ),
    ),
]
ENDS = some.builds(CredentialEnded, last_day=some.dates(date(2026, 1, 1), date(2026, 1, 3)))
FACTS: list[Any] = [
    (SITE, some.builds(SiteOpened) | some.builds(ProgramOpened, program=PROGRAMS)),
    (
        SESSION,
        some.just(SCHEDULED)
        | some.builds(SessionScheduled)
        | some.builds(SessionClosed, attendances=some.lists(some.builds(Attendance)).map(tuple)),
    ),
    (STAFF, some.builds(StaffCredentialed) | ENDS),
]


@pytest.mark.parametrize(("decider", "commands"), DECIDERS)
@given(data=some.data())
def test_a_command_twice_adds_nothing_the_second_time(
    decider: Any, commands: some.SearchStrategy[Any], data: some.DataObject
) -> None:
    before = data.draw(some.lists(commands, max_size=4))
    assert_repeating_adds_nothing(decider, before, data.draw(commands))


@pytest.mark.parametrize(("decider", "facts"), FACTS)
@given(data=some.data())
def test_every_fact_is_taken_in_every_state(
    decider: Any, facts: some.SearchStrategy[Any], data: some.DataObject
) -> None:
    history = data.draw(some.lists(facts, max_size=5))
    assert_evolving_never_refuses(decider, history, data.draw(some.integers(0, 5)))

"""Every decider with all it has learned: repeating adds nothing, evolving never refuses."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.decider import Decider, filled
from kernel.refusal import Refusal
from services.attendance.domain.encounter import Encounter
from services.attendance.domain.minutes import Interval
from services.attendance.domain.note import AttestNote, NoteAttested, NoteSigned, SignNote
from services.attendance.domain.presence import (
    PRESENCE,
    AttendanceCorrected,
    CheckedIn,
    CheckedOut,
    CheckIn,
    CheckOut,
    CorrectAttendance,
    Presence,
)
from services.attendance.domain.scheduling import ScheduleSession, SessionScheduled
from services.attendance.domain.session import (
    SESSION,
    CancelSession,
    CloseSession,
    SessionCancelled,
    SessionClosed,
)
from services.attendance.domain.site import (
    SITE,
    Address,
    DeclareHoliday,
    GraceSet,
    OpenProgram,
    OpenSite,
    Program,
    ProgramOpened,
    SetGrace,
    SiteClosedForDay,
    SiteOpened,
)
from services.attendance.domain.template import TEMPLATE, DefineTemplate, TemplateDefined

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
MOMENTS = some.integers(-10, 190).map(lambda n: START + timedelta(minutes=n))
PROGRAM = Program(program_id="p", kind="DUAL", under_part2=True)
DATES = some.dates(date(2026, 5, 25), date(2026, 5, 27))
ENCOUNTERS = some.builds(
    Encounter,
    session_id=some.just("session"),
    client_id=some.just("client"),
    starts_at=some.just(START),
    ends_at=some.just(START + timedelta(hours=3)),
    breaks=some.just(()),
)
INTERVALS = some.tuples(
    some.builds(Interval, came=some.just(START), left=some.just(START + timedelta(minutes=30)))
) | some.just(())
ADDRESS = Address(line="1 Lake St", city="Chicago", state="IL", zip="606011234")
DECIDERS: list[Any] = [
    (
        SITE,
        some.builds(
            OpenSite,
            site_id=some.just("s"),
            time_zone=some.just("America/Chicago"),
            address=some.just(ADDRESS),
        )
        | some.just(filled(OpenProgram, PROGRAM, site_id="s"))
        | some.builds(DeclareHoliday, site_id=some.just("s"), on=DATES)
        | some.builds(SetGrace, site_id=some.just("s"), seconds=some.integers(0, 3600)),
        some.builds(SiteOpened, address=some.just(ADDRESS))
        | some.builds(ProgramOpened)
        | some.builds(SiteClosedForDay)
        | some.builds(GraceSet, seconds=some.integers(0, 3600)),
    ),
    (TEMPLATE, some.builds(DefineTemplate), some.builds(TemplateDefined)),
    (
        SESSION,
        some.builds(
            ScheduleSession,
            program=some.just(PROGRAM),
            starts_at=some.just(START),
            ends_at=some.just(START + timedelta(hours=3)),
            roster=some.just(("ada", "bob")),
            capacity=some.integers(0, 3),
            breaks=some.just(()),
        )
        | some.builds(CancelSession, now=MOMENTS)
        | some.builds(
            CloseSession,
            now=MOMENTS,
            presences=some.dictionaries(
                some.sampled_from(["ada", "bob", "eve"]),
                some.builds(Presence, intervals=INTERVALS),
            ),
            elsewhere=some.frozensets(some.sampled_from(["ada", "bob"])),
        ),
        some.builds(SessionScheduled) | some.builds(SessionCancelled) | some.builds(SessionClosed),
    ),
    (
        PRESENCE,
        some.builds(CheckIn, encounter=ENCOUNTERS, came=MOMENTS, now=MOMENTS)
        | some.builds(CheckOut, encounter=ENCOUNTERS, left=MOMENTS, now=MOMENTS)
        | some.builds(SignNote, encounter=ENCOUNTERS, signed_at=MOMENTS)
        | some.builds(AttestNote, encounter=ENCOUNTERS)
        | some.builds(CorrectAttendance, encounter=ENCOUNTERS, intervals=INTERVALS),
        some.builds(CheckedIn)
        | some.builds(CheckedOut)
        | some.builds(NoteSigned)
        | some.builds(NoteAttested)
        | some.builds(AttendanceCorrected),
    ),
]


def decided(decider: Decider[Any, Any, Any], command: Any, facts: list[Any]) -> list[Any]:
    try:
        return list(decider.decide(command, decider.fold(facts)))
    except Refusal:
        return []


@pytest.mark.parametrize(("decider", "commands", "_"), DECIDERS)
@given(data=some.data())
def test_a_command_twice_adds_nothing_the_second_time(
    decider: Any, commands: Any, _: Any, data: some.DataObject
) -> None:
    facts: list[Any] = []
    for command in data.draw(some.lists(commands, min_size=1, max_size=5)):
        facts += decided(decider, command, facts)
        assert decided(decider, command, facts) == []


@pytest.mark.parametrize(("decider", "_", "facts"), DECIDERS)
@given(data=some.data())
def test_every_fact_is_taken_in_every_state_and_halves_make_the_whole(
    decider: Any, _: Any, facts: Any, data: some.DataObject
) -> None:
    history = data.draw(some.lists(facts, max_size=5))
    cut = data.draw(some.integers(0, 5))
    half = Decider(decider.decide, decider.evolve, decider.fold(history[:cut]))
    assert half.fold(history[cut:]) == decider.fold(history)

"""Capacity: nobody is scheduled beyond it; who comes all the same is recorded and flagged."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as events
from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.decider import filled
from kernel.refusal import AgainstTheRules, Malformed
from kernel.store.store import Transaction
from services.attendance.__main__ import SERVICE
from services.attendance.adapters.schedule import SqlSchedule
from services.attendance.domain.minutes import Interval, Span
from services.attendance.domain.presence import Presence
from services.attendance.domain.scheduling import ScheduleSession, SessionScheduled
from services.attendance.domain.session import (
    SESSION,
    CloseSession,
    Session,
    SessionClosed,
    over_capacity,
)
from services.attendance.domain.site import Program
from tests.harness.attendance.front_desk import (
    MONDAY,
    THREE_HOURS,
    FrontDesk,
    clients,
    interval,
    minute,
)

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SCHEDULE = ScheduleSession(
    session_id="session",
    site_id="site",
    program=Program(program_id="p", kind="DUAL", under_part2=False),
    facilitator_id="staff",
    service_kind="GROUP",
    modality="IN_PERSON",
    service_date=date(2026, 3, 2),
    starts_at=START,
    ends_at=START + timedelta(hours=3),
    roster=("ada", "bob"),
    capacity=2,
)


def scheduled(**changes: Any) -> SessionScheduled:
    return filled(SessionScheduled, replace(SCHEDULE, **changes))


def came(*at_minutes: int) -> Presence:
    moments = [START + timedelta(minutes=after) for after in at_minutes]
    return Presence(intervals=tuple(Interval(came=moment) for moment in moments))


@pytest.mark.parametrize(("capacity", "fits"), [(0, True), (1, False), (2, True), (3, True)])
def test_a_roster_fits_into_the_session_or_is_refused(capacity: int, fits: bool) -> None:
    command = replace(SCHEDULE, capacity=capacity)
    if fits:
        assert list(SESSION.decide(command, Session())) == [scheduled(capacity=capacity)]
    else:
        with pytest.raises(AgainstTheRules) as refused:
            list(SESSION.decide(command, Session()))
        assert refused.value.reason == "OVER_CAPACITY"


def test_breaks_lie_within_the_session() -> None:
    for begin, end in [(-1, 5), (175, 185), (30, 30), (40, 30)]:
        pause = Span(
            starts_at=START + timedelta(minutes=begin), ends_at=START + timedelta(minutes=end)
        )
        with pytest.raises(Malformed) as refused:
            list(SESSION.decide(replace(SCHEDULE, breaks=(pause,)), Session()))
        assert set(refused.value.details) == {"breaks"}


@pytest.mark.parametrize(
    ("presences", "over"),
    [
        ({"ada": came(0), "bob": came(0)}, set()),
        ({"ada": came(0), "bob": came(0), "eve": came(-9)}, {"eve"}),
        ({"ada": came(0), "bob": Presence(), "eve": came(5)}, set()),
        ({"ada": came(0), "bob": Presence(), "eve": came(5), "fay": came(4)}, {"eve"}),
        ({"ada": Presence(), "bob": Presence(), "eve": came(1), "fay": came(1)}, set()),
        # Who was back at 30 came first, recorded afterwards or not.
        ({"ada": came(0), "bob": Presence(), "eve": came(30, 2), "fay": came(4)}, {"fay"}),
    ],
)
def test_the_rosters_places_are_theirs_and_the_others_first_come(
    presences: dict[str, Presence], over: set[str]
) -> None:
    assert over_capacity(presences, scheduled()) == over
    assert over_capacity(presences, scheduled(capacity=0)) == set()


def test_closing_flags_who_was_one_too_many_and_who_was_elsewhere() -> None:
    closing = CloseSession(
        session_id="session",
        now=START,
        presences={"ada": came(0), "bob": came(0), "eve": came(0)},
        elsewhere=frozenset({"bob", "eve"}),
    )
    [closed] = SESSION.decide(closing, Session(scheduled=scheduled()))
    assert isinstance(closed, SessionClosed)
    assert [attendance.flags for attendance in closed.attendances] == [
        ("NO_CHECK_OUT",),
        ("NO_CHECK_OUT", "OVERLAP"),
        ("NO_CHECK_OUT", "NOT_ON_ROSTER", "OVER_CAPACITY", "OVERLAP"),
    ]


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def attend(desk: FrontDesk, session_id: str, who: list[str], begin: int, end: int) -> None:
    desk.come(session_id, {client: minute(begin) for client in who})
    desk.leave(session_id, {client: minute(end) for client in who})


def test_a_walk_in_beyond_capacity_is_recorded_and_flagged(desk: FrontDesk) -> None:
    ada, bob, eve = clients(3)
    with pytest.raises(AgainstTheRules) as refused:
        desk.session([ada, bob, eve], capacity=2)
    assert refused.value.reason == "OVER_CAPACITY"
    session_id = desk.session([ada, bob], capacity=2)
    attend(desk, session_id, [ada, bob, eve], 0, 180)
    desk.now = MONDAY + THREE_HOURS
    assert desk.close(session_id).attended == 3
    assert desk.flags(eve) == {"NOT_ON_ROSTER", "OVER_CAPACITY"}
    assert desk.flags(ada) == desk.flags(bob) == set()
    assert desk.heard(eve)[-1].minutes == 180


def test_who_was_at_two_sessions_at_once_is_flagged_by_the_one_closed_later(
    desk: FrontDesk,
) -> None:
    ada, bob = clients(2)
    first = desk.session([ada])
    second = desk.session([bob], starts_at=minute(120), facilitator_id=desk.clinician())
    attend(desk, first, [ada], 0, 180)
    attend(desk, second, [ada, bob], 150, 300)
    desk.now = minute(300)
    desk.close(second)
    assert desk.flags(ada) == {"NOT_ON_ROSTER", "LATE"}
    desk.close(first)
    assert desk.flags(ada) == {"OVERLAP"}
    assert [fact.minutes for fact in desk.heard(ada)[-2:]] == [150, 180]
    assert desk.flags(bob) == {"LATE"}


def test_leaving_late_and_coming_early_is_not_being_at_two_places(desk: FrontDesk) -> None:
    [ada] = clients(1)
    first = desk.session([ada])
    second = desk.session([ada], starts_at=minute(180))
    attend(desk, first, [ada], 0, 190)
    attend(desk, second, [ada], 175, 360)
    desk.now = minute(360)
    desk.close(first)
    desk.close(second)
    assert desk.flags(ada) == set()


def test_a_missing_check_out_lasts_to_the_sessions_end(desk: FrontDesk) -> None:
    [ada] = clients(1)
    first = desk.session([ada])
    second = desk.session(clients(1), starts_at=minute(150), facilitator_id=desk.clinician())
    desk.come(first, {ada: minute(0)})
    attend(desk, second, [ada], 170, 300)
    desk.now = minute(400)
    desk.close(first)
    desk.close(second)
    assert desk.flags(ada) == {"OVERLAP", "NOT_ON_ROSTER", "LATE", "LEFT_EARLY"}


def test_breaks_and_several_intervals_make_the_minutes_of_closing_and_of_corrections(
    desk: FrontDesk,
) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada], breaks=[interval(minute(80), minute(95))])
    attend(desk, session_id, [ada], 5, 60)
    attend(desk, session_id, [ada], 90, 170)
    desk.now = minute(180)
    desk.close(session_id)
    assert desk.heard(ada)[-1].minutes == 55 + 75
    assert desk.flags(ada) == {"LATE", "LEFT_EARLY"}
    desk.call(
        pb.CorrectAttendanceRequest(
            session_id=session_id,
            client_id=ada,
            intervals=[interval(minute(0), minute(180))],
            reason=pb.CORRECTION_REASON_WRONG_TIME,
        )
    )
    assert desk.heard(ada)[-1].minutes == 165


def correction(session_id: str, client: str, begin: int, end: int) -> pb.CorrectAttendanceRequest:
    """There from minute to minute after all; to the same minute: was not."""
    return pb.CorrectAttendanceRequest(
        session_id=session_id,
        client_id=client,
        intervals=[interval(minute(begin), minute(end))] if begin < end else [],
        reason=pb.CORRECTION_REASON_WRONG_TIME,
    )


def test_a_correction_is_flagged_while_it_says_the_client_was_at_two_places(
    desk: FrontDesk,
) -> None:
    [ada] = clients(1)
    first = desk.session([ada])
    second = desk.session([ada], starts_at=minute(180))
    attend(desk, first, [ada], 0, 180)
    attend(desk, second, [ada], 180, 300)
    third = desk.session(clients(1), starts_at=minute(60), facilitator_id=desk.clinician())
    desk.now = minute(360)
    for session_id in (first, second, third):
        desk.close(session_id)

    def corrected(*said: Any) -> list[int]:
        desk.call(correction(*said))
        return list(desk.heard(ada)[-1].flags)

    # Minutes outside the session are no attendance of it.
    assert corrected(second, ada, 120, 300) == []
    assert corrected(third, ada, 60, 200) == [events.FLAG_OVERLAP]
    assert desk.heard(ada)[-1].minutes == 140
    assert corrected(first, ada, 0, 0) == []
    # It still overlaps the second; when that is settled, saying it again takes the flag away.
    assert corrected(third, ada, 60, 190) == [events.FLAG_OVERLAP]
    assert corrected(second, ada, 240, 300) == []
    assert corrected(third, ada, 60, 190) == []
    known = len(desk.heard(ada))
    corrected(third, ada, 60, 190)
    assert len(desk.heard(ada)) == known


class HeldCredential(SqlSchedule):
    """Lets two look elsewhere, and go on only when both have looked, or one can't."""

    def __init__(self) -> None:
        self.barrier = Barrier(2)

    def elsewhere(self, tx: Transaction, session_id: str) -> frozenset[str]:
        found = super().elsewhere(tx, session_id)
        with suppress(BrokenBarrierError):
            self.barrier.wait(timeout=1)
        return found

    def is_elsewhere(
        self, tx: Transaction, session_id: str, client_id: str, intervals: Sequence[Interval]
    ) -> bool:
        found = super().is_elsewhere(tx, session_id, client_id, intervals)
        with suppress(BrokenBarrierError):
            self.barrier.wait(timeout=1)
        return found


def test_of_two_corrections_at_once_one_flags_the_overlap(
    new_store: Callable[[Any], Any],
) -> None:
    asked = HeldCredential()
    desk = FrontDesk(new_store(SERVICE), asked).open()
    [ada] = clients(1)
    first = desk.session([ada])
    second = desk.session(clients(1), starts_at=minute(60), facilitator_id=desk.clinician())
    desk.now = minute(240)
    for session_id in (first, second):
        desk.close(session_id)
    asked.barrier.reset()
    with ThreadPoolExecutor(2) as pool:
        said = [correction(either, ada, 60, 180) for either in (first, second)]
        list(pool.map(desk.ask, said))
    corrected = [fact for fact in desk.heard(ada) if fact.DESCRIPTOR.name == "AttendanceCorrected"]
    assert [list(fact.flags) for fact in corrected] == [[], [events.FLAG_OVERLAP]]


def test_of_two_sessions_closed_at_once_one_flags_the_overlap(
    new_store: Callable[[Any], Any],
) -> None:
    desk = FrontDesk(new_store(SERVICE), HeldCredential()).open()
    [ada] = clients(1)
    first = desk.session([ada])
    second = desk.session(clients(1), starts_at=minute(60), facilitator_id=desk.clinician())
    attend(desk, first, [ada], 0, 180)
    attend(desk, second, [ada], 60, 240)
    desk.now = minute(240)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(desk.close, [first, second]))
    attended = [fact for fact in desk.heard(ada) if fact.DESCRIPTOR.name == "SessionAttended"]
    assert [events.FLAG_OVERLAP in fact.flags for fact in attended] == [False, True]

"""What a session was scheduled as is put right, before it is closed and after."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as events
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2

from kernel.process import Service
from kernel.refusal import Refusal
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import (
    MONDAY,
    THREE_HOURS,
    FrontDesk,
    at,
    clients,
    minute,
)
from tests.harness.attendance.statements import ROLES, of_kind, put_right

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHY = statements_pb2.Correction(
    reason=statements_pb2.CORRECTION_REASON_MISTYPED, remark="the line below on the sheet"
)


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def anew(desk: FrontDesk, session_id: str, starts_at: datetime, **changes: Any) -> Any:
    said: dict[str, Any] = {
        "session_id": session_id,
        "program_id": desk.program_id,
        "facilitator_id": desk.staff_id,
        "service_kind": pb.SERVICE_KIND_GROUP,
        "modality": pb.MODALITY_IN_PERSON,
        "starts_at": at(starts_at),
        "ends_at": at(starts_at + THREE_HOURS),
        "no_limit": True,
        "correction": WHY,
    }
    return pb.CorrectSessionRequest(**{**said, **changes})


def reason_of(desk: FrontDesk, request: Any) -> str:
    with pytest.raises(Refusal) as refused:
        desk.ask(request)
    return refused.value.reason


def scheduled(desk: FrontDesk, client_id: str) -> Any:
    [fact] = [one for one in desk.standing(client_id) if one.DESCRIPTOR.name == "SessionScheduled"]
    return fact


def attended(desk: FrontDesk, client_id: str) -> Any:
    return [
        fact
        for fact in desk.standing(client_id)
        if fact.DESCRIPTOR.name in ("SessionAttended", "SessionMissed", "AttendanceCorrected")
    ][-1]


def held(desk: FrontDesk) -> tuple[str, str, str]:
    """Ada attended from nine to twelve, and Ben missed it."""
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    desk.come(session_id, {ada: minute(0)})
    desk.leave(session_id, {ada: minute(180)})
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    return ada, ben, session_id


def test_what_is_put_right_before_it_is_closed_others_hear_of_each_client(desk: FrontDesk) -> None:
    ada, ben, cam = clients(3)
    session_id = desk.session([ada, ben])
    desk.call(pb.TakeFromRosterRequest(client_id=ben, session_id=session_id))
    other = desk.call(
        pb.OpenProgramRequest(
            site_id=desk.site_id,
            kind=common.PROGRAM_KIND_MENTAL_HEALTH,
            governed_by=pb.GOVERNED_BY_HIPAA_ALONE,
        )
    ).program_id
    request = anew(
        desk,
        session_id,
        MONDAY + DAY,
        program_id=other,
        service_kind=pb.SERVICE_KIND_INDIVIDUAL,
        modality=pb.MODALITY_TELEHEALTH,
        no_limit=False,
    )
    assert desk.call(request).service_date == to_date((MONDAY + DAY).date())
    fact = scheduled(desk, ada)
    assert (fact.program.program_id, fact.modality) == (other, pb.MODALITY_TELEHEALTH)
    assert fact.service_date == to_date((MONDAY + DAY).date())
    assert desk.standing(ben) == []
    for who in (ben, cam):  # who is added later is told what it is now, and again what it becomes
        desk.call(pb.AddToRosterRequest(client_id=who, session_id=session_id))
    desk.call(anew(desk, session_id, MONDAY + DAY + HOUR))
    starts = {scheduled(desk, who).starts_at.seconds for who in (ada, ben, cam)}
    assert starts == {at(MONDAY + DAY + HOUR).seconds}
    desk.call(pb.TakeFromRosterRequest(client_id=cam, session_id=session_id))
    assert desk.standing(cam) == []


def test_said_again_it_changes_nothing_and_the_desk_reads_each_telling(desk: FrontDesk) -> None:
    ada = clients(1)[0]
    session_id = desk.session([ada])
    request = anew(desk, session_id, MONDAY + HOUR)
    desk.call(request)
    request.ClearField("meta")
    assert not desk.call(request).receipt.published
    on = to_date(MONDAY.date())
    asked = roster.ReadRosterRequest(site_id=desk.site_id, on=on)
    [session] = desk.ask(asked, roles=ROLES).sessions
    [correction] = session.corrections
    assert session.starts_at == correction.starts_at == at(MONDAY + HOUR)
    assert (correction.remark, correction.recorded_by) == (WHY.remark, desk.actor)
    [listed] = desk.ask(calendar.ListClientSessionsRequest(client_id=ada), roles=ROLES).sessions
    assert listed.starts_at == at(MONDAY + HOUR)


def test_before_closing_it_is_refused_as_scheduling_refuses_it(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id, leader = desk.session([ada, ben]), desk.clinician()
    desk.session([ada], starts_at=MONDAY + DAY, facilitator_id=leader)
    at_noon = MONDAY + DAY
    assert reason_of(desk, anew(desk, session_id, at_noon)) == "CLIENT_BUSY"
    busy = anew(desk, session_id, at_noon, facilitator_id=leader)
    assert reason_of(desk, busy) == "FACILITATOR_BUSY"
    full = anew(desk, session_id, MONDAY, capacity=1, no_limit=False)
    assert reason_of(desk, full) == "OVER_CAPACITY"
    early = anew(desk, session_id, datetime(2025, 6, 2, 15, tzinfo=MONDAY.tzinfo))
    assert reason_of(desk, early) in ("NOT_ADMITTED_HERE", "FACILITATOR_NOT_CREDENTIALED")
    unknown = anew(desk, session_id, MONDAY, program_id=session_id)
    assert reason_of(desk, unknown) == "PROGRAM_UNKNOWN"
    desk.call(anew(desk, session_id, MONDAY + HOUR))  # its own time is no clash
    desk.call(pb.CancelSessionRequest(session_id=session_id))
    assert reason_of(desk, anew(desk, session_id, MONDAY)) == "SESSION_CANCELLED"


def test_after_closing_it_is_said_again_what_each_client_was_given(desk: FrontDesk) -> None:
    ada, ben, session_id = held(desk)
    desk.call(anew(desk, session_id, MONDAY + HOUR))
    assert attended(desk, ada).minutes == 120
    assert attended(desk, ben).DESCRIPTOR.name == "SessionMissed"
    desk.correct(session_id, ben, MONDAY + HOUR, 30)
    desk.call(anew(desk, session_id, MONDAY))
    assert (attended(desk, ada).minutes, attended(desk, ben).minutes) == (180, 30)
    desk.call(anew(desk, session_id, MONDAY + HOUR + timedelta(minutes=15)))
    assert (attended(desk, ada).minutes, attended(desk, ben).minutes) == (105, 15)
    assert attended(desk, ben).correction == 3
    put_right(desk, of_kind(desk, "closing", about=session_id), None)
    desk.close(session_id)
    assert [f.minutes for f in desk.standing(ada) if hasattr(f, "minutes")][-1] == 105


def test_what_happened_is_not_refused_but_flagged(desk: FrontDesk) -> None:
    """She came early to the second session, which had begun by then after all."""
    [ada] = clients(1)
    first = desk.session([ada])
    second = desk.session([ada], starts_at=MONDAY + THREE_HOURS)
    desk.come(first, {ada: minute(0)})
    desk.leave(first, {ada: minute(180)})
    desk.come(second, {ada: minute(150)})
    desk.leave(second, {ada: minute(360)})
    desk.now = MONDAY + 2 * THREE_HOURS
    desk.close(first)
    desk.close(second)
    assert events.FLAG_OVERLAP not in attended(desk, ada).flags
    desk.call(anew(desk, second, MONDAY + 2 * HOUR, ends_at=at(minute(360))))
    assert events.FLAG_OVERLAP in attended(desk, ada).flags


def test_a_session_moves_no_further_than_those_who_were_there(desk: FrontDesk) -> None:
    *_, session_id = held(desk)
    assert reason_of(desk, anew(desk, session_id, MONDAY - DAY)) == "MALFORMED"
    assert reason_of(desk, anew(desk, session_id, MONDAY + DAY)) == "SESSION_NOT_STARTED"


def test_of_what_was_broken_off_the_end_is_put_right_first(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    desk.come(session_id, {ada: minute(0)})
    desk.now = minute(90)
    desk.call(pb.CancelSessionRequest(session_id=session_id, given_until=at(minute(80))))
    assert reason_of(desk, anew(desk, session_id, MONDAY)) == "SESSION_BROKEN_OFF"


def test_what_was_called_off_for_one_client_is_called_off_at_its_new_time(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    off = pb.RecordAbsenceRequest(
        session_id=session_id, client_id=ben, absence=pb.ABSENCE_BY_PROGRAM
    )
    desk.call(off)
    desk.call(anew(desk, session_id, MONDAY + HOUR))
    [cancelled] = [f for f in desk.standing(ben) if f.DESCRIPTOR.name == "SessionCancelled"]
    assert [getattr(span, "from").seconds for span in cancelled.treatment] == [
        at(MONDAY + HOUR).seconds
    ]

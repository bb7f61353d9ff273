"""What can't be true of a session is refused where it is entered."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed
from kernel.rpc.translate import to_date
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import (
    MONDAY,
    THREE_HOURS,
    FrontDesk,
    at,
    clients,
    interval,
    minute,
    weekly,
)


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def held(desk: FrontDesk, client_id: str, *others: str) -> str:
    """The client was there, the others weren't; it is closed."""
    session_id = desk.session([client_id, *others])
    desk.come(session_id, {client_id: MONDAY})
    desk.leave(session_id, {client_id: MONDAY + THREE_HOURS})
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    return session_id


def test_there_is_no_note_of_who_was_not_there(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    session_id = held(desk, ada, bob)
    who = {"session_id": session_id, "client_id": bob}
    notes: list[Any] = [
        pb.SignNoteRequest(**who, text="Took part."),
        pb.AttestNoteRequest(**who, statement="So it was."),
        pb.SignGroupNoteRequest(
            session_id=session_id,
            group_text="All spoke.",
            parts=[
                pb.IndividualPart(client_id=ada, text="Spoke first."),
                pb.IndividualPart(client_id=bob, text="Spoke last."),
            ],
        ),
    ]
    for request in notes:
        with pytest.raises(AgainstTheRules) as refused:
            desk.call(request)
        assert refused.value.reason == "CLIENT_NOT_THERE"
    # Corrected, they were there; and who was there is not any more.
    desk.call(
        pb.CorrectAttendanceRequest(
            **who,
            intervals=[interval(MONDAY, MONDAY + THREE_HOURS)],
            reason=pb.CORRECTION_REASON_WAS_THERE,
        )
    )
    desk.call(pb.SignNoteRequest(**who, text="Took part."))
    other = {"session_id": session_id, "client_id": ada}
    desk.call(pb.CorrectAttendanceRequest(**other, reason=pb.CORRECTION_REASON_NOT_THERE))
    with pytest.raises(AgainstTheRules):
        desk.call(pb.SignNoteRequest(**other, text="Took part."))


@pytest.mark.parametrize(
    ("reason", "there"),
    [(pb.CORRECTION_REASON_NOT_THERE, True), (pb.CORRECTION_REASON_WAS_THERE, False)],
)
def test_a_correction_does_not_contradict_its_reason(
    desk: FrontDesk, reason: int, there: bool
) -> None:
    [ada] = clients(1)
    request = pb.CorrectAttendanceRequest(
        session_id=held(desk, ada),
        client_id=ada,
        intervals=[interval(MONDAY, MONDAY + THREE_HOURS)] if there else [],
        reason=reason,
    )
    with pytest.raises(Malformed) as refused:
        desk.call(request)
    assert list(refused.value.details) == ["intervals"]


def test_nobody_leads_a_session_before_they_are_credentialed(desk: FrontDesk) -> None:
    staff = pb.CredentialStaffRequest(
        credential="LCSW", state="IL", npi="1234567893", effective_from=to_date(date(2030, 1, 1))
    )
    later = desk.call(staff).staff_id
    with pytest.raises(AgainstTheRules) as refused:
        desk.session(clients(1), facilitator_id=later)
    assert refused.value.reason == "FACILITATOR_NOT_CREDENTIALED"
    expansion = desk.expansion(
        desk.template(weekly(1, 18)),
        date(2026, 4, 6),
        date(2026, 4, 12),
        clients(1),
        facilitator_id=later,
    )
    with pytest.raises(AgainstTheRules) as refused:
        desk.call(expansion)
    assert refused.value.reason == "FACILITATOR_NOT_CREDENTIALED"


def test_nobody_comes_or_leaves_on_another_day(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    who = {"session_id": session_id, "client_id": ada}
    with pytest.raises(Malformed):
        desk.call(pb.CheckInRequest(**who, at=at(MONDAY - timedelta(days=1))))
    desk.come(session_id, {ada: minute(-10)})
    with pytest.raises(Malformed):
        desk.call(pb.CheckOutRequest(**who, at=at(MONDAY + timedelta(days=2))))

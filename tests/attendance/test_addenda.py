"""What a signed note should have said is added to it; the note itself is never changed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import roster_service_pb2 as roster

from kernel.keys.forgetting import forget
from kernel.process import Service
from kernel.refusal import Refusal
from kernel.rpc.translate import to_date, to_timestamp
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import MONDAY, THREE_HOURS, FrontDesk, clients, minute
from tests.harness.attendance.statements import last_said, of_kind, put_right

DAY = MONDAY.date()


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def add(desk: FrontDesk, session_id: str, text: str, *client_ids: str) -> Any:
    return desk.call(pb.AddAddendumRequest(session_id=session_id, client_ids=client_ids, text=text))


def note(desk: FrontDesk, client_id: str, role: str = "clinician", **asked: Any) -> Any:
    request = roster.ReadAttendanceRequest(
        **{"client_id": client_id, "from": to_date(DAY), "to": to_date(DAY)}, **asked
    )
    [session] = desk.ask(request, roles=frozenset({role})).sessions
    [presence] = session.presences
    return presence.note


def reason_of(desk: FrontDesk, *given: Any) -> str:
    with pytest.raises(Refusal) as refused:
        add(desk, *given)
    return refused.value.reason


def test_an_addendum_is_told_beside_the_note_with_who_added_it_and_when(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.held(MONDAY, {ada: 180})
    before = note(desk, ada)
    desk.now += timedelta(days=1)
    add(desk, session_id, "She had mentioned the move.", ada)
    add(desk, session_id, "And the dog.", ada)
    after = note(desk, ada)
    assert (after.text, after.signed_at) == (before.text, before.signed_at)
    assert [each.text for each in after.addenda] == ["She had mentioned the move.", "And the dog."]
    assert {each.added_by for each in after.addenda} == {desk.actor}
    assert after.addenda[0].added_at == to_timestamp(desk.now)
    assert not note(desk, ada, as_of=before.signed_at).addenda
    assert not note(desk, ada, "front_desk").addenda


def test_to_a_groups_notes_one_text_is_added_under_each_clients_key(desk: FrontDesk) -> None:
    ada, ben, cam = clients(3)
    session_id = desk.session([ada, ben, cam])
    desk.now = MONDAY + THREE_HOURS
    desk.come(session_id, dict.fromkeys((ada, ben, cam), minute(0)))
    desk.leave(session_id, dict.fromkeys((ada, ben, cam), minute(180)))
    desk.close(session_id)
    parts = [
        pb.IndividualPart(client_id=who, text=f"Spoke of {what}.")
        for who, what in ((ada, "work"), (ben, "home"))
    ]
    desk.call(pb.SignGroupNoteRequest(session_id=session_id, group_text="Triggers.", parts=parts))
    assert reason_of(desk, session_id, "On sleep, too.", ada, ben, cam) == "NOTE_NOT_SIGNED"
    add(desk, session_id, "On sleep, too.", ada, ben)
    forget(desk.store.engine, desk.store.vault.keys, {f"client/{ada}": desk.now})
    [of_ada], [of_ben] = note(desk, ada).addenda, note(desk, ben).addenda
    assert (of_ada.text, of_ada.text_forgotten) == ("", True)
    assert (of_ben.text, of_ben.text_forgotten) == ("On sleep, too.", False)


def test_nobody_adds_to_a_note_who_could_not_sign_it(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.held(MONDAY, {ada: 180})
    desk.actor = "person/nobody"
    assert reason_of(desk, session_id, "More.", ada) == "NOT_CREDENTIALED"


def test_an_addendum_put_right_is_signed_anew_and_one_of_another_client_is_taken_back(
    desk: FrontDesk,
) -> None:
    [ada] = clients(1)
    session_id = desk.held(MONDAY, {ada: 180})
    add(desk, session_id, "She moved to Ohio.", ada)
    read = of_kind(desk, "addendum", ada)
    right = last_said(read)
    right.text = "She moved to Iowa."
    desk.now += timedelta(hours=1)
    put_right(desk, read, right)
    [told] = note(desk, ada).addenda
    assert (told.text, told.revision, told.added_at) == (
        "She moved to Iowa.",
        2,
        to_timestamp(desk.now),
    )
    both = [each.recording.addendum.text for each in of_kind(desk, "addendum", ada).revisions]
    assert both == ["She moved to Ohio.", "She moved to Iowa."]
    put_right(desk, of_kind(desk, "addendum", ada), None)
    assert not note(desk, ada).addenda

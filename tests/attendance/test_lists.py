"""Sessions by site and date, what of them is due, and tables that say what the facts say."""

import importlib.util
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb

import services.attendance.adapters
from kernel.refusal import Malformed
from kernel.rpc.translate import to_date
from kernel.store.statements import text
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import FrontDesk, clients, interval, minute, weekly
from tests.harness.kernel.owner import as_owner

FIRST = date(2026, 3, 2)
MIGRATIONS = Path(services.attendance.adapters.__file__).parent / "migrations"


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def listing(desk: FrontDesk, days: int = 31, **changes: Any) -> Any:
    given = {
        "site_id": desk.site_id,
        "from": to_date(FIRST),
        "to": to_date(FIRST + timedelta(days=days - 1)),
    }
    return desk.call(pb.ListSessionsRequest(**{**given, **changes}))


def due(desk: FrontDesk) -> dict[str, list[str]]:
    """Session → whose notes are unsigned."""
    return {
        session.session_id: list(session.unsigned_client_ids)
        for session in listing(desk, due_only=True).sessions
    }


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_pages_hold_every_session_once_in_the_order_of_their_starts(
    desk: FrontDesk, size: int
) -> None:
    template_id = desk.template(weekly(1, 9), weekly(1, 13, 60), weekly(3, 9))
    first = FIRST
    ids = [
        session.session_id
        for session in desk.call(
            desk.expansion(template_id, first, first + timedelta(days=6), clients(1))
        ).sessions
    ]
    # Encounter the same time, another group.
    ids.append(desk.session(clients(1), facilitator_id=desk.clinician()))
    elsewhere = FrontDesk(desk.store).open()
    elsewhere.session(clients(1))
    desk.session(clients(1), starts_at=minute(40 * 24 * 60))
    found, token, pages = [], "", 0
    while True:
        page = listing(desk, page_size=size, page_token=token)
        assert len(page.sessions) <= size
        found += page.sessions
        pages, token = pages + 1, page.next_page_token
        if not token:
            break
    assert sorted(listed.session_id for listed in found) == sorted(ids)
    starts = [listed.starts_at.ToSeconds() for listed in found]
    assert starts == sorted(starts)
    assert pages == -(-len(ids) // size)


def test_a_session_is_listed_as_it_stands(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    session_id = desk.session([ada])
    desk.come(session_id, {bob: minute(0)})
    [listed] = listing(desk).sessions
    assert (listed.session_id, listed.facilitator_id) == (session_id, desk.staff_id)
    assert list(listed.client_ids) == [ada, bob]
    assert listed.starts_at.ToSeconds() == minute(0).timestamp()
    assert listed.ends_at.ToSeconds() == minute(180).timestamp()
    assert (listed.closed, listed.cancelled, listed.service_date.day) == (False, False, 2)
    desk.call(pb.CancelSessionRequest(session_id=session_id))
    assert listing(desk).sessions[0].cancelled


def test_due_is_what_ended_and_is_open_and_then_whose_notes_are_unsigned(desk: FrontDesk) -> None:
    ada, bob, eve = clients(3)
    session_id = desk.session([ada, bob, eve])
    desk.come(session_id, {ada: minute(0), bob: minute(0)})
    desk.now = minute(179)
    assert due(desk) == {}
    desk.now = minute(180)
    assert due(desk) == {session_id: []}
    desk.close(session_id)
    assert due(desk) == {session_id: [ada, bob]}
    who = {"session_id": session_id, "client_id": ada}
    desk.call(pb.SignNoteRequest(**who, text="Took part."))
    assert due(desk) == {session_id: [bob]}
    attest = pb.AttestNoteRequest(session_id=session_id, client_id=bob, statement="I led it.")
    desk.call(attest)
    assert due(desk) == {}
    # Eve was there after all, so a note of hers is missing; then she was not.
    there = {"session_id": session_id, "client_id": eve}
    desk.call(
        pb.CorrectAttendanceRequest(
            **there,
            intervals=[interval(minute(0), minute(60))],
            reason=pb.CORRECTION_REASON_WAS_THERE,
        )
    )
    assert due(desk) == {session_id: [eve]}
    desk.call(pb.CorrectAttendanceRequest(**there, reason=pb.CORRECTION_REASON_NOT_THERE))
    assert due(desk) == {}


def test_a_cancelled_session_is_never_due(desk: FrontDesk) -> None:
    desk.call(pb.CancelSessionRequest(session_id=desk.session(clients(1))))
    desk.now = minute(500)
    assert due(desk) == {}
    assert len(listing(desk).sessions) == 1


def test_what_a_list_can_not_be_asked_is_refused(desk: FrontDesk) -> None:
    for changes in (
        {"page_size": 501},
        {"page_size": -1},
        {"page_token": "x"},
        {"page_token": "2026-03-02T15:00:00|"},
        {"page_token": f"2026-03-02T15:00:00|{desk.site_id}"},
        {"site_id": "here"},
    ):
        with pytest.raises(Malformed) as refused:
            listing(desk, **changes)
        assert set(refused.value.details) == set(changes)


def test_the_tables_of_an_older_release_are_filled_from_its_facts(desk: FrontDesk) -> None:
    """What migration 0002 enters is what the view would have kept."""
    ada, bob, eve = clients(3)
    session_id = desk.session([ada, bob])
    desk.come(session_id, {ada: minute(0), bob: minute(5), eve: minute(9)})
    desk.leave(session_id, {ada: minute(60), bob: minute(70)})
    desk.come(session_id, {ada: minute(80)})
    desk.leave(session_id, {ada: minute(180)})
    desk.session([ada], starts_at=minute(300))
    desk.now = minute(180)
    desk.close(session_id)
    desk.call(pb.SignNoteRequest(session_id=session_id, client_id=ada, text="Took part."))
    late, never = clients(2)
    for client, there in ((bob, []), (late, [(0, 30), (40, 60)]), (never, [(0, 9)]), (never, [])):
        request = pb.CorrectAttendanceRequest(
            session_id=session_id,
            client_id=client,
            intervals=[interval(minute(begin), minute(end)) for begin, end in there],
            reason=pb.CORRECTION_REASON_WRONG_CLIENT,
        )
        desk.call(request)
    tables = {
        "presence_interval": "SELECT * FROM presence_interval ORDER BY 1, 2, 3",
        "attended": "SELECT * FROM attended ORDER BY 1, 2",
        "signed_note": "SELECT * FROM signed_note ORDER BY 1, 2",
        "scheduled_session": "SELECT * FROM scheduled_session ORDER BY 1",
    }
    kept = {name: desk.rows(question) for name, question in tables.items()}
    assert all(kept.values())
    path = MIGRATIONS / "0002_what_is_due.py"
    spec = importlib.util.spec_from_file_location("attendance_0002", path)
    assert spec is not None and spec.loader is not None
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    with as_owner(desk.store) as tx:
        tx.connection.execute(text("TRUNCATE presence_interval, attended, signed_note"))
        tx.connection.execute(
            text(
                "ALTER TABLE scheduled_session ALTER site_id DROP NOT NULL,"
                " ALTER service_date DROP NOT NULL"
            )
        )
        tx.connection.execute(
            text("UPDATE scheduled_session SET site_id = NULL, service_date = NULL, closed = false")
        )
        tx.connection.exec_driver_sql(migration.ENTRIES)
    assert {name: desk.rows(question) for name, question in tables.items()} == kept

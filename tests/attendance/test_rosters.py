"""A roster at once: all of it or nothing, each client with a record of their own."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ninehours.attendance.v1 import attendance_service_pb2 as pb

from kernel.refusal import AgainstTheRules, Malformed, Refusal, Unknown
from services.attendance.__main__ import SERVICE
from services.attendance.domain.note import NotePartsIdentical, require_individual
from services.attendance.domain.refusals import naming
from tests.harness.attendance.front_desk import FrontDesk, at, clients, minute, moments

GROUP_TEXT = "Relapse prevention: triggers and exits."


@pytest.fixture
def desk(new_store: Callable[[Any], Any]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def group_note(session_id: str, parts: list[tuple[str, str]], **changes: Any) -> Any:
    given = {
        "session_id": session_id,
        "group_text": GROUP_TEXT,
        "parts": [pb.IndividualPart(client_id=client, text=text) for client, text in parts],
    }
    return pb.SignGroupNoteRequest(**{**given, **changes})


def refused(desk: FrontDesk, request: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        desk.call(request)
    return refusal.value


def test_a_roster_of_twelve_comes_leaves_and_is_signed_in_one_call_each(desk: FrontDesk) -> None:
    roster = clients(12)
    session_id = desk.session(roster)
    desk.come(session_id, {client: minute(n) for n, client in enumerate(roster)})
    desk.leave(session_id, {client: minute(180) for client in roster})
    desk.now = minute(180)
    assert desk.close(session_id).attended == 12
    note = group_note(session_id, [(client, f"Part {n}") for n, client in enumerate(roster)])
    assert len(desk.call(note).receipt.published) == 12
    for n, client in enumerate(roster):
        assert desk.nouns(client) == ["SessionScheduled", "SessionAttended", "SessionNoteSigned"]
        assert desk.heard(client)[1].minutes == 180 - n


def test_an_arrival_said_again_changes_nothing_even_after_leaving(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    session_id = desk.session([ada, bob])
    desk.come(session_id, {ada: minute(0)})
    desk.come(session_id, {ada: minute(3), bob: minute(3)})
    desk.leave(session_id, {ada: minute(60)})
    desk.leave(session_id, {ada: minute(60), bob: minute(70)})
    desk.come(session_id, {ada: minute(0)})
    found = desk.rows("SELECT client_id, came, left_at FROM presence_interval ORDER BY client_id")
    assert [(str(row[0]), row[1], row[2]) for row in found] == [
        (ada, minute(0), minute(60)),
        (bob, minute(3), minute(70)),
    ]


def test_one_who_is_not_there_keeps_the_whole_roster_from_leaving(desk: FrontDesk) -> None:
    ada, bob, eve = clients(3)
    session_id = desk.session([ada, bob, eve])
    desk.come(session_id, {ada: minute(0)})
    leaving = {client: minute(60) for client in (ada, bob, eve)}
    request = pb.CheckOutRosterRequest(session_id=session_id, departures=moments(leaving))
    refusal = refused(desk, request)
    assert refusal.reason == "NOT_CHECKED_IN"
    assert refusal.details["client_ids"] == f"{bob},{eve}"
    assert desk.rows("SELECT left_at FROM presence_interval") == [(None,)]


def test_a_departure_before_the_arrival_is_named_by_its_client(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    desk.come(session_id, {ada: minute(10)})
    request = pb.CheckOutRosterRequest(session_id=session_id, departures=moments({ada: minute(9)}))
    assert set(refused(desk, request).details) == {f"clients.{ada}.at"}


def test_after_closing_a_roster_call_is_refused_naming_everybody(desk: FrontDesk) -> None:
    roster = clients(8)
    session_id = desk.session(roster)
    desk.now = minute(180)
    desk.close(session_id)
    arrivals = moments({client: minute(0) for client in roster})
    refusal = refused(desk, pb.CheckInRosterRequest(session_id=session_id, arrivals=arrivals))
    assert refusal.reason == "SESSION_CLOSED"
    named = f"{refusal.details['client_ids']},{refusal.details['client_ids_2']}"
    assert named.split(",") == roster


def test_a_roster_call_names_each_client_once_and_an_existing_session(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    twice = [pb.Moment(client_id=ada, at=at(minute(n))) for n in (0, 1)]
    for arrivals in (twice, []):
        refusal = refused(desk, pb.CheckInRosterRequest(session_id=session_id, arrivals=arrivals))
        assert set(refusal.details) == {"arrivals"}
    wrong = pb.CheckInRosterRequest(session_id=session_id, arrivals=[pb.Moment(client_id="x")])
    assert set(refused(desk, wrong).details) == {"arrivals.0.client_id", "arrivals.0.at"}
    nowhere = pb.CheckInRosterRequest(session_id=str(uuid4()), arrivals=twice[:1])
    assert isinstance(refused(desk, nowhere), Unknown)
    versioned = pb.CheckInRosterRequest(session_id=session_id, arrivals=twice[:1])
    versioned.meta.expected_version = 0
    assert set(refused(desk, versioned).details) == {"meta.expected_version"}


def test_each_clients_documents_hold_the_groups_part_and_their_own_only(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    session_id = desk.session([ada, bob])
    desk.come(session_id, {ada: minute(0), bob: minute(0)})
    desk.now = minute(180)
    desk.call(group_note(session_id, [(ada, "Spoke of work."), (bob, "Listened.")]))
    with desk.store.transaction() as tx:
        for client, own in ((ada, b"Spoke of work."), (bob, b"Listened.")):
            group = tx.documents.open(f"client/{client}", f"group-note/{session_id}")
            note = tx.documents.open(f"client/{client}", f"note/{session_id}")
            assert group is not None and group.content == GROUP_TEXT.encode()
            assert note is not None and note.content == own
    assert desk.rows("SELECT count(*) FROM document") == [(4,)]
    assert not desk.rows("SELECT FROM fact WHERE body::text LIKE '%Listened%'")


def test_cloned_parts_are_refused_and_nothing_is_signed(desk: FrontDesk) -> None:
    ada, bob, eve = clients(3)
    session_id = desk.session([ada, bob, eve])
    cloned = group_note(session_id, [(ada, "Took part."), (bob, " took  PART."), (eve, "Left.")])
    refusal = refused(desk, cloned)
    assert refusal.reason == "NOTE_PARTS_IDENTICAL"
    assert refusal.details["client_ids"] == f"{ada},{bob}"
    assert desk.rows("SELECT count(*) FROM document") == [(0,)]


def test_nobody_tells_what_happened_before_it_began(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    desk.come(session_id, {ada: minute(-5)})
    desk.now = minute(-1)
    alone = pb.SignNoteRequest(session_id=session_id, client_id=ada, text="Took part.")
    for request in (alone, group_note(session_id, [(ada, "Took part.")])):
        assert refused(desk, request).reason == "SESSION_NOT_STARTED"
    assert desk.rows("SELECT count(*) FROM document") == [(0,)]
    desk.now = minute(0)
    assert desk.call(alone).receipt.published


def test_a_part_says_something_and_each_client_has_one(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    session_id = desk.session([ada, bob])
    empty = group_note(session_id, [(ada, "x"), (bob, " ")])
    assert set(refused(desk, empty).details) == {"parts.1.text"}
    for parts in ([(ada, "x"), (ada, "y")], []):
        assert set(refused(desk, group_note(session_id, parts)).details) == {"parts"}
    silent = group_note(session_id, [(ada, "x")], group_text="")
    assert set(refused(desk, silent).details) == {"group_text"}


def test_a_signed_note_keeps_the_whole_group_note_from_being_signed(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    session_id = desk.session([ada, bob])
    desk.come(session_id, {ada: minute(0), bob: minute(0)})
    desk.now = minute(180)
    desk.call(pb.SignNoteRequest(session_id=session_id, client_id=bob, text="Took part."))
    refusal = refused(desk, group_note(session_id, [(ada, "x"), (bob, "y")]))
    assert (refusal.reason, refusal.details["client_ids"]) == ("NOTE_ALREADY_SIGNED", bob)
    assert desk.nouns(ada) == ["SessionScheduled"]


def test_a_repeated_roster_call_answers_what_it_answered(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    session_id = desk.session([ada, bob])
    desk.come(session_id, {ada: minute(0), bob: minute(0)})
    desk.now = minute(180)
    note = group_note(session_id, [(ada, "x"), (bob, "y")])
    command_id = str(uuid4())
    assert desk.call(note, command_id) == desk.call(note, command_id)
    assert desk.nouns(ada) == ["SessionScheduled", "SessionNoteSigned"]


def test_an_attestation_follows_closing_signed_or_not_and_stands_once(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    session_id = desk.session([ada, bob])
    desk.come(session_id, {ada: minute(0), bob: minute(0)})
    statement = {"session_id": session_id, "statement": "I led this group."}
    early = pb.AttestNoteRequest(client_id=ada, **statement)
    assert refused(desk, early).reason == "SESSION_NOT_CLOSED"
    desk.now = minute(180)
    desk.close(session_id)
    desk.call(pb.SignNoteRequest(session_id=session_id, client_id=ada, text="Took part."))
    for client in (ada, bob):
        desk.call(pb.AttestNoteRequest(client_id=client, **statement))
        attested = desk.heard(client)[-1]
        assert attested.DESCRIPTOR.name == "SessionNoteAttested"
        assert attested.attested_by == desk.actor
        again = pb.AttestNoteRequest(client_id=client, **statement)
        assert refused(desk, again).reason == "NOTE_ALREADY_ATTESTED"
    assert desk.rows("SELECT count(*) FROM document WHERE kind LIKE 'attestation/%'") == [(2,)]


TEXTS = some.text("aA \n", min_size=1, max_size=3).filter(str.strip)


@given(TEXTS, some.dictionaries(some.sampled_from("pqrs"), TEXTS, min_size=1))
def test_no_two_parts_that_read_the_same_pass(group: str, parts: dict[str, str]) -> None:
    plain = ["".join(f" {word}" for word in text.lower().split()) for text in parts.values()]
    same = len(set(plain)) < len(plain) or "".join(f" {w}" for w in group.lower().split()) in plain
    try:
        require_individual(group, parts)
    except NotePartsIdentical:
        assert same
    else:
        assert not same


def test_clients_are_named_six_to_a_detail() -> None:
    ids = [f"{n:02}" for n in range(14)]
    assert list(naming(reversed(ids))) == ["client_ids", "client_ids_2", "client_ids_3"]
    assert ",".join(naming(ids).values()).split(",") == ids
    assert naming([]) == {}


def test_malformed_departures_do_not_hide_who_is_not_there(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    session_id = desk.session([ada, bob])
    desk.come(session_id, {ada: minute(10)})
    with pytest.raises(AgainstTheRules) as refusal:
        desk.leave(session_id, {ada: minute(5), bob: minute(20)})
    assert refusal.value.details["client_ids"] == bob
    assert not isinstance(refusal.value, Malformed)

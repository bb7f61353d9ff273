"""What attendance was told is read back: a site's day in one question, sites, and staff."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as events
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.common.v1 import common_pb2 as common

from kernel.keys.forgetting import forget
from kernel.process import Service
from kernel.refusal import Malformed, Stale, Unknown
from kernel.rpc.call import Call
from kernel.rpc.rpcs import rpc_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date, to_timestamp
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import (
    ADDRESS,
    MONDAY,
    THREE_HOURS,
    FrontDesk,
    at,
    clients,
    interval,
    minute,
    weekly,
)

DAY = date(2026, 3, 2)


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def read(desk: FrontDesk, request: Any, role: str = "clinician", *sites: str) -> Any:
    actor = Actor(desk.actor, frozenset({role}), frozenset(sites or {"*"}), "TREATMENT")
    call = Call(
        actor=actor, now=desk.now, deadline=lambda: None, correlation_id="c", traceparent=""
    )
    rpc = rpc_of(request)
    return getattr(desk.servicers[rpc.containing_service], rpc.name)(request, call)


def day(desk: FrontDesk, role: str = "clinician", **asked: Any) -> Any:
    request = roster.ReadRosterRequest(site_id=desk.site_id, on=to_date(DAY), **asked)
    return read(desk, request, role)


def test_a_day_is_told_with_everybody_who_was_expected_or_came(desk: FrontDesk) -> None:
    ada, ben, cam = clients(3)
    pause = interval(minute(60), minute(75))
    session_id = desk.session([ada, ben], capacity=12, breaks=[pause])
    later = desk.session([ada], starts_at=MONDAY + timedelta(hours=4))
    desk.session([ada], starts_at=MONDAY + timedelta(days=1))
    desk.now = MONDAY + THREE_HOURS
    desk.come(session_id, {ada: minute(0), cam: minute(20)})
    desk.leave(session_id, {ada: minute(180)})
    desk.close(session_id)
    first, second = day(desk).sessions
    assert (first.session_id, second.session_id) == (session_id, later)
    assert (first.capacity, first.no_limit, list(first.breaks)) == (12, False, [pause])
    assert (first.closed, second.closed, second.no_limit) == (True, False, True)
    told = {presence.client_id: presence for presence in first.presences}
    assert {who: presence.on_roster for who, presence in told.items()} == {
        ada: True,
        ben: True,
        cam: False,
    }
    assert [arrival.at for arrival in told[ada].arrivals] == [at(minute(0))]
    assert [departure.at for departure in told[ada].departures] == [at(minute(180))]
    assert (told[ada].closed.attended, told[ada].closed.minutes) == (True, 165)
    assert list(told[cam].closed.flags) == [
        events.FLAG_NO_CHECK_OUT,
        events.FLAG_NOT_ON_ROSTER,
        events.FLAG_LATE,
    ]
    assert (told[ben].closed.attended, told[ben].version) == (False, 0)
    assert not second.presences[0].HasField("closed")


def test_notes_are_told_to_clinicians_with_the_groups_part(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    desk.now = MONDAY + THREE_HOURS
    desk.come(session_id, {ada: minute(0), ben: minute(0)})
    desk.leave(session_id, {ada: minute(180), ben: minute(180)})
    desk.close(session_id)
    part = pb.IndividualPart(client_id=ada, text="Spoke of the harbor.")
    desk.call(
        pb.SignGroupNoteRequest(session_id=session_id, group_text="On triggers.", parts=[part])
    )
    who = {"session_id": session_id, "client_id": ben}
    desk.call(pb.SignNoteRequest(**who, text="Listened."))
    desk.call(pb.AttestNoteRequest(**who, statement="I was there."))
    [session] = day(desk).sessions
    of_ada, of_ben = sorted(session.presences, key=lambda presence: presence.client_id != ada)
    assert (of_ada.note.text, of_ada.note.group_text) == ("Spoke of the harbor.", "On triggers.")
    assert (of_ben.note.text, of_ben.note.group_text) == ("Listened.", "")
    assert (of_ben.attestation.statement, of_ben.attestation.attested_by) == (
        "I was there.",
        desk.actor,
    )
    withheld = day(desk, "front_desk")
    assert withheld.notes_withheld
    assert not any(
        presence.HasField(name)
        for presence in withheld.sessions[0].presences
        for name in ("note", "attestation")
    )


def test_of_a_client_whose_key_was_destroyed_the_note_is_told_without_its_words(
    desk: FrontDesk,
) -> None:
    [ada] = clients(1)
    desk.held(MONDAY, {ada: 180})
    forget(desk.store.engine, desk.store.vault.keys, {f"client/{ada}": desk.now})
    [presence] = day(desk).sessions[0].presences
    assert (presence.note.text_forgotten, presence.note.text) == (True, "")
    assert presence.note.signed_by == desk.actor


def test_corrections_are_told_beside_what_they_correct(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.held(MONDAY, {ada: 180})
    desk.correct(session_id, ada, MONDAY, 100)
    desk.correct(session_id, ada, MONDAY, 0)
    [presence] = day(desk).sessions[0].presences
    assert presence.closed.minutes == 180
    assert [(each.correction, each.minutes, each.reason) for each in presence.corrections] == [
        (1, 100, pb.CORRECTION_REASON_WRONG_TIME),
        (2, 0, pb.CORRECTION_REASON_NOT_THERE),
    ]


def test_a_make_up_and_a_session_not_held_say_so(desk: FrontDesk) -> None:
    [ada] = clients(1)
    missed = desk.session([ada])
    desk.session([ada], starts_at=MONDAY + timedelta(hours=4), makes_up_session_id=missed)
    desk.now = MONDAY + THREE_HOURS
    desk.call(pb.CancelSessionRequest(session_id=missed, not_held=True))
    first, second = day(desk).sessions
    assert (first.cancelled.not_held, first.closed) == (True, False)
    assert second.makes_up_session_id == missed
    assert not second.HasField("cancelled")


def test_the_versions_told_are_those_that_commands_expect(desk: FrontDesk) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    desk.now = MONDAY + timedelta(minutes=5)
    desk.come(session_id, {ada: minute(0)})
    [session] = day(desk).sessions
    leave = pb.CheckOutRequest(session_id=session_id, client_id=ada, at=at(minute(4)))
    leave.meta.expected_version = session.presences[0].version - 1
    with pytest.raises(Stale):
        desk.call(leave)
    leave.meta.expected_version += 1
    desk.call(leave)
    close = pb.CloseSessionRequest(session_id=session_id)
    close.meta.expected_version = session.version
    desk.call(close)


def test_a_clients_attendance_is_told_of_this_client_alone_and_at_ones_own_sites(
    desk: FrontDesk,
) -> None:
    ada, ben = clients(2)
    here = desk.site_id
    first = desk.session([ada, ben])
    desk.open()
    there = desk.session([ada], starts_at=MONDAY + timedelta(hours=5))

    def sessions(*sites: str, until: date = DAY) -> list[Any]:
        request = roster.ReadAttendanceRequest(
            client_id=ada, **{"from": to_date(DAY), "to": to_date(until)}
        )
        return list(read(desk, request, "clinician", *sites).sessions)

    assert [session.session_id for session in sessions()] == [first, there]
    [only] = sessions(here)
    assert [presence.client_id for presence in only.presences] == [ada]
    for until in (DAY - timedelta(days=1), DAY + timedelta(days=366)):
        with pytest.raises(Malformed, match="to"):
            sessions(until=until)


def test_a_day_is_told_as_it_was_recorded_by_then(desk: FrontDesk) -> None:
    [ada] = clients(1)
    before = desk.now
    desk.now += timedelta(hours=1)
    desk.session([ada])
    assert list(day(desk, as_of=to_timestamp(before)).sessions) == []
    scheduled = desk.now
    desk.held(MONDAY + timedelta(hours=4), {ada: 180})
    [then] = day(desk, as_of=to_timestamp(scheduled)).sessions
    assert (then.closed, list(then.presences[0].arrivals)) == (False, [])


def test_a_site_is_told_with_programs_templates_holidays_and_grace(desk: FrontDesk) -> None:
    template_id = desk.template(
        weekly(1, 9, capacity=8, breaks=[pb.TemplateBreak(after_minutes=60, minutes=15)])
    )
    desk.call(pb.DeclareHolidayRequest(site_id=desk.site_id, date=to_date(DAY)))
    for seconds in (60, 300):
        desk.call(pb.SetGraceRequest(site_id=desk.site_id, seconds=seconds))
    site = read(desk, roster.ReadSiteRequest(site_id=desk.site_id))
    assert (site.name, site.time_zone, site.address) == ("Lakeside", "America/Chicago", ADDRESS)
    assert (site.npi, site.grace_seconds) == ("1234567893", 300)
    [program] = site.programs
    assert (program.kind, program.governed_by) == (
        common.PROGRAM_KIND_SUBSTANCE_USE,
        pb.GOVERNED_BY_PART2,
    )
    assert [holiday.date for holiday in site.holidays] == [to_date(DAY)]
    [template] = site.templates
    assert (template.template_id, template.sessions[0].capacity) == (template_id, 8)
    assert template.sessions[0].breaks[0].after_minutes == 60
    with pytest.raises(Unknown):
        read(desk, roster.ReadSiteRequest(site_id=str(uuid4())))


def test_staff_are_told_with_their_credentials_and_ends(desk: FrontDesk) -> None:
    lapsed = {
        "staff_id": desk.staff_id,
        "credential": "LCSW",
        "state": "IL",
        "reason": pb.CREDENTIAL_END_REASON_LAPSED,
    }
    desk.call(pb.EndCredentialRequest(**lapsed, last_day=to_date(date(2026, 6, 30))))
    renewed = pb.CredentialStaffRequest(
        staff_id=desk.staff_id,
        type=pb.CREDENTIAL_TYPE_LCSW,
        state="IL",
        npi="1234567893",
        effective_from=to_date(date(2026, 7, 1)),
    )
    desk.call(renewed)
    other = desk.clinician()
    told = read(desk, roster.ListStaffRequest(site_id=desk.site_id)).staff
    assert {member.staff_id for member in told} == {desk.staff_id, other}
    [member] = [member for member in told if member.staff_id == desk.staff_id]
    first, second = member.credentials
    assert [(end.last_day, end.reason) for end in first.ends] == [
        (to_date(date(2026, 6, 30)), pb.CREDENTIAL_END_REASON_LAPSED)
    ]
    assert (second.credential, second.type, list(second.ends)) == (
        "LCSW",
        pb.CREDENTIAL_TYPE_LCSW,
        [],
    )
    assert member.version == 3

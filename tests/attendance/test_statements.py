"""What attendance was told is read back as it would be said again, and put right."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.attendance.v1 import statements_service_pb2 as statements
from ninehours.common.v1 import common_pb2 as common
from ninehours.common.v1 import statements_pb2
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.process import Service
from kernel.refusal import AgainstTheRules, Malformed, NotAllowed, Refusal, Stale
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE
from tests.harness.attendance.front_desk import (
    ADDRESS,
    MONDAY,
    THREE_HOURS,
    FrontDesk,
    at,
    clients,
    minute,
    weekly,
)
from tests.harness.attendance.statements import (
    REMARK,
    ROLES,
    kind_of,
    last_said,
    listed,
    of_kind,
    put_right,
)

DAY = MONDAY.date()
Said = tuple[Any, str, str]


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def presence(desk: FrontDesk, client_id: str, on: date = DAY) -> Any:
    """The client's, at the day's only session, as the roster tells it."""
    request = roster.ReadRosterRequest(site_id=desk.site_id, on=to_date(on))
    [session] = desk.ask(request, roles=ROLES).sessions
    found = {each.client_id: each for each in session.presences}
    return found.get(client_id)


def arrived(desk: FrontDesk) -> Said:
    [ada] = clients(1)
    who: Any = {"session_id": desk.session([ada]), "client_id": ada}
    said = pb.CheckInRequest(**who, at=at(minute(4)))
    desk.call(said)
    return said, ada, ""


def departed(desk: FrontDesk) -> Said:
    arrival, ada, _ = arrived(desk)
    said = pb.CheckOutRequest(session_id=arrival.session_id, client_id=ada, at=at(minute(100)))
    desk.call(said)
    return said, ada, ""


def absent(desk: FrontDesk, absence: int = pb.ABSENCE_EXCUSED) -> Said:
    [ada] = clients(1)
    said = pb.RecordAbsenceRequest(session_id=desk.session([ada]), client_id=ada, absence=absence)
    desk.call(said)
    return said, ada, ""


def added(desk: FrontDesk) -> Said:
    [ada] = clients(1)
    session_id = desk.held(MONDAY, {ada: 180})
    said = pb.AddAddendumRequest(session_id=session_id, client_ids=[ada], text="Ada said more.")
    desk.call(said)
    return said, ada, ""


def cancelled(desk: FrontDesk) -> Said:
    said = pb.CancelSessionRequest(session_id=desk.session(clients(2)))
    desk.call(said)
    return said, "", said.session_id


def broken_off(desk: FrontDesk) -> Said:
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    desk.come(session_id, {ada: minute(0)})
    desk.now = minute(75)
    said = pb.CancelSessionRequest(session_id=session_id, given_until=at(minute(70)))
    desk.call(said)
    return said, "", session_id


def closed_for_a_day(desk: FrontDesk) -> Said:
    said = pb.DeclareHolidayRequest(site_id=desk.site_id, date=to_date(date(2026, 7, 4)))
    desk.call(said)
    return said, "", desk.site_id


def graced(desk: FrontDesk) -> Said:
    said = pb.SetGraceRequest(site_id=desk.site_id, seconds=300)
    desk.call(said)
    return said, "", desk.site_id


def templated(desk: FrontDesk) -> Said:
    pause = pb.TemplateBreak(after_minutes=60, minutes=15)
    said = pb.DefineTemplateRequest(
        site_id=desk.site_id,
        program_id=desk.program_id,
        sessions=[weekly(1, 9, capacity=12, breaks=[pause]), weekly(3, 18.5)],
    )
    desk.call(said)
    return said, "", desk.site_id


def programmed(desk: FrontDesk) -> Said:
    desk.open()
    said = pb.OpenProgramRequest(
        site_id=desk.site_id,
        kind=common.PROGRAM_KIND_SUBSTANCE_USE,
        governed_by=pb.GOVERNED_BY_PART2,
    )
    return said, "", desk.site_id


def opened(desk: FrontDesk) -> Said:
    said = pb.OpenSiteRequest(
        name="Lakeside", time_zone="America/Chicago", address=ADDRESS, npi="1234567893"
    )
    return said, "", desk.call(said).site_id


def credentialed(desk: FrontDesk) -> Said:
    said = pb.CredentialStaffRequest(
        type=pb.CREDENTIAL_TYPE_LCSW,
        credential="LCSW",
        state="IL",
        npi="1234567893",
        effective_from=to_date(date(2026, 1, 1)),
        effective_to=to_date(date(2028, 1, 1)),
        token_subject="person/rosa",
    )
    said.staff_id = desk.call(said).staff_id
    return said, "", said.staff_id


def ended(desk: FrontDesk) -> Said:
    staff_id = credentialed(desk)[2]
    said = pb.EndCredentialRequest(
        staff_id=staff_id,
        type=pb.CREDENTIAL_TYPE_LCSW,
        credential="LCSW",
        state="IL",
        last_day=to_date(date(2026, 5, 1)),
        reason=pb.CREDENTIAL_END_REASON_LEFT,
    )
    desk.call(said)
    return said, "", staff_id


SAID: dict[str, Callable[[FrontDesk], Said]] = {
    "arrival": arrived,
    "departure": departed,
    "absence": absent,
    "absence, by the program": lambda desk: absent(desk, pb.ABSENCE_BY_PROGRAM),
    "addendum": added,
    "cancellation": cancelled,
    "cancellation, broken off": broken_off,
    "holiday": closed_for_a_day,
    "grace": graced,
    "template": templated,
    "program": programmed,
    "site": opened,
    "credential": credentialed,
    "end_of_credential": ended,
}


def kind(name: str) -> str:
    return name.partition(",")[0]


@pytest.mark.parametrize("name", SAID)
def test_what_was_said_is_read_back_as_it_would_be_said_again(desk: FrontDesk, name: str) -> None:
    said, client_id, about = SAID[name](desk)
    [revision] = of_kind(desk, kind(name), client_id, about).revisions
    said.ClearField("meta")
    assert getattr(revision.recording, kind(name)) == said
    assert (revision.revision, revision.voided) == (1, False)


@pytest.mark.parametrize("name", [name for name in SAID if name != "addendum"])  # signed anew
def test_what_is_said_again_as_it_was_changes_nothing(desk: FrontDesk, name: str) -> None:
    _, client_id, about = SAID[name](desk)
    statement = of_kind(desk, kind(name), client_id, about)
    answer = put_right(desk, statement, last_said(statement))
    assert answer.statement.revision == 1
    assert not answer.receipt.published


@pytest.mark.parametrize("name", SAID)
def test_what_was_taken_back_is_still_read_and_who_took_it_and_why(
    desk: FrontDesk, name: str
) -> None:
    _, client_id, about = SAID[name](desk)
    put_right(desk, of_kind(desk, kind(name), client_id, about), None)
    first, last = of_kind(desk, kind(name), client_id, about).revisions
    assert (last.revision, last.voided, last.said_by, last.remark) == (2, True, desk.actor, REMARK)
    assert last.reason == statements_pb2.CORRECTION_REASON_MISTYPED
    assert first.recording == last.recording


def test_who_read_another_revision_than_stands_is_refused(desk: FrontDesk) -> None:
    _, ada, _ = arrived(desk)
    read = of_kind(desk, "arrival", ada)
    later = last_said(read)
    later.at.CopyFrom(at(minute(7)))
    put_right(desk, read, later)
    with pytest.raises(Stale) as refused:
        put_right(desk, read, None)
    assert refused.value.reason == "STATEMENT_CHANGED"


def test_a_mistyped_arrival_counts_as_it_was(desk: FrontDesk) -> None:
    said, ada, _ = arrived(desk)
    desk.leave(said.session_id, {ada: minute(180)})
    told = presence(desk, ada).arrivals[0]
    read = of_kind(desk, "arrival", ada)
    assert (told.statement_id, told.revision) == (read.statement_id, 1)
    earlier = last_said(read)
    earlier.at.CopyFrom(at(minute(0)))
    put_right(desk, read, earlier)
    assert [each.at for each in presence(desk, ada).arrivals] == [at(minute(0))]
    desk.now = MONDAY + THREE_HOURS
    desk.close(said.session_id)
    assert desk.heard(ada)[-1].minutes == 180


def test_a_departure_that_was_none_is_taken_back_and_the_client_leaves_later(
    desk: FrontDesk,
) -> None:
    said, ada, _ = departed(desk)
    put_right(desk, of_kind(desk, "departure", ada), None)
    desk.leave(said.session_id, {ada: minute(180)})
    desk.now = MONDAY + THREE_HOURS
    desk.close(said.session_id)
    assert (desk.heard(ada)[-1].minutes, desk.flags(ada)) == (176, {"LATE"})


def test_a_client_checked_in_for_another_was_not_there(desk: FrontDesk) -> None:
    """Who wasn't expected isn't asked about, who was missed it."""
    ada, ben = clients(2)
    session_id = desk.session([ada])
    desk.come(session_id, {ada: minute(0), ben: minute(0)})
    for client_id in (ada, ben):
        put_right(desk, of_kind(desk, "arrival", client_id), None)
    assert presence(desk, ben) is None
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    assert desk.nouns(ada) == ["SessionScheduled", "SessionMissed"]
    assert desk.nouns(ben) == []
    assert of_kind(desk, "arrival", ben).revisions[-1].voided


def test_an_arrival_taken_back_takes_its_departure_out_of_the_count(desk: FrontDesk) -> None:
    said, ada, _ = departed(desk)
    put_right(desk, of_kind(desk, "arrival", ada), None)
    desk.come(said.session_id, {ada: minute(110)})
    desk.leave(said.session_id, {ada: minute(180)})
    desk.now = MONDAY + THREE_HOURS
    desk.close(said.session_id)
    assert desk.heard(ada)[-1].minutes == 70


@pytest.mark.parametrize("name", ["arrival", "departure"])
def test_nobody_leaves_before_coming_by_a_correction(desk: FrontDesk, name: str) -> None:
    _, ada, _ = departed(desk)
    read = of_kind(desk, name, ada)
    wrong = last_said(read)
    wrong.at.CopyFrom(at(minute(101 if name == "arrival" else 3)))
    with pytest.raises(Malformed):
        put_right(desk, read, wrong)


@pytest.mark.parametrize("name", ["arrival", "departure"])
@pytest.mark.parametrize("taken_back", [True, False])
def test_after_closing_it_is_the_attendance_that_is_corrected(
    desk: FrontDesk, name: str, taken_back: bool
) -> None:
    said, ada, _ = departed(desk)
    desk.now = MONDAY + THREE_HOURS
    desk.close(said.session_id)
    read = of_kind(desk, name, ada)
    other = last_said(read)
    other.at.CopyFrom(at(minute(5 if name == "arrival" else 99)))
    with pytest.raises(AgainstTheRules) as refused:
        put_right(desk, read, None if taken_back else other)
    assert refused.value.reason == "SESSION_CLOSED"
    assert "CorrectAttendance" in refused.value.message


def test_of_another_client_it_is_another_statement(desk: FrontDesk) -> None:
    said, ada, _ = arrived(desk)
    [ben] = clients(1)
    other = pb.CheckInRequest(session_id=said.session_id, client_id=ben, at=said.at)
    with pytest.raises(Malformed):
        put_right(desk, of_kind(desk, "arrival", ada), other)


def test_a_cancellation_taken_back_has_the_session_stand(desk: FrontDesk) -> None:
    _, _, session_id = cancelled(desk)
    put_right(desk, of_kind(desk, "cancellation", about=session_id), None)
    [ada, ben] = listed_roster(desk, session_id)
    assert [type(fact).__name__ for fact in desk.standing(ada)] == ["SessionScheduled"]
    desk.come(session_id, {ada: minute(0), ben: minute(0)})
    desk.now = MONDAY + THREE_HOURS
    assert desk.close(session_id).attended == 2


def listed_roster(desk: FrontDesk, session_id: str) -> list[str]:
    request = pb.ListSessionsRequest(
        **{"site_id": desk.site_id, "from": to_date(DAY), "to": to_date(DAY)}
    )
    [session] = [each for each in desk.ask(request).sessions if each.session_id == session_id]
    return list(session.client_ids)


def test_it_does_not_stand_where_its_people_are_taken_by_now(desk: FrontDesk) -> None:
    _, _, session_id = cancelled(desk)
    desk.session(clients(1))
    with pytest.raises(AgainstTheRules) as refused:
        put_right(desk, of_kind(desk, "cancellation", about=session_id), None)
    assert refused.value.reason == "FACILITATOR_BUSY"


def test_a_holiday_that_was_none_has_its_sessions_again(desk: FrontDesk) -> None:
    template_id = desk.template(weekly(1, 9))
    said = pb.DeclareHolidayRequest(site_id=desk.site_id, date=to_date(DAY))
    desk.call(said)
    expansion = desk.expansion(template_id, DAY, DAY, clients(1))
    assert desk.call(expansion).skipped
    put_right(desk, of_kind(desk, "holiday", about=desk.site_id), None)
    again = desk.expansion(template_id, DAY, DAY, clients(1))
    assert len(desk.call(again).sessions) == 1


def test_a_template_put_right_is_what_is_expanded(desk: FrontDesk) -> None:
    template_id = desk.template(weekly(1, 9, capacity=12))
    read = of_kind(desk, "template", about=desk.site_id)
    later = last_said(read)
    later.sessions[0].starts_minute = 10 * 60
    later.sessions[0].capacity = 8
    put_right(desk, read, later)
    [session] = desk.call(desk.expansion(template_id, DAY, DAY, clients(1))).sessions
    assert session.starts_at == at(MONDAY + timedelta(hours=1))
    [told] = desk.ask(roster.ReadSiteRequest(site_id=desk.site_id)).templates
    assert (told.sessions[0].capacity, told.revision) == (8, 2)


def test_by_a_credential_put_right_its_person_signs(desk: FrontDesk) -> None:
    """Its token was typed wrong: nobody signed by it."""
    [ada] = clients(1)
    said, _, staff_id = credentialed(desk)
    session_id = desk.held(MONDAY, {ada: 180})
    desk.actor = "person/rosa.diaz"
    note = pb.AddAddendumRequest(session_id=session_id, client_ids=[ada], text="And more.")
    with pytest.raises(NotAllowed):
        desk.call(note)
    read = of_kind(desk, "credential", about=staff_id)
    right = last_said(read)
    right.token_subject = "person/rosa.diaz"
    put_right(desk, read, right)
    assert desk.call(note)
    assert said.token_subject == "person/rosa"


def test_a_credential_that_was_never_held_is_for_nothing(desk: FrontDesk) -> None:
    _, _, staff_id = credentialed(desk)
    put_right(desk, of_kind(desk, "credential", about=staff_id), None)
    wrong = desk.scheduling(clients(1), facilitator_id=staff_id)
    with pytest.raises(Refusal) as refused:
        desk.call(wrong)
    assert refused.value.reason == "FACILITATOR_NOT_CREDENTIALED"
    found = {
        each.staff_id: each
        for each in desk.ask(roster.ListStaffRequest(site_id=desk.site_id)).staff
    }
    assert not found[staff_id].credentials


def test_a_grace_put_right_is_that_of_the_next_closing(desk: FrontDesk) -> None:
    graced(desk)
    read = of_kind(desk, "grace", about=desk.site_id)
    right = last_said(read)
    right.seconds = 600
    put_right(desk, read, right)
    told = desk.ask(roster.ReadSiteRequest(site_id=desk.site_id))
    assert (told.grace_seconds, told.grace.revision) == (600, 2)


def test_a_site_put_right_is_told_so(desk: FrontDesk) -> None:
    read = of_kind(desk, "site", about=desk.site_id)
    right = last_said(read)
    right.name, right.npi = "Lakeside East", "1992799999"
    put_right(desk, read, right)
    told = desk.ask(roster.ReadSiteRequest(site_id=desk.site_id))
    assert (told.name, told.npi, told.revision) == ("Lakeside East", "1992799999", 2)


def test_what_others_stand_on_is_not_taken_back(desk: FrontDesk) -> None:
    """A site with programs or clients, a program that somebody was admitted to, or came to."""

    def refused(kind: str) -> str:
        with pytest.raises(AgainstTheRules) as refusal:
            put_right(desk, of_kind(desk, kind, about=desk.site_id), None)
        return refusal.value.reason

    def program() -> Any:
        return of_kind(desk, "program", about=desk.site_id)

    assert refused("site") == "SITE_IN_USE"
    [ada] = clients(1)
    desk.tell(
        intake.ClientAdmitted(
            client_id=ada,
            site_id=desk.site_id,
            program=common.Program(program_id=desk.program_id),
        )
    )
    assert refused("program") == "PROGRAM_IN_USE"
    desk = FrontDesk(desk.store).open()
    desk.call(desk.scheduling(clients(1)))
    assert refused("program") == "PROGRAM_IN_USE"
    desk = FrontDesk(desk.store).open()
    put_right(desk, program(), None)
    put_right(desk, of_kind(desk, "site", about=desk.site_id), None)
    desk = FrontDesk(desk.store).open()
    put_right(desk, program(), None)
    desk.tell(intake.ClientRegistered(client_id=str(uuid4()), site_id=desk.site_id))
    assert refused("site") == "SITE_IN_USE"


def test_a_front_desk_is_told_what_it_could_say_and_corrects_no_credential(
    desk: FrontDesk,
) -> None:
    _, _, staff_id = credentialed(desk)
    desk_roles = frozenset({"front_desk"})
    request = statements.ListStatementsRequest(about=staff_id)
    assert not desk.ask(request, roles=desk_roles).statements
    templated(desk)
    of_site = desk.ask(statements.ListStatementsRequest(about=desk.site_id), roles=desk_roles)
    assert {kind_of(each) for each in of_site.statements} == {"template"}


def test_what_is_of_another_site_is_left_out(desk: FrontDesk) -> None:
    _, ada, _ = arrived(desk)
    _, _, session_id = cancelled(FrontDesk(desk.store).open())
    found: Any = ({"client_id": ada}, {"about": session_id}, {"about": desk.site_id})
    assert all(listed(desk, **asked) for asked in found)
    desk.sites = frozenset({FrontDesk(desk.store).open().site_id})
    assert not any(listed(desk, **asked) for asked in found)


def test_a_list_is_about_one_thing(desk: FrontDesk) -> None:
    for asked in ({}, {"client_id": clients(1)[0], "about": desk.site_id}):
        with pytest.raises(Malformed):
            desk.ask(statements.ListStatementsRequest(**asked), roles=ROLES)


def test_what_is_said_of_a_session_is_listed_of_the_session_and_not_of_its_clients(
    desk: FrontDesk,
) -> None:
    _, _, session_id = cancelled(desk)
    assert listed(desk, about=session_id)
    for client_id in desk.rows("SELECT client_id FROM attendee"):
        assert not listed(desk, str(client_id.client_id))

"""Places on rosters, given and taken after scheduling: by a desk, and by what intake tells."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from ninehours.attendance.v1 import attendance_events_pb2 as events
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.common.v1 import statements_pb2
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.facts import derived_id
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
    weekly,
)
from tests.harness.attendance.statements import ROLES, last_said, of_kind, put_right

DAY = MONDAY.date()
WEEK = timedelta(days=7)
ELSEWHERE = "517e0000-0000-4000-8000-000000000002"


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> FrontDesk:
    return FrontDesk(new_store(SERVICE)).open()


def add(desk: FrontDesk, client_id: str, session_id: str) -> Any:
    return desk.call(pb.AddToRosterRequest(client_id=client_id, session_id=session_id))


def take(desk: FrontDesk, client_id: str, session_id: str) -> Any:
    return desk.call(pb.TakeFromRosterRequest(client_id=client_id, session_id=session_id))


def from_on(kind: Any, client_id: str, template_id: str, first: date) -> Any:
    return kind(**{"client_id": client_id, "template_id": template_id, "from": to_date(first)})


def expected(desk: FrontDesk, client_id: str) -> list[str]:
    """Sessions that others hear the client is scheduled for, as it stands."""
    return [
        fact.session_id
        for fact in desk.standing(client_id)
        if fact.DESCRIPTOR.name == "SessionScheduled"
    ]


def reason_of(desk: FrontDesk, request: Any) -> str:
    with pytest.raises(Refusal) as refused:
        desk.call(request)
    return refused.value.reason


def test_who_is_added_is_expected_as_if_scheduled_with_the_session(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada])
    assert list(add(desk, ben, session_id).session_ids) == [session_id]
    first, late = desk.heard(ada)[0], desk.heard(ben)[0]
    late.client_id = ada
    assert first == late
    assert not add(desk, ben, session_id).receipt.published
    desk.now = MONDAY + THREE_HOURS
    assert desk.close(session_id).missed == 2


def test_who_is_taken_off_was_never_to_come(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    take(desk, ben, session_id)
    assert (expected(desk, ada), expected(desk, ben)) == ([session_id], [])
    assert not desk.heard(ben)[-1].content
    desk.now = MONDAY + THREE_HOURS
    assert desk.close(session_id).missed == 1
    assert desk.nouns(ben) == ["SessionScheduled", "StatementAmended"]


def test_taken_off_and_put_on_again_each_word_holds_in_turn(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada])
    for _ in range(2):
        add(desk, ben, session_id)
        assert expected(desk, ben) == [session_id]
        take(desk, ben, session_id)
        assert expected(desk, ben) == []
    assert [fact.revision for fact in desk.heard(ben)[1:]] == [2, 3, 4]


def test_each_change_of_a_roster_is_told_with_who_made_it(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    take(desk, ben, session_id)
    add(desk, ben, session_id)
    take(desk, ada, session_id)
    request = roster.ReadRosterRequest(site_id=desk.site_id, on=to_date(DAY))
    [session] = desk.ask(request, roles=ROLES).sessions
    changes = [(each.client_id, each.on_roster) for each in session.roster_changes]
    assert changes == [(ben, False), (ben, True), (ada, False)]
    assert {each.recorded_by for each in session.roster_changes} == {desk.actor}
    assert [each.client_id for each in session.presences] == [ben]


def test_a_place_is_free_for_the_next_and_its_client_for_another_session(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada], capacity=1)
    assert reason_of(desk, pb.AddToRosterRequest(client_id=ben, session_id=session_id)) == (
        "OVER_CAPACITY"
    )
    take(desk, ada, session_id)
    add(desk, ben, session_id)
    other = desk.clinician()
    assert desk.session([ada], facilitator_id=other)
    again = desk.scheduling([ben], facilitator_id=other, starts_at=MONDAY)
    assert reason_of(desk, again) in ("CLIENT_BUSY", "FACILITATOR_BUSY")


def test_nobody_is_added_who_could_not_be_scheduled(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada])
    desk.session([ben], facilitator_id=desk.clinician())
    busy = pb.AddToRosterRequest(client_id=ben, session_id=session_id)
    assert reason_of(desk, busy) == "CLIENT_BUSY"
    [stranger] = clients(1)
    desk.register(stranger)
    with pytest.raises(Refusal) as refused:
        desk.ask(pb.AddToRosterRequest(client_id=stranger, session_id=session_id))
    assert refused.value.reason == "NOT_ADMITTED_HERE"


def test_who_came_without_a_place_is_given_one(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada])
    desk.come(session_id, {ben: minute(0)})
    add(desk, ben, session_id)
    desk.leave(session_id, {ben: minute(180)})
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    assert desk.flags(ben) == set()


def test_who_came_and_loses_the_place_was_there_all_the_same(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    desk.come(session_id, {ben: minute(0)})
    take(desk, ben, session_id)
    desk.leave(session_id, {ben: minute(180)})
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    assert desk.flags(ben) == {"NOT_ON_ROSTER"}


def test_what_is_refused_is_refused_by_name(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id, later = desk.session([ada]), desk.session([ada], starts_at=MONDAY + WEEK)
    wrong = pb.TakeFromRosterRequest(client_id=ben, session_id=session_id)
    assert reason_of(desk, wrong) == "NOT_ON_ROSTER"
    desk.call(pb.CancelSessionRequest(session_id=later))
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    late = pb.AddToRosterRequest(client_id=ben, session_id=session_id)
    assert reason_of(desk, late) == "SESSION_CLOSED"
    for kind in (pb.AddToRosterRequest, pb.TakeFromRosterRequest):
        assert reason_of(desk, kind(client_id=ada, session_id=later)) == "SESSION_CANCELLED"


def test_whom_a_closed_session_named_by_mistake_never_missed_it(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    desk.come(session_id, {ada: minute(0)})
    desk.leave(session_id, {ada: minute(180)})
    desk.now = MONDAY + THREE_HOURS
    assert desk.close(session_id).missed == 1
    take(desk, ben, session_id)
    assert desk.standing(ben) == []
    assert desk.nouns(ben)[:2] == ["SessionScheduled", "SessionMissed"]  # what was told stays
    came = pb.TakeFromRosterRequest(client_id=ada, session_id=session_id)
    assert reason_of(desk, came) == "CLIENT_WAS_THERE"
    assert reason_of(desk, pb.TakeFromRosterRequest(client_id=ben, session_id=session_id)) == (
        "NOT_ON_ROSTER"
    )


def test_who_was_taken_for_another_at_a_closed_session_was_never_there(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    desk.come(session_id, {ada: minute(0), ben: minute(0)})
    desk.leave(session_id, {ada: minute(180), ben: minute(180)})
    desk.now = MONDAY + THREE_HOURS
    desk.close(session_id)
    desk.correct(session_id, ben, MONDAY, 0)
    take(desk, ben, session_id)
    assert desk.standing(ben) == []
    desk.correct(session_id, ben, MONDAY, 60)  # and then they were
    assert [fact.minutes for fact in desk.standing(ben)] == [60]


def test_who_was_not_at_what_was_broken_off_is_taken_off_it(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    session_id = desk.session([ada, ben])
    desk.come(session_id, {ada: minute(0)})
    desk.now = minute(90)
    desk.call(pb.CancelSessionRequest(session_id=session_id, given_until=at(minute(80))))
    take(desk, ben, session_id)
    assert desk.standing(ben) == []


def test_from_a_date_on_a_client_is_in_a_templates_series(desk: FrontDesk) -> None:
    """Of what has begun nothing is changed, nor of what was before the date."""
    ada, ben = clients(2)
    template_id = desk.template(weekly(1, 9))
    made = desk.call(desk.expansion(template_id, DAY, DAY + 3 * WEEK, [ada])).sessions
    second, third, fourth = [each.session_id for each in made][1:]
    answer = desk.call(from_on(pb.AddToRosterRequest, ben, template_id, DAY + WEEK))
    assert sorted(answer.session_ids) == sorted([second, third, fourth])
    desk.now = MONDAY + WEEK
    left = desk.call(from_on(pb.TakeFromRosterRequest, ben, template_id, DAY))
    assert sorted(left.session_ids) == sorted([third, fourth])
    assert expected(desk, ben) == [second]
    nothing = from_on(pb.TakeFromRosterRequest, ben, template_id, DAY)
    assert reason_of(desk, nothing) == "NOT_ON_ROSTER"
    late = from_on(pb.AddToRosterRequest, ben, template_id, DAY + 30 * WEEK)
    assert reason_of(desk, late) == "NOTHING_TO_COME"


def test_a_series_is_joined_whole_or_not_at_all(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    template_id = desk.template(weekly(1, 9))
    desk.call(desk.expansion(template_id, DAY, DAY + 2 * WEEK, [ada]))
    desk.session([ben], starts_at=MONDAY + WEEK, facilitator_id=desk.clinician())
    request = from_on(pb.AddToRosterRequest, ben, template_id, DAY)
    assert reason_of(desk, request) == "CLIENT_BUSY"
    assert len(expected(desk, ben)) == 1


@pytest.mark.parametrize("beside", ["template_id", "from"])
def test_one_session_or_a_series_is_named(desk: FrontDesk, beside: str) -> None:
    [ada] = clients(1)
    session_id = desk.session([ada])
    given: dict[str, Any] = {"template_id": desk.template(weekly(1, 9)), "from": to_date(DAY)}
    request = pb.TakeFromRosterRequest(
        **{"client_id": ada, "session_id": session_id, beside: given[beside]}
    )
    assert reason_of(desk, request) == "MALFORMED"


def closing(desk: FrontDesk, client_id: str, episode_id: str, on: date) -> intake.EpisodeClosed:
    return intake.EpisodeClosed(client_id=client_id, episode_id=episode_id, closed_on=to_date(on))


def withdrawal(
    desk: FrontDesk, closed: intake.EpisodeClosed | intake.ClientTransferred
) -> statements_pb2.StatementAmended:
    """As intake tells that the episode was never closed, or transferred."""
    [row] = desk.rows(
        "SELECT id FROM heard_fact WHERE subject = :subject AND type = :type",
        subject=f"client/{closed.client_id}",
        type=closed.DESCRIPTOR.full_name,
    )
    return statements_pb2.StatementAmended(
        client_id=closed.client_id,
        statement_id=str(derived_id(row.id, "private")),
        fact_id=str(row.id),
        revision=2,
        type=closed.DESCRIPTOR.full_name,
        voided=True,
    )


@pytest.fixture
def series(desk: FrontDesk) -> tuple[str, str, list[str]]:
    """A client, the episode, and three Mondays."""
    [ada] = clients(1)
    desk.register(ada)
    episode_id = desk.admit(ada)
    template_id = desk.template(weekly(1, 9))
    made = desk.call(desk.expansion(template_id, DAY, DAY + 2 * WEEK, [ada])).sessions
    return ada, episode_id, [each.session_id for each in made]


def test_a_discharge_takes_the_client_off_what_follows(
    desk: FrontDesk, series: tuple[str, str, list[str]]
) -> None:
    ada, episode_id, sessions = series
    desk.tell(closing(desk, ada, episode_id, DAY))
    assert expected(desk, ada) == sessions[:1]


def test_a_withdrawn_discharge_puts_the_client_back(
    desk: FrontDesk, series: tuple[str, str, list[str]]
) -> None:
    ada, episode_id, sessions = series
    closed = closing(desk, ada, episode_id, DAY)
    desk.tell(closed)
    desk.tell(withdrawal(desk, closed))
    assert expected(desk, ada) == sessions
    desk.now = MONDAY + 2 * WEEK + THREE_HOURS
    desk.close(sessions[-1])
    assert desk.nouns(ada)[-1] == "SessionMissed"


def test_what_a_desk_took_stays_taken(desk: FrontDesk, series: tuple[str, str, list[str]]) -> None:
    ada, episode_id, sessions = series
    take(desk, ada, sessions[1])
    closed = closing(desk, ada, episode_id, DAY)
    desk.tell(closed)
    desk.tell(withdrawal(desk, closed))
    assert expected(desk, ada) == [sessions[0], sessions[2]]


def test_a_place_that_was_given_away_meanwhile_is_not_given_back(desk: FrontDesk) -> None:
    ada, ben = clients(2)
    desk.register(ada)
    episode_id = desk.admit(ada)
    session_id = desk.session([ada], starts_at=MONDAY + WEEK, capacity=1)
    closed = closing(desk, ada, episode_id, DAY)
    desk.tell(closed)
    add(desk, ben, session_id)
    desk.tell(withdrawal(desk, closed))
    assert (expected(desk, ada), expected(desk, ben)) == ([], [session_id])


def test_a_discharge_told_late_leaves_who_came_and_what_is_closed(
    desk: FrontDesk, series: tuple[str, str, list[str]]
) -> None:
    """Discharged on the first Monday, told of on the third."""
    ada, episode_id, sessions = series
    desk.now = MONDAY + WEEK + THREE_HOURS
    desk.close(sessions[1])
    desk.now = MONDAY + 2 * WEEK
    desk.come(sessions[2], {ada: MONDAY + 2 * WEEK})
    desk.tell(closing(desk, ada, episode_id, DAY))
    assert expected(desk, ada) == sessions


def said_otherwise(
    desk: FrontDesk, client_id: str, revision: int, **content: Any
) -> statements_pb2.StatementAmended:
    """As intake tells that the client's admission says this now, or (nothing) was taken back."""
    [row] = desk.rows(
        "SELECT id, type, body FROM heard_fact WHERE subject = :of AND type LIKE '%ClientAdmitted'",
        of=f"client/{client_id}",
    )
    said = intake.ClientAdmitted.FromString(bytes(row.body))
    for field, value in content.items():
        said.ClearField(field)
        said.MergeFrom(intake.ClientAdmitted(**{field: value}))
    return statements_pb2.StatementAmended(
        client_id=client_id,
        statement_id=str(derived_id(row.id, "private")),
        fact_id=str(row.id),
        revision=revision,
        type=row.type,
        content=said.SerializeToString() if content else b"",
        voided=not content,
    )


def test_rosters_follow_an_admission_that_is_put_right(
    desk: FrontDesk, series: tuple[str, str, list[str]]
) -> None:
    """To another site, taken back, from the second Monday on, and as it was."""
    ada, _, sessions = series
    for revision, content, left in (
        (2, {"site_id": ELSEWHERE}, []),
        (3, {"site_id": desk.site_id}, sessions),
        (4, {}, []),
        (5, {"admitted_on": to_date(DAY + WEEK)}, sessions[1:]),
    ):
        desk.tell(said_otherwise(desk, ada, revision, **content))
        assert expected(desk, ada) == left


def to_look_at(desk: FrontDesk, on: date) -> list[tuple[str, str]]:
    """Session and client of closed rosters that somebody ought to look at."""
    asked = calendar.ListDueRequest(on=to_date(on))
    items = desk.ask(asked, roles=ROLES).items
    return [(item.about_id, item.client_id) for item in items if item.kind == "CHECK_ROSTER"]


def test_what_was_closed_before_an_admission_was_put_right_a_desk_is_told_of(
    desk: FrontDesk, series: tuple[str, str, list[str]]
) -> None:
    """Until whoever missed it is taken off, and of who came it is said."""
    ada, _, sessions = series
    for number, session_id in enumerate(sessions[:2]):
        begin = MONDAY + number * WEEK
        if number:
            desk.come(session_id, {ada: begin})
            desk.leave(session_id, {ada: begin + THREE_HOURS})
        desk.now = begin + THREE_HOURS
        desk.close(session_id)
    today = DAY + WEEK
    assert to_look_at(desk, today) == []
    desk.tell(said_otherwise(desk, ada, 2))
    assert expected(desk, ada) == sessions[:2]
    assert to_look_at(desk, today) == [(sessions[0], ada), (sessions[1], ada)]
    take(desk, ada, sessions[0])
    assert to_look_at(desk, today) == [(sessions[1], ada)]
    closing_of_it = of_kind(desk, "closing", about=sessions[1])
    put_right(desk, closing_of_it, last_said(closing_of_it))  # now it says so
    assert events.FLAG_NOT_ADMITTED_HERE in desk.standing(ada)[-1].flags
    assert to_look_at(desk, today) == []


def test_who_is_transferred_is_taken_off_what_follows_at_the_old_site(
    desk: FrontDesk, series: tuple[str, str, list[str]]
) -> None:
    """And put back where the transfer is taken back; a desk reads by what they were taken."""
    ada, episode_id, sessions = series
    moved = intake.ClientTransferred(
        client_id=ada,
        episode_id=episode_id,
        site_id=ELSEWHERE,
        transferred_on=to_date(DAY + WEEK),
    )
    desk.tell(moved)
    assert expected(desk, ada) == sessions[:1]
    request = roster.ReadRosterRequest(site_id=desk.site_id, on=to_date(DAY + WEEK))
    [session] = desk.ask(request, roles=ROLES).sessions
    [change] = session.roster_changes
    assert (change.client_id, change.on_roster) == (ada, False)
    assert change.recorded_by == "reaction/follow_transfer"
    late = desk.scheduling([ada], starts_at=MONDAY + WEEK + THREE_HOURS)
    with pytest.raises(Refusal) as refused:
        desk.ask(late)
    assert refused.value.reason == "NOT_ADMITTED_HERE"
    desk.tell(withdrawal(desk, moved))
    assert expected(desk, ada) == sessions

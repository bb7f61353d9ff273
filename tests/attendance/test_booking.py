"""Templates on the calendar, and nobody at two places at once, whichever site and however fast."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1 import attendance_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.refusal import AgainstTheRules, Refusal, Unknown
from kernel.rpc.translate import to_date
from kernel.store.store import Store, Transaction
from services.attendance.__main__ import SERVICE
from services.attendance.adapters.schedule import SqlSchedule
from services.attendance.domain.minutes import Span
from tests.harness.attendance.front_desk import FrontDesk, clients, minute, weekly

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 15)


@pytest.fixture
def store(new_store: Callable[[Any], Any]) -> Store:
    return new_store(SERVICE)


@pytest.fixture
def desk(store: Store) -> FrontDesk:
    return FrontDesk(store).open()


def reason_of(desk: FrontDesk, request: Any) -> str:
    with pytest.raises(Refusal) as refused:
        desk.call(request)
    return refused.value.reason


def dates(given: Collection[common.Date]) -> list[date]:
    return [date(civil.year, civil.month, civil.day) for civil in given]


def test_two_weeks_of_evenings_are_scheduled_over_the_change_of_clocks(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    template_id = desk.template(weekly(1, 18), weekly(3, 18), weekly(5, 18))
    expanded = desk.call(desk.expansion(template_id, FIRST, LAST, [ada, bob]))
    assert [dates([session.service_date])[0].day for session in expanded.sessions] == [
        2,
        4,
        6,
        9,
        11,
        13,
    ]
    starts = [session.starts_at.ToDatetime(tzinfo=UTC) for session in expanded.sessions]
    assert starts[2] == datetime(2026, 3, 7, 0, 0, tzinfo=UTC)
    assert starts[3] == datetime(2026, 3, 9, 23, 0, tzinfo=UTC)
    assert len(expanded.receipt.published) == 12
    assert desk.nouns(ada) == ["SessionScheduled"] * 6


def test_what_is_scheduled_already_stays_whoever_asks_again(desk: FrontDesk) -> None:
    roster = clients(2)
    template_id = desk.template(weekly(1, 9), weekly(2, 9))
    request = desk.expansion(template_id, FIRST, FIRST + timedelta(days=6), roster)
    command_id = str(uuid4())
    first = desk.call(request, command_id)
    assert desk.call(request, command_id) == first
    again = desk.call(request)
    assert not again.receipt.published
    assert again.sessions == first.sessions
    longer = desk.call(desk.expansion(template_id, FIRST, LAST, roster))
    assert len(longer.receipt.published) == 4
    assert longer.sessions[:2] == first.sessions
    assert desk.rows("SELECT count(*) FROM scheduled_session") == [(4,)]
    # The first command is still answered as it was.
    assert desk.call(request, command_id) == first


def test_a_cancelled_slot_is_not_filled_again(desk: FrontDesk) -> None:
    roster = clients(1)
    template_id = desk.template(weekly(1, 9))
    request = desk.expansion(template_id, FIRST, FIRST, roster)
    [only] = desk.call(request).sessions
    desk.call(pb.CancelSessionRequest(session_id=only.session_id))
    again = desk.call(request)
    assert [session.session_id for session in again.sessions] == [only.session_id]
    assert not again.receipt.published


def test_holidays_are_skipped_reported_and_published(desk: FrontDesk) -> None:
    holiday = pb.DeclareHolidayRequest(site_id=desk.site_id, date=to_date(date(2026, 3, 9)))
    published = desk.call(holiday).receipt.published
    assert [fact.subject for fact in published] == [f"site/{desk.site_id}"]
    assert not desk.call(holiday).receipt.published
    template_id = desk.template(weekly(1, 9), weekly(2, 9), weekly(1, 14, 60))
    request = desk.expansion(template_id, FIRST, LAST, clients(1))
    for expanded in (desk.call(request), desk.call(request)):
        assert len(expanded.sessions) == 4
        assert dates(expanded.skipped) == [date(2026, 3, 9)]


def test_templates_breaks_and_capacity_reach_the_sessions(desk: FrontDesk) -> None:
    pause = pb.TemplateBreak(after_minutes=90, minutes=15)
    template_id = desk.template(weekly(1, 9, breaks=[pause], capacity=2))
    ada, bob, eve = clients(3)
    full = desk.expansion(template_id, FIRST, FIRST, [ada, bob, eve])
    assert reason_of(desk, full) == "OVER_CAPACITY"
    [only] = desk.call(desk.expansion(template_id, FIRST, FIRST, [ada, bob])).sessions
    desk.come(only.session_id, {ada: minute(0)})
    desk.leave(only.session_id, {ada: minute(180)})
    desk.now = minute(180)
    desk.close(only.session_id)
    assert desk.heard(ada)[-1].minutes == 165


def test_an_expansion_that_would_book_somebody_twice_schedules_nothing(desk: FrontDesk) -> None:
    ada, bob = clients(2)
    template_id = desk.template(*(weekly(weekday, 9) for weekday in (1, 2, 3)))
    desk.session([ada], starts_at=minute(120 + 24 * 60), facilitator_id=desk.clinician())
    request = desk.expansion(template_id, FIRST, LAST, [ada, bob])
    assert reason_of(desk, request) == "CLIENT_BUSY"
    desk.session(clients(1), starts_at=minute(48 * 60))
    assert reason_of(desk, request) == "FACILITATOR_BUSY"
    assert desk.rows("SELECT count(*) FROM scheduled_session") == [(2,)]
    itself = desk.template(weekly(4, 9), weekly(4, 11))
    assert reason_of(desk, desk.expansion(itself, FIRST, LAST, [ada])) == "FACILITATOR_BUSY"


def test_what_is_unknown_is_refused(desk: FrontDesk) -> None:
    template_id = desk.template(weekly(1, 9))
    roster, nobody = clients(1), str(uuid4())
    for request in [
        desk.expansion(nobody, FIRST, LAST, roster),
        desk.expansion(template_id, FIRST, LAST, roster, facilitator_id=nobody),
        pb.DefineTemplateRequest(site_id=nobody, program_id=nobody, sessions=[weekly(1, 9)]),
        pb.DefineTemplateRequest(site_id=desk.site_id, program_id=nobody, sessions=[weekly(1, 9)]),
        pb.DeclareHolidayRequest(site_id=nobody, date=to_date(FIRST)),
        desk.scheduling(roster, makes_up_session_id=nobody),
    ]:
        with pytest.raises(Unknown):
            desk.call(request)


def test_a_make_up_names_the_session_it_makes_up_for_on_its_own_date(desk: FrontDesk) -> None:
    [ada] = clients(1)
    missed = desk.session([ada])
    desk.session([ada], starts_at=minute(48 * 60), makes_up_session_id=missed)
    first, second = desk.heard(ada)
    assert (first.makes_up_session_id, second.makes_up_session_id) == ("", missed)
    assert second.service_date.day == 4


def test_the_same_client_at_two_sites_but_not_at_once(desk: FrontDesk) -> None:
    [ada] = clients(1)
    desk.session([ada])
    desk.open("America/New_York")
    desk.staff_id = desk.clinician()
    assert reason_of(desk, desk.scheduling([ada], starts_at=minute(179))) == "CLIENT_BUSY"
    desk.session([ada], starts_at=minute(180))
    assert [fact.site_id == desk.site_id for fact in desk.heard(ada)] == [False, True]


class HeldSchedule(SqlSchedule):
    """Lets two commands ask, and go on only when both have asked, or one can't."""

    def __init__(self) -> None:
        self.barrier = Barrier(2)
        self.met = False

    def busy_clients(
        self, tx: Transaction, roster: Sequence[str], spans: Collection[Span]
    ) -> list[str]:
        busy = super().busy_clients(tx, roster, spans)
        try:
            self.barrier.wait(timeout=1)
            self.met = True
        except BrokenBarrierError:
            self.barrier.reset()
        return busy


def at_once(desk: FrontDesk, requests: Sequence[Any]) -> list[str]:
    """What becomes of two commands given at the same moment."""

    def outcome(request: Any) -> str:
        try:
            desk.ask(request)
        except AgainstTheRules as refusal:
            return refusal.reason
        return "ACCEPTED"

    for request in requests:
        desk.introduce(request)
    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(outcome, requests))


@pytest.mark.parametrize("shared", ["facilitator", "client"])
def test_of_two_bookings_at_once_one_is_refused(store: Store, shared: str) -> None:
    held = HeldSchedule()
    desk = FrontDesk(store, held).open()
    [ada] = clients(1)
    others = [desk.staff_id, desk.staff_id if shared == "facilitator" else desk.clinician()]
    rosters = [[ada], [ada] if shared == "client" else clients(1)]
    requests = [
        desk.scheduling(roster, facilitator_id=staff)
        for roster, staff in zip(rosters, others, strict=True)
    ]
    busy = "FACILITATOR_BUSY" if shared == "facilitator" else "CLIENT_BUSY"
    assert at_once(desk, requests) == ["ACCEPTED", busy]
    assert not held.met, "nobody asks while somebody else may still book"
    assert desk.rows("SELECT count(*) FROM scheduled_session") == [(1,)]


def test_two_expansions_at_once_fill_each_slot_once(store: Store) -> None:
    held = HeldSchedule()
    desk = FrontDesk(store, held).open()
    template_id = desk.template(weekly(1, 9), weekly(2, 9))
    requests = [
        desk.expansion(template_id, FIRST, LAST, clients(1), facilitator_id=desk.clinician())
        for _ in range(2)
    ]
    assert at_once(desk, requests) == ["ACCEPTED", "ACCEPTED"]
    assert not held.met
    assert desk.rows("SELECT count(*) FROM scheduled_session") == [(4,)]

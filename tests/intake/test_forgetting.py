"""Forgetting a client through the service, and in every other one that hears of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ninehours.intake.v1 import intake_events_pb2 as events
from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.keys.ports import OwnerForgotten
from kernel.messaging.inbox import Inbox
from kernel.messaging.pending_work import PendingWork
from kernel.process import Service
from kernel.refusal import Refusal
from kernel.services import topic_of
from kernel.store.statements import text
from kernel.store.store import Store
from services.attendance.__main__ import SERVICE as ATTENDANCE
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE
from services.plans.__main__ import SERVICE as PLANS
from tests.harness.confirming import confirm_all
from tests.harness.intake.service import Desk, coverage
from tests.harness.plans.service import Log
from tests.harness.signing import signatures_of

YEARS = 10
OLGA, OMAR = "person/olga", "person/omar"
CLIENT = "c1000000-0000-4000-8000-000000000001"


@pytest.fixture
def desk(new_store: Callable[[Service], Store]) -> Desk:
    return Desk(new_store(SERVICE), retention_years=YEARS, retention_until_age=28)


def ask(desk: Desk, client_id: str, by: str = OLGA) -> Any:
    return desk.call(pb.AskToForgetRequest(client_id=client_id), actor=by)


def agree(desk: Desk, client_id: str, by: str = OMAR) -> Any:
    return desk.call(pb.AgreeToForgetRequest(client_id=client_id), actor=by)


def refused(call: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        call()
    return refusal.value


def long_after(desk: Desk) -> None:
    desk.now += timedelta(days=366 * YEARS)


def test_a_client_is_forgotten_when_retention_ended_and_two_people_agree(desk: Desk) -> None:
    client_id, other = desk.registered(), desk.registered(given_name="Grace")
    desk.consented(client_id)
    desk.covered(client_id)
    still = refused(lambda: ask(desk, client_id))
    assert (still.reason, still.details["retained_until"]) == ("STILL_RETAINED", "2036-03-02")
    long_after(desk)
    ask(desk, client_id)
    assert refused(lambda: agree(desk, client_id, by=OLGA)).reason == "AGREED_BY_WHO_ASKED"
    agree(desk, client_id)
    assert desk.published()[-1] == ("ClientForgotten", "PART2")
    # From that moment on nobody is told who it was, whenever the key is destroyed.
    [withheld] = desk.identities(client_id).withheld
    assert withheld.client_id == client_id
    assert desk.drainer().drain() >= 1
    with desk.store.transaction() as tx:
        assert tx.documents.open(f"client/{client_id}", "identity") is None
        assert tx.documents.open(f"client/{other}", "identity") is not None
    with pytest.raises(OwnerForgotten):
        desk.store.vault.keys.find(f"client/{client_id}")
    assert desk.rows(f"SELECT FROM likeness WHERE client_id = '{client_id}'") == []
    assert refused(lambda: desk.call(coverage(client_id))).reason == "CLIENT_FORGOTTEN"
    # Facts stand, and who asked and agreed is among them.
    assert len(desk.rows(f"SELECT FROM fact WHERE stream = 'client/{client_id}'")) >= 5
    [fact] = desk.rows("SELECT body FROM fact WHERE type = 'intake.client_forgotten.v1'")
    assert (fact.body["asked_by"], fact.body["agreed_by"]) == (OLGA, OMAR)


@pytest.mark.parametrize(
    "unset", [{}, {"retention_years": 1}, {"retention_until_age": 18}], ids=["none", "age", "years"]
)
def test_without_a_rule_of_retention_nobody_is_forgotten(
    unset: dict[str, int], new_store: Callable[[Service], Store]
) -> None:
    desk = Desk(new_store(SERVICE), **unset)
    client_id = desk.registered()
    long_after(desk)
    assert refused(lambda: ask(desk, client_id)).reason == "RETENTION_UNSET"


def test_a_later_contact_keeps_the_record_though_somebody_asked(desk: Desk) -> None:
    client_id = desk.registered()
    long_after(desk)
    ask(desk, client_id)
    desk.consented(client_id)
    assert refused(lambda: agree(desk, client_id)).reason == "STILL_RETAINED"


def test_a_client_in_treatment_is_not_forgotten(desk: Desk) -> None:
    client_id = desk.registered()
    desk.admitted(client_id)
    long_after(desk)
    assert refused(lambda: ask(desk, client_id)).reason == "EPISODE_OPEN"


def test_what_was_asked_is_taken_back(desk: Desk) -> None:
    client_id = desk.registered()
    long_after(desk)
    ask(desk, client_id)
    desk.call(pb.WithdrawForgettingRequest(client_id=client_id), actor=OMAR)
    assert refused(lambda: agree(desk, client_id)).reason == "FORGETTING_NOT_ASKED"
    ask(desk, client_id, by=OMAR)
    agree(desk, client_id, by=OLGA)
    assert desk.published()[-1][0] == "ClientForgotten"


def test_a_client_nobody_registered_is_not_forgotten(desk: Desk) -> None:
    assert refused(lambda: ask(desk, CLIENT)).reason == "CLIENT_UNKNOWN"
    assert refused(lambda: agree(desk, CLIENT)).reason == "CLIENT_UNKNOWN"


@pytest.mark.parametrize("service", [PLANS, ATTENDANCE, BILLING], ids=lambda each: each.name)
def test_every_service_that_hears_of_it_destroys_the_clients_key(
    service: Service, new_store: Callable[[Service], Store]
) -> None:
    store = new_store(service)
    owner, other = f"client/{CLIENT}", "client/other"
    with store.transaction() as tx:
        for each in (owner, other):
            tx.documents.put(each, "note", each.encode())
    inbox = Inbox(store, service.subscriptions, signatures_of())
    inbox.begin([topic_of(name) for name in service.hears])
    told = Log().tell(events.ClientForgotten(client_id=CLIENT))
    inbox.hear([told])
    work = PendingWork(store, service.subscriptions, confirm=confirm_all)
    assert work.drain() >= 1
    with store.transaction() as tx:
        assert tx.documents.open(owner, "note") is None
        assert tx.documents.open(other, "note") is not None
    assert set(store.vault.keys.destroyed()) == {owner}
    # Heard again, and started again, nothing more is done.
    inbox.hear([told])
    work.mark_outdated()
    assert [row.error for row in _owed(store)] == []


def _owed(store: Store) -> list[Any]:
    with store.transaction() as tx:
        rows = tx.connection.execute(text("SELECT error FROM due_reaction"))
        return list(rows.all())

"""A claim leaves only on a permit, and one number orders it with what takes consent and dates away.

Intake is real here: its servicer, its locks, its published log; billing hears it when a test says.
"""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from ninehours.billing.v1 import billing_events_pb2 as events

from kernel.process import Service
from kernel.store.store import Store
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE as INTAKE
from tests.billing.house import NOT_PART2, House
from tests.billing.known import day
from tests.billing.office import Office
from tests.intake.desk import Desk

NewStore = Callable[[Service], Store]


@pytest.fixture
def house(new_store: NewStore) -> House:
    return House(Desk(new_store(INTAKE)), Office(new_store(BILLING)))


def left_out(answer: Any) -> list[tuple[str, str]]:
    return [(each.client_id, each.reason) for each in answer.left_out]


def disclosed(house: House) -> events.Disclosed:
    """The one that was published."""
    [row] = house.office.query(
        "SELECT body FROM published WHERE type = :type",
        type=events.Disclosed.DESCRIPTOR.full_name,
    )
    return events.Disclosed.FromString(bytes(row.body))


def in_thread(do: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Begun, and what it gave once it ended."""
    given: list[Any] = []
    thread = threading.Thread(target=lambda: given.append(do()))
    thread.start()
    return thread, given


def wait_for_lock(house: House, waiting: int) -> None:
    """Until so many of intake's connections wait for one another, or for the audit's table."""
    while len(house.desk.rows("SELECT FROM pg_locks WHERE NOT granted")) < waiting:
        pass


def test_a_claim_leaves_on_the_consent_that_holds(house: House) -> None:
    client_id = house.admit()
    answer = house.office.issue(day(6))
    assert (answer.claims, left_out(answer)) == (1, [])
    assert disclosed(house).consent_id == house.consent_of(client_id)


def test_a_consent_revoked_after_intake_answered_is_not_acted_on(house: House) -> None:
    client_id = house.admit()

    def revoked() -> None:
        house.permitted = lambda: None
        house.revoke(client_id)
        house.relay()

    house.permitted = revoked
    answer = house.office.issue(day(6))
    assert (answer.claims, left_out(answer)) == (0, [(client_id, "REVOKED_AFTER_SERVICE")])


def test_nothing_is_revoked_between_judging_the_consent_and_answering(house: House) -> None:
    """Held at the audit's table: revoking waits, or what it revoked doesn't leave any more."""
    client_id = house.admit()
    with house.desk.store.engine.connect() as holding:
        holding.exec_driver_sql("LOCK TABLE identity_audit IN ACCESS EXCLUSIVE MODE")
        issuing, answers = in_thread(lambda: house.office.issue(day(6)))
        wait_for_lock(house, 1)
        revoking, revoked = in_thread(lambda: house.revoke(client_id))
        while not revoked and not len(_waiting(house)) > 1:
            pass
        acknowledged = list(revoked)
        house.relay()
        holding.rollback()
    issuing.join()
    revoking.join()
    if acknowledged:
        assert answers[0].claims == 0
    else:
        assert [each.permit_id for each in revoked[0].earlier_permits] != []


def _waiting(house: House) -> list[Any]:
    return house.desk.rows(
        "SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )


@pytest.mark.parametrize("taken", ["dates", "coverage"])
def test_what_intake_knew_when_it_permitted_must_have_been_heard(house: House, taken: str) -> None:
    client_id = house.admit(under_part2=NOT_PART2)
    if taken == "dates":
        house.restrict(client_id)
    else:
        house.cover(client_id, member_number="NEWER")
    answer = house.office.issue(day(6), command="too early")
    assert (answer.claims, left_out(answer)) == (0, [(client_id, "NOT_SETTLED")])
    house.relay()
    answer = house.office.issue(day(6), command="heard")
    assert left_out(answer) == []


def test_a_claim_keeps_its_permit_and_who_revokes_is_told_of_it(house: House) -> None:
    client_id = house.admit()
    house.office.issue(day(6))
    left = disclosed(house)
    [head] = house.desk.rows(f"SELECT last FROM sequence WHERE subject = 'client/{client_id}'")
    assert left.permit_sequence == head.last
    [permit] = house.revoke(client_id).earlier_permits
    assert permit.permit_id == left.permit_id
    assert (permit.sequence, permit.consent_id) == (head.last, house.consent_of(client_id))

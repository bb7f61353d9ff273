"""Whoever is registered twice is billed once: by member number and birth date, as intake knows."""

from collections.abc import Callable
from typing import Any

import pytest

from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE as INTAKE
from tests.billing.house import House
from tests.billing.known import day
from tests.billing.office import Office
from tests.intake.desk import Desk

NewStore = Callable[[Service], Store]


@pytest.fixture
def house(new_store: NewStore) -> House:
    return House(Desk(new_store(INTAKE)), Office(new_store(BILLING)))


def left_out(answer: Any) -> list[tuple[str, str]]:
    return [(each.client_id, each.reason) for each in answer.left_out]


@pytest.mark.parametrize("written", ["MEMBER-4711", "member 47-11"])
def test_one_person_registered_twice_is_billed_once(house: House, written: str) -> None:
    first = house.admit(member_number="MEMBER-4711")
    assert house.office.issue(day(6), command="first").claims == 1
    second = house.admit(member_number=written, days=(2,))
    answer = house.office.issue(day(6), command="second")
    assert (answer.claims, left_out(answer)) == (0, [(second, "DUPLICATE_MEMBER")])
    [left] = answer.left_out
    assert left.service_date == to_date(day(2))
    assert [each.client_id for each in house.office.claims()] == [first]


def test_of_two_registrations_in_one_command_one_is_billed(house: House) -> None:
    clients = {house.admit(member_number="MEMBER-4711") for _ in range(2)}
    answer = house.office.issue(day(6))
    assert answer.claims == 1
    [(client_id, reason)] = left_out(answer)
    assert reason == "DUPLICATE_MEMBER"
    assert {client_id, house.office.claims()[0].client_id} == clients

"""Whoever waits for what others work on holds little of an api: health and others are answered."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from ninehours.exchange.v1.operating_service_pb2 import GetStatusRequest
from ninehours.intake.v1.clients_service_pb2 import ReadClientRequest

from kernel.process import Service
from kernel.rpc import client, server
from kernel.store import database
from kernel.store.store import Store
from services.intake.__main__ import SERVICE
from tests.harness.api import Api, api, refused
from tests.harness.intake.service import Desk, consent
from tests.harness.kernel.counters import PATIENCE, ask, until

CLINICIAN = ("clinician", "TREATMENT")


@pytest.fixture(autouse=True)
def _locks_are_waited_for_as_long_as_a_test_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "LOCK_TIMEOUT", 10 * PATIENCE)


def waiting(store: Store) -> int:
    """How many transactions wait for a lock."""
    [row] = ask(
        store,
        "SELECT count(*) AS n FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    return int(row.n)


def over(held: list[Any]) -> int:
    return sum(call.done() for call in held)


@pytest.mark.parametrize(("people", "calls", "wait"), [(1, 5, 1), (100, 100, 3)])
def test_who_waits_for_a_lock_takes_one_of_the_places_for_waiting(
    new_store: Callable[[Service], Store],
    secrets_dir: Path,
    *,
    people: int,
    calls: int,
    wait: int,
) -> None:
    store = new_store(SERVICE)
    desk = Desk(store)
    ada, bob = desk.registered(), desk.registered()
    with api(SERVICE, store, secrets_dir, desk.now) as served:
        with store.transaction() as tx:  # whoever works on Ada: a drain, a long command
            tx.lock([f"client/{ada}"])
            held = give_consents(served, ada, people, calls)
            until(lambda: over(held) + waiting(store) >= min(calls, 5))
            served.assert_healthy()
            asked = ReadClientRequest(client_id=bob)
            assert served.ask(asked, "person/bob", *CLINICIAN).client_id == bob
            until(lambda: over(held) >= calls - wait)
            assert over(held) == calls - wait, "they still wait"
            assert refused(held) == {"DATABASE_BUSY"}
        until(lambda: over(held) == calls)
        assert sum(call.exception() is None for call in held) == wait, "who waits gets it"


def give_consents(served: Api, client_id: str, people: int, calls: int) -> list[Any]:
    return [
        served.send(consent(client_id), f"person/{n % people}", *CLINICIAN) for n in range(calls)
    ]


def test_there_is_a_connection_for_whoever_has_a_thread(
    new_store: Callable[[Service], Store], secrets_dir: Path
) -> None:
    """So nobody waits for one, however many hold theirs."""
    store = new_store(SERVICE)
    desk = Desk(store)
    bob = desk.registered()
    with api(SERVICE, store, secrets_dir, desk.now) as served:
        held = [served.store.engine.connect() for _ in range(server.THREADS - 1)]
        try:
            served.assert_healthy()
            asked = ReadClientRequest(client_id=bob)
            assert served.ask(asked, "person/bob", *CLINICIAN).client_id == bob
        finally:
            for connection in held:
                connection.close()


def test_who_asks_kafka_takes_a_place_of_those_who_ask_others(
    new_store: Callable[[Service], Store], secrets_dir: Path
) -> None:
    store = new_store(SERVICE)
    desk = Desk(store)
    with api(SERVICE, store, secrets_dir, desk.now) as served, ExitStack() as places:
        for _ in range(client.MOST_ASKING):
            places.enter_context(client.ASKING)
        call = served.send(GetStatusRequest(), "person/eve", "operator", "OPERATIONS")
        until(call.done)
        assert refused([call]) == {"PEER_AWAY"}

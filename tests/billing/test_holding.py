"""Whoever has much calculated holds little of billing's api: health and others are answered."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from ninehours.billing.v1 import billing_service_pb2 as pb
from ninehours.billing.v1 import billing_work_service_pb2 as work

from kernel.facts import Row
from kernel.messaging.subscriptions import Facts
from kernel.process import Service
from kernel.rpc.translate import to_timestamp
from kernel.store.store import Store
from services.billing.__main__ import SERVICE
from services.billing.adapters.pages import SqlPages
from services.billing.adapters.subscriptions import CLAIMS
from services.billing.api import servicer
from services.billing.api.work import SERVICE as WORK
from tests.harness.api import Api, api, refused
from tests.harness.billing.facts import SITE, Story
from tests.harness.billing.history import day
from tests.harness.billing.service import Office
from tests.harness.kernel.counters import PATIENCE, ask, until

BILLER = ("biller", "PAYMENT")
IN_TRANSACTION = (
    "SELECT FROM pg_stat_activity"
    " WHERE datname = current_database() AND state = 'idle in transaction'"
)
ELSEWHERE = "51000000-0000-4000-8000-00000000000e"


class Deriving:
    """Derives claims as billing does, and tells of whom; `held`: for so many seconds at most."""

    def __init__(self) -> None:
        self.clients: list[str] = []
        self.held = 0.0
        self._over = threading.Event()

    def __call__(self, client: str, facts: Facts) -> Sequence[Row]:
        self.clients.append(client)
        until = time.monotonic() + self.held
        while time.monotonic() < until and not self._over.wait(0.01):
            pass
        return CLAIMS.derive(client, facts)

    def let_go(self) -> None:
        self._over.set()


@pytest.fixture
def deriving() -> Iterator[Deriving]:
    made = Deriving()
    yield made
    made.let_go()


@pytest.fixture
def office(new_store: Callable[[Service], Store], deriving: Deriving) -> Office:
    """Of three clients at one site, whose sessions would make claims."""
    pages = SqlPages(replace(CLAIMS, derive=deriving))
    made, story = Office(new_store(SERVICE), pages=pages), Story()
    clients = [str(uuid4()) for _ in range(3)]
    made.set_up(SITE, clients)
    for client in clients:
        made.hear(story.admitted(client, made.payer_id))
        made.hear(story.attended(client, [day(n) for n in range(5)]))
    return made


def drafts(office: Office, **asked: Any) -> pb.ListClaimsRequest:
    """As they were at a moment, so as they are derived for it."""
    by_then = to_timestamp(office.now + timedelta(days=60))
    return pb.ListClaimsRequest(state=pb.CLAIM_STATE_DRAFTED, as_of=by_then, **asked)


def api_of(office: Office, secrets_dir: Path) -> AbstractContextManager[Api]:
    """Billing's, with the office's pages."""

    def answers(store: Store) -> dict[Any, object]:
        its_office = Office(store, pages=office.pages)
        return {servicer.SERVICE: its_office.answers, WORK: its_office.work}

    return api(SERVICE, office.store, secrets_dir, office.now, answers)


@pytest.mark.parametrize(("people", "calls", "calculating"), [(1, 5, 1), (100, 100, 2)])
def test_who_has_much_calculated_takes_one_of_the_places_for_it(
    office: Office,
    deriving: Deriving,
    secrets_dir: Path,
    *,
    people: int,
    calls: int,
    calculating: int,
) -> None:
    deriving.held = 10 * PATIENCE
    with api_of(office, secrets_dir) as served:
        held = [served.send(drafts(office), f"person/{n % people}", *BILLER) for n in range(calls)]
        over = partial(ended, held)
        until(lambda: over() + len(deriving.clients) >= min(calls, 5))
        served.assert_healthy()
        assert served.ask(work.ListPayersRequest(), "person/bob", *BILLER).payers
        until(lambda: over() >= calls - calculating)
        assert over() == calls - calculating, "they still calculate"
        assert refused(held) == {"TOO_MANY_AT_ONCE"}
        deriving.let_go()
        until(lambda: over() == calls)
        answered = [call.result() for call in held if call.exception() is None]
        assert [len(future.claims) > 0 for future in answered] == [True] * calculating


def test_nothing_is_calculated_for_who_is_gone(
    office: Office, deriving: Deriving, secrets_dir: Path
) -> None:
    deriving.held = 20.0
    with api_of(office, secrets_dir) as served:
        call = served.send(drafts(office), "person/eve", *BILLER)
        until(lambda: len(deriving.clients) == 1)
        call.cancel()
        until(lambda: not ask(office.store, IN_TRANSACTION))
    assert len(deriving.clients) == 1


@pytest.mark.parametrize(
    ("asked", "clients"),
    [
        ({}, 3),
        ({"payer_id": "own"}, 3),
        ({"payer_id": str(uuid4())}, 0),
        ({"site_id": SITE}, 3),
        ({"site_id": ELSEWHERE}, 0),
    ],
)
def test_drafts_as_of_a_moment_are_derived_of_clients_who_may_have_such(
    office: Office, deriving: Deriving, asked: dict[str, str], clients: int
) -> None:
    wanted = {name: office.payer_id if told == "own" else told for name, told in asked.items()}
    found = office.call("ListClaims", drafts(office, **wanted)).claims
    assert len(set(deriving.clients)) == clients
    assert bool(found) == bool(clients)


def test_drafts_as_of_a_moment_are_derived_of_clients_of_the_askers_sites(
    office: Office, deriving: Deriving
) -> None:
    office.sites = frozenset({ELSEWHERE})
    assert not office.call("ListClaims", drafts(office)).claims
    assert deriving.clients == []


def ended(calls: Sequence[Any]) -> int:
    return sum(call.done() for call in calls)

"""A withdrawn discharge opens the episode again: at intake, at attendance, and for billing.

Plans and intake are real, and hear each other's published logs.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from ninehours.intake.v1 import clients_service_pb2 as clients
from ninehours.intake.v1 import intake_events_pb2 as intake
from ninehours.plans.v1 import plans_service_pb2 as pb

from kernel.messaging.envelope import Record
from kernel.process import Service
from kernel.refusal import AgainstTheRules
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from services.intake.__main__ import SERVICE as INTAKE
from services.plans.__main__ import SERVICE as PLANS
from tests.harness.intake.service import Desk
from tests.harness.intake.strategies import day
from tests.harness.plans.service import Plans
from tests.harness.plans.statements import changed, last_said, of_kind, put_right
from tests.harness.relayed import published_by

NewStore = Callable[[Service], Store]


class House:
    """Both, and how far each heard the other."""

    def __init__(self, new_store: NewStore) -> None:
        self.desk, self.plans = Desk(new_store(INTAKE)), Plans(new_store(PLANS))
        self.plans.now = self.desk.now
        self._heard = {"desk": 0, "plans": 0}

    def relay(self) -> None:
        """What each published since reaches the other."""
        self.plans.hear(self._since("plans", self.desk.store))
        self.desk.inbox.hear(self._since("desk", self.plans.store))
        self.desk.pending_work.drain()

    def _since(self, who: str, store: Store) -> Sequence[Record]:
        records = published_by(store, after=self._heard[who])
        self._heard[who] = max([self._heard[who], *(record.offset for record in records)])
        return records

    def admitted(self) -> tuple[str, str]:
        client_id = self.desk.registered()
        episode_id = self.desk.admitted(client_id, admitted_on=to_date(day(-4)))
        self.relay()
        return client_id, episode_id

    def discharge(self, client_id: str, episode_id: str, on: date) -> None:
        request = pb.DischargeClientRequest(
            client_id=client_id,
            episode_id=episode_id,
            reason=pb.DISCHARGE_REASON_LEFT_AGAINST_ADVICE,
            discharged_on=to_date(on),
        )
        self.plans.call("DischargeClient", request)
        self.relay()

    def said(self, client_id: str, episode_id: str) -> Any:
        """The first discharge from the episode."""
        return next(
            statement
            for statement in of_kind(self.plans, client_id, "discharge")
            if last_said(statement).episode_id == episode_id
        )

    def withdraw(self, client_id: str, episode_id: str) -> None:
        put_right(self.plans, self.said(client_id, episode_id), None)
        self.relay()

    def closed_on(self, client_id: str) -> list[Any]:
        """Of each episode, as intake tells; None: it is open."""
        answer = self.desk.call(clients.ReadClientRequest(client_id=client_id))
        told = [
            episode.closed_on if episode.HasField("closed_on") else None
            for episode in answer.episodes
        ]
        kept = self.desk.rows(
            f"SELECT closed_on FROM episode WHERE client_id = '{client_id}' ORDER BY number"
        )
        assert [row.closed_on and to_date(row.closed_on) for row in kept] == told
        return told


@pytest.fixture
def house(new_store: NewStore) -> House:
    return House(new_store)


def test_a_withdrawn_discharge_opens_the_episode_again(house: House) -> None:
    client_id, episode_id = house.admitted()
    house.discharge(client_id, episode_id, day(0))
    assert house.closed_on(client_id) == [to_date(day(0))]
    house.withdraw(client_id, episode_id)
    assert house.closed_on(client_id) == [None]
    house.discharge(client_id, episode_id, day(0))
    assert house.closed_on(client_id) == [to_date(day(0))]


def test_the_episode_closes_on_the_day_that_the_discharge_says_now(house: House) -> None:
    client_id, episode_id = house.admitted()
    house.discharge(client_id, episode_id, day(0))
    changed(house.plans, house.said(client_id, episode_id), discharged_on=to_date(day(-1)))
    house.relay()
    assert house.closed_on(client_id) == [to_date(day(-1))]
    house.withdraw(client_id, episode_id)
    changed(house.plans, house.said(client_id, episode_id))
    house.relay()
    assert house.closed_on(client_id) == [to_date(day(-1))]


def test_withdrawn_before_anybody_heard_of_it_nothing_was_closed(house: House) -> None:
    client_id, episode_id = house.admitted()
    relay, house.relay = house.relay, lambda: None  # type: ignore[method-assign]
    house.discharge(client_id, episode_id, day(0))
    house.withdraw(client_id, episode_id)
    relay()
    assert house.closed_on(client_id) == [None]
    assert intake.EpisodeClosed.DESCRIPTOR.name not in [n for n, _ in house.desk.published()]


def test_an_episode_is_not_opened_beside_the_one_that_followed_it(house: House) -> None:
    client_id, episode_id = house.admitted()
    house.discharge(client_id, episode_id, day(0))
    following = house.desk.admitted(client_id, admitted_on=to_date(day(0)))
    house.relay()
    with pytest.raises(AgainstTheRules) as refused:
        house.withdraw(client_id, episode_id)
    assert refused.value.reason == "ANOTHER_EPISODE_OPEN"
    assert refused.value.details == {"episode_id": following}
    house.discharge(client_id, following, day(0))
    house.withdraw(client_id, episode_id)
    assert house.closed_on(client_id) == [None, to_date(day(0))]

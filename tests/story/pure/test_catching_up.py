"""Catching up, with services that are played: it asks in order, and says why it gave up."""

from typing import Any

import grpc
import pytest
from ninehours.exchange.v1 import listener_service_pb2 as listener
from ninehours.exchange.v1 import operating_service_pb2 as operating
from ninehours.exchange.v1 import published_log_service_pb2 as log

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.services import SERVICES
from ninehours.story.catching_up import NotCaughtUp, wait_until_caught_up


class FakeServices:
    """Each published one fact of one client; plans publishes another while it catches up."""

    def __init__(self, *, stuck: str = "", parked: bool = False, late: int = 0) -> None:
        self.heads = dict.fromkeys(SERVICES, 1)
        self.settled: list[tuple[str, dict[str, int]]] = []
        self._stuck = stuck
        self._parked = parked
        self._late = late

    def __call__(self, service: str, request: Any, **_: float) -> Any:
        match request:
            case log.HeadsRequest():
                head = log.Head(subject="client/1", sequence=self.heads[service])
                return log.HeadsResponse(topic=f"ninehours.{service}.v1", heads=[head])
            case listener.SettledRequest():
                return self._settled(service, request)
            case operating.GetStatusRequest():
                # Hears a fact at each question, as long as there are some left.
                self._late = max(self._late - 1, 0)
                lag = operating.Lag(topic="ninehours.intake.v1", facts=self._late)
                return operating.GetStatusResponse(lags=[lag])
            case operating.CountDerivedRequest():
                return operating.CountDerivedResponse(revisions=7)
        item = listener.Parked(kind="record", type="a.B", error="ValueError at x.py:1")
        return listener.ListParkedResponse(parked=[item] if self._parked else [])

    def _settled(self, service: str, request: listener.SettledRequest) -> Any:
        if service == self._stuck or self._late > 0:
            raise RemoteRefusal(grpc.StatusCode.UNAVAILABLE, "NOT_HEARD_YET", "", {})
        told = {head.topic.split(".")[1]: head.sequence for head in request.heads}
        self.settled.append((service, told))
        if service == "plans" and self.heads["plans"] == 1:
            self.heads["plans"] = 2
        return listener.SettledResponse()


def test_everybody_is_asked_for_what_plans_published_while_it_caught_up() -> None:
    services = FakeServices()
    wait_until_caught_up(services)
    assert services.settled[0] == ("plans", {"intake": 1, "attendance": 1})
    assert ("intake", {"plans": 2, "attendance": 1, "billing": 1}) in services.settled
    assert services.settled[-1] == ("billing", {"intake": 1, "plans": 2, "attendance": 1})


def test_who_hears_slowly_is_waited_for_however_long_it_takes() -> None:
    services = FakeServices(late=50)
    wait_until_caught_up(services, standstill=0.0)
    assert services.settled[-1][0] == "billing"


def test_it_gives_up_and_says_who_did_not_catch_up() -> None:
    with pytest.raises(NotCaughtUp, match="billing has not heard"):
        wait_until_caught_up(FakeServices(stuck="billing"), standstill=0.05)


def test_it_says_what_was_parked() -> None:
    with pytest.raises(NotCaughtUp, match=r"plans stopped at 1 parked .*record of a.B: ValueError"):
        wait_until_caught_up(FakeServices(stuck="plans", parked=True), standstill=0.05)

"""Commands to every service, one after the other, for as long as something else is done."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_service_pb2 as billing

from kernel.rpc.connections import Connections
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.rpcs import service_of
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import to_date
from ninehours.story import days, requests
from ninehours.story.gateway import BILLER, MANAGER
from ninehours.story.network import PROVIDERS, SITES
from ninehours.story.story import DemoStory

DEADLINE = 60.0  # seconds that a caller waits: the client asks again until then
AT_ONCE = 2

Command = tuple[Actor, Any]


@dataclass(slots=True)
class Commanding:
    """A context manager: commands are given inside. `ids`: of those that were answered, by
    service; `refused`: what was refused for good."""

    connect: Callable[[], Connections[Actor]]
    commands: Callable[[], Iterator[Command]]
    ids: dict[str, set[str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._give) for _ in range(AT_ONCE)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _give(self) -> None:
        connections = self.connect()
        for actor, request in self.commands():
            if self._over.is_set():
                break
            request.meta.command_id = str(uuid4())
            try:
                connections.ask(actor, request, deadline=DEADLINE)
            except RemoteRefusal as refusal:
                self.refused.append(f"{type(request).__name__}: {refusal.code} {refusal}")
            else:
                self.ids.setdefault(service_of(request), set()).add(request.meta.command_id)
        connections.close()


def of_every_service(story: DemoStory) -> Iterator[Command]:
    """Without end: clients register, plans are drafted, sites open, fees are set."""
    network = story.network
    charts = [chart for chart in story.charts.values() if chart.plan_id]
    for number in count():
        site, chart = SITES[number % len(SITES)], charts[number % len(charts)]
        client = chart.client
        yield network.front_desk, requests.register(client, network.site_ids[site.key])
        draft = requests.draft_plan(client, chart.episode_id, days.last_day(1))
        draft.client_id = chart.client_id
        yield story.clinician_of(client, 1), draft
        opening = attendance.OpenSiteRequest(
            name=site.name,
            time_zone=site.time_zone,
            address=site.address,
            npi=story.people.npis[site.key],
        )
        yield MANAGER, opening
        provider = PROVIDERS[0]
        fee = billing.SetFeeRequest(
            provider_id=network.provider_ids[provider.key],
            code="H0015",
            charge=requests.dollars(provider.fees["H0015"]),
            effective_from=to_date(days.last_day(1)),
        )
        yield BILLER, fee

"""A story as far as it was played: the ids that the system answered, by their names."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import rules_pb2
from ninehours.common.v1 import common_pb2 as common

from kernel.rpc.tokens import Actor
from kernel.sites import EVERY_SITE
from ninehours.story.gateway import Gateway, actor
from ninehours.story.network import FACILITATORS, GROUPS, DemoGroup, group_of, site_of
from ninehours.story.people import DemoClient, InventedPeople

Positions = Sequence[common.Position]
"""Where something was published: what rests on it waits until it was heard."""


class StoryFailed(Exception):
    """The story can't go on: the message says what it needs, and what there is instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNetwork:
    """What was opened, by the keys of network.py: its ids, its people, and the payers' rules.

    Where it was published: each site and program in `opened`, each clinician's credential in
    `credentialed`, each payer in `registered`.
    """

    site_ids: dict[str, str] = field(default_factory=dict)
    program_ids: dict[str, str] = field(default_factory=dict)
    staff_ids: dict[str, str] = field(default_factory=dict)
    template_ids: dict[str, str] = field(default_factory=dict)
    provider_ids: dict[str, str] = field(default_factory=dict)
    payer_ids: dict[str, str] = field(default_factory=dict)
    rules: dict[str, rules_pb2.RuleSet] = field(default_factory=dict)
    opened: dict[str, Positions] = field(default_factory=dict)
    credentialed: dict[str, Positions] = field(default_factory=dict)
    registered: dict[str, Positions] = field(default_factory=dict)

    @property
    def front_desk(self) -> Actor:
        """Works at the sites of the network: what is the network's own takes `*`."""
        return actor("front_desk", "person/front-desk", "OPERATIONS", self.site_ids.values())

    def clinician(self, facilitator: str) -> Actor:
        """A facilitator; the first is the network's clinical director too, and speaks for it."""
        director = facilitator == FACILITATORS[0].key
        sites = (EVERY_SITE,) if director else self.site_ids.values()
        return actor("clinician", f"staff/{self.staff_ids[facilitator]}", "TREATMENT", sites)


@dataclass(slots=True, kw_only=True)
class Chart:
    """A client, and the ids of what is going on with them now."""

    client: DemoClient
    client_id: str
    consent_id: str = ""
    coverage_id: str = ""
    episode_id: str = ""
    plan_id: str = ""
    # Of groups in other programs: group → episode.
    beside: dict[str, str] = field(default_factory=dict)
    admitted: Positions = ()
    discharged: Positions = ()


@dataclass(slots=True, kw_only=True)
class DemoStory:
    """The system, the people, and all that was answered so far."""

    gateway: Gateway
    people: InventedPeople
    network: OpenNetwork = field(default_factory=OpenNetwork)
    charts: dict[str, Chart] = field(default_factory=dict)
    sessions: dict[tuple[str, date], attendance.ScheduledSession] = field(default_factory=dict)
    # Visits of one client alone, by date.
    visits: dict[date, str] = field(default_factory=dict)
    batches: list[str] = field(default_factory=list)
    # Batches whose claims the payers answered.
    answered: set[str] = field(default_factory=set)

    def give(
        self, actor: Actor, step: str, request: Any, now: datetime, *, after: Positions = ()
    ) -> Any:
        """A command's answer; `after`: where what it rests on was published."""
        request.meta.after.extend(after)
        return self.gateway.give(actor, step, request, now)

    def give_for(
        self,
        chart: Chart,
        actor: Actor,
        step: str,
        request: Any,
        now: datetime,
        *,
        after: Positions = (),
    ) -> Any:
        """A command about one client, whose id goes where the request has a place for it."""
        if "client_id" in request.DESCRIPTOR.fields_by_name:
            request.client_id = chart.client_id
        return self.give(actor, f"{chart.client.key}: {step}", request, now, after=after)

    def roster(self, group: DemoGroup, block: int) -> list[Chart]:
        """Who sits in a group, in the order of the people."""
        charts = self.charts.values()
        return [chart for chart in charts if chart.client.course.sits_in(group.key, block)]

    def clinician_of(self, client: DemoClient, block: int) -> Actor:
        """Who assesses, plans and decides: the one who leads the group of their program."""
        return self.network.clinician(group_in(client, block).facilitator)

    def payer_of(self, chart: Chart) -> str:
        """The id of who pays."""
        return self.network.payer_ids[chart.client.course.payer]

    def payer_registered(self, chart: Chart) -> Positions:
        """Where the payer was published: intake waits for it."""
        return self.network.registered[chart.client.course.payer]


def group_in(client: DemoClient, block: int) -> DemoGroup:
    """The group that leads to the program a client is in; the first one for who is in none."""
    episode = client.course.episode_in(block)
    return GROUPS[0] if episode is None else group_of(client.course.first_group(episode))


def zone_of(group: DemoGroup) -> str:
    """By which clock it meets."""
    return site_of(group).time_zone

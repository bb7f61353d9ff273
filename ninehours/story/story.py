"""What the story keeps while it is told: the ids that the system answered, by their names."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import rules_pb2
from ninehours.common.v1 import common_pb2 as common

from ninehours.story.network import GROUPS, Group, group_of, site_of
from ninehours.story.people import Cast, Client
from ninehours.story.stage import Stage

MANAGER, DESK = "administrator", "front desk"
BILLER, SECOND_BILLER = "biller", "second biller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What was opened: ids by the keys of network.py, and the payers' rules.

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
    opened: dict[str, Sequence[common.Position]] = field(default_factory=dict)
    credentialed: dict[str, Sequence[common.Position]] = field(default_factory=dict)
    registered: dict[str, Sequence[common.Position]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Chart:
    """A client, and the ids of what is going on with them now."""

    client: Client
    client_id: str
    consent_id: str = ""
    episode_id: str = ""
    plan_id: str = ""
    # Of groups in other programs: group → episode.
    beside: dict[str, str] = field(default_factory=dict)
    admitted: Sequence[common.Position] = ()
    discharged: Sequence[common.Position] = ()


@dataclass(slots=True, kw_only=True)
class Telling:
    """The stage, the cast, and all that was answered so far."""

    stage: Stage
    cast: Cast
    place: Place
    charts: dict[str, Chart] = field(default_factory=dict)
    sessions: dict[tuple[str, date], attendance.ScheduledSession] = field(default_factory=dict)
    # Visits of one client alone, by date.
    visits: dict[date, str] = field(default_factory=dict)
    batches: list[str] = field(default_factory=list)
    # Batches whose claims the payers answered.
    answered: set[str] = field(default_factory=set)

    def tell(self, who: str, step: str, request: Any, now: datetime) -> Any:
        return self.stage.tell(who, step, request, now)

    def of(self, chart: Chart, who: str, step: str, request: Any, now: datetime) -> Any:
        """A command about one client."""
        return self.stage.tell(who, f"{chart.client.key}: {step}", request, now)

    def roster(self, group: Group, block: int) -> list[Chart]:
        """Who sits in a group, in the order of the cast."""
        return [c for c in self.charts.values() if c.client.course.sits_in(group.key, block)]

    def payer_of(self, chart: Chart) -> str:
        return self.place.payer_ids[chart.client.course.payer]

    def payer_registered(self, chart: Chart) -> Sequence[common.Position]:
        """Where it was published: intake waits for it."""
        return self.place.registered[chart.client.course.payer]


def group_in(client: Client, block: int) -> Group:
    """The group that leads to the program a client is in; the first one for who is in none."""
    stay = client.course.stay_in(block)
    return GROUPS[0] if stay is None else group_of(client.course.first_group(stay))


def clinician_of(client: Client, block: int) -> str:
    """Who assesses, plans and decides: the one who leads that group."""
    return group_in(client, block).facilitator


def zone_of(group: Group) -> str:
    return site_of(group).time_zone

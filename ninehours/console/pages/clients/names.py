"""Ids that are chosen by names, by whose clock times are read, and who said something."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.common.v1 import common_pb2 as common

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.directories import by_name, payers_named
from ninehours.console.forms.fields import Choice
from ninehours.console.services import ServiceAway
from ninehours.console.texts import words
from ninehours.console.visit import Visit

ON_ONE_MACHINE = "person/local-"
TELLING = 8  # characters of an id, beside what else tells apart
Called = Callable[[str], str]
"""How somebody is called, by the subject of their tokens."""


@dataclass(frozen=True, slots=True)
class SitesOfNetwork:
    """Those that there are; none where attendance doesn't answer."""

    listed: Sequence[calendar.ListedSite]

    @property
    def choices(self) -> list[Choice]:
        """By name."""
        return choices_of({site.site_id: site.name for site in self.listed})

    @property
    def programs(self) -> list[Choice]:
        """Of all of them, each by its site, its kind, and whether Part 2 holds there."""
        told = words().clients.programs
        return [
            Choice(
                each.program.program_id,
                (told.under_part2 if each.program.under_part2 else told.others).format(
                    site=site.name, kind=words().values[common.ProgramKind.Name(each.program.kind)]
                ),
            )
            for site in sorted(self.listed, key=lambda site: site.name.casefold())
            for each in site.programs
        ]

    def zone_of(self, site_id: str) -> ZoneInfo:
        """By whose clock times are read there."""
        zones = (ZoneInfo(site.time_zone) for site in self.listed if site.site_id == site_id)
        return next(zones, ZoneInfo("UTC"))


def sites(visit: Visit) -> SitesOfNetwork:
    """As attendance has them."""
    try:
        return SitesOfNetwork(visit.ask_briefly(calendar.ListSitesRequest()).sites)
    except (ServiceAway, RemoteRefusal):
        return SitesOfNetwork(())


def payers(visit: Visit) -> list[Choice]:
    """By name; none where billing doesn't answer."""
    try:
        return choices_of(payers_named(visit))
    except (ServiceAway, RemoteRefusal):
        return []


def choices_of(named: Mapping[str, str]) -> list[Choice]:
    return [Choice(each, name) for each, name in by_name(named)]


def name_of(choices: Sequence[Choice], value: str) -> str:
    """The id itself where there is no name for it."""
    return next((choice.says for choice in choices if choice.value == value), value)


def who(subject: str) -> str:
    """Who said something: on one machine a role; elsewhere as tokens name them."""
    role = subject.removeprefix(ON_ONE_MACHINE).replace("-", "_")
    return str(words().roles[role]) if role in words().roles else subject

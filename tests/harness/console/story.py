"""The played story, as pages are looked at on it: what there is, by questions of the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from google.protobuf.message import Message
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import roster_service_pb2 as roster

from kernel.roles import Role
from kernel.rpc.translate import to_date
from ninehours.cli.connection import Services
from ninehours.local.system import LocalSystem
from ninehours.story import days
from ninehours.story.people import VOCABULARY


class PlayedStory:
    """Of the system's; an address is the same each time it is asked for."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def ask(self, role: Role, request: Message, service: str = "") -> Any:
        """The answer, as on the command line."""
        return self._services.ask(role, request, service=service)

    @property
    def names(self) -> tuple[str, ...]:
        """Of which each client has one: no page of another says them in another sense."""
        return tuple(VOCABULARY.family_names)

    @cached_property
    def group(self) -> roster.RecordedSession:
        """The first of the story's last Monday at the first site that has one."""
        on = days.day_of(days.WEEKS)
        for site in self.ask(Role.OPERATOR, calendar.ListSitesRequest()).sites:
            asked = roster.ReadRosterRequest(site_id=site.site_id, on=to_date(on))
            for session in self.ask(Role.FRONT_DESK, asked).sessions:
                return session  # type: ignore[no-any-return]
        raise LookupError(on)

    @property
    def client_id(self) -> str:
        """Of somebody of that group."""
        return str(self.group.presences[0].client_id)

    @property
    def day(self) -> str:
        """The day and the site of that group, as addresses have it."""
        on = self.group.service_date
        written = f"{on.year}-{on.month:02d}-{on.day:02d}"
        return urlencode({"site": self.group.site_id, "on": written})


@contextmanager
def told_by(system: LocalSystem) -> Iterator[PlayedStory]:
    """Asked of a running system."""
    services = Services(system.addresses, system.people_dir, identity=system.identity)
    try:
        yield PlayedStory(services)
    finally:
        services.close()

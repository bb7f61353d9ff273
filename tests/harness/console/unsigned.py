"""A group of one's own on a running system, whose notes nobody signed; nobody else's story."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode

from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.attendance.v1 import calendar_service_pb2 as calendar
from ninehours.attendance.v1 import roster_service_pb2 as roster
from ninehours.intake.v1 import intake_service_pb2 as intake

from kernel.roles import Role
from kernel.rpc.translate import to_date, to_timestamp
from ninehours.cli.connection import Services
from ninehours.local.system import LocalSystem
from ninehours.story.catching_up import wait_until_caught_up
from tests.harness.console.clinical import told
from tests.harness.intake.service import identity

FIRST = datetime(2026, 3, 8, 15, tzinfo=UTC)  # a Sunday: nobody meets there
LASTS = timedelta(hours=3)
WEEKS = count()  # one a group, as nobody leads two at once
# Between these some are admitted all the time.
WHILE = (date(2026, 3, 9), date(2026, 4, 20))


@dataclass
class UnsignedGroup:
    """`clients`: by family name; `signer`: the subject of somebody who may sign there."""

    services: Services
    site: calendar.ListedSite
    signer: str
    session_id: str
    on: date
    clients: dict[str, str]

    @property
    def address(self) -> str:
        """Of the page of its notes."""
        place = {"site": self.site.site_id, "on": str(self.on), "session": self.session_id}
        return f"/my-day/notes?{urlencode(place)}"

    def notes(self) -> dict[str, roster.RecordedNote | None]:
        """By family name; None: nobody signed it."""
        asked = roster.ReadRosterRequest(site_id=self.site.site_id, on=to_date(self.on))
        sessions = self.services.ask(Role.CLINICIAN, asked).sessions
        [mine] = [each for each in sessions if each.session_id == self.session_id]
        told = {each.client_id: each for each in mine.presences}
        return {
            family: told[client_id].note if told[client_id].HasField("note") else None
            for family, client_id in self.clients.items()
        }


@contextmanager
def asked(system: LocalSystem) -> Iterator[Services]:
    """The system's services."""
    services = Services(system.addresses, system.people_dir, identity=system.identity)
    try:
        yield services
    finally:
        services.close()


def unsigned_group(services: Services, families: Sequence[str]) -> UnsignedGroup:
    """Of clients of these names, who came without being on its roster; it is closed. Nobody is
    scheduled who isn't admitted, nor a group of nobody: whom it was scheduled for is taken off."""
    begins = FIRST + timedelta(weeks=next(WEEKS))
    site = services.ask(Role.CLINICIAN, calendar.ListSitesRequest()).sites[0]
    staff = services.ask(Role.CLINICIAN, roster.ListStaffRequest(site_id=site.site_id)).staff
    led = [each for each in staff if any(held.type for held in each.credentials)]
    state = _state(services, site.site_id)
    leader = next(
        each
        for each in led
        if any(held.state == state and not held.token_subject for held in each.credentials)
    )
    clients = {}
    for family in families:
        person = identity(family_name=family, given_name="Robin")
        registered = intake.RegisterClientRequest(identity=person, site_id=site.site_id)
        clients[family] = told(services, Role.FRONT_DESK, registered).client_id
    wait_until_caught_up(
        lambda service, request, **_: services.ask(Role.OPERATOR, request, service=service)
    )
    admitted = _admitted(services, site.site_id)
    scheduled = told(
        services,
        Role.FRONT_DESK,
        attendance.ScheduleSessionRequest(
            site_id=site.site_id,
            program_id=site.programs[0].program.program_id,
            facilitator_id=leader.staff_id,
            service_kind=attendance.SERVICE_KIND_GROUP,
            modality=attendance.MODALITY_IN_PERSON,
            starts_at=to_timestamp(begins),
            ends_at=to_timestamp(begins + LASTS),
            roster=[admitted],
            no_limit=True,
        ),
    )
    told(
        services,
        Role.FRONT_DESK,
        attendance.TakeFromRosterRequest(client_id=admitted, session_id=scheduled.session_id),
    )
    about: Any = {"session_id": scheduled.session_id}
    for client_id in clients.values():
        for request in (
            attendance.CheckInRequest(client_id=client_id, at=to_timestamp(begins), **about),
            attendance.CheckOutRequest(
                client_id=client_id, at=to_timestamp(begins + LASTS), **about
            ),
        ):
            told(services, Role.FRONT_DESK, request)
    told(services, Role.FRONT_DESK, attendance.CloseSessionRequest(**about))
    return UnsignedGroup(
        services, site, f"staff/{leader.staff_id}", scheduled.session_id, begins.date(), clients
    )


def _admitted(services: Services, site_id: str) -> str:
    expected = []
    for on in WHILE:
        read = roster.ReadRosterRequest(site_id=site_id, on=to_date(on))
        sessions = services.ask(Role.CLINICIAN, read).sessions
        expected.append(
            {each.client_id for held in sessions for each in held.presences if each.on_roster}
        )
    return str(min(set.intersection(*expected)))


def _state(services: Services, site_id: str) -> str:
    asked = roster.ReadSiteRequest(site_id=site_id)
    return str(services.ask(Role.CLINICIAN, asked).address.state)

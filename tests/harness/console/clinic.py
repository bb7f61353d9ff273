"""Three services as their processes run them, a roster in them, and consoles that ask them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ninehours.attendance.v1 import roster_service_pb2 as roster

from kernel.process import Service
from kernel.rpc.translate import to_date
from kernel.store.store import Store
from ninehours.console.pages.today.times import on_the_wall
from ninehours.local.servers import LocalServers
from services.attendance.__main__ import SERVICE as ATTENDANCE
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE as INTAKE
from tests.harness.api import Api, api
from tests.harness.attendance.front_desk import MONDAY, FrontDesk
from tests.harness.billing.service import Office
from tests.harness.billing.with_intake import House
from tests.harness.console.reader import Reader, Shown
from tests.harness.console.running import Running, consoles
from tests.harness.intake.service import Desk

ZONE = "America/Chicago"
FAMILIES = (
    *("Abbott", "Brandt", "Castillo", "Dlamini", "Eriksen", "Fontaine"),
    *("Garcia", "Haddad", "Ivanova", "Jansen", "Kowalski", "Lindqvist"),
)
# As somebody's name it is shown, and runs nowhere.
SCRIPT = '<script>document.title="planted"</script>'


@dataclass
class Clinic:
    """`clients`: by family name, of the group made last; `served`: the services, by name."""

    house: House
    front_desk: FrontDesk
    running: Running
    served: Mapping[str, Api]
    clients: dict[str, str] = field(default_factory=dict)

    def at_another_site(self) -> None:
        """The next groups are where nobody is yet."""
        self.front_desk.now = datetime.now(UTC) - timedelta(days=1)
        self.front_desk.open(ZONE)

    def group(
        self, families: Sequence[str] = FAMILIES, begins_in: timedelta = -timedelta(minutes=10)
    ) -> str:
        """Clients of these names, new ones each time, at a session that began ten minutes ago, or
        begins then, and lasts three hours."""
        self.clients = {
            name: self.house.desk.registered(family_name=name, given_name="Robin")
            for name in families
        }
        self.house.relay()
        begins = datetime.now(UTC).replace(second=0, microsecond=0) + begins_in
        self.front_desk.now = min(begins, datetime.now(UTC)) - timedelta(minutes=30)
        return self.front_desk.session(
            list(self.clients.values()),
            starts_at=begins,
            facilitator_id=self.front_desk.clinician(),
        )

    def admit(self, family: str) -> None:
        """To the site, for good, as intake and billing know it."""
        self.house.desk.admitted(
            self.clients[family],
            site_id=self.front_desk.site_id,
            admitted_on=to_date(MONDAY.date()),
        )
        self.house.relay()

    def known(self, family: str, *, admitted: bool) -> None:
        """Somebody on no roster; `admitted`: attendance heard that they are, at this site."""
        client_id = self.house.desk.registered(family_name=family, given_name="Robin")
        self.clients[family] = client_id
        self.house.relay()
        self.front_desk.register(client_id)
        if admitted:
            self.front_desk.admit(client_id)

    def find(self, reader: Reader, session_id: str, sought: str) -> Shown:
        """What somebody at a desk types to find somebody, on the day of a session."""
        form = reader.get(self.today(session_id)).form("/today/find")
        return reader.send(form, sought=sought)

    def recorded(self, session_id: str) -> roster.RecordedSession:
        """As attendance has it."""
        desk = self.front_desk
        for days in (0, 1, -1):
            on = (datetime.now(ZoneInfo(ZONE)) - timedelta(days=days)).date()
            asked = roster.ReadRosterRequest(site_id=desk.site_id, on=to_date(on))
            for session in desk.ask(asked).sessions:
                if session.session_id == session_id:
                    return session  # type: ignore[no-any-return]
        raise LookupError(session_id)

    def presence(self, session_id: str, family: str) -> roster.RecordedPresence:
        """What is recorded of one client there."""
        [found] = [
            presence
            for presence in self.recorded(session_id).presences
            if presence.client_id == self.clients[family]
        ]
        return found

    def wall(self, session_id: str, minutes: int) -> str:
        """So many minutes after a session began, as a desk types it."""
        begins = self.recorded(session_id).starts_at.ToDatetime(tzinfo=UTC)
        return on_the_wall(begins + timedelta(minutes=minutes), ZoneInfo(ZONE))

    def today(self, session_id: str) -> str:
        """The address of the day of a session."""
        on = self.recorded(session_id).service_date
        day = f"{on.year}-{on.month:02d}-{on.day:02d}"
        return f"/today?site={self.front_desk.site_id}&on={day}"

    def say(self, reader: Reader, session_id: str, family: str, **typed: str) -> Shown:
        """What somebody at a desk presses in a row of the page as it is now."""
        form = reader.get(self.today(session_id)).form(
            "/today/record", session_id=session_id, client_id=self.clients[family]
        )
        return reader.send(form, **typed)


@contextmanager
def clinic(
    postgres: LocalServers,
    secrets_dir: Path,
    folder: Path,
    new_store: Callable[[Service], Store],
) -> Iterator[Clinic]:
    """A site that is open, and nobody yet."""
    stores = {service.name: new_store(service) for service in (INTAKE, ATTENDANCE, BILLING)}
    house = House(Desk(stores["intake"]), Office(stores["billing"]))
    front_desk = FrontDesk(stores["attendance"])
    front_desk.now = datetime.now(UTC) - timedelta(days=1)
    front_desk.open(ZONE)
    with ExitStack() as opened:
        served = {
            service.name: opened.enter_context(
                api(service, stores[service.name], secrets_dir, datetime.now(UTC))
            )
            for service in (INTAKE, ATTENDANCE, BILLING)
        }
        peers = {name: f"127.0.0.1:{one.server.port}" for name, one in served.items()}
        running = opened.enter_context(
            consoles(postgres, secrets_dir, folder, {**peers, "plans": "127.0.0.1:1"})
        )
        yield Clinic(house, front_desk, running, served)

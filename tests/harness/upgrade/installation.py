"""Where a release finds its databases and secrets, and how it says that it is ready: today's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernel.secrets import PEOPLE
from kernel.services import SERVICES
from kernel.store.privileges import MIGRATIONS, PROCESSES
from ninehours.local.databases import Login, Logins, database_url
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers
from ninehours.local.system import MIGRATING, keys_database, serves
from tests.harness.upgrade.release import TODAY, Release


@dataclass(frozen=True, slots=True)
class Replica:
    """One of a service's processes of a kind."""

    service: str
    kind: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.service}-{self.kind}-{self.number}"


class Installation:
    """A release on these servers, told what docs/operations.md says that it must be told."""

    def __init__(self, servers: LocalServers, release: Release = TODAY) -> None:
        self.release = release
        self._servers = servers

    @property
    def databases(self) -> Mapping[str, Logins]:
        """Each database's roles, the key stores' among them."""
        return {
            name: Logins(
                migrations=self._login(name, name + MIGRATIONS),
                processes=self._login(name, name + PROCESSES),
            )
            for name in databases()
        }

    @property
    def secrets(self) -> MachineSecrets:
        """A folder for each service, and one for people."""
        return MachineSecrets(self._servers.folder.secrets)

    @property
    def people_dir(self) -> Path:
        """What tokens of people are signed with."""
        return self.secrets.folder_of(PEOPLE)

    def told(self, replica: Replica) -> Mapping[str, str]:
        """Settings, beside those that all releases call alike."""
        settings = {"NINEHOURS_SECRETS_DIR": str(self.secrets.folder_of(replica.service))}
        for setting, name in named(replica.service):
            logins = self.databases[name]
            login = logins.migrations if replica.kind in MIGRATING else logins.processes
            settings[f"{setting}_URL"] = login.address
            settings[f"{setting}_PASSWORD_FILE"] = str(self._servers.folder.passwords / login.role)
        return settings

    def prepare(self, replica: Replica) -> None:
        """Before each start."""

    def is_ready(self, replica: Replica, health: str) -> bool:
        """By its own word."""
        return serves(health)

    def _login(self, database: str, role: str) -> Login:
        address = database_url(self._servers.admin_url, database, role)
        return Login(role, self._servers.folder.password(role), address)


def named(service: str) -> Iterator[tuple[str, str]]:
    """How a setting of a database begins, and its database."""
    yield "NINEHOURS_DATABASE", service
    yield "NINEHOURS_KEYS_DATABASE", keys_database(service)


def databases() -> list[str]:
    """All of a network."""
    return [name for service in SERVICES for _, name in named(service)]

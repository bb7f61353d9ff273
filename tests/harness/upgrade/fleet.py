"""A network's processes, two of each kind, each of the last release or of today's."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from kernel.rpc.channel import Channel
from kernel.services import SERVICES, topic_of
from ninehours.local.databases import Logins, plain
from ninehours.local.forged import Forge
from ninehours.local.probes import LOOPBACK, free_ports, together
from ninehours.local.process import ProcessSpec
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers
from ninehours.local.system import GROUPS
from tests.harness.upgrade.installation import Installation, Replica
from tests.harness.upgrade.last_installation import LastInstallation
from tests.harness.upgrade.release import Release

KINDS = ("stream", "relay", "api")
TWICE = (1, 0)  # in the order in which a StatefulSet replaces them


def replicas(services: Iterable[str] = SERVICES, kinds: Iterable[str] = KINDS) -> list[Replica]:
    """In the order of a roll-out: the services as they are given, in each kind by kind."""
    return [
        Replica(service, kind, number) for service in services for kind in kinds for number in TWICE
    ]


class Fleet:
    """A context manager: inside, the last release was installed, and all of its processes run."""

    def __init__(self, data: Path, last: Release) -> None:
        self.servers = LocalServers(data)
        self.supervisor = self.servers.supervisor
        self.last = LastInstallation(self.servers, last)
        self.today = Installation(self.servers)
        self.runs: dict[Replica, Installation] = {}
        """In the order in which they were started."""
        ports = iter(free_ports(2 * len(SERVICES) + len(replicas())))
        self._listen = {each: f"{LOOPBACK}:{next(ports)}" for each in replicas(kinds=["api"])}
        self._health = {each: f"{LOOPBACK}:{next(ports)}" for each in replicas()}
        self._forges = {
            each: Forge(
                self.supervisor,
                data / "logs" / f"forge-{name}.log",
                each.release.settings,
                each.release.python,
            )
            for name, each in (("last", self.last), ("today", self.today))
        }
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._exit.callback(self.servers.stop)
            self.servers.claim()
            for forge in self._forges.values():
                self._exit.callback(forge.stop)
                forge.begin()
            together(self._records, self._exchange)
            for kind in ("migrate", "seal"):
                self.run_once(kind, self.last)
            for replica in replicas():
                self.supervisor.start(self._spec(replica, self.last))
                self.runs[replica] = self.last
            self.supervisor.await_ready(*(replica.name for replica in replicas()))
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    @property
    def databases(self) -> Mapping[str, Logins]:
        """As today's release finds them."""
        return self.today.databases

    @property
    def secrets(self) -> MachineSecrets:
        """As today's release finds them."""
        return self.today.secrets

    @property
    def people_dir(self) -> Path:
        """What tokens of people are signed with, whatever runs."""
        return self.last.people_dir

    @property
    def addresses(self) -> Mapping[str, str]:
        """Service → one of its apis."""
        return self.addresses_of(0)

    def addresses_of(self, number: int) -> Mapping[str, str]:
        """Service → its api of that number."""
        return {service: self._listen[Replica(service, "api", number)] for service in SERVICES}

    def answering(self) -> Mapping[tuple[str, Release], str]:
        """Service and release → the address of an api that answers for both."""
        return {
            (replica.service, installed.release): self._listen[replica]
            for replica, installed in self.runs.items()
            if replica.kind == "api"
        }

    def channel_to(self, service: str) -> Channel:
        """To both of its apis, as a headless Service gives them: calls take turns."""
        both = [self.addresses_of(number)[service] for number in TWICE]
        return Channel(f"ipv4:{','.join(both)}", service)

    def connect(self, service: str) -> psycopg.Connection[Any]:
        """A service's database, as the server's administrator."""
        return psycopg.connect(plain(self.servers.admin_url), dbname=service)

    def started_last(self, service: str, kind: str) -> Replica:
        """Of the service's processes of that kind."""
        return [each for each in self.runs if (each.service, each.kind) == (service, kind)][-1]

    def replace(self, replica: Replica, installed: Installation) -> None:
        """End a process as a roll-out ends it, start the other, wait until that is ready."""
        self.supervisor.replace(self._spec(replica, installed))
        self.supervisor.await_ready(replica.name)
        del self.runs[replica]
        self.runs[replica] = installed

    def restart(self, replica: Replica) -> None:
        """The same process, begun anew."""
        self.supervisor.replace(self._spec(replica, self.runs[replica]))
        self.supervisor.await_ready(replica.name)

    def run_once(self, kind: str, installed: Installation) -> None:
        """`migrate`, `seal` or `rebuild` of each service, beside whatever runs."""
        specs = [self._spec(Replica(service, kind, 0), installed) for service in SERVICES]
        together(*(lambda spec=spec: self.supervisor.run(spec) for spec in specs))

    def _records(self) -> None:
        self.servers.start_postgres()
        self.last.make()

    def _exchange(self) -> None:
        self.servers.start_kafka()
        self.servers.declare_topics(*map(topic_of, SERVICES))

    def _spec(self, replica: Replica, installed: Installation) -> ProcessSpec:
        health = self._health.get(replica, "")
        settings = {
            **installed.release.settings,
            **self._told(replica),
            **installed.told(replica),
        }
        return ProcessSpec(
            name=replica.name,
            group=GROUPS.get(replica.kind, GROUPS["migrate"]),
            argv=(f"services.{replica.service}", replica.kind),
            begin=self._forges[installed].launch,
            env=self.supervisor.environment(settings),
            log=self.servers.folder.logs / f"{replica.name}.log",
            ready=lambda: installed.is_ready(replica, health),
            prepare=lambda: installed.prepare(replica),
        )

    def _told(self, replica: Replica) -> Mapping[str, str]:
        """What both releases call alike."""
        peers = self.addresses_of(replica.number)
        settings = {
            "NINEHOURS_SERVICE": replica.service,
            "NINEHOURS_KAFKA": self.servers.bootstrap,
            "NINEHOURS_PEERS": ",".join(f"{name}={address}" for name, address in peers.items()),
            "NINEHOURS_CLOCK": "caller",
            "NINEHOURS_SESSION_TIMEOUT": "10",
            "NINEHOURS_ENVIRONMENT": "local",
            "NINEHOURS_NETWORK": "local",
            "POD_NAME": replica.name,
        }
        if replica in self._listen:
            settings["NINEHOURS_LISTEN"] = self._listen[replica]
        if replica in self._health:
            settings["NINEHOURS_HEALTH_LISTEN"] = self._health[replica]
        return settings

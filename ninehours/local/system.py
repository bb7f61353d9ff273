"""The whole of Ninehours on one machine: both servers, the schemas, the topics, every process."""

# ruff: noqa: PLC0415  heavy imports wait until the servers that need them are starting

import os
import secrets
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kernel.services import CONSOLE, SERVICES
from ninehours.local.authority import PERSON, Wire
from ninehours.local.databases import Logins
from ninehours.local.folder import Running, forget_running, keep_running, write_private
from ninehours.local.forged import Forge
from ninehours.local.jars import Progress
from ninehours.local.probes import LOOPBACK, free_ports, together
from ninehours.local.process import ProcessSpec
from ninehours.local.servers import LocalServers
from ninehours.local.signals import ending_in_order
from ninehours.local.usage import mebibytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kernel.access import Grant
    from kernel.rpc.channel import Channel
    from kernel.tls.identity import Identity
    from ninehours.local.secrets import MachineSecrets

# Service -> the processes it runs. `migrate` and `seal` run once before them: nothing of an older
# release does any more.
PROCESSES = dict.fromkeys(SERVICES, ("api", "relay", "stream"))
# Streams stop before what they call and write to; servers (groups 0 and 1) stop last.
GROUPS = {"migrate": 2, "seal": 2, "api": 2, "relay": 2, "stream": 3, "web": 4}
MIGRATING = ("migrate", "seal")
WEB = "web"
WAY_IN_BYTES = 24
WAY_IN = "way-in"  # who has what stands there may sign in to the console; of one launch
ANSWERS_WITHIN = 20.0  # seconds
REPOSITORY = Path(__file__).resolve().parents[2]

ToldOtherwise = Callable[[str, "Mapping[str, str]"], "Mapping[str, str]"]
"""Of a process's name and its settings; asked each time that it is started or replaced."""


class LocalSystem:
    """A context manager: everything answers inside, nothing is left running after."""

    def __init__(
        self,
        data: Path,
        *,
        progress: Progress,
        clock: str = "server",
        tls: bool = False,
        session_timeout_s: int = 10,
        repository: Path = REPOSITORY,
        apart: "Mapping[str, LocalServers] | None" = None,
        console: bool = False,
        kafka_found_at: int | None = None,
        told_otherwise: "ToldOtherwise" = lambda *_: {},
    ) -> None:
        """`apart`: databases, by name, that lie on servers which somebody else starts and stops.
        `console`: start it too, for people with a browser. `kafka_found_at`: as LocalServers'.
        `told_otherwise`: what a process finds among its settings in the place of what stands there.
        """
        self.servers = LocalServers(data, tls=tls, progress=progress, kafka_found_at=kafka_found_at)
        self._told_otherwise = told_otherwise
        self.supervisor = self.servers.supervisor
        self.run_id = self.servers.folder.run_id
        self._apart = apart or {}
        self.databases: dict[str, Logins] = {}
        self.seconds_to_start = 0.0
        self._progress = progress
        self._clock = clock
        self._repository = repository
        self._session_timeout_s = session_timeout_s
        # Chosen once: a restarted api is found where it was.
        names = self._names("api", "relay", "stream")
        ports = iter(free_ports(len(PROCESSES) + len(names) + 2))
        self.addresses = {service: f"{LOOPBACK}:{next(ports)}" for service in PROCESSES}
        # By process, as `billing-stream`: where it tells how it is.
        self.health_addresses = {name: f"{LOOPBACK}:{next(ports)}" for name in names}
        self._console = f"{LOOPBACK}:{next(ports)}" if console else ""
        self._way_in = secrets.token_urlsafe(WAY_IN_BYTES)
        if console:
            self.health_addresses[f"{CONSOLE}-{WEB}"] = f"{LOOPBACK}:{next(ports)}"
        self._forge = Forge(self.supervisor, self.logs_dir / "forge.log", self._python_settings())
        self._exit = ExitStack()

    @property
    def bootstrap(self) -> str:
        return self.servers.bootstrap

    @property
    def secrets(self) -> "MachineSecrets":
        from ninehours.local.secrets import MachineSecrets

        return MachineSecrets(self.servers.folder.secrets)

    @property
    def console_url(self) -> str:
        """What opens the console in a browser, until everything stops; empty: there is none."""
        scheme = "http" if self.servers.authority is None else "https"
        way_in = f"{scheme}://{self._console}/sign-in?{WAY_IN}={self._way_in}"
        return way_in if self._console else ""

    @property
    def people_dir(self) -> Path:
        """What tokens of people are signed with; no service is shown it."""
        from kernel.secrets import PEOPLE

        return self.secrets.folder_of(PEOPLE)

    @property
    def logs_dir(self) -> Path:
        return self.servers.folder.logs

    @property
    def identity(self) -> "Identity | None":
        """What a caller on this machine shows; None: it is spoken to in plain text."""
        authority = self.servers.authority
        return authority.identity(PERSON, Wire.RPC) if authority else None

    def channel_to(self, service: str) -> "Channel":
        """A channel of its own, which whoever asked for it closes."""
        from kernel.rpc.channel import Channel

        return Channel(self.addresses[service], service, self.identity)

    @property
    def processes(self) -> dict[str, int]:
        """Name -> process id, as of now."""
        return self.supervisor.processes

    def __enter__(self) -> Self:
        began = time.monotonic()
        try:
            self._exit.enter_context(ending_in_order())
            self._exit.callback(self._forge.stop)
            self._exit.callback(self.servers.stop)
            self.servers.claim()
            self._forge.begin()
            self._exit.callback(forget_running, self.servers.folder.path)
            self.secrets.make()
            self._issue_certificates()
            together(self._records_and_apis, self._exchange)
            self._start("relay", "stream")
            if self._console:
                self.supervisor.start(self._spec(CONSOLE, WEB))
            self.supervisor.await_ready(*self.health_addresses)
        except BaseException:
            self._exit.close()
            raise
        keep_running(self.servers.folder.path, Running(self.addresses, self._tls_dir()))
        self.seconds_to_start = time.monotonic() - began
        self._progress(
            f"all {len(self.processes)} processes are ready ({self.seconds_to_start:.1f} s)"
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress("stopping")
        self._exit.close()

    def wait(self) -> str | None:
        """Sleep until a process is given up, and answer why; Ctrl-C and SIGTERM raise instead."""
        return self.supervisor.await_failure()

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """For tests: a process by its name, such as `billing-stream`, `postgres`, `kafka`."""
        self.supervisor.kill(name, number)

    def await_back(self, name: str, restarts: int) -> None:
        """Wait until it was restarted that often and is ready again."""
        self.supervisor.await_ready(name, restarts=restarts)

    def replace(self, name: str) -> None:
        """For tests: end a service's process in order, and start it with its settings of now."""
        service, kind = name.split("-")
        self.supervisor.replace(self._spec(service, kind))
        self.supervisor.await_ready(name)

    def start_beside(self, name: str) -> str:
        """For tests: a second process beside that of a service's, by the name that it is given."""
        service, kind = name.split("-")
        second = f"{name}-1"
        self.health_addresses[second] = f"{LOOPBACK}:{free_ports(1)[0]}"
        self.supervisor.start(self._spec(service, kind, second))
        self.supervisor.await_ready(second)
        return second

    def memory_mib(self) -> float:
        """Of every process of this launch, PostgreSQL's backends and the launcher included."""
        forge = [self._forge.pid] if self._forge.pid is not None else []
        return mebibytes([*self.processes.values(), *forge])

    def _records_and_apis(self) -> None:
        """PostgreSQL, its databases and schemas; then the apis, which need no Kafka."""
        self.servers.start_postgres()
        consoles = [CONSOLE] if self._console else []
        for name in (*PROCESSES, *map(keys_database, PROCESSES), *consoles):
            self.databases |= self._server_of(name).create_databases(name)
        began = time.monotonic()
        for kind in MIGRATING:
            migrated = [*PROCESSES, *(consoles if kind == "migrate" else [])]
            specs = [self._spec(service, kind) for service in migrated]
            together(*(lambda spec=spec: self.supervisor.run(spec) for spec in specs))
        self._progress(f"schemas are up to date ({time.monotonic() - began:.1f} s)")
        self._start("api")

    def _server_of(self, database: str) -> LocalServers:
        return self._apart.get(database, self.servers)

    def _exchange(self) -> None:
        self.servers.start_kafka()
        self.servers.declare_topics(*(f"ninehours.{service}.v1" for service in PROCESSES))
        if self.servers.authority is not None:
            self.servers.declare_access(_grants())

    def _issue_certificates(self) -> None:
        """A process's name is on Kafka its own; between services, that of its service."""
        authority = self.servers.authority
        if authority is None:
            return
        authority.issue(PERSON, Wire.RPC)
        for service, kinds in PROCESSES.items():
            authority.issue(service, Wire.RPC, Wire.DATABASE)
            for kind in kinds:
                authority.issue(f"{service}-{kind}", Wire.KAFKA)
        if self._console:
            authority.issue(CONSOLE, Wire.RPC, Wire.DATABASE)

    def _tls_dir(self) -> str:
        authority = self.servers.authority
        return str(authority.folder_of(PERSON, Wire.RPC)) if authority else ""

    def _start(self, *kinds: str) -> None:
        self.supervisor.start(
            *(self._spec(s, kind) for s, has in PROCESSES.items() for kind in has if kind in kinds)
        )

    def _names(self, *kinds: str) -> list[str]:
        return [f"{s}-{kind}" for s, has in PROCESSES.items() for kind in has if kind in kinds]

    def _spec(self, service: str, kind: str, second: str = "") -> ProcessSpec:
        name = second or f"{service}-{kind}"
        address = self.health_addresses.get(name, "")  # what runs once is waited for
        return ProcessSpec(
            name=name,
            group=GROUPS[kind],
            argv=("ninehours.console" if service == CONSOLE else f"services.{service}", kind),
            begin=self._forge.launch,
            env=self.supervisor.environment(
                self._settings_of_console(kind)
                if service == CONSOLE
                else self._settings(service, kind, name)
            ),
            log=self.logs_dir / f"{name}.log",
            ready=lambda: serves(address, self.identity),
        )

    def _settings(self, service: str, kind: str, name: str) -> dict[str, str]:
        settings = {
            **self._python_settings(),
            "NINEHOURS_SERVICE": service,
            **self._database("NINEHOURS_DATABASE", service, kind),
            **self._database("NINEHOURS_KEYS_DATABASE", keys_database(service), kind),
            "NINEHOURS_KAFKA": self.bootstrap,
            "NINEHOURS_SECRETS_DIR": str(self.secrets.folder_of(service)),
            "NINEHOURS_PEERS": ",".join(f"{s}={a}" for s, a in self.addresses.items()),
            "NINEHOURS_CLOCK": self._clock,
            "NINEHOURS_SESSION_TIMEOUT": str(self._session_timeout_s),
            "NINEHOURS_ENVIRONMENT": "local",
            "NINEHOURS_NETWORK": "local",
            **self._certificates(service),
        }
        if (authority := self.servers.authority) is not None:
            issued = authority.folder_of(f"{service}-{kind}", Wire.KAFKA)
            settings["NINEHOURS_KAFKA_TLS_DIR"] = str(issued)
        if kind == "api":
            settings["NINEHOURS_LISTEN"] = self.addresses[service]
        if address := self.health_addresses.get(name):
            settings["NINEHOURS_HEALTH_LISTEN"] = address
        if name != f"{service}-{kind}":
            settings["POD_NAME"] = name
        return {**settings, **self._told_otherwise(name, settings)}

    def _settings_of_console(self, kind: str) -> dict[str, str]:
        """It signs people in by this machine's keys, as the command line does."""
        folder = self.secrets.folder_of(CONSOLE)
        folder.mkdir(mode=0o700, exist_ok=True)
        write_private(folder / WAY_IN, self._way_in)
        return {
            **self._python_settings(),
            "NINEHOURS_SERVICE": CONSOLE,
            **self._database("NINEHOURS_DATABASE", CONSOLE, kind),
            "NINEHOURS_SECRETS_DIR": str(folder),
            "NINEHOURS_PEOPLE_DIR": str(self.people_dir),
            "NINEHOURS_PEERS": ",".join(f"{s}={a}" for s, a in self.addresses.items()),
            "NINEHOURS_LISTEN": self._console,
            "NINEHOURS_HEALTH_LISTEN": self.health_addresses[f"{CONSOLE}-{WEB}"],
            "NINEHOURS_ENVIRONMENT": "local",
            "NINEHOURS_NETWORK": "local",
            **self._certificates(CONSOLE),
        }

    def _certificates(self, holder: str) -> dict[str, str]:
        authority = self.servers.authority
        if authority is None:
            return {}
        return {
            "NINEHOURS_RPC_TLS_DIR": str(authority.folder_of(holder, Wire.RPC)),
            "NINEHOURS_DATABASE_TLS_DIR": str(authority.folder_of(holder, Wire.DATABASE)),
        }

    def _database(self, setting: str, name: str, kind: str) -> dict[str, str]:
        logins = self.databases[name]
        login = logins.migrations if kind in MIGRATING else logins.processes
        file = self._server_of(name).folder.passwords / login.role
        return {f"{setting}_URL": login.address, f"{setting}_PASSWORD_FILE": str(file)}

    def _python_settings(self) -> dict[str, str]:
        paths = [str(self._repository), str(self._repository / "build" / "generated")]
        return {
            "PYTHONUNBUFFERED": "1",
            "PYTHONSAFEPATH": "1",  # What runs must not depend on the folder it is started from.
            "PYTHONPATH": os.pathsep.join([*paths, *filter(None, [os.environ.get("PYTHONPATH")])]),
        }


def _grants() -> "Iterator[Grant]":
    from importlib import import_module

    from kernel.access import grants_of

    for service in PROCESSES:
        yield from grants_of(import_module(f"services.{service}.__main__").SERVICE)


def keys_database(service: str) -> str:
    """The name of a service's key store: a database, with roles, of its own."""
    return f"{service}_keys"


def serves(address: str, identity: "Identity | None" = None) -> bool:
    """Whether the process whose health is told there says that it is ready."""
    import http.client

    from kernel.tls.context import context_of

    asked: http.client.HTTPConnection
    if identity is None:
        asked = http.client.HTTPConnection(address, timeout=ANSWERS_WITHIN)
    else:
        context = context_of(identity.current())
        asked = http.client.HTTPSConnection(address, timeout=ANSWERS_WITHIN, context=context)
    with closing(asked):
        try:
            asked.request("GET", "/readyz")
            return asked.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False

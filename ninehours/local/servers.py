"""PostgreSQL and Kafka for one data directory, started together, or servers of your own instead."""

# ruff: noqa: PLC0415  heavy imports wait until the servers that need them are starting

import atexit
import os
import signal
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ninehours.local import databases, leftovers
from ninehours.local.authority import LAUNCHER, Authority, Wire
from ninehours.local.databases import Logins
from ninehours.local.folder import DataFolder
from ninehours.local.jars import KAFKA, Progress, fetched
from ninehours.local.kafka import BROKER, Kafka, declare_access, declare_topics
from ninehours.local.postgres import SERVER as POSTGRES
from ninehours.local.postgres import Postgres, PostgresUnavailable, Secured, answers
from ninehours.local.postgres_tls import binaries
from ninehours.local.probes import LOOPBACK, await_until, free_ports, shown_on, together
from ninehours.local.process import ProcessSpec
from ninehours.local.signals import undisturbed
from ninehours.local.supervisor import Supervisor

if TYPE_CHECKING:
    from kernel.access import Grant
    from kernel.messaging.brokers import Brokers

POSTGRES_GROUP = 0
KAFKA_GROUP = 1
RELOADED_WITHIN = 300.0  # seconds
# PostgreSQL's SSLRequest: eight bytes, answered with S, before TLS begins.
ASKS_FOR_TLS = struct.pack(">ii", 8, 80877103)


IN_A_ROW = 8


def in_a_row(is_so: Callable[[], bool]) -> bool:
    """Whether each of several connections finds it so.

    A broker's threads take new certificates each in its own time, and connections by turns.
    """
    return all(is_so() for _ in range(IN_A_ROW))


def quiet(_: str) -> None:
    """Progress for those who want none."""


class LocalServers:
    """A context manager: both servers run inside, nothing of them is left after."""

    def __init__(
        self,
        data: Path,
        *,
        postgres: bool = True,
        kafka: bool = True,
        tls: bool = False,
        progress: Progress = quiet,
        kafka_found_at: int | None = None,
    ) -> None:
        """`kafka_found_at`: where something passes on to `kafka_port` what clients say to Kafka."""
        self.folder = DataFolder(data)
        self.progress = progress
        self.supervisor = Supervisor(self.folder, progress)
        self.admin_url = ""
        self.authority: Authority | None = None
        self._tls = tls
        self._wanted = (postgres, kafka)
        self._kafka: Kafka | None = None
        self._postgres: Postgres | None = None
        self._ports = free_ports(3)
        self._kafka_found_at = kafka_found_at or self.kafka_port
        self._stopped = False

    @property
    def postgres_port(self) -> int:
        """Of the server that is started here."""
        return self._ports[0]

    @property
    def kafka_port(self) -> int:
        """Where the broker that is started here listens."""
        return self._ports[1]

    @property
    def bootstrap(self) -> str:
        """Where the broker answers, or will: known before it is up."""
        return os.environ.get("NINEHOURS_KAFKA") or f"{LOOPBACK}:{self._kafka_found_at}"

    @property
    def brokers(self) -> "Brokers":
        """As the launcher speaks to them."""
        from kernel.messaging.brokers import Brokers
        from kernel.tls.context import ReloadingContext

        if self.authority is None:
            return Brokers(self.bootstrap)
        identity = self.authority.identity(LAUNCHER, Wire.KAFKA)
        return Brokers(self.bootstrap, ReloadingContext(identity))

    def __enter__(self) -> Self:
        try:
            self.claim()
            postgres, kafka = self._wanted
            together(
                *([self.start_postgres] if postgres else []), *([self.start_kafka] if kafka else [])
            )
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def claim(self) -> None:
        """Make the data directory ours, and end what an earlier launcher left running on it."""
        self.folder.claim()
        if self._tls:
            self.authority = Authority(self.folder.path / "tls")
            self.authority.issue(LAUNCHER, Wire.KAFKA)
        atexit.register(self.stop)
        data, run_id = str(self.folder.path), self.folder.run_id
        ended = leftovers.end(
            lambda: leftovers.of_run(data, run=lambda other: other != run_id),
            f"what an earlier launch left running on {data}",
        )
        if ended:
            self.progress(f"ended {ended} processes that an earlier launch left running")

    def start_postgres(self) -> None:
        """Until it answers a query."""
        began = time.monotonic()
        if given := os.environ.get("NINEHOURS_POSTGRES_URL"):
            self.admin_url = databases.plain(given)
            if not answers(self.admin_url):
                raise PostgresUnavailable(
                    "the server that NINEHOURS_POSTGRES_URL names does not answer. "
                    "Start it, correct the URL, or unset it to have one started here."
                )
            return
        secured = None
        if self.authority is not None:
            secured = Secured(binaries(self.progress), self.authority)
        self._postgres = Postgres(self.folder, self.postgres_port, secured=secured)
        self._postgres.initialize(self.supervisor)
        self.supervisor.start(self._postgres.spec(self.supervisor, POSTGRES_GROUP))
        self.supervisor.await_ready("postgres")
        self.admin_url = self._postgres.admin_url
        databases.close_servers_own(self.admin_url)
        self.progress(f"PostgreSQL is up ({time.monotonic() - began:.1f} s)")

    def start_kafka(self) -> None:
        """Until it answers; its jars are fetched first, should they not be here."""
        if os.environ.get("NINEHOURS_KAFKA"):
            return
        jars = fetched(KAFKA, self.progress)
        began = time.monotonic()
        ports = (self.kafka_port, self._ports[2])
        self._kafka = Kafka(self.folder, jars, ports, self.authority, self._kafka_found_at)
        self._kafka.initialize(self.supervisor)
        classes = self._kafka.classes
        with classes.making() as java:
            self.supervisor.start(self._kafka_by(java or classes.command))
            self.supervisor.await_ready("kafka")
            if java:
                self.progress("Kafka's classes are kept for the next start (only this once)")
                keeping = replace(self._kafka_by(classes.taking), prepare=classes.keep)
                self.supervisor.replace(keeping)
                self.supervisor.await_ready("kafka")
        self.progress(f"Kafka is up ({time.monotonic() - began:.1f} s)")

    def _kafka_by(self, java: Sequence[str]) -> ProcessSpec:
        assert self._kafka is not None
        return self._kafka.spec(self.supervisor, KAFKA_GROUP, self.brokers, java)

    def create_databases(self, *names: str) -> dict[str, Logins]:
        """Databases that stay, each with roles and kept passwords of its own; made if missing."""
        return databases.create_databases(self.admin_url, names, self.folder.password)

    def create_database(self, name: str, *, template: str | None = None) -> Logins:
        """A fresh database for a test; with a `template`, a copy that the template's roles have."""
        password = self.folder.password
        return databases.create_database(self.admin_url, name, password, template=template)

    def drop_database(self, name: str) -> None:
        databases.drop_database(self.admin_url, name)

    def declare_topics(self, *names: str) -> None:
        declare_topics(self.brokers, names)

    def declare_access(self, grants: Iterable["Grant"]) -> None:
        """What each certificate's holder may do on Kafka."""
        declare_access(self.brokers, grants)

    def reload_certificates(self) -> None:
        """Let both servers show and believe what was issued last; processes look themselves.

        Until both let in whom the authority of now knows.
        """
        authority = self.authority
        if authority is None:
            return
        if self._postgres is not None:
            self._postgres.reload_certificates(authority)
        if self._kafka is not None:
            self._kafka.reload_certificates(authority, self.brokers)
        # Both take their time; the launcher's next certificates are of the authority that signs.
        authority.issue(LAUNCHER, Wire.DATABASE, Wire.KAFKA)
        if self._postgres is not None:
            port = self._postgres.port
            self._await_shown(authority, POSTGRES, Wire.DATABASE, port, hello=ASKS_FOR_TLS)
            await_until(lambda: answers(self.admin_url), RELOADED_WITHIN, "PostgreSQL's reload")
        if self._kafka is not None:
            self._await_shown(authority, BROKER, Wire.KAFKA, self._kafka.port)
            await_until(
                lambda: in_a_row(lambda: not self.brokers.refusal()),
                RELOADED_WITHIN,
                "Kafka's reload",
            )

    def _await_shown(
        self, authority: Authority, server: str, wire: Wire, port: int, *, hello: bytes = b""
    ) -> None:
        """Until the server shows what it was issued last."""
        from kernel.tls.context import context_of

        context = context_of(authority.identity(LAUNCHER, wire).current())
        issued = authority.identity(server, wire).current().certificate.decode()
        await_until(
            lambda: in_a_row(lambda: shown_on(port, context, hello) == issued),
            RELOADED_WITHIN,
            f"{server}'s reload",
        )

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """For tests: `postgres` or `kafka`. It comes back on its port; see `await_back`."""
        self.supervisor.kill(name, number)

    def await_back(self, name: str, restarts: int) -> None:
        """Wait until it was restarted that often and is ready."""
        self.supervisor.await_ready(name, restarts=restarts)

    def stop(self) -> None:
        """Everything, in order; a second Ctrl-C does not cut it short. More than once is fine."""
        with undisturbed():
            if self._stopped:
                return
            self._stopped = True
            try:
                self.supervisor.stop()
            finally:
                if self._postgres is not None:
                    self._postgres.clear()
                self.folder.release()
                atexit.unregister(self.stop)

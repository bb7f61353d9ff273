"""PostgreSQL and Kafka for one data directory, started together, or servers of your own instead."""

import atexit
import os
import signal
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from ninehours.local import databases, leftovers
from ninehours.local.folder import DataFolder
from ninehours.local.jars import KAFKA, Progress, fetched
from ninehours.local.kafka import Kafka, declare_topics
from ninehours.local.postgres import Postgres, PostgresUnavailable, answers
from ninehours.local.probes import LOOPBACK, free_ports, together
from ninehours.local.signals import undisturbed
from ninehours.local.supervisor import Supervisor

POSTGRES_GROUP = 0
KAFKA_GROUP = 1


def quiet(_: str) -> None:
    """Progress for those who want none."""


class LocalServers:
    """A context manager: both servers run inside, nothing of them is left after."""

    def __init__(
        self, data: Path, *, postgres: bool = True, kafka: bool = True, progress: Progress = quiet
    ) -> None:
        self.folder = DataFolder(data)
        self.progress = progress
        self.supervisor = Supervisor(self.folder, progress)
        self.admin_url = ""
        self._wanted = (postgres, kafka)
        self._postgres: Postgres | None = None
        self._ports = free_ports(3)
        self._stopped = False

    @property
    def bootstrap(self) -> str:
        """Where the broker answers, or will: known before it is up."""
        return os.environ.get("NINEHOURS_KAFKA") or f"{LOOPBACK}:{self._ports[1]}"

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
        self._postgres = Postgres(self.folder, self._ports[0])
        self._postgres.initialize(self.supervisor)
        self.supervisor.start(self._postgres.spec(self.supervisor, POSTGRES_GROUP))
        self.supervisor.await_ready("postgres")
        self.admin_url = self._postgres.admin_url
        self.progress(f"PostgreSQL is up ({time.monotonic() - began:.1f} s)")

    def start_kafka(self) -> None:
        """Until it answers; its jars are fetched first, should they not be here."""
        if os.environ.get("NINEHOURS_KAFKA"):
            return
        jars = fetched(KAFKA, self.progress)
        began = time.monotonic()
        kafka = Kafka(self.folder, jars, self._ports[1], self._ports[2])
        kafka.initialize(self.supervisor)
        self.supervisor.start(kafka.spec(self.supervisor, KAFKA_GROUP))
        self.supervisor.await_ready("kafka")
        self.progress(f"Kafka is up ({time.monotonic() - began:.1f} s)")

    def create_databases(self, *names: str) -> dict[str, str]:
        """Databases that stay, each with a role and a kept password of its own; made if missing."""
        passwords = {name: self.folder.password(name) for name in names}
        return databases.create_databases(self.admin_url, passwords)

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """A fresh database for a test; with a `template`, a copy that the template's role owns."""
        password = self.folder.password(template or name)
        return databases.create_database(self.admin_url, name, password, template=template)

    def drop_database(self, name: str) -> None:
        databases.drop_database(self.admin_url, name)

    def declare_topics(self, *names: str) -> None:
        declare_topics(self.bootstrap, names)

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

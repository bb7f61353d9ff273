"""The console's own processes, over a fresh database, asking services wherever they answer."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

from kernel.store.roles import ACT_AS_OWNER
from ninehours.local.databases import Login, plain
from ninehours.local.probes import LOOPBACK, free_ports
from ninehours.local.servers import LocalServers
from ninehours.local.system import serves
from tests.harness.console.reader import Reader

ROOT = Path(__file__).resolve().parents[3]
WAY_IN = "opens-it"
PATIENCE = 120.0  # seconds
NUMBERS = count(1)


@dataclass(frozen=True)
class Running:
    """Consoles of one network: `addresses`, one a replica, and the database that they share."""

    addresses: tuple[str, ...]
    database: Login
    log: Path

    def reader(self, replica: int = 0) -> Reader:
        """A browser where nobody is signed in."""
        return Reader(self.addresses[replica])

    def signed_in(self, role: str = "operator", replica: int = 0) -> Reader:
        """A browser of somebody who went the way in."""
        reader = self.reader(replica)
        roles = reader.get(f"/sign-in?way-in={WAY_IN}")
        assert reader.send(roles.form("/sign-in"), role=role).status == 200
        return reader

    def execute(self, statement: str) -> None:
        """As time would, on the database."""
        with psycopg.connect(plain(self.database.url)) as connection:
            connection.execute(ACT_AS_OWNER)
            connection.execute(statement)


@contextmanager
def consoles(
    postgres: LocalServers,
    secrets_dir: Path,
    folder: Path,
    peers: Mapping[str, str],
    replicas: int = 1,
) -> Iterator[Running]:
    """Started, and ended with the block."""
    logins = postgres.create_database(f"console_{next(NUMBERS)}")
    (folder / "way-in").write_text(WAY_IN)
    settings = {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'build' / 'generated'}",
        "NINEHOURS_ENVIRONMENT": "test",
        "NINEHOURS_NETWORK": "local",
        "NINEHOURS_SECRETS_DIR": str(folder),
        "NINEHOURS_PEOPLE_DIR": str(secrets_dir),
        "NINEHOURS_PEERS": ",".join(f"{name}={at}" for name, at in peers.items()),
    }
    migrating = {**settings, "NINEHOURS_DATABASE_URL": logins.migrations.url}
    subprocess.run(_command("migrate"), env={**os.environ, **migrating}, check=True)
    log = folder / "console.log"
    with ExitStack() as ending:
        addresses = []
        for _ in range(replicas):
            listen, health = (f"{LOOPBACK}:{port}" for port in free_ports(2))
            told = {
                **settings,
                "NINEHOURS_DATABASE_URL": logins.processes.url,
                "NINEHOURS_LISTEN": listen,
                "NINEHOURS_HEALTH_LISTEN": health,
            }
            output = ending.enter_context(log.open("a"))
            process = subprocess.Popen(
                _command("web"), env={**os.environ, **told}, stdout=output, stderr=output
            )
            ending.callback(process.wait)
            ending.callback(process.terminate)
            _await(process, health, log)
            addresses.append(listen)
        yield Running(tuple(addresses), logins.migrations, log)


def _command(process: str) -> list[str]:
    return [sys.executable, "-m", "ninehours.console", process]


def _await(process: "subprocess.Popen[bytes]", health: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not serves(health):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)

"""The console's own processes, over a fresh database, asking services wherever they answer."""

import json
import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

from kernel.secrets import OF_TOKENS
from kernel.services import CONSOLE
from kernel.store.roles import ACT_AS_OWNER
from kernel.tls.context import context_of
from kernel.tls.identity import Identity
from ninehours.console.provider.registration import SECRET
from ninehours.local.authority import Authority, Wire
from ninehours.local.databases import Login, plain
from ninehours.local.probes import LOOPBACK, free_ports
from ninehours.local.servers import LocalServers
from ninehours.local.system import serves
from tests.harness.console.reader import Reader
from tests.harness.identity.signing_in import SignInProvider

ROOT = Path(__file__).resolve().parents[3]
WAY_IN = "opens-it"
PATIENCE = 120.0  # seconds
NUMBERS = count(1)


@dataclass(frozen=True)
class Running:
    """Consoles of one network: `addresses`, one a replica, and the database that they share.
    `trusted`: they are asked by HTTPS."""

    addresses: tuple[str, ...]
    database: Login
    log: Path
    trusted: ssl.SSLContext | None = None

    def reader(self, replica: int = 0) -> Reader:
        """A browser where nobody is signed in."""
        return Reader(self.addresses[replica], self.trusted)

    def signed_in(self, role: str = "administrator", replica: int = 0) -> Reader:
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
    *,
    replicas: int = 1,
    provider: SignInProvider | None = None,
    authority: Authority | None = None,
) -> Iterator[Running]:
    """Started, and ended with the block; people are this machine's, or a provider's, and then it
    is all under TLS, by certificates of `authority`, which peers show, too."""
    logins = postgres.create_database(f"console_{next(NUMBERS)}")
    (folder / "way-in").write_text(WAY_IN)
    key = OF_TOKENS.private_path(Path(), CONSOLE)
    shutil.copy(secrets_dir / key, folder / key)
    settings = {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'build' / 'generated'}",
        "NINEHOURS_ENVIRONMENT": "test",
        "NINEHOURS_NETWORK": "local",
        "NINEHOURS_SECRETS_DIR": str(folder),
        "NINEHOURS_PEERS": ",".join(f"{name}={at}" for name, at in peers.items()),
    }
    ports = free_ports(2 * replicas)
    listens, healths = (
        [f"{LOOPBACK}:{port}" for port in half] for half in (ports[::2], ports[1::2])
    )
    identity = None
    if provider is None:
        settings["NINEHOURS_PEOPLE_DIR"] = str(secrets_dir)
    else:
        authority = authority or Authority(folder / "tls")
        authority.issue(CONSOLE, Wire.RPC)
        identity = authority.identity(CONSOLE, Wire.RPC)
        settings |= _at_provider(provider, folder, f"https://{listens[0]}")
        settings["NINEHOURS_RPC_TLS_DIR"] = str(authority.folder_of(CONSOLE, Wire.RPC))
    migrating = {**settings, "NINEHOURS_DATABASE_URL": logins.migrations.url}
    subprocess.run(_command("migrate"), env={**os.environ, **migrating}, check=True)
    log = folder / "console.log"
    with ExitStack() as ending:
        for listen, health in zip(listens, healths, strict=True):
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
            _await(process, health, log, identity)
        trusted = context_of(identity.current()) if identity is not None else None
        yield Running(tuple(listens), logins.migrations, log, trusted)


def _at_provider(provider: SignInProvider, folder: Path, address: str) -> dict[str, str]:
    """The console's settings, once it is known there."""
    provider.register(address)
    (folder / SECRET).write_text(provider.client_secret)
    of_provider = {
        f"NINEHOURS_OIDC_{name.upper()}": json.dumps(value)
        if isinstance(value, dict)
        else str(value)
        for name, value in provider.settings.items()
    }
    return {
        **of_provider,
        "NINEHOURS_CLIENT_ID": provider.client_id,
        "NINEHOURS_PUBLIC_ADDRESS": address,
        "NINEHOURS_SCOPES": json.dumps(provider.scopes),
    }


def _command(process: str) -> list[str]:
    return [sys.executable, "-m", "ninehours.console", process]


def _await(
    process: "subprocess.Popen[bytes]", health: str, log: Path, identity: Identity | None
) -> None:
    until = time.monotonic() + PATIENCE
    while not serves(health, identity):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)

"""PostgreSQL as CloudNativePG makes it of a Cluster: one instance, no standby and no backup."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from ninehours.local.postgres import ADMIN, SETTINGS, UNDER_TLS
from ninehours.local.process import tail
from tests.harness.deploy.cell import Object
from tests.harness.deploy.machine.container import Container, Engine
from tests.harness.deploy.machine.issuing import AUTHORITY, CERTIFICATE, KEY, Secret

PORT = 5432
USER = 26
PROGRAMS, DATA, SOCKETS = "/opt/postgres", "/var/lib/postgres", "/run/postgres"
PATIENCE = 120.0  # seconds: no manifest says how long an operator's server may take
ADMISSION = "local all all trust\n"  # a socket that the operator alone reaches


class DatabaseFailed(Exception):
    """One doesn't start; the text has the end of its log."""


class Servers:
    """What they share: programs, and files as initdb leaves them."""

    def __init__(self, engine: Engine, programs: Path) -> None:
        self.engine = engine
        self._programs = programs
        self._fresh = engine.folder / "databases" / "fresh"

    def initialize(self) -> None:
        """Once for all."""
        self._fresh.mkdir(parents=True)
        os.chown(self._fresh, USER, USER)
        self.engine.run(
            self.container(
                self._fresh,
                "initdb", "--pgdata", DATA, "--username", ADMIN, "--auth", "trust",
                "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8", "--data-checksums", "--no-sync",
            ),
            self._fresh.with_name("initdb.log"),
        )  # fmt: skip

    def copy(self, data: Path) -> None:
        """The same files, for another one."""
        shutil.copytree(self._fresh, data)
        for path in (data, *data.rglob("*")):
            os.chown(path, USER, USER)

    def container(self, data: Path, program: str, *arguments: str) -> Container:
        return Container(
            argv=[f"{PROGRAMS}/bin/{program}", *arguments],
            env={"LC_ALL": "C"},
            user=USER,
            group=USER,
            binds=[(self._programs.parent, PROGRAMS)],
            kept=[(data, DATA)],
            empty=[("/tmp", 64 << 20)],
            files={"/etc/passwd": f"postgres:x:{USER}:{USER}::/:/\n"},
        )


class Database:
    """One Cluster's; it answers under the name of its Service for writing."""

    def __init__(
        self, servers: Servers, cluster: Object, secrets: Mapping[str, Secret], address: str
    ) -> None:
        self.name: str = cluster["metadata"]["name"]
        self._spec, self._secrets, self._servers = cluster["spec"], secrets, servers
        self._data: Path = servers.engine.folder / "databases" / self.name
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def service(self) -> str:
        return f"{self.name}-rw"

    def start(self) -> None:
        """Until it has its database and its roles, and answers."""
        self._servers.copy(self._data)
        self._configure()
        sockets = self._data.with_suffix(".sockets")
        sockets.mkdir()
        os.chown(sockets, USER, USER)
        sockets.chmod(0o700)
        container = self._servers.container(self._data, "postgres", "-D", DATA)
        self._process = self._servers.engine.start(
            Container(
                argv=container.argv,
                env=container.env,
                user=container.user,
                group=container.group,
                binds=container.binds,
                kept=[*container.kept, (sockets, SOCKETS)],
                empty=container.empty,
                files=container.files,
            ),
            self._log,
        )
        self._await()
        with self.connect() as admin:
            self._bootstrap(admin)
        self._servers.engine.names.put({self.service: [self._address]})

    def connect(self, database: str = "postgres") -> "psycopg.Connection[Any]":
        """As its operator."""
        return psycopg.connect(
            host=str(self._data.with_suffix(".sockets")),
            port=PORT,
            user=ADMIN,
            dbname=database,
            autocommit=True,
        )

    def stop(self) -> None:
        """Fast: clients are sent away; nothing of it is kept."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
            shutil.rmtree(self._data)

    @property
    def _log(self) -> Path:
        return self._data.with_suffix(".log")

    def _configure(self) -> None:
        told = self._spec["postgresql"]
        lines = [
            SETTINGS.format(host=self._address, port=PORT, cluster=self.name),
            UNDER_TLS,
            f"unix_socket_directories = '{SOCKETS}'\n",
            *(f"{name} = '{value}'\n" for name, value in told["parameters"].items()),
        ]
        authorities = self._spec["certificates"]
        own = self._secrets[authorities["serverTLSSecret"]]
        assert authorities["serverCASecret"] in self._secrets
        files = {
            "postgresql.conf": "".join(lines).encode(),
            "pg_hba.conf": (ADMISSION + "".join(f"{rule}\n" for rule in told["pg_hba"])).encode(),
            "tls.crt": own[CERTIFICATE],
            "tls.key": own[KEY],
            "ca.crt": self._secrets[authorities["clientCASecret"]][AUTHORITY],
        }
        for name, content in files.items():
            (self._data / name).write_bytes(content)
            (self._data / name).chmod(0o600)
            os.chown(self._data / name, USER, USER)

    def _await(self) -> None:
        assert self._process is not None
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise DatabaseFailed(f"{self.name}: {error}\n{tail(self._log)}") from None
                time.sleep(0.1)
            else:
                return

    def _bootstrap(self, admin: "psycopg.Connection[Any]") -> None:
        told = self._spec["bootstrap"]["initdb"]
        owner, database = sql.Identifier(told["owner"]), sql.Identifier(told["database"])
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(owner))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
        for statement in told.get("postInitSQL", []):
            admin.execute(statement.encode())
        for role in self._spec["managed"]["roles"]:
            assert role["login"]
            secret = self._secrets[role["passwordSecret"]["name"]]
            assert secret["username"].decode() == role["name"]
            name = sql.Identifier(role["name"])
            password = sql.Literal(secret["password"].decode())
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, password))
            for group in role.get("inRoles", []):
                admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), name))

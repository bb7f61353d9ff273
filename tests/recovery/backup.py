"""A PostgreSQL that is backed up and restored by the very commands of docs/operations.md."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from ninehours.local.postgres import programs
from ninehours.local.probes import await_until
from ninehours.local.servers import LocalServers

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
SECTION = PAGE.partition("\n## Backup and restore\n")[2].partition("\n## ")[0]
SETTINGS, BASE_BACKUP, NAME_A_POINT, RESTORE, SEND_AGAIN = re.findall(
    r"^```\w+\n(.*?)^```$", SECTION, flags=re.MULTILINE | re.DOTALL
)
PATIENCE = 120.0  # seconds
REPLICATION = "host replication all 127.0.0.1/32 scram-sha-256\n"


def said(command: str) -> str:
    """A command that the page tells people to give."""
    assert f"`{command}" in SECTION, command
    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A server, with where its WAL and its base backup are kept."""

    servers: LocalServers
    archive: Path
    backup: Path

    def back_up(self) -> None:
        """A base backup, while it runs."""
        self._run(BASE_BACKUP)

    def name_point(self, name: str) -> None:
        """Up to which it can be restored from now on."""
        self._run(NAME_A_POINT, RESTORE_POINT=name)
        with psycopg.connect(self.servers.admin_url, autocommit=True) as admin:
            [last] = admin.execute("SELECT pg_walfile_name(pg_switch_wal() - 1)").fetchone() or [""]
        await_until((self.archive / last).exists, PATIENCE, "the archive of WAL")

    @contextmanager
    def restored(self, folder: Path, point: str) -> Iterator[LocalServers]:
        """Another server, on what was backed up, as it was at the point; this one has stopped."""
        folder.mkdir(mode=0o700)
        shutil.copytree(self.servers.folder.passwords, folder / "passwords")
        self._run(RESTORE, RESTORE_POINT=point, RESTORED=str(folder / "postgres"))
        with LocalServers(folder, kafka=False) as servers:
            yield servers

    def _run(self, script: str, **settings: str) -> None:
        told = {"ARCHIVE": str(self.archive), "BACKUP": str(self.backup), **settings}
        told["ADMIN_URL"] = self.servers.admin_url
        run(["bash", "-euc", script], told)


@contextmanager
def backed_up(folder: Path) -> Iterator[BackedUp]:
    """A server on a fresh folder, whose WAL is archived from its first start on."""
    archive = folder / "archive"
    archive.mkdir(parents=True)
    data = folder / "data"
    with (
        LocalServers(data, kafka=False) as servers,
        psycopg.connect(servers.admin_url, autocommit=True) as admin,
    ):
        for line in SETTINGS.replace("$ARCHIVE", str(archive)).splitlines():
            admin.execute(f"ALTER SYSTEM SET {line}".encode())
    with LocalServers(data, kafka=False) as servers:
        with (data / "postgres" / "pg_hba.conf").open("a") as admission:
            admission.write(REPLICATION)
        with psycopg.connect(servers.admin_url, autocommit=True) as admin:
            admin.execute("SELECT pg_reload_conf()")
        yield BackedUp(servers=servers, archive=archive, backup=folder / "backup")


def run(command: list[str], settings: Mapping[str, str]) -> str:
    """What it prints; PostgreSQL's programs are found."""
    path = f"{programs()}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        command,
        env={**os.environ, "PATH": path, **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"
    return ran.stdout

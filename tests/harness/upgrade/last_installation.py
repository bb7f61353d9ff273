"""The last release where it is installed otherwise than today's, and how it makes way for that.

What is here goes, once the last release is installed like today's: see CONTRIBUTING.md.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from ninehours.local.databases import plain
from ninehours.local.servers import LocalServers
from tests.harness.upgrade.installation import Installation, Replica, databases, named
from tests.harness.upgrade.release import TODAY

OPERATIONS = TODAY.root / "docs" / "operations.md"
STATEMENTS = re.compile(
    r"^### From a release with one role$.*?^```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
MAKE_SECRETS = (
    "import pathlib, sys; from kernel.secrets import generate; generate(pathlib.Path(sys.argv[1]))"
)


class LastInstallation(Installation):
    """One role owned each database and did everything; all secrets lay in one folder, which every
    process was given; files said who is ready.
    """

    @property
    def people_dir(self) -> Path:
        """What tokens of people are signed with, before and after."""
        return self._all_secrets

    def make(self) -> None:
        """As its own launcher did, on servers that have nothing yet."""
        for name in databases():
            make_database_of_one_role(self._servers, name)
        subprocess.run(
            [self.release.python, "-c", MAKE_SECRETS, str(self._all_secrets)],
            env={**os.environ, **self.release.settings},
            check=True,
        )

    def make_way(self) -> None:
        """What an administrator does before today's comes, while everything runs.

        The statements are those of docs/operations.md. Secrets are handed out once more, to each
        service its own; the folder of before stays.
        """
        shutil.copytree(self._all_secrets, self.secrets.root, dirs_exist_ok=True)
        self.secrets.make()
        for name in databases():
            part_roles(self._servers, name)

    def end(self) -> None:
        """What an administrator does once nothing of it runs, and none of it will."""
        for name in databases():
            drop_role_of_before(self._servers, name)

    def told(self, replica: Replica) -> Mapping[str, str]:
        """Its roles are all one; each process has a file to say that it is ready."""
        settings = {
            "NINEHOURS_SECRETS_DIR": str(self._all_secrets),
            "NINEHOURS_READY_FILE": str(self._ready(replica)),
        }
        for setting, name in named(replica.service):
            settings[f"{setting}_URL"] = self._login(name, name).url
        return settings

    def prepare(self, replica: Replica) -> None:
        """A file of before says nothing."""
        self._ready(replica).unlink(missing_ok=True)

    def is_ready(self, replica: Replica, health: str) -> bool:
        """By its file."""
        return self._ready(replica).exists()

    @property
    def _all_secrets(self) -> Path:
        return self._servers.folder.path / "all-secrets"

    def _ready(self, replica: Replica) -> Path:
        return self._servers.folder.path / f"{replica.name}.ready"


def make_database_of_one_role(servers: LocalServers, name: str) -> None:
    """As releases had it: a role of the database's name owns it, and does everything."""
    role, password = sql.Identifier(name), sql.Literal(servers.folder.password(name))
    with administrator_of(servers) as administrator:
        for statement in (
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, password),
            sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role),
            sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(role),
        ):
            administrator.execute(statement)


def part_roles(servers: LocalServers, name: str) -> None:
    """Say what docs/operations.md says, with this database's name and passwords."""
    [said] = STATEMENTS.findall(OPERATIONS.read_text(encoding="utf-8"))
    said = re.sub(r"\bplans", name, said)
    for role in re.findall(r"CREATE ROLE (\w+) LOGIN PASSWORD", said):
        said = said.replace("'…'", f"'{servers.folder.password(role)}'", 1)
    with administrator_of(servers) as administrator:
        administrator.execute(said.encode())


def drop_role_of_before(servers: LocalServers, name: str) -> None:
    """The last of those statements, once nobody logs in by it."""
    with administrator_of(servers) as administrator:
        administrator.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def administrator_of(servers: LocalServers) -> psycopg.Connection[Any]:
    """Of the server, a statement at a time."""
    return psycopg.connect(plain(servers.admin_url), autocommit=True)

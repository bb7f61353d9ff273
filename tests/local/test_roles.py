"""In production, under TLS: a process is let in by certificate and password, in its role alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ninehours.local.authority import Wire
from ninehours.local.databases import Login, Logins
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers

ROOT = Path(__file__).resolve().parents[2]
DATA, KEYS = "NINEHOURS_DATABASE", "NINEHOURS_KEYS_DATABASE"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    folder = tmp_path_factory.mktemp("roles") / "data"
    with LocalServers(folder, kafka=False, tls=True) as servers:
        assert servers.authority is not None
        servers.authority.issue("attendance", Wire.RPC, Wire.DATABASE)
        servers.authority.issue("attendance-relay", Wire.KAFKA)
        MachineSecrets(servers.folder.secrets).make()
        yield servers


@pytest.fixture(scope="module")
def logins(servers: LocalServers) -> dict[str, Logins]:
    """Of the record and of the key store, migrated."""
    made = servers.create_databases("attendance", "attendance_keys")
    logins = {DATA: made["attendance"], KEYS: made["attendance_keys"]}
    for _ in range(2):
        migrated = process(servers, "migrate", logins[DATA].migrations, logins[KEYS].migrations)
        assert migrated.returncode == 0, migrated.stderr
    return logins


def process(
    servers: LocalServers, kind: str, record: Login, keys: Login
) -> subprocess.CompletedProcess[str]:
    """A process of attendance, which is told passwords by files."""
    assert servers.authority is not None
    folder_of = servers.authority.folder_of
    told = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}:{ROOT / 'build/generated'}",
        "NINEHOURS_SERVICE": "attendance",
        "NINEHOURS_NETWORK": "lakeside",
        "NINEHOURS_SECRETS_DIR": str(servers.folder.secrets / "attendance"),
        "NINEHOURS_PEERS": "intake=127.0.0.1:1",
        "NINEHOURS_RPC_TLS_DIR": str(folder_of("attendance", Wire.RPC)),
        "NINEHOURS_KAFKA_TLS_DIR": str(folder_of("attendance-relay", Wire.KAFKA)),
        "NINEHOURS_DATABASE_TLS_DIR": str(folder_of("attendance", Wire.DATABASE)),
        "NINEHOURS_OIDC_ISSUER": "https://127.0.0.1:1",
        "NINEHOURS_OIDC_AUDIENCE": "ninehours",
    }
    for setting, login in ((DATA, record), (KEYS, keys)):
        told[f"{setting}_URL"] = login.address
        told[f"{setting}_PASSWORD_FILE"] = str(servers.folder.passwords / login.role)
    return subprocess.run(
        [sys.executable, "-m", "services.attendance", kind],
        cwd=ROOT,
        env=told,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def last_line(of: subprocess.CompletedProcess[str]) -> str:
    assert of.returncode == 2, of.stderr
    return of.stderr.splitlines()[-1]


def could(name: str) -> str:
    return (
        f"_URL: {name}_migrations may act as {name}_owner, who owns the database; processes take a"
        " role that may not"
    )


@pytest.mark.parametrize("kind", ["api", "relay", "stream", "rebuild"])
def test_who_may_rewrite_the_record_does_not_serve_it(
    servers: LocalServers, logins: dict[str, Logins], kind: str
) -> None:
    refused = process(servers, kind, logins[DATA].migrations, logins[KEYS].processes)
    assert last_line(refused) == f"can't start: {DATA}{could('attendance')}"


@pytest.mark.parametrize("kind", ["api", "stream", "rebuild"])
def test_who_owns_the_keys_does_not_use_them(
    servers: LocalServers, logins: dict[str, Logins], kind: str
) -> None:
    refused = process(servers, kind, logins[DATA].processes, logins[KEYS].migrations)
    assert last_line(refused) == f"can't start: {KEYS}{could('attendance_keys')}"


def test_who_may_not_serves(servers: LocalServers, logins: dict[str, Logins]) -> None:
    rebuilt = process(servers, "rebuild", logins[DATA].processes, logins[KEYS].processes)
    assert rebuilt.returncode == 0, rebuilt.stderr


@pytest.mark.parametrize("kind", ["migrate", "seal"])
def test_who_serves_neither_migrates_nor_seals(
    servers: LocalServers, logins: dict[str, Logins], kind: str
) -> None:
    refused = process(servers, kind, logins[DATA].processes, logins[KEYS].processes)
    assert last_line(refused) == (
        f"can't start: {DATA}_URL: attendance_processes may not act as attendance_owner, who owns"
        " the database"
    )
    sealed = process(servers, "seal", logins[DATA].migrations, logins[KEYS].migrations)
    assert sealed.returncode == 0, sealed.stderr

"""The whole start, with stand-ins for the services: what they are told, and how they are kept."""

import json
import os
import textwrap
from pathlib import Path

import psutil
import pytest

from kernel.secrets import PEOPLE
from kernel.store.privileges import MIGRATIONS as MIGRATES
from kernel.store.privileges import PROCESSES as SERVES
from ninehours.local import leftovers
from ninehours.local.system import PROCESSES, LocalSystem, keys_database, serves

# What an administrator's shell may hold: for the launcher, and for nobody whom it starts.
LAUNCHERS = {
    "NINEHOURS_TOKEN": "a person's token",
    "PGPASSWORD": "an administrator's password",
}

# The settings end up in a file; each says that it is ready.
STAND_IN = """
import http.server, json, os, pathlib, sys
service, kind = sys.argv[0].split(os.sep)[-2], sys.argv[1]
told = dict(os.environ)
seen = pathlib.Path(os.environ["NINEHOURS_DATA_DIR"]) / "seen"
seen.mkdir(exist_ok=True)
(seen / os.environ.get("POD_NAME", f"{service}-{kind}")).write_text(json.dumps(told))
shown = seen / "secrets"
shown.mkdir(exist_ok=True)
files = [*pathlib.Path(os.environ["NINEHOURS_SECRETS_DIR"]).rglob("*")]
files += [pathlib.Path(path) for name, path in told.items() if name.endswith("_PASSWORD_FILE")]
(shown / f"{service}-{kind}").write_text("\\n".join(path.read_text() for path in files))
if kind in ("migrate", "seal"):
    sys.exit(0)
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        assert self.path == "/readyz"
        self.send_response(200)
        self.end_headers()
host, port = os.environ["NINEHOURS_HEALTH_LISTEN"].split(":")
http.server.HTTPServer((host, int(port)), Ready).serve_forever()
"""


def stand_ins(repository: Path) -> None:
    for service in PROCESSES:
        package = repository / "services" / service
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(textwrap.dedent(STAND_IN))


def secrets_of(system: LocalSystem) -> dict[str, set[str]]:
    """Whose each private key and master key is."""
    found: dict[str, set[str]] = {}
    for owner in (PEOPLE, *PROCESSES):
        folder = system.secrets.folder_of(owner)
        keys = [json.loads(path.read_text())["d"] for path in folder.glob("*.jwk.json")]
        found[owner] = {*keys, *(path.read_text() for path in folder.glob("*.master"))}
    return found


def passwords_of(system: LocalSystem, role: str) -> dict[str, set[str]]:
    """Of each service's two databases, in the role of migrations or of processes."""
    databases = {service: (service, keys_database(service)) for service in PROCESSES}
    folder = system.servers.folder
    return {
        service: {folder.password(f"{name}{role}") for name in names}
        for service, names in databases.items()
    }


def test_a_process_is_given_nothing_that_belongs_to_another_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_ins(tmp_path / "repository")
    for setting, value in LAUNCHERS.items():
        monkeypatch.setenv(setting, value)
    with LocalSystem(
        tmp_path / "data", progress=lambda _: None, repository=tmp_path / "repository"
    ) as system:
        secrets = secrets_of(system)
        serving, migrating = passwords_of(system, SERVES), passwords_of(system, MIGRATES)
        folders = {str(system.secrets.folder_of(owner)) for owner in secrets}
        environ = {
            name: str(psutil.Process(pid).environ()) for name, pid in system.processes.items()
        }
    assert all(len(held) == (1 if owner == PEOPLE else 3) for owner, held in secrets.items())
    every = set().union(*secrets.values(), *serving.values(), *migrating.values())
    assert len(every) == 1 + 4 * (3 + 2 + 2)
    looked_at = 0
    for service, kinds in PROCESSES.items():
        own = str(system.secrets.folder_of(service))
        for kind in (*kinds, "migrate", "seal"):
            name = f"{service}-{kind}"
            told = json.loads((tmp_path / "data" / "seen" / name).read_text())
            assert told["NINEHOURS_SECRETS_DIR"] == own
            given = "\n".join([*told.values(), environ.get(name, "")])
            assert not any(folder in given for folder in folders - {own})
            assert not any(value in given for value in LAUNCHERS.values())
            given += (tmp_path / "data" / "seen" / "secrets" / name).read_text()
            assert '"x"' in given
            passwords = serving if kind in kinds else migrating
            own_secrets = secrets[service] | passwords[service]
            assert {secret for secret in every if secret in given} == own_secrets
            looked_at += 1
    assert looked_at == 20


def test_every_process_is_started_told_and_kept(tmp_path: Path) -> None:
    stand_ins(tmp_path / "repository")
    said: list[str] = []
    otherwise: dict[str, str] = {}
    system = LocalSystem(
        tmp_path / "data",
        progress=said.append,
        clock="caller",
        repository=tmp_path / "repository",
        told_otherwise=lambda name, _: otherwise if name == "plans-relay" else {},
    )

    def told_to(name: str) -> dict[str, str]:
        told: dict[str, str] = json.loads((tmp_path / "data" / "seen" / name).read_text())
        return told

    with system:
        names = {f"{s}-{kind}" for s, kinds in PROCESSES.items() for kind in kinds}
        assert set(system.processes) == names | {"postgres", "kafka"}
        assert all(serves(address) for address in system.health_addresses.values())

        forked = [pid for name, pid in system.processes.items() if name in names]
        assert len({psutil.Process(pid).ppid() for pid in forked} - {os.getpid()}) == 1

        told = json.loads((tmp_path / "data" / "seen" / "billing-stream").read_text())
        assert (told["NINEHOURS_SERVICE"], told["NINEHOURS_NETWORK"]) == ("billing", "local")
        serving = system.databases["billing"].processes
        assert told["NINEHOURS_DATABASE_URL"] == serving.address
        assert (
            Path(told["NINEHOURS_DATABASE_PASSWORD_FILE"]).read_text().strip() == serving.password
        )
        assert not [value for value in told.values() if serving.password in value]
        assert told["NINEHOURS_KAFKA"] == system.bootstrap
        assert f"intake={system.addresses['intake']}" in told["NINEHOURS_PEERS"]
        assert told["NINEHOURS_CLOCK"] == "caller" and "NINEHOURS_LISTEN" not in told
        migrating = json.loads((tmp_path / "data" / "seen" / "billing-migrate").read_text())
        for name, setting in (("billing", "DATABASE"), ("billing_keys", "KEYS_DATABASE")):
            login = system.databases[name].migrations
            assert migrating[f"NINEHOURS_{setting}_URL"] == login.address
        for kind in ("migrate", "seal"):
            assert {path.name for path in (tmp_path / "data" / "seen").glob(f"*-{kind}")} == {
                f"{service}-{kind}" for service in PROCESSES
            }

        for name in ("plans-api", "billing-stream"):
            system.kill(name)
            system.await_back(name, 1)
        assert serves(system.health_addresses["plans-api"])
        assert 100 < system.memory_mib() < 3000

        assert told_to("plans-relay")["NINEHOURS_CLOCK"] == "caller"
        otherwise["NINEHOURS_CLOCK"] = "server"
        for name in ("plans-relay", "plans-api"):
            system.replace(name)
        assert told_to("plans-relay")["NINEHOURS_CLOCK"] == "server"
        assert told_to("plans-api")["NINEHOURS_CLOCK"] == "caller"

        second = system.start_beside("billing-stream")
        assert {"billing-stream", second} <= system.processes.keys()
        assert "POD_NAME" not in told_to("billing-stream")
        system.supervisor.end(second)
        assert second not in system.processes
        assert system.seconds_to_start > 0
    assert leftovers.of_run(str(tmp_path / "data"), run=lambda _: True) == []
    assert said[-1] == "stopping"

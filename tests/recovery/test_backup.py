"""What docs/operations.md says of backups is carried out: a server is as it was at a point."""

import sys
from pathlib import Path

import psycopg

from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers
from ninehours.local.system import keys_database
from tests.recovery.backup import ROOT, backed_up, run, said

POINT = "before the roll-out"


def billing(process: str, servers: LocalServers, secrets: MachineSecrets) -> None:
    """One of billing's processes that end, on this server."""
    logins = servers.create_databases("billing", keys_database("billing"))
    run(
        [sys.executable, "-m", "services.billing", process],
        {
            "PYTHONPATH": f"{ROOT}:{ROOT / 'build' / 'generated'}",
            "NINEHOURS_SERVICE": "billing",
            "NINEHOURS_DATABASE_URL": logins["billing"].migrations.url,
            "NINEHOURS_KEYS_DATABASE_URL": logins[keys_database("billing")].migrations.url,
            "NINEHOURS_SECRETS_DIR": str(secrets.folder_of("billing")),
            "NINEHOURS_ENVIRONMENT": "test",
        },
    )


def epoch(servers: LocalServers, *statements: str) -> tuple[int, int]:
    """The epoch, and the last number of an interchange, after these statements."""
    with psycopg.connect(servers.admin_url, dbname="billing") as database:
        for statement in statements:
            database.execute(statement.encode())
        [epoch] = database.execute("SELECT epoch FROM epoch").fetchone() or (0,)
        [number] = database.execute("SELECT last_value FROM control_number").fetchone() or (0,)
    return int(epoch), int(number)


def test_a_server_comes_back_as_it_was_at_the_named_point_and_restored_raises_its_epoch(
    tmp_path: Path,
) -> None:
    secrets = MachineSecrets(tmp_path / "secrets")
    secrets.make()
    with backed_up(tmp_path / "server") as backed:
        billing("migrate", backed.servers, secrets)
        backed.back_up()
        epoch(backed.servers, "SELECT setval('control_number', 40)")
        backed.name_point(POINT)
        later = epoch(backed.servers, "UPDATE epoch SET epoch = 1000000")
        backed.servers.stop()
        with backed.restored(tmp_path / "restored", POINT) as servers:
            assert epoch(servers) == (1, 40)
            said("python -m services.billing restored")
            billing("restored", servers, secrets)
            first, number = epoch(servers)
            assert first > later[0]
            assert number > 100_000
            billing("restored", servers, secrets)
            assert epoch(servers)[0] > first

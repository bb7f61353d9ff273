"""A database that one role owned and used gets its roles while that one is at work."""

import psycopg
import pytest

from ninehours.local.databases import database_url, plain
from ninehours.local.servers import LocalServers
from tests.harness.upgrade.last_installation import (
    drop_role_of_before,
    make_database_of_one_role,
    part_roles,
)

NAME = "of_before"


def connected(servers: LocalServers, role: str) -> "psycopg.Connection[tuple[object, ...]]":
    url = plain(database_url(servers.admin_url, NAME, role))
    return psycopg.connect(url, password=servers.folder.password(role), autocommit=True)


def test_who_works_under_the_one_role_goes_on_until_it_is_dropped(postgres: LocalServers) -> None:
    make_database_of_one_role(postgres, NAME)
    with connected(postgres, NAME) as before:
        before.execute("CREATE TABLE kept (id int)")
        before.execute("SET lock_timeout = '10s'")
        with connected(postgres, NAME) as busy, busy.transaction():
            busy.execute("INSERT INTO kept VALUES (1)")
            part_roles(postgres, NAME)  # waits for no transaction, and none for it
            busy.execute("INSERT INTO kept VALUES (2)")
        before.execute("INSERT INTO kept VALUES (3)")
    with connected(postgres, NAME) as anew:
        anew.execute("INSERT INTO kept VALUES (4)")
        anew.execute("CREATE TEMP TABLE room (id int)")
        anew.execute("SELECT id FROM kept FOR UPDATE")
    with connected(postgres, f"{NAME}_migrations") as migrations:
        migrations.execute(f"SET ROLE {NAME}_owner")
        owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'kept'"
        assert migrations.execute(owner).fetchone() == (f"{NAME}_owner",)
        assert migrations.execute("SELECT count(*) FROM kept").fetchone() == (4,)
        migrations.execute("ALTER TABLE kept ADD COLUMN more int")
        migrations.execute(f"GRANT CONNECT ON DATABASE {NAME} TO {NAME}_processes")
    with (
        connected(postgres, f"{NAME}_processes") as processes,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        processes.execute("SELECT * FROM kept")
    drop_role_of_before(postgres, NAME)
    with pytest.raises(psycopg.OperationalError):
        connected(postgres, NAME)

"""Databases of tests are given again, emptied: nothing of one test reaches the next."""

from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from ninehours.local.databases import plain
from ninehours.local.servers import LocalServers
from services.billing.__main__ import SERVICE
from tests.harness.kernel.databases import TABLES, Databases

Connect = Callable[[str], psycopg.Connection]


@pytest.fixture
def connect(postgres: LocalServers) -> Connect:
    def as_admin(database: str) -> psycopg.Connection:
        return psycopg.connect(plain(postgres.admin_url), dbname=database, autocommit=True)

    return as_admin


def oid(admin: psycopg.Connection) -> object:
    return admin.execute(
        "SELECT oid FROM pg_database WHERE datname = current_database()"
    ).fetchone()


def contents(admin: psycopg.Connection) -> dict[str, object]:
    return {
        table: admin.execute(
            sql.SQL("SELECT json_agg(t)::text FROM {} t").format(sql.SQL(table))
        ).fetchone()
        for (table,) in admin.execute(TABLES).fetchall()
    }


FACT = """
INSERT INTO fact (stream, version, id, type, body, at, actor, command_id, correlation)
VALUES ('x', 1, gen_random_uuid(), 'X', '{}', now(), 'person/ada', gen_random_uuid(), '')
"""
NEXT = "SELECT nextval(pg_get_serial_sequence('published', 'position'))"


def test_the_next_finds_nothing_of_the_last(databases: Databases, connect: Connect) -> None:
    first, _ = databases.take(SERVICE)
    with connect(first) as admin:
        before, same = contents(admin), oid(admin)
        admin.execute(FACT)
        position = admin.execute(NEXT).fetchone()
        admin.execute("UPDATE epoch SET epoch = 7")
    databases.give_back(SERVICE, first)
    second, logins = databases.take(SERVICE)
    assert second != first
    with connect(second) as admin:
        assert oid(admin) == same
        assert contents(admin) == before
        assert admin.execute(NEXT).fetchone() == position
    with psycopg.connect(plain(logins.processes.url)) as process:
        assert process.execute("SELECT count(*) FROM fact").fetchone() == (0,)
    databases.give_back(SERVICE, second)


def test_who_is_still_connected_is_shut_out(databases: Databases, connect: Connect) -> None:
    name, logins = databases.take(SERVICE)
    with psycopg.connect(plain(logins.processes.url)) as process:
        databases.give_back(SERVICE, name)
        with pytest.raises(psycopg.errors.AdminShutdown):
            process.execute("SELECT 1")
    databases.take(SERVICE)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(name)


@pytest.mark.parametrize(
    "alters",
    [
        "ALTER TABLE fact ADD COLUMN more text",
        "ALTER TABLE published ALTER body DROP NOT NULL",
        "CREATE INDEX ON fact (actor)",
        "GRANT SELECT ON fact TO PUBLIC",
        "ALTER DATABASE {} SET work_mem = '8MB'",
        "CREATE TABLE more ()",
    ],
)
def test_an_altered_one_is_given_to_nobody(
    alters: str, databases: Databases, connect: Connect
) -> None:
    name, _ = databases.take(SERVICE)
    with connect(name) as admin:
        altered = oid(admin)
        admin.execute(alters.format(name).encode())
    databases.give_back(SERVICE, name)
    name, _ = databases.take(SERVICE)
    with connect(name) as admin:
        assert oid(admin) != altered
    databases.give_back(SERVICE, name)

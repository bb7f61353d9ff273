"""Databases of tests are given again, emptied: nothing of one test reaches the next."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql

from ninehours.local.databases import plain
from ninehours.local.servers import LocalServers
from services.billing.__main__ import SERVICE
from tests.harness.kernel.databases import TABLES, Databases

Connect = Callable[[str], psycopg.Connection]


@pytest.fixture
def databases(databases: Databases) -> Iterator[Databases]:
    """Of this test alone: another's that is at hand would be given first."""
    with databases.with_none_at_hand(SERVICE):
        yield databases


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
    first = databases.take(SERVICE)
    with connect(first.name) as admin:
        before, same = contents(admin), oid(admin)
        admin.execute(FACT)
        position = admin.execute(NEXT).fetchone()
        admin.execute("UPDATE epoch SET epoch = 7")
    databases.give_back(SERVICE, first)
    second = databases.take(SERVICE)
    assert second.name != first.name
    with connect(second.name) as admin:
        assert oid(admin) == same
        assert contents(admin) == before
        assert admin.execute(NEXT).fetchone() == position
    with psycopg.connect(plain(second.logins.processes.url)) as process:
        assert process.execute("SELECT count(*) FROM fact").fetchone() == (0,)
    databases.give_back(SERVICE, second)


def test_what_only_its_own_engines_asked_stays_connected_and_is_as_new(
    databases: Databases,
) -> None:
    first = databases.take(SERVICE)
    with first.engine.begin() as connection:
        [backend] = connection.exec_driver_sql("SELECT pg_backend_pid()").one()
        before = connection.exec_driver_sql("SHOW ALL").all()
        connection.exec_driver_sql(FACT)
        for leaves in (
            *("SET work_mem = '8MB'", "LISTEN news", "SELECT pg_advisory_lock(7)"),
            *("CREATE TEMPORARY TABLE mine ()", "DECLARE held CURSOR WITH HOLD FOR SELECT 1"),
        ):
            connection.exec_driver_sql(leaves)
    databases.give_back(SERVICE, first)
    second = databases.take(SERVICE)
    assert second is first
    with second.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").one() == (backend,)
        assert connection.exec_driver_sql("SHOW ALL").all() == before
        for left in (
            *("fact", "pg_cursors", "pg_listening_channels()"),
            *("pg_locks WHERE locktype = 'advisory'", "pg_class WHERE relname = 'mine'"),
        ):
            assert connection.exec_driver_sql(f"SELECT FROM {left}").all() == [], left
    databases.give_back(SERVICE, second)


def test_one_that_somebody_came_to_while_nobody_had_it_is_given_to_nobody(
    databases: Databases, connect: Connect
) -> None:
    first = databases.take(SERVICE)
    databases.give_back(SERVICE, first)
    with connect(first.name) as admin:
        spoiled = oid(admin)
        admin.execute(FACT)
    second = databases.take(SERVICE)
    with connect(second.name) as admin:
        assert oid(admin) != spoiled
    databases.give_back(SERVICE, second)


def test_one_whose_store_still_works_is_given_under_another_name(databases: Databases) -> None:
    first = databases.take(SERVICE)
    with first.engine.connect():
        databases.give_back(SERVICE, first)
        second = databases.take(SERVICE)
    assert second.name != first.name
    databases.give_back(SERVICE, second)


def test_who_is_still_connected_is_shut_out(databases: Databases, connect: Connect) -> None:
    first = databases.take(SERVICE)
    with psycopg.connect(plain(first.logins.processes.url)) as process:
        databases.give_back(SERVICE, first)
        with pytest.raises(psycopg.errors.AdminShutdown):
            process.execute("SELECT 1")
    second = databases.take(SERVICE)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(first.name)
    databases.give_back(SERVICE, second)


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
    first = databases.take(SERVICE)
    with connect(first.name) as admin:
        altered = oid(admin)
        admin.execute(alters.format(first.name).encode())
    databases.give_back(SERVICE, first)
    second = databases.take(SERVICE)
    with connect(second.name) as admin:
        assert oid(admin) != altered
    databases.give_back(SERVICE, second)

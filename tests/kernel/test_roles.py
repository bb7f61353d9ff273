"""Who serves a record can't rewrite it: what each role of a database may do, and may not."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import URL, Connection, NullPool, create_engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from kernel.database_address import database_address
from kernel.keys.privileges import KEY_STORE
from kernel.process import Service
from kernel.services import SERVICES
from kernel.store.database import MIGRATING, migrate, open_database
from kernel.store.privileges import OWNER, PROCESSES, RECORD
from kernel.store.roles import RoledDatabase, WrongRole, act_as_owner, grant, require_no_more
from kernel.store.statements import text
from kernel.store.store import Store
from ninehours.local.databases import Logins, plain
from ninehours.local.servers import LocalServers
from protos.catalogue import declared
from tests.harness.kernel.counters import ADA, ask, published
from tests.harness.kernel.owner import as_owner

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
NAMED = "NINEHOURS_DATABASE_URL"
# Whole, and for good: what a claim is paid on, who commanded it, and who looked.
FOR_GOOD = {
    "fact": "body",
    "command": "actor",
    "published": "body",
    "given_up": "reason",
    "released": "reason",
    "forgotten_owner": "destroyed_at",
    "read_audit": "actor",
    "destroyed_key": "destroyed_at",
}
AUDITS = {
    "intake": {"identity_audit": "actor", "permit": "client_id"},
    "billing": {"file_audit": "actor"},
}
TABLE_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
# All but the sequences of identities, which their tables' inserts use by themselves.
RELATIONS = """
SELECT oid, relname AS name, relkind AS kind FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'i'
                  AND relkind = 'S')
ORDER BY relname
"""


@pytest.fixture(scope="module", params=SERVICES)
def service(request: pytest.FixtureRequest) -> Service:
    return declared(str(request.param))


@pytest.fixture(scope="module")
def store(service: Service, new_store_of_module: Callable[[Service], Store]) -> Store:
    """Of a service, and its key store, as its processes have it."""
    return new_store_of_module(service)


@pytest.fixture
def kept(service: Service) -> Mapping[str, str]:
    """Its tables that only grow, each with a column of it."""
    return FOR_GOOD | AUDITS.get(service.name, {})


def privileges_of(service: Service) -> Mapping[str, str]:
    return {**RECORD, **service.privileges, **KEY_STORE}


def without_row(connection: Connection, privileges: Mapping[str, str]) -> set[str]:
    found = {row.name for row in connection.execute(text(RELATIONS))}
    assert len(found) > 20
    return found ^ privileges.keys()


def test_every_table_says_what_processes_may_do_with_it(service: Service, store: Store) -> None:
    with as_owner(store) as tx:
        assert without_row(tx.connection, privileges_of(service)) == set()
        tx.execute("CREATE TABLE planted (a int)")
        tx.execute("CREATE VIEW seen AS SELECT 1 AS a")
        assert without_row(tx.connection, privileges_of(service)) == {"planted", "seen"}
        tx.connection.rollback()


def test_processes_have_what_the_rows_say_and_nothing_else(service: Service, store: Store) -> None:
    for relation in ask(store, RELATIONS):
        said = privileges_of(service)[relation.name]
        whole, _, columns = said.partition("UPDATE (")
        if relation.kind == "S":
            held = "SELECT has_sequence_privilege(CAST(:oid AS oid), 'USAGE') AS usage, "
            held += "has_sequence_privilege(CAST(:oid AS oid), 'UPDATE') AS writes"
            [row] = ask(store, held, oid=relation.oid)
            assert (row.usage, row.writes) == (said == "USAGE", False)
            continue
        table = ask(
            store,
            "SELECT p FROM unnest(CAST(:all AS text[])) p"
            " WHERE has_table_privilege(CAST(:oid AS oid), p)",
            all=list(TABLE_PRIVILEGES),
            oid=relation.oid,
        )
        deletes = {"DELETE"} if "DELETE" in said else set()
        expected = {p for p in whole.split(", ") if p} | deletes
        assert {row.p for row in table} == expected, relation.name
        changed = ask(
            store,
            "SELECT attname AS name FROM pg_attribute WHERE attrelid = CAST(:oid AS oid)"
            " AND attnum > 0 AND NOT attisdropped"
            " AND has_column_privilege(attrelid, attnum, 'UPDATE')",
            oid=relation.oid,
        )
        if "UPDATE" not in expected:
            listed = {each.strip() for each in columns.partition(")")[0].split(",")} - {""}
            assert {row.name for row in changed} == listed, relation.name


def refused(store: Store, statement: str) -> bool:
    with pytest.raises(DBAPIError) as error, store.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    return isinstance(error.value.orig, errors.InsufficientPrivilege)


def test_what_is_recorded_is_never_changed_nor_gone(store: Store, kept: Mapping[str, str]) -> None:
    for table, column in kept.items():
        for statement in (
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"TRUNCATE {table} CASCADE",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"ALTER TABLE {table} ADD COLUMN another int",
            f"DROP TABLE {table}",
            f"CREATE TRIGGER mine BEFORE INSERT ON {table}"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            f"CREATE RULE mine AS ON INSERT TO {table} DO INSTEAD NOTHING",
        ):
            assert refused(store, statement), statement


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE mine",
        "SET session_replication_role = replica",
        "UPDATE epoch SET epoch = epoch",
        "INSERT INTO seal (unsigned_to) VALUES (9)",
        "UPDATE derived SET content = content",
        "UPDATE document SET sealed = sealed",
        "SELECT setval('due_mark', 1)",
        "SELECT pg_read_file('PG_VERSION')",
        "COPY fact TO PROGRAM 'true'",
        "SELECT * FROM alembic_version",
    ],
)
def test_what_no_process_needs_is_refused(store: Store, statement: str) -> None:
    assert refused(store, statement)


def test_nobody_who_serves_acts_as_another_role(store: Store) -> None:
    role = str(store.engine.url.username)
    for other in (role.replace(PROCESSES, OWNER), "postgres"):
        assert refused(store, f'SET ROLE "{other}"')
        assert refused(store, f'SET SESSION AUTHORIZATION "{other}"')
    schemas = ask(
        store, "SELECT nspname FROM pg_namespace WHERE has_schema_privilege(oid, 'CREATE')"
    )
    assert [row.nspname for row in schemas if not row.nspname.startswith("pg_temp")] == []


def test_that_a_fact_was_sent_may_be_noted(store: Store) -> None:
    with store.transaction() as tx:
        tx.publish([published(ADA)])
        assert tx.execute("UPDATE published SET sent_at = now()").rowcount


# Giving and taking


@pytest.fixture
def logins(postgres: LocalServers) -> Iterator[Logins]:
    """Of a database that is empty yet."""
    yield postgres.create_database("given")
    postgres.drop_database("given")


def roled(url: str | URL) -> RoledDatabase:
    return RoledDatabase(create_engine(url, poolclass=NullPool), NAMED, RECORD)


def migrated(url: str | URL) -> RoledDatabase:
    database = roled(url)
    act_as_owner(database)
    migrate(database.engine, [])
    grant(database)
    return database


def test_all_belongs_to_the_owner_and_is_given_again_at_each_migration(logins: Logins) -> None:
    database, serving = migrated(logins.migrations.url), roled(logins.processes.url)
    require_no_more(serving)
    with database.engine.begin() as connection:
        owners = connection.execute(
            text("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        )
        assert owners.scalars().all() == ["given_owner"]
    for stray, told in (
        ("GRANT UPDATE ON fact TO given_processes", "UPDATE of fact"),
        ("GRANT TRUNCATE ON published TO PUBLIC", "TRUNCATE of published"),
        ("GRANT UPDATE ON SEQUENCE due_mark TO given_processes", "UPDATE of due_mark"),
        ("GRANT CREATE ON SCHEMA public TO given_processes", "CREATE in schema public"),
    ):
        with database.engine.begin() as connection:
            connection.exec_driver_sql(stray)
        with pytest.raises(WrongRole, match=f"^{NAMED}: given_processes has {told}"):
            require_no_more(serving)
        grant(database)
        require_no_more(serving)


def test_two_that_migrate_at_once_take_turns(logins: Logins) -> None:
    databases = [migrated(logins.migrations.url) for _ in range(2)]
    with databases[0].engine.connect() as holding:
        holding.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATING})
        granting = [Thread(target=grant, args=(database,)) for database in databases]
        for each in granting:
            each.start()
        while holding.execute(WAITING).scalar_one() < len(granting):
            assert all(each.is_alive() for each in granting)
    for each in granting:
        each.join()
    require_no_more(roled(logins.processes.url))


def test_who_could_rewrite_the_record_does_not_serve_it(
    logins: Logins, postgres: LocalServers
) -> None:
    migrated(logins.migrations.url)
    for url in (logins.migrations.url, admins(postgres, "given")):
        with pytest.raises(WrongRole, match="may act as given_owner, who owns the database"):
            require_no_more(roled(url))


def test_who_serves_does_not_migrate(logins: Logins) -> None:
    with pytest.raises(WrongRole) as refused:
        act_as_owner(roled(logins.processes.url))
    assert str(refused.value) == (
        f"{NAMED}: given_processes may not act as given_owner, who owns the database"
    )


def test_processes_without_a_role_are_told_at_the_migration(
    logins: Logins, postgres: LocalServers
) -> None:
    with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        admin.execute("REVOKE ALL ON DATABASE given FROM given_processes")
        admin.execute("DROP ROLE given_processes")
    with pytest.raises(WrongRole, match=f"^{NAMED}: the server has no role given_processes"):
        migrated(logins.migrations.url)


# As the operations page says


def admins(postgres: LocalServers, database: str) -> URL:
    return make_url(postgres.admin_url).set(drivername="postgresql+psycopg", database=database)


def said(beginning: str, name: str) -> list[str]:
    """The statements of the operators' page that begin so, for another database than plans'."""
    [found] = re.findall(rf"^```sql\n({beginning}.*?)^```", PAGE.read_text(), re.M | re.S)
    statements = re.sub(r"\bplans", name, found).replace("…", "hush").split(";\n")
    return [statement for statement in statements if statement]


def done(postgres: LocalServers, statements: Iterable[str]) -> None:
    with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement.encode())


def logged_in(postgres: LocalServers, role: str, database: str) -> URL:
    return admins(postgres, database).set(username=role, password="hush")


def test_a_database_is_made_as_the_page_says(postgres: LocalServers) -> None:
    done(postgres, said("CREATE ROLE plans_owner", "made"))
    migrated(logged_in(postgres, "made_migrations", "made"))
    require_no_more(roled(logged_in(postgres, "made_processes", "made")))
    with psycopg.connect(plain(f"{postgres.admin_url}")) as admin:
        public = admin.execute(
            "SELECT has_database_privilege('public', datname, 'CONNECT') FROM pg_database"
            " WHERE datname = 'made'"
        )
        assert public.fetchone() == (False,)
    postgres.drop_database("made")


def test_a_database_of_before_is_migrated_by_its_one_role_and_gets_others_as_the_page_says(
    postgres: LocalServers, capsys: pytest.CaptureFixture[str]
) -> None:
    """In production it isn't served before."""
    done(
        postgres,
        ["CREATE ROLE before LOGIN PASSWORD 'hush'", "CREATE DATABASE before OWNER before"],
    )
    database = migrated(logged_in(postgres, "before", "before"))
    assert "one_role_for_all" in capsys.readouterr().err
    with pytest.raises(WrongRole, match="before may act as before, who owns the database"):
        require_no_more(database)
    done(postgres, said("BEGIN;\\nALTER ROLE plans", "before"))
    migrated(logged_in(postgres, "before_migrations", "before"))
    require_no_more(roled(logged_in(postgres, "before_processes", "before")))
    done(postgres, ["DROP ROLE before"])
    with pytest.raises(OperationalError):
        database.engine.connect()
    postgres.drop_database("before")


def test_tables_that_stayed_anothers_are_named(postgres: LocalServers) -> None:
    done(
        postgres,
        ["CREATE ROLE half LOGIN PASSWORD 'hush'", "CREATE DATABASE half OWNER half"],
    )
    migrated(logged_in(postgres, "half", "half"))
    done(
        postgres,
        [
            "CREATE ROLE half_owner",
            "CREATE ROLE half_migrations LOGIN PASSWORD 'hush' IN ROLE half_owner",
            "ALTER DATABASE half OWNER TO half_owner",
        ],
    )
    told = f"^{NAMED}: table alembic_version belongs to half, and the database to half_owner"
    with pytest.raises(WrongRole, match=told):
        act_as_owner(roled(logged_in(postgres, "half_migrations", "half")))
    postgres.drop_database("half")
    done(postgres, ["DROP ROLE half"])


# Passwords that change


def test_a_new_connection_shows_the_password_that_its_file_has_now(
    logins: Logins, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{logins.migrations.password}\n")
    address = database_address("NINEHOURS_DATABASE", logins.migrations.address, None, file)
    assert address is not None
    engine = open_database(address, pool=1)
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        file.write_text("wrong")
    engine.dispose()
    with pytest.raises(OperationalError):
        engine.connect()
    file.write_text(logins.migrations.password)
    with engine.connect() as connection:
        shown = connection.execute(text("SHOW lock_timeout")).scalar_one()
    assert shown == "10s"
    engine.dispose()

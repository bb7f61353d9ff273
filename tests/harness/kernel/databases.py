"""A run's databases: one is given to the next test, emptied, as making another costs far more.

Where nobody but a test's own store asked it, the store's connections stay as well: the next test
finds plans, caches and compiled statements warm, which is two fifths of what a short one costs.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from kernel.keys.privileges import KEY_STORE
from kernel.keys.store import migrate_keys
from kernel.process import Service
from kernel.store.database import migrate, open_database
from kernel.store.privileges import RECORD
from kernel.store.roles import RoledDatabase, act_as_owner, grant
from ninehours.local.databases import Login, Logins, database_url, plain
from ninehours.local.servers import LocalServers

# Whatever a test may do to a database other than to its rows.
SHAPE = """
WITH ours AS (
    SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), shape AS (
    SELECT 'class' AS kind, concat_ws(' ', relnamespace, relname, relkind, relowner, relacl,
                                      reltablespace, reloptions) AS said
    FROM pg_class WHERE relnamespace IN (SELECT oid FROM ours)
    UNION ALL
    SELECT 'attribute', concat_ws(' ', c.relname, attname, atttypid, atttypmod, attnotnull, attacl)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE relnamespace IN (SELECT oid FROM ours) AND attnum > 0
    UNION ALL
    SELECT 'trigger', concat_ws(' ', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
    UNION ALL
    SELECT 'constraint', concat_ws(' ', conrelid, conname, contype, convalidated)
    FROM pg_constraint WHERE connamespace IN (SELECT oid FROM ours)
    UNION ALL
    SELECT 'function', concat_ws(' ', proname, prosrc, proacl)
    FROM pg_proc WHERE pronamespace IN (SELECT oid FROM ours)
    UNION ALL
    SELECT 'namespace', concat_ws(' ', oid, nspname, nspowner, nspacl) FROM pg_namespace
    WHERE oid IN (SELECT oid FROM ours)
    UNION ALL
    SELECT 'index', concat_ws(' ', indexrelid::regclass, indisvalid) FROM pg_index
    WHERE indrelid >= 16384
    UNION ALL
    SELECT 'database', concat_ws(' ', datdba, datacl, dattablespace) FROM pg_database
    WHERE datname = current_database()
    UNION ALL
    SELECT 'setting', concat_ws(' ', setrole, setconfig) FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
)
SELECT md5(string_agg(kind || ' ' || said, E'\\n' ORDER BY kind, said)) FROM shape
"""
# Rows are told neither to triggers nor to those who refer to them.
EMPTY = """
DO $$
DECLARE each regclass;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR each IN SELECT oid FROM pg_class WHERE relkind = 'r' AND oid >= 16384 LOOP
        EXECUTE format('DELETE FROM %s', each);
    END LOOP;
    FOR each IN SELECT oid FROM pg_class WHERE relkind = 'S' LOOP
        PERFORM setval(each, 1, false);
    END LOOP;
END $$
"""
TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND oid >= 16384"
KEPT = "SELECT json_agg(t)::text FROM {} t"
FILL = sql.SQL("""
INSERT INTO {table} OVERRIDING SYSTEM VALUE
SELECT * FROM json_populate_recordset(NULL::{table}, %s)
""")
# A process that ended a moment ago may still be among them.
LEAVE = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = %s AND pid <> pg_backend_pid()
"""
THERE = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
CAME = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
# DISCARD ALL, except for plans and for the statements that the driver prepared.
REST = """
CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *;
SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES
"""
MOST_KEPT = 4  # connections of an engine; a crowd's are closed


@dataclass(slots=True, eq=False)
class Database:
    """What a test is given: a database, and how its store asks it; it is emptied by `admin`."""

    name: str
    logins: Logins
    admin: psycopg.Connection
    engine: Engine
    keys: Engine
    came: int = field(init=False)  # sessions of our own, and those before

    def __post_init__(self) -> None:
        self.came = self._came()
        for engine in (self.engine, self.keys):
            event.listen(engine, "connect", self._count)

    def is_ours_alone(self) -> bool:
        """Whether nobody came but its own engines, whose connections are at rest, and as new."""
        try:
            ours = _rested(self.engine) | _rested(self.keys)
            there = {pid for (pid,) in self.admin.execute(THERE)}
            return there == ours and self.came == self._came()
        except (InUse, SQLAlchemyError, psycopg.Error):
            return False

    def leave(self) -> None:
        for engine in (self.engine, self.keys):
            engine.dispose()
        self.admin.close()

    def _came(self) -> int:
        [came] = self.admin.execute(CAME).fetchone() or [0]
        return int(came)

    def _count(self, *_: object) -> None:
        self.came += 1


class InUse(Exception):
    """Somebody still has a connection, or had too many."""


def _rested(engine: Engine) -> set[int]:
    """The backends of an engine's connections, which are told to forget what they were set to."""
    pool = engine.pool
    if not isinstance(pool, QueuePool) or pool.checkedout() or pool.checkedin() > MOST_KEPT:
        raise InUse
    with ExitStack() as together:
        pids = set()
        for _ in range(pool.checkedin()):
            lent = together.enter_context(closing(engine.raw_connection()))
            connection = lent.driver_connection
            assert isinstance(connection, psycopg.Connection)
            connection.execute(REST, prepare=False)
            connection.commit()
            pids.add(connection.info.backend_pid)
        return pids


@dataclass(frozen=True, slots=True)
class Template:
    """A migrated database: who may ask it, its shape, what its tables hold from the beginning."""

    name: str
    logins: Logins
    shape: str
    rows: Mapping[str, str]
    emptied: list[str] = field(default_factory=list)
    connected: list[Database] = field(default_factory=list)


class Databases:
    """Migrated, otherwise empty databases of services on an embedded PostgreSQL."""

    def __init__(self, servers: LocalServers) -> None:
        self._servers = servers
        self._numbers = count(1)
        # By migrations: a test's own service may have the name of a real one.
        self._templates: dict[Path, Template] = {}

    def take(self, service: Service) -> Database:
        """A database under a name that nobody knows but those who had no more than its store."""
        template = self._templates.get(service.migrations) or self._migrated(service)
        while template.connected:
            database = template.connected.pop()
            if database.is_ours_alone():
                return database
            database.leave()
            self._servers.drop_database(database.name)
        name = f"{service.name}_{next(self._numbers)}"
        if template.emptied:
            renamed = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            with self._admin("postgres") as admin:
                # Who still knows it by its last name finds it no more.
                names = (template.emptied.pop(), name)
                admin.execute(renamed.format(*map(sql.Identifier, names)))
            of = template.logins
            logins = Logins(self._at(of.migrations, name), self._at(of.processes, name))
        else:
            logins = self._servers.create_database(name, template=template.name)
        url = logins.processes.url
        engines = (open_database(url, pool=10), open_database(url, pool=4))
        return Database(name, logins, self._admin(name), *engines)

    def give_back(self, service: Service, database: Database) -> None:
        """Empty it for the next; one that is more than rows away from its template is removed."""
        template = self._templates[service.migrations]
        alone = database.is_ours_alone()
        if not alone:
            database.leave()
            database.admin = self._admin(database.name)
            send_away(database.admin, database.name)
        same = shape(database.admin) == template.shape
        if same:
            database.admin.execute(EMPTY)
            for table, rows in template.rows.items():
                database.admin.execute(FILL.format(table=sql.SQL(table)), (rows,))
        if same and alone:
            template.connected.append(database)
            return
        database.leave()
        if same:
            template.emptied.append(database.name)
        else:
            self._servers.drop_database(database.name)

    @contextmanager
    def with_none_at_hand(self, service: Service) -> Iterator[None]:
        """Whoever takes one meanwhile is given none that was given back before."""
        template = self._templates.get(service.migrations) or self._migrated(service)
        at_hand = ([*template.connected], [*template.emptied])
        template.connected.clear()
        template.emptied.clear()
        yield
        template.connected.extend(at_hand[0])
        template.emptied.extend(at_hand[1])

    def close(self) -> None:
        """Leave those that nobody has."""
        for template in self._templates.values():
            for database in template.connected:
                database.leave()

    def _migrated(self, service: Service) -> Template:
        name = f"template_{len(self._templates)}"
        logins = self._servers.create_database(name)
        engine = open_database(logins.migrations.url)
        # For speed a test's key store lies in the same database, where nothing is claimed of
        # lying apart: it has connections and tables of its own.
        database = RoledDatabase(engine, name, {**RECORD, **service.privileges, **KEY_STORE})
        act_as_owner(database)
        migrate(engine, [service.migrations])
        migrate_keys(engine)
        grant(database)
        engine.dispose()
        with self._admin(name) as admin:
            tables = [table for (table,) in admin.execute(TABLES)]
            kept = {table: admin.execute(KEPT.format(table)).fetchone() for table in tables}
            rows = {table: row[0] for table, row in kept.items() if row and row[0]}
            template = Template(name, logins, shape(admin), rows)
        self._templates[service.migrations] = template
        return template

    def _admin(self, database: str) -> psycopg.Connection:
        return psycopg.connect(plain(self._servers.admin_url), dbname=database, autocommit=True)

    def _at(self, login: Login, database: str) -> Login:
        return replace(login, address=database_url(self._servers.admin_url, database, login.role))


def send_away(admin: psycopg.Connection, name: str) -> None:
    """End every connection to a database but this one: who copies or moves it must be alone."""
    admin.execute(LEAVE, (name,))


def shape(admin: psycopg.Connection) -> str:
    """A digest of a database's tables, rights and settings."""
    [digest] = admin.execute(SHAPE).fetchone() or [""]
    return str(digest)

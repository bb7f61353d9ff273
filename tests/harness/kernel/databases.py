"""A run's databases: one is given to the next test, emptied, as making another costs far more."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

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
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class Template:
    """A migrated database: who may ask it, its shape, what its tables hold from the beginning."""

    name: str
    logins: Logins
    shape: str
    rows: Mapping[str, str]
    emptied: list[str] = field(default_factory=list)


class Databases:
    """Migrated, otherwise empty databases of services on an embedded PostgreSQL."""

    def __init__(self, servers: LocalServers) -> None:
        self._servers = servers
        self._numbers = count(1)
        # By migrations: a test's own service may have the name of a real one.
        self._templates: dict[Path, Template] = {}

    def take(self, service: Service) -> tuple[str, Logins]:
        """A database under a name that no other had, and who may ask it."""
        template = self._templates.get(service.migrations) or self._migrated(service)
        name = f"{service.name}_{next(self._numbers)}"
        if not template.emptied:
            return name, self._servers.create_database(name, template=template.name)
        renamed = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        with self._admin("postgres") as admin:
            # Who still knows it by its last name finds it no more.
            admin.execute(renamed.format(*map(sql.Identifier, (template.emptied.pop(), name))))
        logins = template.logins
        return name, Logins(self._at(logins.migrations, name), self._at(logins.processes, name))

    def give_back(self, service: Service, name: str) -> None:
        """Empty it for the next; one that is more than rows away from its template is removed."""
        template = self._templates[service.migrations]
        with self._admin(name) as admin:
            admin.execute(LEAVE)
            same = shape(admin) == template.shape
            if same:
                admin.execute(EMPTY)
                for table, rows in template.rows.items():
                    admin.execute(FILL.format(table=sql.SQL(table)), (rows,))
        if same:
            template.emptied.append(name)
        else:
            self._servers.drop_database(name)

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


def shape(admin: psycopg.Connection) -> str:
    """A digest of a database's tables, rights and settings."""
    [digest] = admin.execute(SHAPE).fetchone() or [""]
    return str(digest)

"""Three roles a database, so that who serves the record can't rewrite it.

`<x>_owner` owns the database and all in it, and has no login; `<x>_migrations` logs in to act as
it, in `migrate`, `seal` and `restored`; `<x>_processes` has what tables of privileges say. Where
the owner is called otherwise, as releases before had it, there is one role for all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import errors
from sqlalchemy import Connection, Engine, event

from kernel import logs
from kernel.store.database import migrating
from kernel.store.privileges import OWNER, PROCESSES
from kernel.store.statements import text

log = logs.get("kernel.roles")

OF_OWNER = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
ACT_AS_OWNER = f"SELECT set_config('role', ({OF_OWNER}), false)"

OF_OTHERS = text(
    "SELECT relname AS name, pg_get_userbyid(relowner) AS owner, current_user AS acting"
    " FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relname = ANY(CAST(:names AS text[]))"
    " AND pg_get_userbyid(relowner) <> current_user ORDER BY relname LIMIT 1"
)
OWNED = text(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    " AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND pg_get_userbyid(relowner) = current_user"
    " ORDER BY relname"
)
# What a role has by itself, and by those that it inherits from; a superuser has all.
BEYOND = text(
    "SELECT lacked.privilege || ' of ' || relname FROM pg_class"
    " JOIN unnest(CAST(:names AS text[]), CAST(:privileges AS text[])) AS lacked(name, privilege)"
    " ON lacked.name = relname"
    " WHERE relnamespace = 'public'::regnamespace AND has_table_privilege(pg_class.oid, privilege)"
    " UNION ALL SELECT 'CREATE in schema public' WHERE has_schema_privilege('public', 'CREATE')"
    " ORDER BY 1 LIMIT 1"
)
IS_THERE = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
OWNED_BY_ROLE_OF_LOGIN = text(
    f"SELECT owner FROM ({OF_OWNER}) AS of(owner)"  # noqa: S608 - of ours
    " WHERE pg_has_role(session_user, owner, 'MEMBER')"
)
REWRITING = ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER")


class WrongRole(Exception):
    """A role that can't do its part, or could do more; the text names setting and roles."""


@dataclass(frozen=True, slots=True)
class RoledDatabase:
    """The record, or the key store: by which setting it is named, and what its processes may do."""

    engine: Engine
    setting: str
    privileges: Mapping[str, str]


def act_as_owner(database: RoledDatabase) -> None:
    """Each connection made from now on acts as the role that owns the database.

    Refuses (WrongRole) a login that may not, and tables that are another's.
    """

    @event.listens_for(database.engine, "connect")
    def take_the_owners_role(connection: Any, _: object) -> None:
        try:
            connection.execute(ACT_AS_OWNER)
        except errors.InsufficientPrivilege:
            connection.rollback()
            [owner] = connection.execute(OF_OWNER).fetchone()
            user = connection.info.user
            connection.close()  # whoever refuses it keeps it
            raise WrongRole(
                f"{database.setting}: {user} may not act as {owner}, who owns the database"
            ) from None
        connection.commit()

    with database.engine.begin() as connection:
        other = connection.execute(OF_OTHERS, {"names": list(database.privileges)}).one_or_none()
    if other is not None:
        raise WrongRole(
            f"{database.setting}: table {other.name} belongs to {other.owner}, and the database to"
            f" {other.acting}"
        )


def grant(database: RoledDatabase) -> None:
    """As owner: the role of processes may do what is said here and nothing else; nobody else is in.

    Refuses (WrongRole) where there is no such role. Where one role does all, that is logged.
    """
    with migrating(database.engine) as connection:
        owner = connection.execute(text("SELECT current_user")).scalar_one()
        if not owner.endswith(OWNER):
            log.warning("one_role_for_all", setting=database.setting, role=owner)
            return
        role = owner.removesuffix(OWNER) + PROCESSES
        if not connection.execute(IS_THERE, {"role": role}).scalar_one():
            raise WrongRole(f"{database.setting}: the server has no role {role}, for processes")
        for statement in _statements(connection, role, database.privileges):
            connection.exec_driver_sql(statement)


def _statements(connection: Connection, role: str, privileges: Mapping[str, str]) -> Iterator[str]:
    quoted = connection.dialect.identifier_preparer.quote_identifier
    database = quoted(connection.execute(text("SELECT current_database()")).scalar_one())
    to = quoted(role)
    yield f"REVOKE ALL ON DATABASE {database} FROM PUBLIC, {to}"
    yield f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {to}"
    yield f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {to}"
    yield f"GRANT USAGE ON SCHEMA public TO {to}"
    for table in connection.execute(OWNED).scalars().all():
        yield f"REVOKE ALL ON {quoted(table)} FROM PUBLIC, {to}"
        if held := privileges.get(table):
            yield f"GRANT {held} ON {quoted(table)} TO {to}"


def require_no_more(database: RoledDatabase) -> None:
    """Refuses (WrongRole) a login that may act as the owner, or rewrite what it may not."""
    lacked = [
        (table, privilege)
        for table, held in database.privileges.items()
        for privilege in REWRITING
        if privilege not in held.split(", ")
    ]
    with database.engine.begin() as connection:
        owner = connection.execute(OWNED_BY_ROLE_OF_LOGIN).scalar()
        beyond = connection.execute(
            BEYOND,
            {
                "names": [table for table, _ in lacked],
                "privileges": [privilege for _, privilege in lacked],
            },
        ).scalar()
        login = connection.execute(text("SELECT session_user")).scalar_one()
    if owner is not None:
        raise WrongRole(
            f"{database.setting}: {login} may act as {owner}, who owns the database; processes take"
            " a role that may not"
        )
    if beyond is not None:
        raise WrongRole(f"{database.setting}: {login} has {beyond}, which processes don't")

"""Databases of their own, each with three roles, on any PostgreSQL we are admitted to.

What the roles are for, and what each may do, is kernel/store/roles.py's.
"""

# ruff: noqa: PLC0415  heavy imports wait until the servers that need them are starting

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from kernel.store.privileges import MIGRATIONS, OWNER, PROCESSES

if TYPE_CHECKING:
    from psycopg import Connection


# Who reads billing's views for billing teams; a person's login is made a member of it.
BILLING_READER = "ninehours_billing_reader"


@dataclass(frozen=True, slots=True)
class Login:
    """How a role asks a database; `address` names no password."""

    role: str
    password: str = field(repr=False)
    address: str

    @property
    def url(self) -> str:
        """The address with the password, as SQLAlchemy is told of it."""
        return self.address.replace("@", f":{quote(self.password, safe='')}@", 1)


@dataclass(frozen=True, slots=True)
class Logins:
    """Who asks a database: those who migrate it, and those who serve it."""

    migrations: Login
    processes: Login


def create_databases(
    admin_url: str, names: Sequence[str], password: Callable[[str], str]
) -> dict[str, Logins]:
    """Make what is missing, set every role's password, close each database to everybody else.

    A database of before, which one role owned and used, gets its roles: that one is its owner now.
    """
    with _admin(admin_url) as admin:
        _without_login(admin, BILLING_READER)
        for name in names:
            _rename_the_one_role(admin, name)
            _roles(admin, name, password)
            if _absent(admin, "pg_database", "datname", name):
                _create(admin, name, roles=name)
            _close(admin, name, roles=name)
    return {name: _logins(admin_url, name, name, password) for name in names}


def create_database(
    admin_url: str, name: str, password: Callable[[str], str], *, template: str | None = None
) -> Logins:
    """A fresh database; as a copy of a quiet `template` it is the template's roles'.

    The copy's tables are the template owner's, so roles of its own could not touch them.
    """
    roles = template or name
    with _admin(admin_url) as admin:
        if template is None:
            _roles(admin, name, password)
        _create(admin, name, roles=roles, template=template)
        _close(admin, name, roles=roles)
    return _logins(admin_url, name, roles, password)


def drop_database(admin_url: str, name: str) -> None:
    """Remove it, whoever is connected, and its roles unless they own something else."""
    import psycopg
    from psycopg import sql

    with _admin(admin_url) as admin:
        admin.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )
        try:
            for part in (PROCESSES, MIGRATIONS, OWNER):
                admin.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(name + part)))
        except psycopg.errors.DependentObjectsStillExist:
            return


def close_servers_own(admin_url: str) -> None:
    """On a server that is ours alone: those who have a database get into no other."""
    with _admin(admin_url) as admin:
        for name in ("postgres", "template1"):
            _shut(admin, name)


def _logins(admin_url: str, database: str, roles: str, password: Callable[[str], str]) -> Logins:
    def login(role: str) -> Login:
        return Login(role, password(role), database_url(admin_url, database, role))

    return Logins(migrations=login(roles + MIGRATIONS), processes=login(roles + PROCESSES))


def database_url(admin_url: str, database: str, role: str) -> str:
    """The same server as SQLAlchemy is told of it, without a password."""
    server = urlsplit(plain(admin_url))
    place = f"{server.hostname or 'localhost'}:{server.port or 5432}"
    # Each process shows a certificate of its own, and not that of whoever made its database.
    own = {"sslcert", "sslkey", "sslrootcert", "sslmode"}
    query = urlencode([(name, value) for name, value in parse_qsl(server.query) if name not in own])
    options = f"?{query}" if query else ""
    return f"postgresql+psycopg://{quote(role)}@{place}/{database}{options}"


def plain(url: str) -> str:
    """A URL as libpq understands it, without SQLAlchemy's name of the driver."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


@contextmanager
def _admin(url: str) -> "Iterator[Connection]":
    import psycopg

    # Databases cannot be created inside a transaction.
    with psycopg.connect(plain(url), autocommit=True, connect_timeout=10) as connection:
        yield connection


def _rename_the_one_role(admin: "Connection", name: str) -> None:
    """As releases before made it: a role of the database's name, which owned and did all."""
    from psycopg import sql

    asked = "select 1 from pg_database where datname = %s and pg_get_userbyid(datdba) = datname"
    if admin.execute(asked, (name,)).fetchone() is None:
        return
    owner = sql.Identifier(name + OWNER)
    with admin.transaction():
        admin.execute(sql.SQL("alter role {} rename to {}").format(sql.Identifier(name), owner))
        admin.execute(sql.SQL("alter role {} nologin password null").format(owner))


def _roles(admin: "Connection", name: str, password: Callable[[str], str]) -> None:
    from psycopg import sql

    _without_login(admin, name + OWNER)
    for role in (name + MIGRATIONS, name + PROCESSES):
        _with_login(admin, role, password(role))
    admin.execute(
        sql.SQL("grant {} to {}").format(
            sql.Identifier(name + OWNER), sql.Identifier(name + MIGRATIONS)
        )
    )


def _with_login(admin: "Connection", name: str, password: str) -> None:
    from psycopg import sql

    verb = "create" if _absent(admin, "pg_roles", "rolname", name) else "alter"
    # Hashed here, so that the password itself is in no statement.
    hashed = admin.pgconn.encrypt_password(
        password.encode(), name.encode(), b"scram-sha-256"
    ).decode()
    admin.execute(
        sql.SQL(verb + " role {} login password {}").format(
            sql.Identifier(name), sql.Literal(hashed)
        )
    )


def _without_login(admin: "Connection", name: str) -> None:
    from psycopg import sql

    if _absent(admin, "pg_roles", "rolname", name):
        admin.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))


def _create(admin: "Connection", name: str, *, roles: str, template: str | None = None) -> None:
    from psycopg import sql

    statement = sql.SQL("create database {} owner {}").format(
        sql.Identifier(name), sql.Identifier(roles + OWNER)
    )
    if template is not None:
        statement += sql.SQL(" template {}").format(sql.Identifier(template))
    admin.execute(statement)


def _close(admin: "Connection", name: str, *, roles: str) -> None:
    from psycopg import sql

    _shut(admin, name)
    admin.execute(
        sql.SQL("grant connect, temporary on database {} to {}").format(
            sql.Identifier(name), sql.Identifier(roles + PROCESSES)
        )
    )


def _shut(admin: "Connection", name: str) -> None:
    from psycopg import sql

    admin.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))


def _absent(admin: "Connection", catalogue: str, column: str, name: str) -> bool:
    from psycopg import sql

    asked = sql.SQL("select 1 from {} where {} = %s").format(
        sql.Identifier(catalogue), sql.Identifier(column)
    )
    return admin.execute(asked, (name,)).fetchone() is None

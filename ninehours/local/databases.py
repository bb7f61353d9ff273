"""Databases of their own, each with a role of its own, on any PostgreSQL we are admitted to."""

# ruff: noqa: PLC0415  heavy imports wait until the servers that need them are starting

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

if TYPE_CHECKING:
    from psycopg import Connection


# Who reads billing's views for billing teams; a person's login is made a member of it.
BILLING_READER = "ninehours_billing_reader"


def create_databases(admin_url: str, passwords: Mapping[str, str]) -> dict[str, str]:
    """Make what is missing, set every role's password, close each database to everybody else."""
    with _admin(admin_url) as admin:
        _reader(admin, BILLING_READER)
        for name, password in passwords.items():
            _role(admin, name, password)
            if _absent(admin, "pg_database", "datname", name):
                _create(admin, name, owner=name)
            _close(admin, name)
    return {n: database_url(admin_url, n, n, password) for n, password in passwords.items()}


def create_database(
    admin_url: str, name: str, password: str, *, template: str | None = None
) -> str:
    """A fresh database; as a copy of a quiet `template` it also belongs to the template's owner.

    The copy's tables are the template owner's, so a role of its own could not touch them; then
    `password` is that of the template's owner.
    """
    with _admin(admin_url) as admin:
        owner = template or name
        if template is None:
            _role(admin, name, password)
        _create(admin, name, owner=owner, template=template)
        _close(admin, name)
    return database_url(admin_url, name, owner, password)


def drop_database(admin_url: str, name: str) -> None:
    """Remove it, whoever is connected, and its role unless that owns something else."""
    import psycopg
    from psycopg import sql

    with _admin(admin_url) as admin:
        admin.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )
        try:
            admin.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(name)))
        except psycopg.errors.DependentObjectsStillExist:
            return


def database_url(admin_url: str, database: str, role: str, password: str) -> str:
    """The same server as SQLAlchemy is told of it."""
    server = urlsplit(plain(admin_url))
    place = f"{server.hostname or 'localhost'}:{server.port or 5432}"
    # Each process shows a certificate of its own, and not that of whoever made its database.
    own = {"sslcert", "sslkey", "sslrootcert", "sslmode"}
    query = urlencode([(name, value) for name, value in parse_qsl(server.query) if name not in own])
    options = f"?{query}" if query else ""
    return (
        f"postgresql+psycopg://{quote(role)}:{quote(password, safe='')}@{place}/{database}{options}"
    )


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


def _role(admin: "Connection", name: str, password: str) -> None:
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


def _reader(admin: "Connection", name: str) -> None:
    """A role without a login: migrations grant it what it may read."""
    from psycopg import sql

    if _absent(admin, "pg_roles", "rolname", name):
        admin.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))


def _create(admin: "Connection", name: str, *, owner: str, template: str | None = None) -> None:
    from psycopg import sql

    statement = sql.SQL("create database {} owner {}").format(
        sql.Identifier(name), sql.Identifier(owner)
    )
    if template is not None:
        statement += sql.SQL(" template {}").format(sql.Identifier(template))
    admin.execute(statement)


def _close(admin: "Connection", name: str) -> None:
    from psycopg import sql

    admin.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))


def _absent(admin: "Connection", catalogue: str, column: str, name: str) -> bool:
    from psycopg import sql

    asked = sql.SQL("select 1 from {} where {} = %s").format(
        sql.Identifier(catalogue), sql.Identifier(column)
    )
    return admin.execute(asked, (name,)).fetchone() is None

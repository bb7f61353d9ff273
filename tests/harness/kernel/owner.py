"""What no process may do: a test's database, as the role that owns it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import NullPool, create_engine

from kernel.store.roles import RoledDatabase, act_as_owner
from kernel.store.store import Store, Transaction
from ninehours.local.databases import Login

MIGRATIONS: dict[str, Login] = {}
"""Of databases that tests were given, by name."""


def owning(store: Store) -> Store:
    """The same record, for whoever migrates it; it keeps no connection."""
    login = MIGRATIONS[str(store.engine.url.database)]
    engine = create_engine(login.url, poolclass=NullPool, hide_parameters=True)
    act_as_owner(RoledDatabase(engine, "a test", {}))
    return replace(store, engine=engine)


@contextmanager
def as_owner(store: Store) -> Iterator[Transaction]:
    """A transaction that alters what is recorded, and the tables themselves."""
    with owning(store).transaction() as tx:
        yield tx

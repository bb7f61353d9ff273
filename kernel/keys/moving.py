"""Moving keys out of the database that they protect, where releases of before kept them."""

from sqlalchemy import Connection, Engine

from kernel.keys.ports import MasterKeyMissing
from kernel.keys.sealing import Unsealable
from kernel.keys.store import DIGESTING, SqlKeyStore
from kernel.store.statements import text

BATCH = 500


class KeysNotMoved(Exception):
    """Keys can't be moved, and stay where they were; the message says why, and names nobody."""


def move_keys(data: Engine, keys: SqlKeyStore) -> int:
    """Copy each key into the key store, verify what is read back, and delete it here; how many.

    In batches, each gone from here only when it was read back from there: broken off anywhere, it
    goes on. In the end its table goes too, so that no process of a release before seals under a key
    of its own making: it is refused instead.
    """
    _keep_digesting(data, keys)
    if not _table_is_there(data):
        return 0
    moved = 0
    while batch := _move(data, keys):
        moved += batch
    return moved


def _keep_digesting(data: Engine, keys: SqlKeyStore) -> None:
    """The key of digests is made while the first master key is there, if digests were made."""
    with data.begin() as connection:
        were_made = connection.execute(text("SELECT EXISTS (SELECT FROM command)")).scalar_one()
    if were_made and keys.find(DIGESTING) is None and keys.masters.first_digesting() is None:
        raise KeysNotMoved(
            "commands were digested under the first master key, which isn't there: mount it until"
            " the keys are moved and wrapped anew"
        )
    keys.digesting()


def _move(data: Engine, keys: SqlKeyStore) -> int:
    """A batch; 0: none was left, and the table is gone."""
    with data.begin() as connection:
        # Whoever still writes keys here waits, and then finds no table.
        connection.execute(text("LOCK TABLE data_key IN EXCLUSIVE MODE"))
        rows = connection.execute(
            text("SELECT owner, wrapped FROM data_key ORDER BY owner LIMIT :batch"),
            {"batch": BATCH},
        ).all()
        if not rows:
            connection.execute(text("DROP TABLE data_key"))
            return 0
        forgotten = keys.destroyed().keys() | _forgotten(connection)
        here = {row.owner: bytes(row.wrapped) for row in rows if row.owner not in forgotten}
        _copy(here, keys)
        connection.execute(
            text("DELETE FROM data_key WHERE owner = ANY(CAST(:owners AS text[]))"),
            {"owners": [row.owner for row in rows]},
        )
    return len(rows)


def _copy(wrapped: dict[str, bytes], keys: SqlKeyStore) -> None:
    try:
        opened = {owner: keys.masters.unwrap_unbound(key) for owner, key in wrapped.items()}
    except MasterKeyMissing as error:
        raise KeysNotMoved(
            f"{error} in the data's database: mount it until they are moved"
        ) from None
    except Unsealable:
        raise KeysNotMoved(
            "a key in the data's database is of another master key than the first"
        ) from None
    keys.put(opened)
    if any(keys.read_back(owner) != key for owner, key in opened.items()):
        raise KeysNotMoved("the key store has another key of an owner than the data's database")


def _table_is_there(data: Engine) -> bool:
    with data.begin() as connection:
        return connection.execute(text("SELECT to_regclass('data_key')")).scalar_one() is not None


def _forgotten(connection: Connection) -> set[str]:
    return set(connection.execute(text("SELECT owner FROM forgotten_owner")).scalars())

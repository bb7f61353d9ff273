"""Destroying owners' keys for good: the registers beside the data and in the key store agree."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Engine

from kernel.execute import CommandExecutor
from kernel.keys.ports import KeyStore
from kernel.store.statements import text
from kernel.store.store import Context, Store


def forget(data: Engine, keys: KeyStore, owners: Mapping[str, datetime]) -> None:
    """Register these owners as forgotten at these times, and destroy their keys and documents, and
    drafts about them.

    Beside the data first: broken off in between, it is done at the next start. Facts stand.
    """
    if not owners:
        return
    with data.begin() as connection:
        connection.execute(
            text("INSERT INTO forgotten_owner VALUES (:owner, :at) ON CONFLICT DO NOTHING"),
            [{"owner": owner, "at": at} for owner, at in owners.items()],
        )
        # Their digests would let whoever has the key of digests try what was in them.
        connection.execute(
            text("DELETE FROM document WHERE owner = ANY(CAST(:owners AS text[]))"),
            {"owners": list(owners)},
        )
        connection.execute(
            text("DELETE FROM draft WHERE 'client/' || client_id = ANY(CAST(:owners AS text[]))"),
            {"owners": list(owners)},
        )
    keys.destroy(owners)


def forget_when_told(store: Store, owners: Iterable[str], context: Context) -> None:
    """A reaction to a forgetting that was heard: as `forget`, and remembered as a command is."""
    forget(store.engine, store.vault.keys, dict.fromkeys(owners, context.now))
    CommandExecutor(store=store, publish=lambda _: ()).transact(context, lambda _: ())


def apply_registers(data: Engine, keys: KeyStore) -> int:
    """Destroy whatever either register names, and enter it in the other; gives how many owners.

    Before anything is served: a database or a key store that was restored to before a forgetting
    brings nobody back.
    """
    with data.begin() as connection:
        rows = connection.execute(text("SELECT owner, destroyed_at FROM forgotten_owner")).all()
    forgotten = {row.owner: row.destroyed_at for row in rows} | dict(keys.destroyed())
    forget(data, keys, forgotten)
    return len(forgotten)

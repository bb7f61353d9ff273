"""The key store: owners' wrapped keys, in a database that isn't backed up with the data.

A register names whose keys were destroyed; it is kept here and beside the data, so that neither
one, restored from before, brings anybody back.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine

from kernel.keys.ports import (
    MasterKeyMissing,
    MasterKeys,
    MasterKeyUse,
    OwnerForgotten,
    WrappedKey,
)
from kernel.keys.sealing import KEY_BYTES, Unsealable
from kernel.store.database import upgrade
from kernel.store.statements import text

MIGRATIONS = Path(__file__).parent / "migrations"

DIGESTING = "digesting"  # the owner of the key of digests: nobody
KEPT_SECONDS = 10.0  # a destroyed key opens nothing after this, in any process
KEYS = text(
    "SELECT owner, master, wrapped FROM owner_key WHERE owner = ANY(CAST(:owners AS text[]))"
    " AND NOT EXISTS (SELECT FROM destroyed_key WHERE destroyed_key.owner = owner_key.owner)"
)
MOST_KEPT = 10_000  # wrapped keys in memory: a MiB or two


class SqlKeyStore:
    """The KeyStore port on PostgreSQL. Each call is a transaction of its own, over when it ends.

    It may be called within a transaction of the data: it waits for nothing that one holds.
    """

    def __init__(
        self, engine: Engine, masters: MasterKeys, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.engine = engine
        self._asked = engine.execution_options(isolation_level="AUTOCOMMIT")  # by one statement
        self.masters = masters
        self._clock = clock
        self._kept: OrderedDict[str, tuple[WrappedKey, float]] = OrderedDict()
        self._lock = Lock()

    def find(self, owner: str) -> bytes | None:
        if (kept := self._remembered(owner)) is not None:
            try:
                return self.masters.unwrap(kept, owner)
            except (MasterKeyMissing, Unsealable):
                self._drop(owner)  # it was wrapped anew since, and the old master key is gone
        with self._asked.connect() as connection:
            wrapped = _wrapped(connection, owner)
        if wrapped is None:
            return None
        key = self.masters.unwrap(wrapped, owner)
        self._remember(owner, wrapped)
        return key

    def fetch(self, owners: Collection[str]) -> None:
        wanted = [owner for owner in owners if self._remembered(owner) is None]
        if not wanted:
            return
        with self._asked.connect() as connection:
            rows = connection.execute(KEYS, {"owners": wanted}).all()
        for row in rows:
            self._remember(row.owner, WrappedKey(row.master, bytes(row.wrapped)))

    def make(self, owner: str) -> bytes:
        return self._make(owner, lambda: secrets.token_bytes(KEY_BYTES))

    def digesting(self) -> bytes:
        """Of an installation of before, what was derived from its first master key."""
        return self._make(
            DIGESTING, lambda: self.masters.first_digesting() or secrets.token_bytes(KEY_BYTES)
        )

    def put(self, keys: Mapping[str, bytes]) -> None:
        """Keep these owners' keys; an owner who has one keeps it."""
        wrapped = {owner: self.masters.wrap(key, owner) for owner, key in keys.items()}
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO owner_key (owner, master, wrapped)"
                    " VALUES (:owner, :master, :wrapped) ON CONFLICT DO NOTHING"
                ),
                [
                    {"owner": owner, "master": key.master, "wrapped": key.wrapped}
                    for owner, key in wrapped.items()
                ],
            )

    def read_back(self, owner: str) -> bytes | None:
        """The owner's key as the key store has it now, and not as it is remembered."""
        self._drop(owner)
        return self.find(owner)

    def rewrap(self, most: int) -> int:
        in_use = self.masters.in_use
        with self.engine.begin() as connection:
            rows = connection.execute(
                text(
                    "SELECT owner, master, wrapped FROM owner_key WHERE master <> :in_use"
                    " ORDER BY owner LIMIT :most FOR UPDATE SKIP LOCKED"
                ),
                {"in_use": in_use, "most": most},
            ).all()
            anew = []
            for row in rows:
                key = self.masters.unwrap(WrappedKey(row.master, bytes(row.wrapped)), row.owner)
                wrapped = self.masters.wrap(key, row.owner)
                anew.append(
                    {"owner": row.owner, "master": wrapped.master, "wrapped": wrapped.wrapped}
                )
            if anew:
                connection.execute(
                    text(
                        "UPDATE owner_key SET master = :master, wrapped = :wrapped"
                        " WHERE owner = :owner"
                    ),
                    anew,
                )
        return len(anew)

    def uses(self) -> Sequence[MasterKeyUse]:
        known = self.masters.known()
        in_use = self.masters.in_use
        with self.engine.begin() as connection:
            rows = connection.execute(
                text(
                    "SELECT id, coalesce(n, 0) AS wraps,"
                    " extract(epoch FROM clock_timestamp() - least(since, noted)) AS seconds"
                    " FROM unnest(CAST(:ids AS text[]), CAST(:since AS timestamptz[]))"
                    " AS here(id, since)"
                    " FULL JOIN (SELECT id, since AS noted FROM master_key) noted USING (id)"
                    " FULL JOIN (SELECT master AS id, count(*) AS n FROM owner_key GROUP BY 1) used"
                    " USING (id) WHERE n > 0 OR since IS NOT NULL ORDER BY seconds DESC, id"
                ),
                {"ids": list(known), "since": list(known.values())},
            ).all()
        return [
            MasterKeyUse(
                master=row.id,
                seconds=None if row.seconds is None else max(float(row.seconds), 0.0),
                wraps=row.wraps,
                in_use=row.id == in_use,
                is_here=row.id in known,
            )
            for row in rows
        ]

    def note_masters(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO master_key VALUES (:id, least(:since, clock_timestamp()))"
                    " ON CONFLICT (id) DO UPDATE"
                    " SET since = least(master_key.since, excluded.since)"
                ),
                [{"id": master, "since": since} for master, since in self.masters.known().items()],
            )

    def close(self) -> None:
        self.engine.dispose()

    # Destroying

    def destroyed(self) -> Mapping[str, datetime]:
        with self.engine.begin() as connection:
            rows = connection.execute(text("SELECT owner, destroyed_at FROM destroyed_key"))
            return {row.owner: row.destroyed_at for row in rows}

    def destroy(self, owners: Mapping[str, datetime]) -> None:
        if not owners:
            return
        with self.engine.begin() as connection:
            connection.execute(
                text("INSERT INTO destroyed_key VALUES (:owner, :at) ON CONFLICT DO NOTHING"),
                [{"owner": owner, "at": at} for owner, at in owners.items()],
            )
            connection.execute(
                text("DELETE FROM owner_key WHERE owner = ANY(CAST(:owners AS text[]))"),
                {"owners": list(owners)},
            )
        for owner in owners:
            self._drop(owner)

    def _make(self, owner: str, new: Callable[[], bytes]) -> bytes:
        key = self.find(owner)
        while key is None:
            self.put({owner: new()})
            key = self.find(owner)
        return key

    # A few wrapped keys are kept in memory: most documents are of whom another was just asked.

    def _remembered(self, owner: str) -> WrappedKey | None:
        with self._lock:
            wrapped, until = self._kept.get(owner, (None, 0.0))
            return wrapped if self._clock() < until else None

    def _remember(self, owner: str, wrapped: WrappedKey) -> None:
        with self._lock:
            self._kept[owner] = (wrapped, self._clock() + KEPT_SECONDS)
            self._kept.move_to_end(owner)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def _drop(self, owner: str) -> None:
        with self._lock:
            self._kept.pop(owner, None)


def migrate_keys(engine: Engine) -> None:
    """Bring a key store's schema up to date."""
    upgrade(engine, MIGRATIONS, [])


def _wrapped(connection: Connection, owner: str) -> WrappedKey | None:
    row = connection.execute(
        text(
            "SELECT master, wrapped, EXISTS (SELECT FROM destroyed_key WHERE owner = :owner) AS"
            " destroyed FROM (SELECT) one LEFT JOIN owner_key ON owner = :owner"
        ),
        {"owner": owner},
    ).one()
    if row.destroyed:
        raise OwnerForgotten(owner)
    return None if row.wrapped is None else WrappedKey(row.master, bytes(row.wrapped))

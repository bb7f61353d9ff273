"""Key stores of tests: the real one behind a store, and one in memory for what is pure."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from kernel.keys.mounted import MountedMasterKeys
from kernel.keys.ports import MasterKeyUse, OwnerForgotten
from kernel.keys.sealing import KEY_BYTES
from kernel.keys.store import SqlKeyStore
from kernel.store.database import open_database
from kernel.store.store import Store
from kernel.vault import Vault


class KeysInMemory:
    """A KeyStore that nothing wraps; it obeys the same contract as the real one."""

    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}
        self._destroyed: dict[str, datetime] = {}

    def find(self, owner: str) -> bytes | None:
        if owner in self._destroyed:
            raise OwnerForgotten(owner)
        return self._keys.get(owner)

    def fetch(self, owners: Collection[str]) -> None:
        return None

    def make(self, owner: str) -> bytes:
        found = self.find(owner)
        return found or self._keys.setdefault(owner, secrets.token_bytes(KEY_BYTES))

    def digesting(self) -> bytes:
        return self.make("digesting")

    def rewrap(self, most: int) -> int:
        return 0

    def uses(self) -> Sequence[MasterKeyUse]:
        return ()

    def note_masters(self) -> None:
        return None

    def close(self) -> None:
        return None

    def destroyed(self) -> Mapping[str, datetime]:
        return dict(self._destroyed)

    def destroy(self, owners: Mapping[str, datetime]) -> None:
        for owner, at in owners.items():
            self._destroyed.setdefault(owner, at)
            self._keys.pop(owner, None)


def vault_on(url: str, secrets_dir: Path, service: str) -> Vault:
    """A service's vault on its key store's database, under the keys of the folder."""
    return Vault(SqlKeyStore(open_database(url, pool=4), MountedMasterKeys(secrets_dir, service)))


def keys_of(store: Store) -> SqlKeyStore:
    """The real key store behind a store."""
    keys = store.vault.keys
    assert isinstance(keys, SqlKeyStore)
    return keys


def keys_url(store: Store) -> str:
    """Its database, as a setting names it: by another name of the host than the data's."""
    url = keys_of(store).engine.url.set(host="localhost")
    return url.render_as_string(hide_password=False)

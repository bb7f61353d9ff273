"""Master keys as mounted files, read again while the process runs."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kernel.keys.ports import MasterKeyMissing, WrappedKey
from kernel.keys.sealing import KEY_BYTES, decrypt, encrypt
from kernel.rereading import NOW, Rereading
from kernel.secrets import FIRST_MASTER, MasterFiles, master_files, masters_in

# Of before: neither the master key's id nor the owner was bound.
UNBOUND = b"ninehours data key/1"


@dataclass(frozen=True, slots=True)
class _Masters:
    in_use: str
    keys: Mapping[str, AESGCM]
    written_at: Mapping[str, datetime]
    digesting: bytes | None


class MountedMasterKeys:
    """The MasterKeys port on `NINEHOURS_SECRETS_DIR`.

    New and removed files count within five seconds; files that can't be read as keys leave the last
    good ones in force, and are logged once. SecretMissing: there were none to begin with.
    """

    def __init__(
        self, secrets_dir: Path, service: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._masters = Rereading(
            master_files(secrets_dir, service),
            lambda read: _masters_of(masters_in(secrets_dir, service, read)),
            clock=clock,
        )

    @property
    def in_use(self) -> str:
        return self._masters.current().in_use

    def known(self) -> Mapping[str, datetime]:
        return self._masters.current().written_at

    def wrap(self, key: bytes, owner: str) -> WrappedKey:
        masters = self._masters.current()
        master = masters.in_use
        return WrappedKey(master, encrypt(masters.keys[master], key, _bound(master, owner)))

    def unwrap(self, wrapped: WrappedKey, owner: str) -> bytes:
        key = self._key(wrapped.master)
        return decrypt(key, wrapped.wrapped, _bound(wrapped.master, owner))

    def unwrap_unbound(self, wrapped: bytes) -> bytes:
        return decrypt(self._key(FIRST_MASTER), wrapped, UNBOUND)

    def first_digesting(self) -> bytes | None:
        return self._masters.current().digesting

    def _key(self, master: str) -> AESGCM:
        # Another process may know a new one already: then the file is here, or about to be.
        known = self._masters.current().keys.get(master) or self._masters.current(NOW).keys.get(
            master
        )
        if known is None:
            raise MasterKeyMissing(master)
        return known


def _masters_of(found: MasterFiles) -> _Masters:
    first = found.files.get(FIRST_MASTER)
    return _Masters(
        in_use=found.in_use,
        keys={
            master: AESGCM(_derived(file.key, b"ninehours wrapping/1"))
            for master, file in found.files.items()
        },
        written_at={master: file.written_at for master, file in found.files.items()},
        digesting=_derived(first.key, b"ninehours digesting/1") if first else None,
    )


def _bound(master: str, owner: str) -> bytes:
    """An id holds no line break, so that no other pair reads the same."""
    return b"ninehours owner key/2\n" + master.encode() + b"\n" + owner.encode()


def _derived(master_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(master_key)

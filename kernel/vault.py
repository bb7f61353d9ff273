"""Envelope encryption: what belongs to an owner is sealed under a key of that owner's own.

Destroying the owner's key forgets everything sealed under it, in every backup of the data.
"""

import hmac
import secrets
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.keys.ports import KeyLost, KeyStore
from kernel.keys.sealing import KEY_BYTES, decrypt, encrypt
from kernel.supposing import SUPPOSING


class Vault:
    """Seals and opens what belongs to one owner; knows no database."""

    def __init__(self, keys: KeyStore) -> None:
        self.keys = keys
        self._digesting: bytes | None = None

    def has_key(self, owner: str) -> bool:
        """Whether the owner has a key; refuses whose was destroyed (OwnerForgotten)."""
        return self._key_of(owner) is not None

    def seal(self, owner: str, plaintext: bytes, context: bytes) -> bytes:
        """Nonce and ciphertext, under the owner's own key, made at first use."""
        return encrypt(AESGCM(self._sealing(owner)), plaintext, context)

    def open(self, owner: str, sealed: bytes, context: bytes) -> bytes:
        """What was sealed in this context, or Unsealable; KeyLost where the owner has no key."""
        key = self._key_of(owner)
        if key is None:
            raise KeyLost(owner)
        return decrypt(AESGCM(key), sealed, context)

    def _key_of(self, owner: str) -> bytes | None:
        supposing = SUPPOSING.get()
        return self.keys.find(owner) or (supposing.keys.get(owner) if supposing else None)

    def _sealing(self, owner: str) -> bytes:
        """Of who has none, made; where it is only supposed, for that alone."""
        supposing = SUPPOSING.get()
        if supposing is None:
            return self.keys.make(owner)
        supposed = supposing.keys.setdefault(owner, secrets.token_bytes(KEY_BYTES))
        return self.keys.find(owner) or supposed

    def digest(self, data: bytes) -> bytes:
        """A keyed hash: equal data can be recognised, and not guessed without the key."""
        if self._digesting is None:
            self._digesting = self.keys.digesting()
        return hmac.digest(self._digesting, data, sha256)

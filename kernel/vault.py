"""Envelope encryption: data under a key of its owner's, that key under the service's master key.

Deleting an owner's wrapped key forgets everything sealed under it, in every backup of the data.
"""

import hmac
import secrets
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
WRAPPED = b"ninehours data key/1"


class Unsealable(Exception):
    """It was sealed under another key or context, or was altered; says no more than that."""

    def __init__(self) -> None:
        super().__init__("sealed under another key or context, or altered")


class Vault:
    """Seals and opens what belongs to one owner; knows no database."""

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes")
        self._wrapping = AESGCM(_derived(master_key, b"ninehours wrapping/1"))
        self._digesting = _derived(master_key, b"ninehours digesting/1")

    def new_wrapped_key(self) -> bytes:
        """A fresh data key, wrapped: all of it that is ever stored."""
        return _encrypt(self._wrapping, secrets.token_bytes(KEY_BYTES), WRAPPED)

    def seal(self, wrapped_key: bytes, plaintext: bytes, context: bytes) -> bytes:
        """Nonce and ciphertext; opening takes the same context (owner, kind, version) again."""
        return _encrypt(self._unwrap(wrapped_key), plaintext, context)

    def open(self, wrapped_key: bytes, sealed: bytes, context: bytes) -> bytes:
        """What was sealed, or Unsealable."""
        return _decrypt(self._unwrap(wrapped_key), sealed, context)

    def digest(self, data: bytes) -> bytes:
        """A keyed hash: equal data can be recognised, and not guessed without the master key."""
        return hmac.digest(self._digesting, data, sha256)

    def _unwrap(self, wrapped_key: bytes) -> AESGCM:
        return AESGCM(_decrypt(self._wrapping, wrapped_key, WRAPPED))


def _derived(master_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(master_key)


def _encrypt(key: AESGCM, plaintext: bytes, context: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + key.encrypt(nonce, plaintext, context)


def _decrypt(key: AESGCM, sealed: bytes, context: bytes) -> bytes:
    try:
        return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
    except (InvalidTag, ValueError):
        raise Unsealable from None

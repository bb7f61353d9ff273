"""AES-256-GCM, in which keys are wrapped and documents sealed."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class Unsealable(Exception):
    """It was sealed under another key or context, or was altered; says no more than that."""

    def __init__(self) -> None:
        super().__init__("sealed under another key or context, or altered")


def encrypt(key: AESGCM, plaintext: bytes, context: bytes) -> bytes:
    """Nonce and ciphertext; opening takes the same context again."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + key.encrypt(nonce, plaintext, context)


def decrypt(key: AESGCM, sealed: bytes, context: bytes) -> bytes:
    """What was encrypted in this context, or Unsealable."""
    try:
        return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
    except (InvalidTag, ValueError):
        raise Unsealable from None

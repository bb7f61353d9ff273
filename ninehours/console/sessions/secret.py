"""What a signed-in browser holds: a secret in its cookie, of which everything else is derived.

The console keeps no secret: whoever reads its database, or a copy of it, can act as nobody.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

BYTES = 32


@dataclass(frozen=True, slots=True)
class SessionSecret:
    """One session's."""

    value: bytes = field(repr=False)

    @classmethod
    def new(cls) -> "SessionSecret":
        return cls(secrets.token_bytes(BYTES))

    @classmethod
    def of_cookie(cls, text: str) -> "SessionSecret | None":
        """None where it isn't one."""
        value = _decoded(text)
        return cls(value) if len(value) == BYTES else None

    @property
    def cookie(self) -> str:
        return _encoded(self.value)

    @property
    def id(self) -> bytes:
        """By what the session is found; it tells nothing of the rest."""
        return self._part("id")

    @property
    def key(self) -> AESGCM:
        """What who is signed in is sealed under."""
        return AESGCM(self._part("key"))

    def form_token(self) -> str:
        """What a form of this session carries: another text each time, so that no length of a
        compressed page tells of it."""
        mask = secrets.token_bytes(BYTES)
        return _encoded(mask + _xor(mask, self._part("form")))

    def made(self, form_token: str) -> bool:
        """Whether a form that carries this is of this session."""
        given = _decoded(form_token)
        if len(given) != 2 * BYTES:
            return False
        return hmac.compare_digest(_xor(given[:BYTES], given[BYTES:]), self._part("form"))

    def _part(self, purpose: str) -> bytes:
        return hmac.digest(self.value, purpose.encode(), "sha256")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}".encode("ascii"))
    except ValueError:
        return b""

"""A fact's signature: made by whoever appends it, checked once by whoever hears it.

It binds all that a listener relies on: the topic, and every field of the envelope but two. The
epoch is the log's and not the fact's: it is asked of the owner, who raises it when the database
was restored. The source says no more than the topic does.
"""

from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc.jwk import OKPKey

from kernel.messaging.envelope import HEADERS, Envelope, Record
from kernel.rereading import AT_ONCE, Rereading
from kernel.secrets import issuer_of
from kernel.services import service_of

VERSION = "1"
NOT_SIGNED = frozenset({"source", "epoch", "signature"})
SIGNED = tuple(field for field in HEADERS if field not in NOT_SIGNED)


class Untrusted(Exception):
    """A record that isn't its owner's word; the text says why, and holds no value of it."""


class Unsigned(Untrusted):
    """It has no signature where its owner's facts have one."""


class FalselySigned(Untrusted):
    """Its signature is none of its topic's owner for what it says."""


class UnknownKey(Untrusted):
    """Its owner's, it says, under a key that isn't published here, or not yet."""


class Signer(Protocol):
    """Signs facts as the service that owns the topic."""

    def sign(self, topic: str, envelope: Envelope, body: bytes) -> str:
        """What the envelope is to carry as its signature."""
        ...


@dataclass(frozen=True, slots=True)
class FactSigner:
    """Under a key that may be replaced meanwhile."""

    key: Callable[[], OKPKey]

    def sign(self, topic: str, envelope: Envelope, body: bytes) -> str:
        """`<version> <key id> <signature in base64>`."""
        key = self.key()
        private = key.private_key
        if not isinstance(private, Ed25519PrivateKey):
            raise TypeError("facts are signed with Ed25519")
        signature = private.sign(signed_bytes(topic, envelope, body))
        return f"{VERSION} {key.kid} {b64encode(signature).decode()}"


Keys = Callable[[float | None], Mapping[str, OKPKey]]
"""Key id → what facts are verified with; looked for anew where the last look is older than that."""


@dataclass(frozen=True, slots=True)
class Signatures:
    """Believes what a topic's owner signed, and of what the owner says is older, as much."""

    keys: Keys

    @classmethod
    def of(cls, published: Rereading[Mapping[str, OKPKey]]) -> "Signatures":
        """By the keys in a file."""
        return cls(lambda at_most: published.current(*() if at_most is None else (at_most,)))

    def check(self, record: Record, envelope: Envelope, sealed_to: int | None) -> None:
        """Raises Unsigned, FalselySigned or UnknownKey for what isn't to be heard.

        Without a signature a fact is believed only of its owner, who says at which position of
        its log it stands and up to which one may; and never behind the one (`sealed_to`) that it
        was said to be for good.
        """
        if not envelope.signature:
            last = record.unsigned_to if sealed_to is None else min(record.unsigned_to, sealed_to)
            if not record.from_owner or not 0 < record.position <= last:
                raise Unsigned
            return
        version, kid, signature = _parts(envelope.signature)
        if version != VERSION or issuer_of(kid) != service_of(record.topic):
            raise FalselySigned
        public = self._key(kid).public_key
        if not isinstance(public, Ed25519PublicKey):
            raise FalselySigned
        try:
            public.verify(signature, signed_bytes(record.topic, envelope, record.body))
        except InvalidSignature:
            raise FalselySigned from None

    def _key(self, kid: str) -> OKPKey:
        found = self.keys(None).get(kid) or self.keys(AT_ONCE).get(kid)
        if found is None:
            raise UnknownKey
        return found


def signed_bytes(topic: str, envelope: Envelope, body: bytes) -> bytes:
    """What is signed: each part behind its length, so that none runs into the next."""
    parts = [f"ninehours fact {VERSION}", topic]
    for field in SIGNED:
        name, _, write = HEADERS[field]
        said = getattr(envelope, field)
        # One moment has one spelling, in whatever zone a connection shows it.
        parts += [name, write(said.astimezone(UTC) if isinstance(said, datetime) else said)]
    encoded = [part.encode() for part in parts]
    return b"".join(b"%d:%b" % (len(part), part) for part in [*encoded, body])


def _parts(signature: str) -> tuple[str, str, bytes]:
    try:
        version, kid, encoded = signature.split(" ")
        return version, kid, b64decode(encoded, validate=True)
    except (ValueError, NoBase64):
        raise FalselySigned from None

"""The keys that a process is given: the files of `NINEHOURS_SECRETS_DIR`, of its own service alone.

In a cluster they are mounted; on one machine ninehours.local.secrets makes them.

`<issuer>.jwk.json` is private: what it signs tokens with. `public.jwks.json` is what everybody
verifies them with: several keys an issuer, by `kid`, which is the issuer's name or
`<name>/<anything>`, with the time each was made (`iat`). `<service>.facts.jwk.json` and
`facts.jwks.json` are the same of facts, under other keys: a token is over in an hour, and a fact is
verified as long as its log is read. `<service>.master` and `<service>.master.<id>` wrap owners'
keys; `<service>.master-in-use` says by its id which of several does so from now on.
"""

import binascii
import json
import re
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from kernel.rereading import Files, Rereading, Unusable, rereading_one
from kernel.services import CONSOLE, SERVICES

Clock = Callable[[], float]
T = TypeVar("T")

PEOPLE = "people"
MASTER_BYTES = 32
FIRST_MASTER = "first"
"""The id of `<service>.master`, which is older than ids."""
TOLD = 5  # keys of a use: those of facts stay published for as long as there are facts
LONG_AGO = datetime.min.replace(tzinfo=UTC)
MASTER_ID = re.compile("[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys of one use: who has one, and how the files are called."""

    issuers: tuple[str, ...]
    public: str
    private: str

    def private_path(self, secrets_dir: Path, issuer: str) -> Path:
        """What the issuer signs with."""
        return secrets_dir / f"{issuer}{self.private}"


OF_TOKENS = SigningKeys((PEOPLE, CONSOLE, *SERVICES), "public.jwks.json", ".jwk.json")
OF_FACTS = SigningKeys(SERVICES, "facts.jwks.json", ".facts.jwk.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyAge:
    """A key that an issuer signs `tokens` or `facts` with, or did; `made_at` None: it doesn't say.

    `published`: what it signs can be verified. `signs`: it is the one that is signed with, a minute
    after it was published.
    """

    use: str
    id: str
    made_at: datetime | None
    signs: bool
    published: bool


class SecretMissing(Unusable):
    """A key file is absent or is not a key; the message names the file only."""


@dataclass(frozen=True, slots=True)
class MasterFile:
    """A master key of 32 bytes, and when its file was written."""

    key: bytes
    written_at: datetime


@dataclass(frozen=True, slots=True)
class MasterFiles:
    """A service's master keys by their ids; `in_use` wraps, all of them unwrap."""

    in_use: str
    files: Mapping[str, MasterFile]


def issuer_of(kid: object) -> str:
    """Whose key it is; empty where that can't be told."""
    return kid.partition("/")[0] if isinstance(kid, str) else ""


def private_key(secrets_dir: Path, issuer: str, keys: SigningKeys = OF_TOKENS) -> OKPKey:
    """What the issuer signs with."""
    path = keys.private_path(secrets_dir, issuer)
    return _private_key_in(path, _read(path))


def signing_key_ages(secrets_dir: Path, issuer: str) -> list[SigningKeyAge]:
    """The issuer's, as files are now: of each use the one that signs, and those before it from the
    newest on, as many as are told. What can't be read is left out.
    """
    found: list[SigningKeyAge] = []
    for use, keys in (("tokens", OF_TOKENS), ("facts", OF_FACTS)):
        with suppress(SecretMissing):
            signs = private_key(secrets_dir, issuer, keys)
            published = public_keys(secrets_dir, keys)
            ages = [
                SigningKeyAge(
                    use=use,
                    id=kid,
                    made_at=_made_at(key),
                    signs=kid == signs.kid,
                    published=kid in published,
                )
                for kid, key in {str(signs.kid): signs, **published}.items()
                if issuer_of(kid) == issuer
            ]
            ages.sort(key=lambda age: (age.signs, age.made_at or LONG_AGO), reverse=True)
            found += ages[:TOLD]
    return found


def signing_key(
    secrets_dir: Path,
    issuer: str,
    clock: Clock = time.monotonic,
    keys: SigningKeys = OF_TOKENS,
) -> Rereading[OKPKey]:
    """What the issuer signs with, as its file is replaced."""
    return _rereading(keys.private_path(secrets_dir, issuer), _private_key_in, clock)


def published_keys(
    secrets_dir: Path, clock: Clock = time.monotonic, keys: SigningKeys = OF_TOKENS
) -> Rereading[Mapping[str, OKPKey]]:
    """Key id → what signatures are verified with, as their file is replaced."""
    return _rereading(secrets_dir / keys.public, _public_keys_in, clock)


def public_keys(secrets_dir: Path, keys: SigningKeys = OF_TOKENS) -> Mapping[str, OKPKey]:
    """Key id → what the issuer's signatures are verified with."""
    path = secrets_dir / keys.public
    return _public_keys_in(path, _read(path))


def master_keys(secrets_dir: Path, service: str) -> MasterFiles:
    """What the service's owners' keys are wrapped under, as it is now; refuses as `masters_in`."""
    return masters_in(secrets_dir, service, master_files(secrets_dir, service).read())


def master_files(secrets_dir: Path, service: str) -> Files:
    """Where the service's master keys stand, and which is in use."""
    return Files(
        secrets_dir, lambda folder: sorted(path.name for path in folder.glob(f"{service}.master*"))
    )


def masters_in(secrets_dir: Path, service: str, read: Mapping[str, bytes]) -> MasterFiles:
    """What these files say.

    SecretMissing: there is none, one is no key, or of several none is said to be in use.
    """
    first, pointer = f"{service}.master", f"{service}.master-in-use"
    names = {FIRST_MASTER: first} if first in read else {}
    for name in read:
        if name.startswith(f"{first}."):
            master = name.removeprefix(f"{first}.")
            if not MASTER_ID.fullmatch(master):
                wrong = secrets_dir / name
                raise SecretMissing(f"{wrong} ends in no id: small letters, digits and hyphens")
            if master == FIRST_MASTER:
                raise SecretMissing(f"{secrets_dir / name} has the id of {secrets_dir / first}")
            names[master] = name
    if not names:
        raise _absent(secrets_dir / first)
    in_use = next(iter(names)) if len(names) == 1 else ""
    if pointer in read:
        in_use = read[pointer].decode(errors="replace").strip()
    if in_use not in names:
        raise SecretMissing(f"{secrets_dir / pointer} names none of the master keys beside it")
    masters = {each: _master(secrets_dir / name, read[name]) for each, name in names.items()}
    return MasterFiles(in_use, masters)


def _master(path: Path, content: bytes) -> MasterFile:
    try:
        key = b64decode(content.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != MASTER_BYTES:
        raise SecretMissing(f"{path} is not {MASTER_BYTES} bytes in base64")
    return MasterFile(key, datetime.fromtimestamp(path.stat().st_mtime, UTC))


def _private_key_in(path: Path, content: bytes) -> OKPKey:
    try:
        key = OKPKey.import_key(json.loads(content))
    except (ValueError, JoseError):
        raise SecretMissing(f"{path} is not a JSON web key") from None
    issuer = path.name.partition(".")[0]
    if not key.is_private or issuer_of(key.kid) != issuer:
        raise SecretMissing(f"{path} is not the private key of {issuer}")
    return key


def _public_keys_in(path: Path, content: bytes) -> Mapping[str, OKPKey]:
    try:
        keys = KeySet.import_key_set(json.loads(content)).keys
    except (ValueError, KeyError, TypeError, JoseError):
        raise SecretMissing(f"{path} is not a JSON web key set") from None
    return {key.kid: key for key in keys if isinstance(key, OKPKey) and key.kid}


def _made_at(key: OKPKey) -> datetime | None:
    made: object = key.get("iat")
    with suppress(OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(made, UTC) if isinstance(made, int) else None
    return None


def _rereading(path: Path, read: Callable[[Path, bytes], T], clock: Clock) -> Rereading[T]:
    try:
        return rereading_one(path, read, clock=clock)
    except FileNotFoundError:
        raise _absent(path) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise _absent(path) from None


def _absent(path: Path) -> SecretMissing:
    return SecretMissing(f"there is no {path}")

"""The keys of a one-machine installation, made at first start; in a cluster they are mounted.

`<issuer>.jwk.json` is private: what it signs with. `public.jwks.json` is what everybody verifies
with: several keys an issuer, by `kid`, which is the issuer's name or `<name>/<anything>`.
`<service>.master` wraps data keys.
"""

import binascii
import json
import os
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from kernel.rereading import Rereading
from kernel.services import SERVICES

Clock = Callable[[], float]
T = TypeVar("T")

PEOPLE = "people"
ISSUERS = (PEOPLE, *SERVICES)
PUBLIC = "public.jwks.json"
PRIVATE = ".jwk.json"
MASTER_BYTES = 32


class SecretMissing(Exception):
    """A key file is absent or is not a key; the message names the file only."""


def generate(secrets_dir: Path) -> None:
    """Make what is missing; what is there stays. Safe when several processes start at once."""
    secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    secrets_dir.chmod(0o700)
    made = set()
    for issuer in ISSUERS:
        path = _private_path(secrets_dir, issuer)
        if not path.exists():
            made.add(issuer)
            _write_once(path, json.dumps(_new_key(issuer).as_dict(private=True)).encode())
    for service in SERVICES:
        path = _master_path(secrets_dir, service)
        if not path.exists():
            _write_once(path, b64encode(secrets.token_bytes(MASTER_BYTES)))
    kept = [key for key in _published(secrets_dir) if issuer_of(key.kid) not in made]
    _publish(secrets_dir, [*kept, *(private_key(secrets_dir, issuer) for issuer in ISSUERS)])


def replace_signing_key(secrets_dir: Path, issuer: str) -> None:
    """Make the issuer's next key, published beside the one before, which stays believed.

    Processes sign with it a minute after they saw it published; `withdraw_old_keys` then ends
    what was before.
    """
    fresh = _new_key(f"{issuer}/{secrets.token_hex(4)}")
    path = _private_path(secrets_dir, issuer)
    _publish(secrets_dir, [*_published(secrets_dir), fresh])
    _written(path, json.dumps(fresh.as_dict(private=True)).encode()).replace(path)


def withdraw_old_keys(secrets_dir: Path, issuer: str) -> None:
    """Publish of the issuer what it signs with, and nothing from before."""
    others = [key for key in _published(secrets_dir) if issuer_of(key.kid) != issuer]
    _publish(secrets_dir, [*others, private_key(secrets_dir, issuer)])


def issuer_of(kid: object) -> str:
    """Whose key it is; empty where that can't be told."""
    return kid.partition("/")[0] if isinstance(kid, str) else ""


def private_key(secrets_dir: Path, issuer: str) -> OKPKey:
    """What the issuer signs with."""
    path = _private_path(secrets_dir, issuer)
    return _private_key_in(path, _read(path))


def signing_key(secrets_dir: Path, issuer: str, clock: Clock = time.monotonic) -> Rereading[OKPKey]:
    """What the issuer signs with, as its file is replaced."""
    return _rereading(_private_path(secrets_dir, issuer), _private_key_in, clock)


def published_keys(
    secrets_dir: Path, clock: Clock = time.monotonic
) -> Rereading[Mapping[str, OKPKey]]:
    """Key id → what signatures are verified with, as their file is replaced."""
    return _rereading(secrets_dir / PUBLIC, _public_keys_in, clock)


def public_keys(secrets_dir: Path) -> Mapping[str, OKPKey]:
    """Key id → what the issuer's signatures are verified with."""
    path = secrets_dir / PUBLIC
    return _public_keys_in(path, _read(path))


def master_key(secrets_dir: Path, service: str) -> bytes:
    """What the service's data keys are wrapped under."""
    path = _master_path(secrets_dir, service)
    try:
        key = b64decode(_read(path).strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != MASTER_BYTES:
        raise SecretMissing(f"{path} is not {MASTER_BYTES} bytes in base64")
    return key


def _private_key_in(path: Path, content: bytes) -> OKPKey:
    try:
        key = OKPKey.import_key(json.loads(content))
    except (ValueError, JoseError):
        raise SecretMissing(f"{path} is not a JSON web key") from None
    issuer = path.name.removesuffix(PRIVATE)
    if not key.is_private or issuer_of(key.kid) != issuer:
        raise SecretMissing(f"{path} is not the private key of {issuer}")
    return key


def _public_keys_in(path: Path, content: bytes) -> Mapping[str, OKPKey]:
    try:
        keys = KeySet.import_key_set(json.loads(content)).keys
    except (ValueError, KeyError, TypeError, JoseError):
        raise SecretMissing(f"{path} is not a JSON web key set") from None
    return {key.kid: key for key in keys if isinstance(key, OKPKey) and key.kid}


def _rereading(path: Path, read: Callable[[Path, bytes], T], clock: Clock) -> Rereading[T]:
    try:
        return Rereading(path, read, clock=clock)
    except FileNotFoundError:
        raise _missing(path) from None


def _new_key(kid: str) -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": "Ed25519"})


def _published(secrets_dir: Path) -> list[OKPKey]:
    try:
        return [*public_keys(secrets_dir).values()]
    except SecretMissing:
        return []


def _publish(secrets_dir: Path, keys: Iterable[OKPKey]) -> None:
    """Of several keys under one id the last one counts: one made anew is not refused for ever."""
    by_kid = {key.kid: key.as_dict(private=False) for key in keys}
    wanted = json.dumps({"keys": [by_kid[kid] for kid in sorted(by_kid, key=str)]}).encode()
    path = secrets_dir / PUBLIC
    if not path.exists() or path.read_bytes() != wanted:
        _written(path, wanted).replace(path)


def _write_once(path: Path, content: bytes) -> None:
    fresh = _written(path, content)
    try:
        # A link fails when the target exists: of two that start at once, one key wins, whole.
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _written(path: Path, content: bytes) -> Path:
    """A complete file beside the path, on disk, readable by its owner only."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise _missing(path) from None


def _missing(path: Path) -> SecretMissing:
    return SecretMissing(f"there is no {path}; kernel.secrets.generate makes it")


def _private_path(secrets_dir: Path, issuer: str) -> Path:
    return secrets_dir / f"{issuer}{PRIVATE}"


def _master_path(secrets_dir: Path, service: str) -> Path:
    return secrets_dir / f"{service}.master"

"""The keys of a one-machine installation, made at first start; in a cluster they are mounted.

`<issuer>.jwk.json` is private, `public.jwks.json` is what everybody verifies with,
`<service>.master` and `<service>.master.<id>` wrap owners' keys; `<service>.master-in-use` says by
its id which of several does so from now on.
"""

import binascii
import json
import os
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from kernel.services import SERVICES

PEOPLE = "people"
ISSUERS = (PEOPLE, *SERVICES)
PUBLIC = "public.jwks.json"
MASTER_BYTES = 32
FIRST_MASTER = "first"
"""The id of `<service>.master`, which is older than ids."""
MASTER_ID = re.compile("[a-z0-9][a-z0-9-]{0,31}")


class SecretMissing(Exception):
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


def generate(secrets_dir: Path) -> None:
    """Make what is missing; what is there stays. Safe when several processes start at once."""
    secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    secrets_dir.chmod(0o700)
    for issuer in ISSUERS:
        path = _private_path(secrets_dir, issuer)
        if not path.exists():
            key = OKPKey.generate_key("Ed25519", {"kid": issuer, "use": "sig", "alg": "Ed25519"})
            _write_once(path, json.dumps(key.as_dict(private=True)).encode())
    for service in SERVICES:
        # The first one may be gone already: others took its place.
        if not _master_paths(secrets_dir, service):
            _write_once(
                secrets_dir / f"{service}.master", b64encode(secrets.token_bytes(MASTER_BYTES))
            )
    _publish(secrets_dir)


def private_key(secrets_dir: Path, issuer: str) -> OKPKey:
    """What the issuer signs with."""
    path = _private_path(secrets_dir, issuer)
    try:
        key = OKPKey.import_key(json.loads(_read(path)))
    except (ValueError, JoseError):
        raise SecretMissing(f"{path} is not a JSON web key") from None
    if not key.is_private or key.kid != issuer:
        raise SecretMissing(f"{path} is not the private key of {issuer}")
    return key


def public_keys(secrets_dir: Path) -> Mapping[str, OKPKey]:
    """Issuer → what its signatures are verified with."""
    path = secrets_dir / PUBLIC
    try:
        keys = KeySet.import_key_set(json.loads(_read(path))).keys
    except (ValueError, KeyError, TypeError, JoseError):
        raise SecretMissing(f"{path} is not a JSON web key set") from None
    return {key.kid: key for key in keys if isinstance(key, OKPKey) and key.kid}


def master_keys(secrets_dir: Path, service: str) -> MasterFiles:
    """What the service's owners' keys are wrapped under.

    SecretMissing: there is none, one is no key, or of several none is said to be in use.
    """
    paths = _master_paths(secrets_dir, service)
    if not paths:
        raise _absent(secrets_dir / f"{service}.master")
    pointer = secrets_dir / f"{service}.master-in-use"
    in_use = next(iter(paths)) if len(paths) == 1 else ""
    if pointer.exists():
        in_use = _read(pointer).decode(errors="replace").strip()
    if in_use not in paths:
        raise SecretMissing(f"{pointer} names none of the master keys beside it")
    return MasterFiles(in_use, {each: _master(path) for each, path in paths.items()})


def _master_paths(secrets_dir: Path, service: str) -> dict[str, Path]:
    """Id → its file, of every master key that is there."""
    first, prefix = secrets_dir / f"{service}.master", f"{service}.master."
    further = {
        path.name.removeprefix(prefix): path for path in sorted(secrets_dir.glob(f"{prefix}*"))
    }
    if wrong := [path for each, path in further.items() if not MASTER_ID.fullmatch(each)]:
        raise SecretMissing(f"{wrong[0]} ends in no id: small letters, digits and hyphens")
    if FIRST_MASTER in further:
        raise SecretMissing(f"{further[FIRST_MASTER]} has the id of {first}")
    return ({FIRST_MASTER: first} if first.exists() else {}) | further


def _master(path: Path) -> MasterFile:
    try:
        key = b64decode(_read(path).strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != MASTER_BYTES:
        raise SecretMissing(f"{path} is not {MASTER_BYTES} bytes in base64")
    return MasterFile(key, datetime.fromtimestamp(path.stat().st_mtime, UTC))


def _publish(secrets_dir: Path) -> None:
    """The public set follows the private keys, so a key made anew is not refused for ever."""
    keys = [private_key(secrets_dir, issuer).as_dict(private=False) for issuer in ISSUERS]
    wanted = json.dumps({"keys": keys}).encode()
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
        raise _absent(path) from None


def _absent(path: Path) -> SecretMissing:
    return SecretMissing(f"there is no {path}; kernel.secrets.generate makes it")


def _private_path(secrets_dir: Path, issuer: str) -> Path:
    return secrets_dir / f"{issuer}.jwk.json"

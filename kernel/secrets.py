"""The keys of a one-machine installation, made at first start; in a cluster they are mounted.

`<issuer>.jwk.json` is private, `public.jwks.json` is what everybody verifies with,
`<service>.master` wraps data keys.
"""

import binascii
import json
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from kernel.services import SERVICES

PEOPLE = "people"
ISSUERS = (PEOPLE, *SERVICES)
PUBLIC = "public.jwks.json"
MASTER_BYTES = 32


class SecretMissing(Exception):
    """A key file is absent or is not a key; the message names the file only."""


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
        path = _master_path(secrets_dir, service)
        if not path.exists():
            _write_once(path, b64encode(secrets.token_bytes(MASTER_BYTES)))
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
        raise SecretMissing(f"there is no {path}; kernel.secrets.generate makes it") from None


def _private_path(secrets_dir: Path, issuer: str) -> Path:
    return secrets_dir / f"{issuer}.jwk.json"


def _master_path(secrets_dir: Path, service: str) -> Path:
    return secrets_dir / f"{service}.master"

"""What browsers load beside pages: our own files, and others' from wheels that are never imported.

A wheel's file is found by its installed record. It is served as it is read at start, under an
address with its own digest, so that browsers may keep it.
"""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

STATIC = Path(__file__).parent / "static"
LOCK = Path(__file__).with_name("assets.lock")
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
PATH = "/assets"


class AssetMissing(Exception):
    """A wheel that pages need isn't installed, or another one than is locked."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, compressed once."""

    name: str
    content: bytes = field(repr=False)
    compressed: bytes = field(repr=False)
    sha256: str

    @property
    def path(self) -> str:
        return f"{PATH}/{self.sha256[:16]}/{self.name}"

    @property
    def media_type(self) -> str:
        return TYPES[Path(self.name).suffix]


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A line of the lock: whose file is served under which name."""

    sha256: str
    name: str
    distribution: str
    path: str

    def read(self) -> bytes:
        """The file's content, or AssetMissing."""
        try:
            found = [each for each in files(self.distribution) or () if str(each) == self.path]
            content = bytes(found[0].locate().read_bytes())  # type: ignore[attr-defined]
        except (PackageNotFoundError, IndexError, FileNotFoundError):
            raise AssetMissing(
                f"{self.distribution} is not installed, which has {self.path}:"
                " requirements-assets.lock names its version"
            ) from None
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise AssetMissing(f"{self.path} of {self.distribution} is not the one that is locked")
        return content


def locked_files() -> Iterator[LockedFile]:
    """What is served of others."""
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield LockedFile(*line.split())


def assets() -> Mapping[str, Asset]:
    """By path: all that is served. AssetMissing where a file isn't what the lock says."""
    own = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in TYPES}
    others = {locked.name: locked.read() for locked in locked_files()}
    made = (_asset(name, content) for name, content in {**own, **others}.items())
    return {asset.path: asset for asset in made}


def _asset(name: str, content: bytes) -> Asset:
    return Asset(
        name=name,
        content=content,
        compressed=gzip.compress(content, mtime=0),
        sha256=hashlib.sha256(content).hexdigest(),
    )

"""A certificate, its key, the authorities believed: three files of a folder, read as they change.

Who rotates them writes one after the other, or swaps a link to all three as Kubernetes does. What
doesn't fit together is not taken: the last good ones stay.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from kernel import logs

log = logs.get("kernel.tls")

LOOK_EVERY = 1.0  # seconds: as old may be what is shown and believed
MOUNTED = "..data"  # what Kubernetes swaps: all files of a folder change at once


class NoIdentity(Exception):
    """The files are no certificate with its key, and authorities; the text names files only."""


@dataclass(frozen=True, slots=True)
class FileNames:
    """What the three files are called by whoever writes them."""

    certificate: str
    key: str
    authorities: str


# As cert-manager writes a Certificate's; CloudNativePG's client certificates are called so too.
ISSUED = FileNames("tls.crt", "tls.key", "ca.crt")
# As Strimzi writes a KafkaUser's; the authority is that of the brokers.
STRIMZI = FileNames("user.crt", "user.key", "ca.crt")


@dataclass(frozen=True, slots=True)
class Material:
    """What was read, all of it PEM; `certificate` may be a chain, its first is the own."""

    certificate: bytes
    key: bytes
    authorities: bytes
    name: str
    valid_from: datetime
    valid_until: datetime


class Identity:
    """The newest good material of one folder; safe to share between threads."""

    def __init__(self, folder: Path, names: FileNames) -> None:
        """NoIdentity where there is none to begin with."""
        self._folder = folder
        self._names = names
        self._lock = threading.Lock()
        self._seen = self._signature()
        self._looked = time.monotonic()
        self._current = self._read()

    def current(self) -> Material:
        """What is shown and believed now, at most a second old."""
        with self._lock:
            if time.monotonic() - self._looked >= LOOK_EVERY:
                self._looked = time.monotonic()
                self._look()
            return self._current

    def _look(self) -> None:
        signature = self._signature()
        if signature == self._seen:
            return
        self._seen = signature  # before they are read: what changes meanwhile is looked at again
        try:
            self._current = self._read()
        except NoIdentity as error:
            log.warning("certificate_not_taken", reason=str(error))
        else:
            log.info(
                "certificate_taken",
                certificate=self._current.name,
                valid_until=self._current.valid_until,
            )

    def _read(self) -> Material:
        # Resolved once: files of one version, even if the link is swapped between two of them.
        folder = (self._folder / MOUNTED).resolve()
        if not folder.is_dir():
            folder = self._folder
        names = self._names
        return material_of(
            *(_bytes(folder / name) for name in (names.certificate, names.key, names.authorities))
        )

    def _signature(self) -> tuple[tuple[int, int, int], ...]:
        """Changes whenever one of the files does."""
        names = self._names
        return tuple(
            _stamp(self._folder / name)
            for name in (names.certificate, names.key, names.authorities)
        )


def material_of(certificate: bytes, key: bytes, authorities: bytes) -> Material:
    """What the three files say; NoIdentity where they don't fit together."""
    try:
        own = x509.load_pem_x509_certificates(certificate)[0]
    except ValueError:
        raise NoIdentity("the certificate is none, in PEM") from None
    try:
        public = load_pem_private_key(key, password=None).public_key()
    except (ValueError, TypeError):
        raise NoIdentity("the key is none, in PEM and without a password") from None
    try:
        x509.load_pem_x509_certificates(authorities)
    except ValueError:
        raise NoIdentity("the authorities are no certificates, in PEM") from None
    of_key, of_certificate = (
        public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for public_key in (public, own.public_key())
    )
    if of_key != of_certificate:
        raise NoIdentity("the key is not that of the certificate")
    names = own.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Material(
        certificate=certificate,
        key=key,
        authorities=authorities,
        name=str(names[0].value) if names else "",
        valid_from=own.not_valid_before_utc,
        valid_until=own.not_valid_after_utc,
    )


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the three can be read by this process alone."""

    certificate: str
    key: str
    authorities: str


@contextmanager
def as_files(material: Material) -> Iterator[Paths]:
    """For OpenSSL and libpq, which take files only: of memory, so that no key lies on a disk twice,
    and of what was checked, whatever happens to the folder meanwhile."""
    with ExitStack() as open_files:

        def path_of(content: bytes) -> str:
            number = os.memfd_create("ninehours")
            open_files.callback(os.close, number)
            os.fchmod(number, 0o600)  # libpq takes no key that others could read
            os.write(number, content)
            return f"/proc/self/fd/{number}"

        yield Paths(
            path_of(material.certificate), path_of(material.key), path_of(material.authorities)
        )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NoIdentity(f"{path}: {error.strerror}") from None


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_ino, status.st_size)

"""A certificate, its key, the authorities believed: three files of a folder, read as they change.

Who rotates them writes one after the other, or swaps a link to all three as Kubernetes does. What
doesn't fit together is not taken: the last good ones stay (kernel.rereading).
"""

import os
from collections.abc import Iterator, Mapping
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

from kernel.rereading import Files, Rereading, Unusable

LOOK_EVERY = 1.0  # seconds: as old may be what is shown and believed


class NoIdentity(Unusable):
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

        def material_in(read: Mapping[str, bytes]) -> Material:
            return material_of(read[names.certificate], read[names.key], read[names.authorities])

        files = Files.named(folder, names.certificate, names.key, names.authorities)
        try:
            self._read = Rereading(files, material_in)
        except OSError as error:
            raise NoIdentity(f"{error.filename}: {error.strerror}") from None

    def current(self) -> Material:
        """What is shown and believed now, at most a second old."""
        return self._read.current(LOOK_EVERY)


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

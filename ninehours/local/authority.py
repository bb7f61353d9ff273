"""The certificates of one machine: an authority made at first start, and what it issues.

For `up --tls` and tests. In a cluster others issue them, under the same file names.
"""

# ruff: noqa: PLC0415  heavy imports wait until the servers that need them are starting

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ninehours.local.folder import write_private
from ninehours.local.probes import LOOPBACK

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import (
        AuthorityKeyIdentifier,
        Certificate,
        CertificateBuilder,
        Name,
    )

    from kernel.tls.identity import FileNames, Identity

AUTHORITY_LIVES = timedelta(days=3650)
CERTIFICATE_LIVES = timedelta(days=365)  # made anew at each start
SKEW = timedelta(hours=1)
NAME = "Ninehours on this machine"
LAUNCHER = "launcher"
PERSON = "person"


class Wire(StrEnum):
    """What a process speaks on; a folder of its own for each."""

    RPC = "rpc"
    KAFKA = "kafka"
    DATABASE = "database"


class Authority:
    """Issues certificates into `<folder>/<holder>/<wire>`, with whom their holders believe."""

    def __init__(self, folder: Path) -> None:
        """The one of this folder, made at first use."""
        self.folder = folder
        self._own = folder / "authority"
        self._issued: set[tuple[str, Wire]] = set()
        self._own.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self._own / "ca.crt").exists():
            self._make()
        self._believed: tuple[Certificate, ...] = (self._signing()[1],)

    def issue(self, holder: str, *wires: Wire) -> None:
        """A certificate in the holder's name for each of these wires, good on this machine."""
        for wire in wires:
            self._issued.add((holder, wire))
            self._issue(holder, wire)

    def issue_anew(self) -> None:
        """All that was issued, with other keys."""
        for holder, wire in sorted(self._issued):
            self._issue(holder, wire)

    def replace(self) -> None:
        """Sign with another authority from now on; the former is believed too, until `withdraw`."""
        self._make()
        self._believe((*self._believed, self._signing()[1]))

    def withdraw(self) -> None:
        """Nobody believes a former authority any more."""
        self._believe((self._signing()[1],))

    def folder_of(self, holder: str, wire: Wire) -> Path:
        return self.folder / holder / wire

    def identity(self, holder: str, wire: Wire) -> "Identity":
        """What was issued to the holder, as it stands there at any time."""
        from kernel.tls.identity import Identity

        return Identity(self.folder_of(holder, wire), _names_on(wire))

    def _issue(self, holder: str, wire: Wire) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID

        signing, authority = self._signing()
        key = ec.generate_private_key(ec.SECP256R1())
        here = ipaddress.ip_address(LOOPBACK)
        names = [x509.DNSName(holder), x509.DNSName("localhost"), x509.IPAddress(here)]
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        certificate = (
            _begun(holder, key, CERTIFICATE_LIVES)
            .issuer_name(authority.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(_issued_by(signing), critical=False)
        )
        folder = self.folder_of(holder, wire)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = _names_on(wire)
        write_private(folder / files.authorities, _pem(*self._believed))
        write_private(folder / files.key, _pem_of_key(key))
        write_private(folder / files.certificate, _pem(_signed(certificate, signing)))

    def _believe(self, authorities: Sequence["Certificate"]) -> None:
        self._believed = tuple(authorities)
        for holder, wire in self._issued:
            file = self.folder_of(holder, wire) / _names_on(wire).authorities
            write_private(file, _pem(*self._believed))

    def _make(self) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        known_by = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            _begun(NAME, key, AUTHORITY_LIVES)
            .issuer_name(_name(NAME))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(known_by, critical=False)
        )
        write_private(self._own / "ca.key", _pem_of_key(key))
        write_private(self._own / "ca.crt", _pem(_signed(certificate, key)))

    def _signing(self) -> "tuple[EllipticCurvePrivateKey, Certificate]":
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        key = load_pem_private_key((self._own / "ca.key").read_bytes(), None)
        assert isinstance(key, EllipticCurvePrivateKey)
        return key, x509.load_pem_x509_certificate((self._own / "ca.crt").read_bytes())


def _names_on(wire: Wire) -> "FileNames":
    from kernel.tls.identity import ISSUED, STRIMZI

    return STRIMZI if wire is Wire.KAFKA else ISSUED


def _name(common: str) -> "Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _begun(holder: str, key: "EllipticCurvePrivateKey", lives: timedelta) -> "CertificateBuilder":
    from cryptography import x509

    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(holder))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + lives)
    )


def _issued_by(signing: "EllipticCurvePrivateKey") -> "AuthorityKeyIdentifier":
    from cryptography import x509

    return x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())


def _signed(certificate: "CertificateBuilder", key: "EllipticCurvePrivateKey") -> "Certificate":
    from cryptography.hazmat.primitives.hashes import SHA256

    return certificate.sign(key, SHA256())


def _pem(*certificates: "Certificate") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)


def _pem_of_key(key: "EllipticCurvePrivateKey") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

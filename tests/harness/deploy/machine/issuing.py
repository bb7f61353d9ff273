"""Secrets that operators make of a cell's objects: cert-manager, Strimzi, external-secrets.

Of each as much as the objects here say; what they say and isn't understood is refused.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.harness.deploy.cell import Cell, Object, secrets_of

Secret = dict[str, bytes]
USAGES = {
    "client auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "server auth": ExtendedKeyUsageOID.SERVER_AUTH,
}
OF_AUTHORITIES = ("cert sign", "crl sign")
SIGNS = "digital signature"
SKEW = timedelta(minutes=5)
A_YEAR = timedelta(days=365)
AUTHORITY, KEY, CERTIFICATE = "ca.crt", "tls.key", "tls.crt"


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def issue(
    name: str,
    by: Issued | None,
    usages: Sequence[str],
    *,
    answers_as: Sequence[str] = (),
    lives: timedelta = A_YEAR,
) -> Issued:
    """A certificate in that name; by nobody: of one that signs itself, and others."""
    key = ec.generate_private_key(ec.SECP256R1())
    signing = by.key if by else key
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    is_authority = OF_AUTHORITIES[0] in usages
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + lives)
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=SIGNS in usages,
                key_cert_sign=is_authority,
                crl_sign=is_authority,
                **dict.fromkeys((*others, "encipher_only", "decipher_only"), False),
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
    )
    if answers_as:
        names = x509.SubjectAlternativeName([x509.DNSName(each) for each in answers_as])
        builder = builder.add_extension(names, critical=False)
    if purposes := [USAGES[usage] for usage in usages if usage in USAGES]:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    assert {*usages} <= {*USAGES, *OF_AUTHORITIES, SIGNS}, usages
    return Issued(builder.sign(signing, hashes.SHA256()), key)


def certificates(cell: Cell) -> dict[str, Secret]:
    """Of cert-manager's Certificates, by the names of their Secrets."""
    issuers = {each["metadata"]["name"]: each["spec"] for each in cell.all("Issuer")}
    issued: dict[str, Issued] = {}
    made: dict[str, Secret] = {}
    waiting = [each["spec"] for each in cell.all("Certificate")]
    while waiting:
        ready = [spec for spec in waiting if _signs(issuers, spec) in (None, *issued)]
        assert ready, f"nobody signs {waiting}"
        for spec in ready:
            waiting.remove(spec)
            signs = _signs(issuers, spec)
            own = issued[spec["secretName"]] = _issued(spec, issued[signs] if signs else None)
            authority = issued[signs] if signs else own
            made[spec["secretName"]] = {
                CERTIFICATE: own.pem,
                KEY: own.key_pem,
                AUTHORITY: authority.pem,
            }
    return made


def _signs(issuers: Mapping[str, Object], spec: Object) -> str | None:
    """The Secret of the authority that does; None: itself."""
    issuer = issuers[spec["issuerRef"]["name"]]
    return None if "selfSigned" in issuer else issuer["ca"]["secretName"]


def _issued(spec: Object, by: Issued | None) -> Issued:
    assert (spec["privateKey"]["algorithm"], spec["privateKey"]["size"]) == ("ECDSA", 256)
    assert bool(spec.get("isCA")) == (OF_AUTHORITIES[0] in spec["usages"])
    return issue(
        spec["commonName"],
        by,
        spec["usages"],
        answers_as=spec.get("dnsNames", []),
        lives=timedelta(hours=int(spec["duration"].removesuffix("h"))),
    )


def external_secrets(cell: Cell, store: Mapping[str, Secret]) -> dict[str, Secret]:
    """Of ExternalSecrets, what lies in the network's own store under the keys that they name."""
    return {
        each["metadata"]["name"]: _extracted(each["spec"], store)
        for each in cell.all("ExternalSecret")
    }


def _extracted(spec: Object, store: Mapping[str, Secret]) -> Secret:
    found: Secret = {}
    for source in spec["dataFrom"]:
        found |= store[source["extract"]["key"]]
    template = spec.get("target", {}).get("template", {}).get("data")
    return found if template is None else {n: _filled(t, found) for n, t in template.items()}


def _filled(template: str, found: Secret) -> bytes:
    def value(name: "re.Match[str]") -> str:
        return found[name[1]].decode()

    return re.sub(r"\{\{ *\.(\w+) *\}\}", value, template).encode()


def mounted(cell: Cell, made: Iterable[str]) -> set[str]:
    """Secrets that pods mount and nobody makes."""
    return {name for workload in cell.workloads for name, _ in secrets_of(workload)} - {*made}

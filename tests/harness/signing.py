"""Keys of facts that the tests' own records are signed with, the same in every process."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from kernel.messaging.envelope import SIGNATURE, NoEnvelope, Record, read_envelope
from kernel.messaging.signatures import FactSigner, Signatures
from kernel.secrets import OF_FACTS
from kernel.services import SERVICES, service_of
from ninehours.local.secrets import MachineSecrets

# Besides the services: what tests publish of their own.
OWNERS = (*SERVICES, "counting", "tallying", "other", "away", "archive", "none")


@cache
def key_of(kid: str) -> OKPKey:
    """Of the owner of that name, or another of its keys: `<name>/<anything>`."""
    private = Ed25519PrivateKey.from_private_bytes(sha256(f"tests: {kid}".encode()).digest())
    return OKPKey.import_key(private, {"kid": kid})


def signer_of(owner: str) -> FactSigner:
    """Signs as this owner."""
    return FactSigner(lambda: key_of(owner))


def signatures_of(kids: Iterable[str] = OWNERS) -> Signatures:
    """Believes these keys."""
    keys = {kid: key_of(kid) for kid in kids}
    return Signatures(lambda _: keys)


def signed(record: Record, kid: str = "") -> Record:
    """As its topic's owner signs it, or whoever has that key; one without an envelope as it is."""
    owner = kid or service_of(record.topic)
    try:
        envelope = replace(read_envelope(record.headers), signature="")
    except NoEnvelope:
        return record
    signature = signer_of(owner).sign(record.topic, envelope, record.body)
    return replace(record, headers={**record.headers, SIGNATURE: signature.encode()})


def unsigned(record: Record) -> Record:
    """As an older release published it, or as somebody who strips its signature sends it."""
    headers = replace(read_envelope(record.headers), signature="").headers()
    return replace(record, headers=headers)


def make_everybodys(folder: Path) -> None:
    """All keys of one machine in one folder, for tests that are several services."""
    with TemporaryDirectory() as root:
        machine = MachineSecrets(Path(root))
        machine.make()
        for file in machine.root.glob("*/*"):
            shutil.copy(file, folder)


def write_keys_of_facts(secrets_dir: Path) -> None:
    """So that processes of their own sign, and believe, as the tests do."""
    published = [key_of(owner).as_dict(private=False) for owner in OWNERS]
    (secrets_dir / OF_FACTS.public).write_text(json.dumps({"keys": published}))
    for owner in OWNERS:
        path = OF_FACTS.private_path(secrets_dir, owner)
        path.write_text(json.dumps(key_of(owner).as_dict(private=True)))

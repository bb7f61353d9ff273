"""What is kept outside the log: documents, and what Kafka was given."""

from collections.abc import Iterator
from hashlib import sha256

from kernel.messaging.envelope import NoEnvelope, read_envelope
from kernel.vault import Unsealable
from operations.verifying.examination import Examination, Finding


def documents_open(examination: Examination) -> Iterator[Finding]:
    """Every document opens, and has the hash it was sealed with."""
    vault = examination.store.vault
    for row in examination.paged(
        "SELECT owner, kind, version, sealed, digest, wrapped FROM document"
        " JOIN data_key USING (owner) ORDER BY owner, kind, version"
    ):
        examination.count()
        about = f"{row.owner} {row.kind} {row.version}"
        context = f"{row.owner}|{row.kind}|{row.version}".encode()
        try:
            content = vault.open(bytes(row.wrapped), bytes(row.sealed), context)
        except Unsealable:
            yield Finding("DOCUMENT_CLOSED", about, "can't be opened: altered, or of another key")
            continue
        if vault.digest(content) != bytes(row.digest):
            yield Finding("DOCUMENT_ALTERED", about, "has another hash than it was sealed with")


def sent_is_in_kafka(examination: Examination) -> Iterator[Finding]:
    """What is marked as sent can be read back: the same id, place and content.

    Listeners fill holes from PostgreSQL, so that nobody else would notice. What Kafka forgot by its
    retention isn't asked for.
    """
    held: dict[str, tuple[str, int, bytes]] = {}
    for record in examination.kafka():
        examination.count(0)
        try:
            envelope = read_envelope(record.headers)
        except NoEnvelope:
            continue
        digest = sha256(record.body).digest()
        held[str(envelope.id)] = (envelope.subject, envelope.sequence, digest)
    for row in examination.paged(
        "SELECT id, subject, sequence, sha256(body) AS digest FROM published"
        " WHERE sent_at IS NOT NULL"
        " AND (CAST(:since AS timestamptz) IS NULL OR sent_at > :since)",
        since=examination.forgotten_before(),
    ):
        examination.count()
        found = held.get(str(row.id))
        if found is None:
            says = f"{row.id} is marked as sent, and Kafka doesn't have it"
            yield Finding("SENT_NOT_IN_KAFKA", f"{row.subject} {row.sequence}", says)
        elif found != (row.subject, row.sequence, bytes(row.digest)):
            says = f"{row.id} is not in Kafka as it was published"
            yield Finding("SENT_OTHERWISE", f"{row.subject} {row.sequence}", says)

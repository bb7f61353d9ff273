"""Signatures: of what was published here, and of what was heard, as its owners have it now."""

from collections.abc import Iterator

from kernel.messaging.envelope import Envelope, NoEnvelope, Record, read_envelope
from kernel.messaging.signatures import FalselySigned, UnknownKey, Unsigned, Untrusted
from kernel.store import published
from operations.verifying.examination import Examination, Finding

MOST_FACTS = 20_000  # of a log: some three seconds of one core. Half are the last ones
MOST_SUBJECTS = 200  # of a topic, each a question to its owner
LAST = 20  # facts of each of them

WRONG = {
    Unsigned: ("UNSIGNED", "has no signature, and stands where none may be without"),
    FalselySigned: (
        "FALSELY_SIGNED",
        "has a signature that is none of its owner's for what it says",
    ),
    UnknownKey: ("KEY_UNKNOWN", "is signed under a key that isn't published here"),
}


def facts_are_signed(examination: Examination) -> Iterator[Finding]:
    """Every fact behind the seal has a signature; those of the last, and of some, are right."""
    topic = examination.store.topic
    seal = published.seal_of(examination.connection)
    if not seal.for_good:
        says = "facts may stand unsigned: seal it once no process of an older release runs"
        yield Finding("LOG_NOT_SEALED", topic, says)
    for row in examination.paged(
        "SELECT subject, sequence, id FROM published WHERE signature IS NULL AND position > :to",
        to=seal.unsigned_to,
    ):
        yield _finding("FACT", f"{row.subject} {row.sequence}", row.id, Unsigned())
    for row in examination.paged(
        "WITH latest AS (SELECT position FROM published WHERE signature IS NOT NULL"
        "  ORDER BY position DESC LIMIT :half), "
        "chosen AS (SELECT position FROM published WHERE signature IS NOT NULL"
        "  ORDER BY random() LIMIT :half) "
        "SELECT * FROM published WHERE position IN (TABLE latest UNION TABLE chosen)",
        half=MOST_FACTS // 2,
    ):
        examination.count()
        record = Record(
            topic=topic, partition=-1, offset=row.sequence, headers={}, body=bytes(row.body)
        )
        envelope = published.envelope_of(row, source="", epoch=0)
        if wrong := _wrong(examination, record, envelope, seal.unsigned_to):
            yield _finding("FACT", f"{row.subject} {row.sequence}", row.id, wrong)


def heard_is_signed(examination: Examination) -> Iterator[Finding]:
    """The last facts heard of some subjects are signed in their owners' logs, as far as heard."""
    for topic, owner in examination.owners.items():
        for head in examination.rows(
            "SELECT subject, h.sequence, t.unsigned_to FROM heard_head h"
            " JOIN heard_topic t USING (topic) WHERE topic = :topic AND h.sequence > 0"
            " ORDER BY random() LIMIT :most",
            topic=topic,
            most=MOST_SUBJECTS,
        ):
            records, _ = owner.read(head.subject, max(head.sequence - LAST, 0))
            for record in records:
                if record.offset > head.sequence:
                    break
                examination.count()
                try:
                    envelope = read_envelope(record.headers)
                except NoEnvelope:
                    continue  # its owner's own checks find it
                if wrong := _wrong(examination, record, envelope, head.unsigned_to):
                    about = f"{topic} {head.subject} {record.offset}"
                    yield _finding("HEARD_FACT", about, envelope.id, wrong)


def _wrong(
    examination: Examination, record: Record, envelope: Envelope, sealed_to: int | None
) -> Untrusted | None:
    try:
        examination.signatures.check(record, envelope, sealed_to)
    except Untrusted as wrong:
        return wrong
    return None


def _finding(whose: str, about: str, fact: object, wrong: Untrusted) -> Finding:
    reason, says = WRONG[type(wrong)]
    return Finding(f"{whose}_{reason}", about, f"{fact} {says}")

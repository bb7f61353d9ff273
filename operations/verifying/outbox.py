"""What was recorded and published here: whole, in sequence, and the same; in Kafka, too."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from typing import Any

from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from kernel.facts import Publication
from kernel.keys.ports import KeyLost, MasterKeyMissing
from kernel.keys.sealing import Unsealable
from kernel.messaging.envelope import Envelope, NoEnvelope, Record, read_envelope
from kernel.store.documents import context_of
from operations.verifying.examination import BATCH, Examination, Finding, Positions, batches

NAMED = 5  # sequences named in one finding


def sequences_are_whole(examination: Examination) -> Iterator[Finding]:
    """1, 2, 3 … of every subject, up to what the table of sequences says."""
    examination.count(examination.rows("SELECT count(*) AS n FROM published")[0].n)
    for row in examination.paged(
        "SELECT coalesce(s.subject, p.subject) AS subject, coalesce(s.last, 0) AS last, s.last_id,"
        " coalesce(p.high, 0) AS high,"
        " (SELECT id FROM published x WHERE x.subject = s.subject AND x.sequence = s.last) AS id"
        " FROM sequence s FULL JOIN (SELECT subject, count(*) AS n, min(sequence) AS low,"
        "  max(sequence) AS high FROM published GROUP BY subject) p USING (subject)"
        " WHERE s.last IS DISTINCT FROM p.n OR p.low <> 1 OR s.last <> p.high OR s.last_id <>"
        "  (SELECT id FROM published x WHERE x.subject = s.subject AND x.sequence = s.last)"
    ):
        missing = [
            found.n
            for found in examination.rows(
                "SELECT n FROM generate_series(1, :top) n WHERE NOT EXISTS (SELECT FROM published"
                " WHERE subject = :subject AND sequence = n) ORDER BY n",
                top=max(row.last, row.high),
                subject=row.subject,
            )
        ]
        if missing:
            numbers = ", ".join(map(str, missing[:NAMED])) + (" …" if missing[NAMED:] else "")
            says = f"of {row.last} published facts, {numbers} {_is(missing)} not there"
            yield Finding("PUBLISHED_MISSING", f"{row.subject} {missing[0]}", says)
        elif row.last != row.high:
            says = f"the log goes to {row.high}, the table of sequences says {row.last}"
            yield Finding("SEQUENCE_MOVED", f"{row.subject} {row.high}", says)
        else:
            says = f"the last fact is {row.id}, the table of sequences says {row.last_id}"
            yield Finding("SEQUENCE_OTHER_ID", f"{row.subject} {row.last}", says)


def commands_are_whole(examination: Examination) -> Iterator[Finding]:
    """Every fact and every published row is of an accepted command; streams have no holes."""
    examination.count(examination.rows("SELECT count(*) AS n FROM command")[0].n)
    for row in examination.paged(
        "SELECT stream, version, command_id FROM fact"
        " WHERE NOT EXISTS (SELECT FROM command WHERE command.id = command_id)"
    ):
        says = f"its command {row.command_id} was never accepted"
        yield Finding("FACT_WITHOUT_COMMAND", f"{row.stream} {row.version}", says)
    for row in examination.paged(
        "SELECT subject, sequence, command_id FROM published"
        " WHERE command_id IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM command WHERE command.id = command_id)"
    ):
        says = f"its command {row.command_id} was never accepted"
        yield Finding("PUBLISHED_WITHOUT_COMMAND", f"{row.subject} {row.sequence}", says)
    for row in examination.paged(
        "SELECT stream, count(*) AS n, max(version) AS high FROM fact GROUP BY stream"
        " HAVING count(*) <> max(version)"
    ):
        says = f"{row.n} facts, and the last is number {row.high}"
        yield Finding("STREAM_WITH_A_HOLE", row.stream, says)


def facts_are_published(examination: Examination) -> Iterator[Finding]:
    """Each private fact's public facts are in the log, and say what today's code says of it."""
    given = 0
    facts = examination.recorded(examination.paged("SELECT * FROM fact ORDER BY stream, version"))
    for batch in batches(facts, BATCH):
        examination.count(len(batch))
        wanted = [item for recorded in batch for item in examination.publish(recorded)]
        given += len(wanted)
        held = {
            row.id: row
            for row in examination.rows(
                "SELECT id, subject, sequence, type, body FROM published"
                " WHERE id = ANY(CAST(:ids AS uuid[]))",
                ids=[item.id for item in wanted],
            )
        }
        for item in wanted:
            yield from _compared(item, held.get(item.id))
    for about, says in examination.unreadable.items():
        yield Finding("FACT_UNREADABLE", about, says)
    published = examination.rows(
        "SELECT count(*) AS n FROM published WHERE command_id IS NOT NULL"
    )[0].n
    if published > given and not examination.unreadable:
        says = f"{published} facts of commands are published; the commands' own facts give {given}"
        yield Finding("PUBLISHED_WITHOUT_FACT", examination.store.topic, says)


def documents_open(examination: Examination) -> Iterator[Finding]:
    """Every document opens, and has the hash it was sealed with; who was forgotten has none."""
    vault = examination.store.vault
    forgotten = vault.keys.destroyed()
    for row in examination.paged(
        "SELECT owner, kind, version, sealed, digest FROM document ORDER BY owner, kind, version"
    ):
        examination.count()
        about = f"{row.owner} {row.kind} {row.version}"
        if row.owner in forgotten:
            yield Finding("DOCUMENT_OF_FORGOTTEN", about, "its owner was forgotten, and it is here")
            continue
        try:
            context = context_of(row.owner, row.kind, row.version)
            content = vault.open(row.owner, bytes(row.sealed), context)
        except (Unsealable, KeyLost, MasterKeyMissing):
            yield Finding("DOCUMENT_CLOSED", about, "can't be opened: altered, or of another key")
            continue
        if vault.digest(content) != bytes(row.digest):
            yield Finding("DOCUMENT_ALTERED", about, "has another hash than it was sealed with")


def sent_is_in_kafka(examination: Examination) -> Iterator[Finding]:
    """What is marked as sent can be read back: the same id, place and content.

    Listeners fill holes from PostgreSQL, so that nobody else would notice. What Kafka forgot by its
    retention isn't asked for.
    """
    there, same = Positions(examination), Positions(examination)
    for batch in batches(_enveloped(examination.kafka()), BATCH):
        examination.count(0)
        held = {
            row.id: row
            for row in examination.rows(
                "SELECT id, subject, sequence, position, sha256(body) AS digest FROM published"
                " WHERE id = ANY(CAST(:ids AS uuid[]))",
                ids=[envelope.id for envelope, _ in batch],
            )
        }
        for envelope, body in batch:
            row = held.get(envelope.id)
            if row is None:
                continue
            there.note(row.position)
            said = (envelope.subject, envelope.sequence, sha256(body).digest())
            same.note(row.position, said == (row.subject, row.sequence, bytes(row.digest)))
    for row in examination.paged(
        "SELECT id, subject, sequence, position FROM published WHERE sent_at IS NOT NULL"
        " AND (CAST(:since AS timestamptz) IS NULL OR sent_at > :since)",
        since=examination.forgotten_before(),
    ):
        examination.count()
        about = f"{row.subject} {row.sequence}"
        if row.position not in there:
            says = f"{row.id} is marked as sent, and Kafka doesn't have it"
            yield Finding("SENT_NOT_IN_KAFKA", about, says)
        elif row.position not in same:
            says = f"{row.id} is not in Kafka as it was published"
            yield Finding("SENT_OTHERWISE", about, says)


def _enveloped(records: Iterable[Record]) -> Iterator[tuple[Envelope, bytes]]:
    for record in records:
        with suppress(NoEnvelope):
            yield read_envelope(record.headers), record.body


def _compared(item: Publication, row: Any) -> Iterator[Finding]:
    if row is None:
        says = f"{item.type} {item.id} was made of fact {item.causation}, and isn't published"
        yield Finding("FACT_NOT_PUBLISHED", item.subject, says)
    elif (row.subject, row.type) != (item.subject, item.type) or _says_other(row, item):
        says = f"{row.type} {row.id} says other than the fact it was made of, {item.causation}"
        yield Finding("FACT_PUBLISHED_OTHERWISE", f"{row.subject} {row.sequence}", says)


def _says_other(row: Any, item: Publication) -> bool:
    """What can't be decoded says other too."""
    try:
        published = message_of(row.type, bytes(row.body))
    except Exception:  # nothing but this fact's content is at work here
        return True
    return contradicts(published, item.message)


def message_of(kind: str, body: bytes) -> Message:
    """The message of any type that this release knows."""
    return GetMessageClass(Default().FindMessageTypeByName(kind)).FromString(body)


def contradicts(published: Message, today: Message) -> bool:
    """Whether a field that was published says other than today's code would.

    A field that only today's code sets is a later release's, and no contradiction.
    """
    for declared, was in published.ListFields():
        now = getattr(today, declared.name)
        if declared.is_repeated:
            if _differ(declared, was, now):
                return True
        elif declared.message_type is not None:
            if not today.HasField(declared.name) or contradicts(was, now):
                return True
        elif was != now:
            return True
    return False


def _differ(declared: Any, was: Any, now: Any) -> bool:
    is_map = declared.message_type is not None and declared.message_type.GetOptions().map_entry
    if declared.message_type is None or is_map:
        return bool(was != now)
    return len(was) != len(now) or any(map(contradicts, was, now))


def _is(several: list[int]) -> str:
    return "are" if several[1:] else "is"

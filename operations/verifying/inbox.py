"""What was heard: as far as its owners went, and byte for byte what they published."""

from collections.abc import Iterator, Sequence

from kernel.facts import derived_id
from kernel.messaging.amendments import AMENDED
from kernel.messaging.checkpoints import Checkpoint, Checkpoints
from kernel.messaging.inbox_facts import USED
from kernel.messaging.owners import FINGERPRINT, Fingerprint, Owner
from kernel.messaging.parking import what_failed
from operations.parked import ParkedKind
from operations.verifying.examination import BATCH, Examination, Finding, batches


def heads_are_the_owners(examination: Examination) -> Iterator[Finding]:
    """Every subject was heard up to its owner's last fact, under the same id, and no further.

    And in its owner's epoch.
    """
    for topic, owner in examination.owners.items():
        heard = Checkpoints(examination.connection).of_topic(topic)
        epoch, last_ones = owner.epoch_and_heads()
        now = {head.subject: head for head in last_ones}
        # None, where no stream has begun to hear it: then its heads say what is missing.
        begun = examination.rows("SELECT epoch FROM heard_topic WHERE topic = :topic", topic=topic)
        for ours in begun:
            if ours.epoch != epoch:
                says = f"is heard in epoch {ours.epoch}, its owner is in {epoch}"
                yield Finding("EPOCH_OTHER", topic, says)
        for then in examination.heads[topic]:
            examination.count()
            head = heard.get(then.subject, Checkpoint())
            if head.sequence < then.sequence:
                why = f", {head.stopped}" if head.stopped else ""
                says = f"heard to {head.sequence} of {then.sequence}{why}"
                yield Finding("NOT_HEARD", f"{topic} {then.subject}", says)
            elif head.sequence == then.sequence and head.id != then.id:
                says = f"heard {head.id} as number {head.sequence}, its owner has {then.id}"
                yield Finding("HEAD_OTHER_ID", f"{topic} {then.subject}", says)
        for subject, head in heard.items():
            last = now[subject].sequence if subject in now else 0
            if head.sequence > last:
                says = f"is said to be heard to {head.sequence}, its owner has {last}"
                yield Finding("HEAD_MOVED", f"{topic} {subject}", says)


def facts_are_the_owners(examination: Examination) -> Iterator[Finding]:
    """Heard facts of the used types, against their owners' by hash: altered, missing, too many.

    Others stay of a release that uses more: rolled out again, it verifies them.
    """
    types = sorted(examination.subscriptions.by_type)
    given_up = {
        (row.topic, row.subject, str(row.fact_id))
        for row in examination.rows("SELECT * FROM given_up")
    }
    for topic, owner in examination.owners.items():
        [heard] = examination.rows(
            "SELECT count(*) AS n FROM heard_fact"
            " WHERE topic = :topic AND type = ANY(CAST(:types AS text[]))",
            topic=topic,
            types=types,
        )
        examination.count(heard.n)
        known = 0
        for theirs in batches(owner.fingerprints(types), BATCH):
            examination.count(0)
            held = _held(examination, topic, [fingerprint.fact for fingerprint in theirs])
            known += len(held)
            missing = [fingerprint for fingerprint in theirs if fingerprint.fact not in held]
            for fingerprint in _past(examination, topic, missing):
                if (topic, fingerprint.subject, fingerprint.fact) not in given_up:
                    says = f"{fingerprint.fact} is not there"
                    yield Finding("HEARD_FACT_MISSING", _place(fingerprint), says)
            for fingerprint in theirs:
                if held.get(fingerprint.fact, fingerprint) != fingerprint:
                    says = f"{fingerprint.fact} is not what its owner published"
                    yield Finding("HEARD_FACT_ALTERED", _place(fingerprint), says)
        if known != heard.n:
            yield from _never_published(examination, owner)


def _held(examination: Examination, topic: str, facts: Sequence[str]) -> dict[str, Fingerprint]:
    """Those of these facts that were heard, by id."""
    rows = examination.rows(
        f"SELECT id, subject, sequence, {FINGERPRINT} FROM heard_fact"  # noqa: S608 - of ours
        " WHERE topic = :topic AND id = ANY(CAST(:facts AS uuid[]))",
        topic=topic,
        facts=facts,
    )
    return {str(row.id): Fingerprint.of(topic, row) for row in rows}


def _past(
    examination: Examination, topic: str, fingerprints: Sequence[Fingerprint]
) -> Iterator[Fingerprint]:
    """Those of these that were gone past: their subjects were heard as far."""
    heads = {
        row.subject: row.sequence
        for row in examination.rows(
            "SELECT subject, sequence FROM heard_head"
            " WHERE topic = :topic AND subject = ANY(CAST(:subjects AS text[]))",
            topic=topic,
            subjects=sorted({fingerprint.subject for fingerprint in fingerprints}),
        )
    }
    for fingerprint in fingerprints:
        if fingerprint.sequence <= heads.get(fingerprint.subject, 0):
            yield fingerprint


def _never_published(examination: Examination, owner: Owner) -> Iterator[Finding]:
    """Heard facts at whose places their owner has none, or another."""
    heard = examination.paged(
        f"SELECT id, subject, sequence, {FINGERPRINT} FROM heard_fact"  # noqa: S608 - of ours
        " WHERE topic = :topic",
        topic=owner.topic,
    )
    for ours in batches((Fingerprint.of(owner.topic, row) for row in heard), BATCH):
        examination.count(0)
        places = [(fingerprint.subject, fingerprint.sequence) for fingerprint in ours]
        theirs = {fingerprint.fact for fingerprint in owner.fingerprints_at(places)}
        for fingerprint in ours:
            if fingerprint.fact not in theirs:
                says = f"{fingerprint.fact} is heard, and its owner never published it there"
                yield Finding("HEARD_FACT_UNKNOWN", _place(fingerprint), says)


def own_facts_are_the_published(examination: Examination) -> Iterator[Finding]:
    """What the service derives from its own facts is what it published."""
    for row in examination.paged(
        "SELECT coalesce(h.subject, p.subject) AS subject, p.id AS published, h.id AS heard,"  # noqa: S608
        " coalesce(h.sequence, p.sequence) AS sequence, h.id IS NOT NULL AND p.id IS NOT NULL"
        " AND (h.subject, h.sequence, h.type, h.body, h.label)"
        "  IS NOT DISTINCT FROM (p.subject, p.sequence, p.type, p.body, p.headers->>'label')"
        " AS same FROM (SELECT * FROM heard_fact WHERE topic = :topic) h"
        f" FULL JOIN published p USING (id) WHERE h.id IS NOT NULL OR ({USED})",
        topic=examination.store.topic,
        types=sorted(examination.subscriptions.by_type),
        amended=AMENDED,
    ):
        examination.count()
        about = f"{examination.store.topic} {row.subject} {row.sequence}"
        if row.same:
            continue
        if row.heard is None:
            yield Finding("HEARD_FACT_MISSING", about, f"{row.published} is not there")
        elif row.published is None:
            says = f"{row.heard} is heard, and was never published"
            yield Finding("HEARD_FACT_UNKNOWN", about, says)
        else:
            yield Finding("HEARD_FACT_ALTERED", about, f"{row.heard} is not what was published")


def references_are_the_facts(examination: Examination) -> Iterator[Finding]:
    """What a heard fact is filed under is what it refers to."""
    for row in examination.paged(
        "SELECT id, topic, subject, sequence, type, body, refs FROM heard_fact"
        " WHERE type = ANY(CAST(:types AS text[]))",
        types=sorted(examination.subscriptions.by_type),
    ):
        examination.count()
        about = f"{row.topic} {row.subject} {row.sequence}"
        try:
            message = examination.subscriptions.decode(row.type, bytes(row.body))
            references = examination.subscriptions.references(row.type, message)
        except Exception as error:  # nothing but this fact's content is at work here
            says = f"{row.type} {row.id} can't be decoded: {what_failed(error)}"
            yield Finding("HEARD_FACT_UNREADABLE", about, says)
            continue
        if sorted(row.refs) != references:
            says = f"{row.id} is filed under other references than it names"
            yield Finding("HEARD_FACT_REFERENCES", about, says)


def nothing_held_up_is_hidden(examination: Examination) -> Iterator[Finding]:
    """A subject held up by a record has that record parked; a parked record holds up its subject.

    A record without a subject holds up nobody.
    """
    rows = examination.rows(
        "SELECT h.topic, h.subject, h.sequence, h.stopped, p.id AS parked"
        " FROM (SELECT * FROM heard_head WHERE stopped = 'PARKED') h"
        " FULL JOIN (SELECT * FROM parked WHERE subject IS NOT NULL) p USING (topic, subject)"
    )
    examination.count(examination.rows("SELECT count(*) AS n FROM heard_head")[0].n)
    for row in rows:
        if row.parked is None:
            says = f"is held up after {row.sequence} by a parked record that isn't there"
            yield Finding("PARKED_HIDDEN", f"{row.topic} {row.subject}", says)
    for row in examination.rows(
        "SELECT p.id, p.topic, p.subject FROM parked p LEFT JOIN heard_head h"
        " USING (topic, subject) WHERE p.subject IS NOT NULL AND h.stopped IS NULL"
        " AND h.anew IS NOT TRUE"
    ):
        says = f"{ParkedKind.RECORD}:{row.id} is parked, and its subject goes on without it"
        yield Finding("PARKED_HOLDS_NOBODY", f"{row.topic} {row.subject}", says)
    for row in examination.rows("SELECT topic, subject, sequence, behind_to FROM heard_head"):
        if row.behind_to is not None and row.behind_to < row.sequence:
            says = f"is behind to {row.behind_to}, and was heard to {row.sequence}"
            yield Finding("BEHIND_FOR_NOTHING", f"{row.topic} {row.subject}", says)


def reactions_are_done(examination: Examination) -> Iterator[Finding]:
    """Every fact that is reacted to led to its command, unless that is due or was refused."""
    for reaction in examination.subscriptions.reactions:
        for row in examination.paged(
            "SELECT id, topic, subject, sequence, type, body FROM heard_fact"
            " WHERE type IN (:type, :amended)",
            type=reaction.to.DESCRIPTOR.full_name,
            amended=AMENDED,
        ):
            if not reaction.concerns(row.type, bytes(row.body)):
                continue
            examination.count()
            command = derived_id(row.id, reaction.name)
            if (reaction.name, row.id) in examination.due_reactions or examination.rows(
                "SELECT FROM command WHERE id = :id", id=command
            ):
                continue
            says = f"{reaction.name} was never done for {row.id}, and isn't due"
            yield Finding("REACTION_NOT_DONE", f"{row.topic} {row.subject} {row.sequence}", says)


def _place(fingerprint: Fingerprint) -> str:
    return f"{fingerprint.topic} {fingerprint.subject} {fingerprint.sequence}"

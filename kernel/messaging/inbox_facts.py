"""Facts that a service derives from, on their way into `heard_fact`: others' and its own alike.

Own facts are entered in the transaction that makes them. Through Kafka they would come later: a
claim that was just issued would be drafted again meanwhile, and issued twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from uuid import UUID

from kernel import clock
from kernel.decider import filled
from kernel.facts import Label
from kernel.messaging.amendments import AMENDED
from kernel.messaging.pending import mark_pending, mark_reactions
from kernel.messaging.subscriptions import Subscriptions
from kernel.store.rows import as_json, from_row
from kernel.store.statements import text
from kernel.store.store import Appended, Store, Transaction
from kernel.tracing import spans

BATCH = 1000
# Of `published p`, as `Subscriptions.uses`: what is put right stands in the body by its name.
USED = """
p.type = ANY(CAST(:types AS text[])) AND (p.type <> :amended OR EXISTS (
    SELECT FROM unnest(CAST(:types AS text[])) AS used(type)
    WHERE position(convert_to(used.type, 'UTF8') IN p.body) > 0))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFact:
    """A fact of a used type, on its way into `heard_fact`."""

    id: UUID
    topic: str
    subject: str
    sequence: int
    type: str
    body: bytes
    label: Label
    recorded_at: datetime
    signed_at: datetime
    refs: list[str] = field(default_factory=list)
    traceparent: str = ""  # on its way alone: what follows goes on with it


def with_references(subscriptions: Subscriptions, fact: InboxFact) -> InboxFact:
    """The fact with what it refers to, others' or published here; raises whatever decoding does."""
    message = subscriptions.decode(fact.type, fact.body)
    return replace(fact, refs=subscriptions.references(fact.type, message))


class HeldElsewhere(Exception):
    """Facts under the ids of others: `subject_logs` tells where each id is held.

    What a fact is, its position in its owner's log says, and each has an id of its own.
    """

    def __init__(self, subject_logs: Mapping[UUID, tuple[str, str]]) -> None:
        super().__init__(f"{len(subject_logs)} ids are held in other logs")
        self.subject_logs = subject_logs


KEEP = (
    "INSERT INTO heard_fact AS h"
    " (id, topic, subject, sequence, type, body, label, recorded_at, signed_at, refs)"
    " SELECT id, topic, subject, sequence, type, decode(body, 'hex'), label, recorded_at,"
    " signed_at, refs FROM json_to_recordset(CAST(:facts AS json)) AS x(id uuid, topic text,"
    " subject text, sequence bigint, type text, body text, label text, recorded_at timestamptz,"
    " signed_at timestamptz, refs text[]) ON CONFLICT (id) DO "
)
OVERWRITE = (
    "UPDATE SET (sequence, type, body, label, recorded_at, signed_at, refs)"
    " = (excluded.sequence, excluded.type, excluded.body,"
    " excluded.label, excluded.recorded_at, excluded.signed_at, excluded.refs)"
    " WHERE (h.topic, h.subject) = (excluded.topic, excluded.subject)"
)


@dataclass(frozen=True, slots=True)
class InboxFacts:
    """Those of one service, within one transaction."""

    tx: Transaction
    subscriptions: Subscriptions

    def admit(self, facts: Sequence[InboxFact]) -> None:
        """Write facts into `heard_fact`, and mark what follows from them.

        Those already there stay as they are. The caller holds their subjects' locks. Raises
        HeldElsewhere.
        """
        if facts:
            self._write(facts, "NOTHING")
            self.mark_what_follows({fact.subject for fact in facts}, facts)

    def admit_owned(self, facts: Sequence[InboxFact]) -> None:
        """As `admit`, of facts that stand there for sure: who holds their ids loses them."""
        try:
            self.admit(facts)
        except HeldElsewhere as held:
            lost = self._take_from_others(held)
            self.admit(facts)
            self.mark_what_follows(lost, ())

    def admit_published(self, written: Iterable[Appended]) -> None:
        """What this service derives from its own facts is heard in the transaction that made it."""
        facts = [
            with_references(
                self.subscriptions,
                filled(
                    InboxFact,
                    item,
                    item.publication,
                    topic=self.tx.store.topic,
                    body=item.publication.message.SerializeToString(deterministic=True),
                    recorded_at=(now := clock.now()),
                    signed_at=item.signed_at or now,
                    refs=[],
                ),
            )
            for item in written
            if self.subscriptions.uses(item.publication.message)
        ]
        if unlocked := {fact.subject for fact in facts} - self.tx.locked:
            raise RuntimeError(
                f"publishes inputs of a derivation without locking {sorted(unlocked)}"
            )
        self.admit_owned(facts)

    def overwrite(self, facts: Sequence[InboxFact]) -> set[str]:
        """Write what its owner says; gives the subjects that held facts of it, and do no more."""
        try:
            self._write(facts, OVERWRITE)
        except HeldElsewhere as held:
            lost = self._take_from_others(held)
            self._write(facts, OVERWRITE)
            return lost
        return set()

    def mark_what_follows(self, subjects: Iterable[str], new: Sequence[InboxFact]) -> None:
        """Mark what follows from facts of these subjects, and what reacts to the new ones.

        A client's own facts take their traces along. What a reference leads to is all its clients:
        no trace is of so much.
        """
        keys = self.subscriptions.pending_after(self.tx.connection, subjects)
        mark_pending(self.tx, keys, spans.pending_for(new))
        mark_reactions(
            self.tx,
            [
                (reaction.name, fact.id, fact.subject, spans.pending_for([fact]).get(fact.subject))
                for fact in new
                for reaction in self.subscriptions.reactions
                if reaction.concerns(fact.type, fact.body)
            ],
        )

    def _write(self, facts: Sequence[InboxFact], on_conflict: str) -> None:
        """Raises HeldElsewhere for an id that another log has: whose it is, their owners know."""
        if not facts:
            return
        written = self.tx.connection.execute(
            text(KEEP + on_conflict), {"facts": as_json(map(asdict, facts))}
        ).rowcount
        if written < len(facts) and (subject_logs := self._held_elsewhere(facts)):
            raise HeldElsewhere(subject_logs)

    def _held_elsewhere(self, facts: Sequence[InboxFact]) -> dict[UUID, tuple[str, str]]:
        rows = self.tx.execute(
            "SELECT id, topic, subject, sequence FROM heard_fact"
            " WHERE id = ANY(CAST(:ids AS uuid[]))",
            ids=[fact.id for fact in facts],
        )
        held = {row.id: row for row in rows}
        return {
            fact.id: (row.topic, row.subject)
            for fact in facts
            if (row := held.get(fact.id)) is not None
            and (row.topic, row.subject, row.sequence) != (fact.topic, fact.subject, fact.sequence)
        }

    def _take_from_others(self, held: HeldElsewhere) -> set[str]:
        """Have nobody hold these ids: their owners say that they are others'.

        Gives the subjects that held them, which are exchanged for what their owners have.
        """
        subjects = {subject for _, subject in held.subject_logs.values()}
        self.tx.lock(subjects)
        rows = [
            {"id": fact, "topic": topic, "subject": subject}
            for fact, (topic, subject) in held.subject_logs.items()
        ]
        for change in (
            "DELETE FROM heard_fact WHERE id = :id AND (topic, subject) = (:topic, :subject)",
            "UPDATE heard_head SET anew = true WHERE (topic, subject) = (:topic, :subject)",
        ):
            self.tx.connection.execute(text(change), rows)
        return subjects


class PublishedFacts:
    """What was published here and not heard as it was made: of no use to that release.

    Its `api` may still be at work in a roll-out, so this is looked for again and again; each time
    only among what was written since.
    """

    def __init__(self, store: Store, subscriptions: Subscriptions) -> None:
        self._store = store
        self._subscriptions = subscriptions
        self._looked_to = 0  # transactions before this one were over when it last looked

    def catch_up(self) -> int:
        """Hear what is missing; gives how many facts."""
        with self._store.transaction() as tx:
            over = tx.execute(
                "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"
            ).scalar_one()
        since = self._looked_to if self._looked_to <= over else 0  # another server counts anew
        found = 0
        while missing := self._hear_missing(since):
            found += missing
        self._looked_to = over
        return found

    def _hear_missing(self, since: int) -> int:
        subscriptions = self._subscriptions
        with self._store.transaction() as tx:
            missing = tx.connection.execute(
                text(
                    f"SELECT p.* FROM published p WHERE {USED}"  # noqa: S608 - code
                    " AND p.written_by >= CAST(CAST(:since AS text) AS xid8)"
                    " AND NOT EXISTS (SELECT FROM heard_fact h WHERE h.id = p.id"
                    "  AND (h.topic, h.subject, h.sequence) = (:topic, p.subject, p.sequence))"
                    " ORDER BY position LIMIT :batch"
                ),
                {
                    "types": sorted(subscriptions.by_type),
                    "amended": AMENDED,
                    "since": since,
                    "topic": self._store.topic,
                    "batch": BATCH,
                },
            ).all()
            tx.lock(row.subject for row in missing)
            facts = [
                with_references(
                    subscriptions,
                    from_row(
                        InboxFact,
                        row,
                        topic=self._store.topic,
                        label=row.headers["label"],
                        signed_at=row.signed_at or row.recorded_at,
                        refs=[],
                        traceparent=row.headers["traceparent"],
                    ),
                )
                for row in missing
            ]
            InboxFacts(tx, subscriptions).admit_owned(facts)
        return len(missing)


def update_references(store: Store, subscriptions: Subscriptions) -> int:
    """File heard facts under what they refer to today, where a release before said otherwise.

    What follows from them becomes pending. Nobody need be asked: their bytes are here. What can't
    be decoded stays as it is. Gives how many facts.
    """
    filed = 0
    changed = list(_changed(store, subscriptions))
    for start in range(0, len(changed), BATCH):
        batch = changed[start : start + BATCH]
        with store.transaction() as tx:
            _file(tx, subscriptions, batch)
        filed += len(batch)
    return filed


def _changed(store: Store, subscriptions: Subscriptions) -> Iterator[tuple[str, str, list[str]]]:
    """Id, subject and references of what is filed otherwise."""
    with store.snapshot() as tx:
        rows = tx.connection.execution_options(stream_results=True, yield_per=BATCH).execute(
            text(
                "SELECT id, subject, type, body, refs FROM heard_fact"
                " WHERE type = ANY(CAST(:types AS text[]))"
            ),
            {"types": sorted(subscriptions.by_type)},
        )
        for row in rows:
            try:
                references = subscriptions.references(
                    row.type, subscriptions.decode(row.type, bytes(row.body))
                )
            except Exception:  # noqa: S112 - nothing but this fact's content is at work here
                continue
            if references != sorted(row.refs):
                yield str(row.id), row.subject, references


def _file(
    tx: Transaction, subscriptions: Subscriptions, batch: list[tuple[str, str, list[str]]]
) -> None:
    subjects = {subject for _, subject, _ in batch}
    tx.lock(subjects)
    tx.connection.execute(
        text("UPDATE heard_fact SET refs = CAST(:refs AS text[]) WHERE id = CAST(:id AS uuid)"),
        [{"id": fact_id, "refs": references} for fact_id, _, references in batch],
    )
    mark_pending(tx, subscriptions.pending_after(tx.connection, subjects))

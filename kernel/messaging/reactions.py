"""Reacting: a fact heard of a client becomes a command here, given once and never lost."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from kernel import logs
from kernel.execute import CommandExecutor
from kernel.facts import derived_id
from kernel.messaging.amendments import AMENDED, History
from kernel.messaging.checkpoints import BEYOND_OWNER, OTHER_HISTORY
from kernel.messaging.owners import Confirm, Fingerprint, fingerprints_of
from kernel.messaging.pauses import Pauses
from kernel.messaging.pending import Barrier, Pending, PendingTable, mark_reactions
from kernel.messaging.subscriptions import Reaction, Subscriptions
from kernel.refusal import NotYet, Stale
from kernel.store.statements import text
from kernel.store.store import Context, Store, Transaction
from kernel.watching.metrics import REACTIONS

log = logs.get("kernel.reacting")

BATCH = 100


class Reactions:
    """Gives a command for each fact, in a transaction of the command's own; a kind of pending work.

    A command can't be taken back, so the fact's owner is asked first, outside of any transaction,
    whether it published that fact so. One that it didn't waits until its subject was exchanged;
    while the owner is away, all reactions to its facts wait, and no others.

    One is marked in the hearing transaction, and settled when its command was accepted. A crash in
    between gives it again, under the same id. One that is refused is parked alone.
    """

    def __init__(
        self,
        store: Store,
        subscriptions: Subscriptions,
        *,
        confirm: Confirm,
        clock: Callable[[], float],
        barrier: Barrier,
    ) -> None:
        self._store = store
        self._subscriptions = subscriptions
        self._confirm = confirm
        self._away: Pauses[str] = Pauses(clock)  # of topics whose owner couldn't be asked
        self._by_name = {reaction.name: reaction for reaction in subscriptions.reactions}
        for name in self._by_name:  # told from the beginning, at 0
            for outcome in ("given", "parked"):
                REACTIONS.labels(name, outcome)
        self._barrier = barrier  # tests stop here

    @property
    def is_waiting(self) -> bool:
        """Whether an owner couldn't be asked, and will be again."""
        return bool(self._away)

    def mark_undone(self) -> int:
        """Mark whatever was heard and never led to its command; gives how many facts.

        A release before may have heard what this one reacts to. What is parked stays parked.
        """
        with self._store.transaction() as tx:
            # Of the release before, which knew a reaction by its client.
            tx.execute(
                "DELETE FROM due WHERE derivation = ANY(CAST(:names AS text[]))",
                names=sorted(self._by_name),
            )
            return sum(_mark_undone(tx, reaction) for reaction in self._subscriptions.reactions)

    def pending(self) -> list[Pending]:
        """Reactions to facts whose owner may be asked now; ready: it was, and published them so."""
        if not self._by_name:
            return []
        with self._store.by_statement() as tx:
            rows = tx.connection.execute(
                text(
                    "SELECT d.* FROM due_reaction d LEFT JOIN heard_fact f ON f.id = d.fact"
                    " LEFT JOIN heard_head h ON (h.topic, h.subject) = (f.topic, f.subject)"
                    " WHERE d.error IS NULL AND reaction = ANY(CAST(:names AS text[]))"
                    " AND coalesce(f.topic, '') <> ALL(CAST(:away AS text[]))"
                    " AND h.anew IS NOT TRUE"
                    " AND coalesce(h.stopped, '') <> ALL(CAST(:contradicting AS text[]))"
                    " ORDER BY mark LIMIT :batch"
                ),
                {
                    "names": sorted(self._by_name),
                    "away": [topic for topic in self._away if self._away.lasts(topic)],
                    "contradicting": [OTHER_HISTORY, BEYOND_OWNER],
                    "batch": BATCH,
                },
            ).all()
            fingerprints = fingerprints_of(tx.connection, {str(row.fact) for row in rows})
        confirmed = self._confirmed({row.fact: fingerprints.get(str(row.fact)) for row in rows})
        return [
            Pending(
                PendingTable.REACTIONS,
                row.reaction,
                row.fact,
                row.subject,
                row.mark,
                ready=row.fact in confirmed,
                traces=row.traces or "",
            )
            for row in rows
        ]

    def _confirmed(self, facts: Mapping[UUID, Fingerprint | None]) -> set[UUID]:
        """The facts that may be reacted to: own ones, those that their owner published, and gone.

        A subject of which its owner published another fact there is exchanged.
        """
        confirmed: set[UUID] = set()
        asked: dict[str, dict[Fingerprint, UUID]] = defaultdict(dict)
        for fact, fingerprint in facts.items():
            if fingerprint is None or fingerprint.topic == self._store.topic:
                confirmed.add(fact)
            else:
                asked[fingerprint.topic][fingerprint] = fact
        for topic, fingerprints in asked.items():
            try:
                published_so = self._confirm(list(fingerprints))
            except Exception as error:  # whatever keeps it from answering
                self._away.begin(topic)
                log.warning("reactions_wait", topic=topic, exc_info=error)
                continue
            self._away.end(topic)
            confirmed |= {
                fact for fingerprint, fact in fingerprints.items() if fingerprint in published_so
            }
            if strange := [
                fingerprint for fingerprint in fingerprints if fingerprint not in published_so
            ]:
                self._doubt(strange)
        return confirmed

    def _doubt(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Have their subjects exchanged for what their owners have."""
        subjects = sorted(
            {(fingerprint.topic, fingerprint.subject) for fingerprint in fingerprints}
        )
        with self._store.transaction() as tx:
            tx.connection.execute(
                text(
                    "UPDATE heard_head SET anew = true WHERE (topic, subject) = (:topic, :subject)"
                    " AND coalesce(stopped, 'PARKED') = 'PARKED'"
                ),
                [{"topic": topic, "subject": subject} for topic, subject in subjects],
            )
        for topic, subject in subjects:
            log.warning("not_its_owners", topic=topic, subject=subject)

    def work(self, pending: Pending) -> bool:
        """False when its command has to wait (Stale, NotYet)."""
        reaction = self._by_name[pending.name]
        with self._store.transaction() as tx:
            history = self._subscriptions.read_history(tx.connection, pending.subject)
            context = self._context(tx, reaction, pending)
        try:
            if not self._given(reaction, history, pending, context):
                # Taken back, or put right once more, before anybody reacted: that is its answer.
                CommandExecutor(store=self._store, publish=lambda _: ()).transact(
                    context, lambda _: ()
                )
        except (Stale, NotYet):
            return False
        self._barrier("reacted")
        with self._store.transaction() as tx:
            pending.settle(tx.connection)
        REACTIONS.labels(pending.name, "given").inc()
        return True

    def _given(
        self, reaction: Reaction, history: History, pending: Pending, context: Context
    ) -> bool:
        """Whether what stands of the fact, or of what it puts right, was reacted to."""
        for fact in history[pending.subject]:
            if fact.id == pending.key and fact.type != AMENDED and reaction.react is not None:
                reaction.react(self._store, fact.message, context)
                return True
        for amended in history.amended:
            if amended.by.id == pending.key and reaction.again is not None:
                reaction.again(self._store, amended, context)
                return True
        return False

    def _context(self, tx: Transaction, reaction: Reaction, pending: Pending) -> Context:
        """Of the fact as it was told: the same command, whatever it says by now."""
        told = tx.execute(
            "SELECT type, body, coalesce(signed_at, recorded_at) AS signed_at FROM heard_fact"
            " WHERE id = :id",
            id=pending.key,
        ).one()
        message = self._subscriptions.decode(told.type, bytes(told.body))
        return Context(
            command_id=derived_id(pending.key, reaction.name),
            digest=self._store.vault.digest(message.SerializeToString(deterministic=True)),
            actor=f"reaction/{reaction.name}",
            now=told.signed_at,  # whenever it is drained: what it decides depends on the fact
            correlation=str(pending.key),
            traceparent=pending.traces,
        )


def _mark_undone(tx: Transaction, reaction: Reaction) -> int:
    heard = [
        row
        for row in tx.execute(
            "SELECT id, subject, type, body FROM heard_fact WHERE type IN (:type, :amended)"
            " ORDER BY topic, subject, sequence",
            type=reaction.to.DESCRIPTOR.full_name,
            amended=AMENDED,
        )
        if reaction.concerns(row.type, bytes(row.body))
    ]
    commands = {derived_id(row.id, reaction.name): row for row in heard}
    undone = tx.execute(
        "SELECT x.id FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS x(id, n)"
        " WHERE NOT EXISTS (SELECT FROM command WHERE command.id = x.id) ORDER BY n",
        ids=list(commands),
    ).scalars()
    facts = (commands[command] for command in undone)
    return mark_reactions(tx, [(reaction.name, fact.id, fact.subject, None) for fact in facts])

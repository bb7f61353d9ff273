"""Reacting: a fact heard of a client becomes a command here, given once and never lost."""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from kernel import logs
from kernel.facts import HeardFact
from kernel.ids import derived_id
from kernel.messaging.confirming import Confirm, HeardPlace, heard_at
from kernel.messaging.heads import BEYOND_OWNER, OTHER_HISTORY
from kernel.messaging.parking import what_failed
from kernel.messaging.pending import raise_reactions
from kernel.messaging.subscriptions import Interests, Reaction
from kernel.refusal import NotYet, Stale
from kernel.store.database import is_passing
from kernel.store.store import Context, Store, Transaction

log = logs.get("kernel.reacting")

BATCH = 100
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before an owner that was away is asked again


@dataclass(frozen=True, slots=True)
class DueReaction:
    """A reaction that is due: to which fact, of whom. Taken at `mark`, settled at no other.

    `place`: where the fact was heard; None: it is held no more.
    """

    reaction: Reaction
    fact: UUID
    subject: str
    mark: int
    place: HeardPlace | None


@dataclass(frozen=True, slots=True)
class _Away:
    """An owner that couldn't be asked: asked again `until` then, after a longer pause."""

    pause: float
    until: float


class Reacting:
    """Drains due reactions, fact by fact; their commands run in transactions of their own.

    A command can't be taken back, so the fact's owner is asked first, outside of any transaction,
    whether it published that fact so. One that it didn't waits until its subject was exchanged;
    while the owner is away, all reactions to its facts wait, and no others.

    One is raised in the hearing transaction, and deleted when its command was accepted. A crash in
    between gives it again. One that is refused is parked alone, as by any other error but that of
    a database that is away.
    """

    def __init__(
        self,
        store: Store,
        interests: Interests,
        *,
        confirm: Confirm,
        clock: Callable[[], float] = time.monotonic,
        barrier: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._interests = interests
        self._confirm = confirm
        self._clock = clock
        self._away: dict[str, _Away] = {}  # by topic
        self._by_name = {reaction.name: reaction for reaction in interests.reactions}
        self._barrier = barrier  # tests stop here
        self.has_left = False  # something is due that has to wait

    def drain(self) -> int:
        """React until nothing due is left that can be reacted to; gives how many facts were."""
        done = 0
        while dues := self._due():
            if not (taken := self._take_all(dues, self._confirmed(dues))):
                break
            done += taken
        self.has_left = bool(dues) or bool(self._away)
        return done

    def raise_undone(self) -> int:
        """Make due whatever was heard and never led to its command; gives how many facts.

        A release before may have heard what this one reacts to. What is parked stays parked.
        """
        with self._store.transaction() as tx:
            # Of the release before, which knew a reaction by its client.
            tx.connection.execute(
                text("DELETE FROM due WHERE derivation = ANY(CAST(:names AS text[]))"),
                {"names": sorted(self._by_name)},
            )
            return sum(_raise_undone(tx, reaction) for reaction in self._interests.reactions)

    def _due(self) -> list[DueReaction]:
        if not self._by_name:
            return []
        with self._store.transaction() as tx:
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
                    "away": [t for t, away in self._away.items() if away.until > self._clock()],
                    "contradicting": [OTHER_HISTORY, BEYOND_OWNER],
                    "batch": BATCH,
                },
            ).all()
            places = heard_at(tx.connection, {str(row.fact) for row in rows})
        return [
            DueReaction(
                self._by_name[row.reaction],
                row.fact,
                row.subject,
                row.mark,
                places.get(str(row.fact)),
            )
            for row in rows
        ]

    def _confirmed(self, dues: Iterable[DueReaction]) -> set[UUID]:
        """The facts that may be reacted to: own ones, those that their owner published, and gone.

        A subject of which its owner published another fact there is exchanged.
        """
        confirmed: set[UUID] = set()
        asked: dict[str, dict[HeardPlace, UUID]] = defaultdict(dict)
        for due in dues:
            if due.place is None or due.place.topic == self._store.topic:
                confirmed.add(due.fact)
            else:
                asked[due.place.topic][due.place] = due.fact
        for topic, places in asked.items():
            try:
                told = self._confirm(list(places))
            except Exception as error:  # whatever keeps it from answering
                before = self._away.get(topic)
                pause = min(before.pause * 2, LONGEST_PAUSE) if before else FIRST_PAUSE
                self._away[topic] = _Away(pause, self._clock() + pause)
                log.warning("reactions_wait", topic=topic, exc_info=error)
                continue
            self._away.pop(topic, None)
            confirmed |= {fact for place, fact in places.items() if place in told}
            if strange := [place for place in places if place not in told]:
                self._doubt(strange)
        return confirmed

    def _doubt(self, places: Sequence[HeardPlace]) -> None:
        """Have their subjects exchanged for what their owners have."""
        subjects = sorted({(place.topic, place.subject) for place in places})
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

    def _take_all(self, dues: Iterable[DueReaction], confirmed: Collection[UUID]) -> int:
        """How many were taken; behind one that has to wait, its subject's later ones wait too."""
        taken = 0
        waiting: set[tuple[str, str]] = set()
        for due in dues:
            place = (due.reaction.name, due.subject)
            if place in waiting:
                continue
            if due.fact in confirmed and self._take(due):
                taken += 1
            else:
                waiting.add(place)
        return taken

    def _take(self, due: DueReaction) -> bool:
        """False when it can't be now, and stays due."""
        try:
            with self._store.transaction() as tx:
                facts = self._interests.gather(tx.connection, due.subject)[due.subject]
            for fact in facts:
                if fact.id == due.fact:
                    reaction = due.reaction
                    reaction.react(self._store, fact.message, self._context(reaction, fact))
            self._barrier("reacted")
        except (Stale, NotYet):
            return False
        except Exception as error:
            if is_passing(error):
                raise  # the database is away: it stays due
            self._settle("UPDATE due_reaction SET error = :error", due, error=what_failed(error))
        else:
            self._settle("DELETE FROM due_reaction", due)
        return True

    def _context(self, reaction: Reaction, fact: HeardFact) -> Context:
        content = fact.message.SerializeToString(deterministic=True)
        return Context(
            command_id=derived_id(fact.id, reaction.name),
            digest=self._store.vault.digest(content),
            actor=f"reaction/{reaction.name}",
            now=fact.signed_at,  # whenever it is drained: what it decides depends on the fact
            correlation=str(fact.id),
        )

    def _settle(self, change: str, due: DueReaction, **values: str) -> None:
        """Only at the mark it was taken at: one released meanwhile is tried again."""
        with self._store.transaction() as tx:
            tx.connection.execute(
                text(f"{change} WHERE reaction = :name AND fact = :fact AND mark = :mark"),
                {"name": due.reaction.name, "fact": due.fact, "mark": due.mark, **values},
            )


def _raise_undone(tx: Transaction, reaction: Reaction) -> int:
    heard = tx.connection.execute(
        text(
            "SELECT id, subject FROM heard_fact WHERE type = :type"
            " ORDER BY topic, subject, sequence"
        ),
        {"type": reaction.to.DESCRIPTOR.full_name},
    ).all()
    commands = {derived_id(row.id, reaction.name): row for row in heard}
    undone = tx.connection.execute(
        text(
            "SELECT x.id FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS x(id, n)"
            " WHERE NOT EXISTS (SELECT FROM command WHERE command.id = x.id) ORDER BY n"
        ),
        {"ids": list(commands)},
    ).scalars()
    facts = (commands[command] for command in undone)
    return raise_reactions(tx, [(reaction.name, fact.id, fact.subject) for fact in facts])

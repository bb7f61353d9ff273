"""Reacting: a fact heard of a client becomes a command here, given once and never lost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message
from sqlalchemy import text

from kernel.facts import HeardFact
from kernel.ids import derived_id
from kernel.messaging.parking import what_failed
from kernel.refusal import NotYet, Stale
from kernel.store.database import is_passing
from kernel.store.store import Context, Store

if TYPE_CHECKING:
    from kernel.messaging.interests import Interests


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What this service does when it hears `to` of a client.

    `react(store, message, context)` gives one command through the Book. The context's command id
    depends on the fact and the name alone, so that reacting again answers what was answered. The
    name stands in the due table beside those of derivations.
    """

    name: str
    to: type[Message]
    react: Callable[[Store, Any, Context], object]


class Reacting:
    """Drains the due keys of reactions; their commands run in transactions of their own.

    A key is raised in the hearing transaction, and deleted at the mark it was taken at when every
    command was accepted. A crash in between gives them again. A command that is refused parks its
    key, as does any other error but that of a database that is away.
    """

    def __init__(
        self,
        store: Store,
        interests: "Interests",
        *,
        barrier: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._interests = interests
        self._by_name = {reaction.name: reaction for reaction in interests.reactions}
        self._barrier = barrier  # tests stop here

    def drain(self) -> int:
        """React until nothing due is left that can be reacted to; gives how many keys were."""
        done = 0
        while keys := self._due():
            taken = sum(self._take(*key) for key in keys)
            if not taken:
                break
            done += taken
        return done

    def _due(self) -> list[tuple[Reaction, str, int]]:
        if not self._by_name:
            return []
        with self._store.transaction() as tx:
            rows = tx.connection.execute(
                text(
                    "SELECT derivation, key, mark FROM due WHERE error IS NULL"
                    " AND derivation = ANY(CAST(:names AS text[])) ORDER BY raised_at LIMIT 100"
                ),
                {"names": sorted(self._by_name)},
            ).all()
        return [(self._by_name[row.derivation], row.key, row.mark) for row in rows]

    def _take(self, reaction: Reaction, client: str, mark: int) -> bool:
        """False when it can't be now, and stays due."""
        try:
            with self._store.transaction() as tx:
                facts = self._interests.gather(tx.connection, client)[client]
            for fact in facts:
                if isinstance(fact.message, reaction.to):
                    reaction.react(self._store, fact.message, self._context(reaction, fact))
            self._barrier("reacted")
        except (Stale, NotYet):
            return False
        except Exception as error:
            if is_passing(error):
                raise  # the database is away: the key stays due
            self._settle(
                "UPDATE due SET error = :error", reaction, client, mark, error=what_failed(error)
            )
        else:
            self._settle("DELETE FROM due", reaction, client, mark)
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

    def _settle(
        self, change: str, reaction: Reaction, client: str, mark: int, **values: str
    ) -> None:
        """Only at the mark it was taken at: what was raised meanwhile is drained again."""
        with self._store.transaction() as tx:
            tx.connection.execute(
                text(f"{change} WHERE derivation = :name AND key = :key AND mark = :mark"),
                {"name": reaction.name, "key": client, "mark": mark, **values},
            )

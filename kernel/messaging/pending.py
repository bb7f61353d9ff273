"""What is pending: clients to be projected again, and facts to be reacted to.

A key is marked in the transaction that heard why, with a number that was never given before. Who
works on it remembers that mark, and settles or parks it at that mark alone: what is marked again
meanwhile has another, and stays pending. Nobody who hears waits for anybody who works.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection

from kernel.store.bells import PENDING
from kernel.store.statements import text
from kernel.store.store import Transaction
from kernel.tracing.spans import LONGEST

UNTRACED: Mapping[str, str] = MappingProxyType({})

Barrier = Callable[[str], None]
"""Where tests hold or stop whoever works, at a place that has a name."""


class PendingTable(Enum):
    """Where a kind of pending work is marked: the table, its columns of the name and the key."""

    PROJECTIONS = ("due", "derivation", "key")
    REACTIONS = ("due_reaction", "reaction", "fact")

    def settling(self, change: str) -> str:
        """The statement that makes this change where the mark is still the one it was taken at."""
        table, name, key = self.value
        return f"{change.format(table)} WHERE {name} = :name AND {key} = :key AND mark = :mark"


@dataclass(slots=True)
class Pending:
    """One key of a projection or reaction (`name`), and whom it is about, taken at a mark.

    `ready`: False, where it has to wait, with what comes after it of its subject. `traces`: what
    it is part of, the newest first.
    """

    table: PendingTable
    name: str
    key: str | UUID
    subject: str
    mark: int
    ready: bool = True
    traces: str = ""

    def settle(self, connection: Connection) -> None:
        """It is pending no more, unless it was marked again since it was taken."""
        self._change(connection, "DELETE FROM {}")

    def park(self, connection: Connection, error: str) -> None:
        """It waits for a person, unless it was marked again: a new fact may mend it."""
        self._change(connection, "UPDATE {} SET error = :error", error=error)

    def _change(self, connection: Connection, change: str, **values: str) -> None:
        connection.execute(
            text(self.table.settling(change)),
            {"name": self.name, "key": self.key, "mark": self.mark, **values},
        )


def mark_pending(
    tx: Transaction, keys: Iterable[tuple[str, str]], traces: Mapping[str, str] = UNTRACED
) -> None:
    """Mark each (projection, client), with the client's traces; what is parked is tried again."""
    wanted = sorted(set(keys))
    # Sorted, for two transactions may mark the same keys: in one order neither waits for the other
    # in turn. Marked and rung by one statement, a round trip less: both hold from the commit on.
    if wanted:
        tx.execute(
            "WITH raised AS (INSERT INTO due (derivation, key, traces)"  # noqa: S608 - names are code
            " SELECT * FROM unnest(CAST(:names AS text[]), CAST(:keys AS text[]),"
            " CAST(:traces AS text[])) ON CONFLICT (derivation, key) DO UPDATE"
            " SET mark = nextval('due_mark'), error = NULL,"
            f" traces = nullif(left(concat_ws(' ', excluded.traces, due.traces), {LONGEST}), ''))"
            f" {PENDING.ring}",
            names=[name for name, _ in wanted],
            keys=[key for _, key in wanted],
            traces=[traces.get(key) for _, key in wanted],
        )


def mark_reactions(tx: Transaction, facts: Iterable[tuple[str, UUID, str, str | None]]) -> int:
    """Mark each (reaction, fact, subject, trace), in this order; gives how many became pending.

    What is pending already, or parked, stays as it is, but for a fact that was held as another's.
    """
    wanted = list(facts)
    # Not sorted: marks are numbered in this order, and commands are given in the order of marks.
    if not wanted:
        return 0
    return int(
        tx.connection.execute(
            text(
                "WITH raised AS (INSERT INTO due_reaction (reaction, fact, subject, traces)"  # noqa: S608 - names are code
                " SELECT * FROM unnest(CAST(:reactions AS text[]), CAST(:facts AS uuid[]),"
                " CAST(:subjects AS text[]), CAST(:traces AS text[]))"
                " ON CONFLICT (reaction, fact) DO UPDATE"
                " SET subject = excluded.subject, error = NULL, mark = nextval('due_mark')"
                " WHERE due_reaction.subject <> excluded.subject RETURNING fact)"
                f" SELECT (SELECT count(*) FROM raised), ({PENDING.ring})"
            ),
            {
                "reactions": [reaction for reaction, _, _, _ in wanted],
                "facts": [fact for _, fact, _, _ in wanted],
                "subjects": [subject for _, _, subject, _ in wanted],
                "traces": [traces for _, _, _, traces in wanted],
            },
        ).scalar_one()
    )


def release_reaction(tx: Transaction, reaction: str, fact: str) -> None:
    """Let a parked one be tried again."""
    tx.execute(
        "UPDATE due_reaction SET error = NULL, mark = nextval('due_mark')"
        " WHERE reaction = :reaction AND fact = CAST(:fact AS uuid)",
        reaction=reaction,
        fact=fact,
    )

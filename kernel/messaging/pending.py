"""What is pending: keys to be derived again, and facts to be reacted to."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text

from kernel.store.bells import DUE
from kernel.store.store import Transaction


def raise_reactions(tx: Transaction, due: Iterable[tuple[str, UUID, str]]) -> int:
    """Make each (reaction, fact, subject) due, in this order; gives how many became due.

    What is due already, or parked, stays as it is, but for a fact that was held as another's.
    """
    wanted = list(due)
    if not wanted:
        return 0
    return int(
        tx.connection.execute(
            text(
                "WITH raised AS (INSERT INTO due_reaction (reaction, fact, subject)"  # noqa: S608 - names are code
                " SELECT x.reaction, x.fact, x.subject FROM unnest(CAST(:reactions AS text[]),"
                " CAST(:facts AS uuid[]), CAST(:subjects AS text[]))"
                " AS x(reaction, fact, subject) ON CONFLICT (reaction, fact) DO UPDATE"
                " SET subject = excluded.subject, error = NULL, mark = nextval('due_mark')"
                " WHERE due_reaction.subject <> excluded.subject RETURNING fact)"
                f" SELECT (SELECT count(*) FROM raised), ({DUE.ring})"
            ),
            {
                "reactions": [reaction for reaction, _, _ in wanted],
                "facts": [fact for _, fact, _ in wanted],
                "subjects": [subject for _, _, subject in wanted],
            },
        ).scalar_one()
    )


def release_reaction(tx: Transaction, reaction: str, fact: str) -> None:
    """Let a parked one be tried again."""
    tx.connection.execute(
        text(
            "UPDATE due_reaction SET error = NULL, mark = nextval('due_mark')"
            " WHERE reaction = :reaction AND fact = CAST(:fact AS uuid)"
        ),
        {"reaction": reaction, "fact": fact},
    )

"""Following the published log in the order of its making: nothing is left out, nothing twice.

Positions are given before transactions commit, and commit in another order. A gap is therefore
waited for until every transaction that could fill it is over; then it stays one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from sqlalchemy import Connection, text
from sqlalchemy.engine import Row

from kernel.refusal import AgainstTheRules, Malformed
from kernel.store.published import epoch_of
from kernel.store.under_way import OLDEST_OPEN

PAGE = text(
    f"SELECT *, {OLDEST_OPEN} AS oldest_open"  # noqa: S608 - an expression of ours
    " FROM published WHERE position > :after ORDER BY position LIMIT :limit"
)
LARGEST = 2**63 - 1
OWN_ID = text("SELECT pg_current_xact_id()::text::bigint")


@dataclass(frozen=True, slots=True)
class Cursor:
    """All up to `after` was given, in one epoch.

    Gaps up to `settled_to` stay gaps, once `horizon` is closed.

    The horizon is an id taken after a page was read. Who holds a position below one of that page
    has had an id before its position (appending counts sequences first), so a lower one. A
    snapshot's own bound won't do: it is that of the transactions that are over, and one that began
    later may hold the lower position.
    """

    epoch: int
    after: int = 0
    settled_to: int = 0
    horizon: int = 0

    @classmethod
    def read(cls, connection: Connection, told: str) -> Self:
        """As `str` wrote it; empty: the beginning.

        Refuses anything else, and one from before the database was restored: what stands behind
        its place now is another past.
        """
        epoch = epoch_of(connection)
        if not told:
            return cls(epoch)
        parts = told.split(".")
        if len(parts) != 4 or not all(p.isascii() and p.isdigit() for p in parts):
            raise Malformed(cursor="is none that an answer gave")
        numbers = [int(part) for part in parts]
        if max(numbers) > LARGEST:
            raise Malformed(cursor="is none that an answer gave")
        if numbers[0] != epoch:
            raise AgainstTheRules(
                "CURSOR_OF_ANOTHER_EPOCH",
                "the database was restored since; begin with an empty cursor",
            )
        return cls(*numbers)

    def __str__(self) -> str:
        return f"{self.epoch}.{self.after}.{self.settled_to}.{self.horizon}"


def end_of(connection: Connection) -> Cursor:
    """Where the log ends now."""
    last = connection.execute(text("SELECT coalesce(max(position), 0) FROM published"))
    return Cursor(epoch_of(connection), int(last.scalar_one()))


def follow(
    connection: Connection, cursor: Cursor, limit: int
) -> tuple[Sequence[Row[Any]], Cursor, bool]:
    """The next rows, the cursor after them, and whether more stand ready."""
    rows = connection.execute(PAGE, {"after": cursor.after, "limit": limit}).all()
    if not rows:
        return [], cursor, False
    closed = cursor.settled_to if rows[0].oldest_open >= cursor.horizon else 0
    after = cursor.after
    given: list[Row[Any]] = []
    for row in rows:
        if row.position != after + 1 and row.position > closed:
            break
        given.append(row)
        after = row.position
    if len(given) == len(rows):
        return given, Cursor(cursor.epoch, after), len(rows) == limit
    blocked = rows[len(given)].position
    if blocked <= cursor.settled_to:  # waiting goes on: a later horizon might never be reached
        return given, replace(cursor, after=after), False
    horizon = connection.execute(OWN_ID).scalar_one()
    return given, Cursor(cursor.epoch, after, rows[-1].position, int(horizon)), False

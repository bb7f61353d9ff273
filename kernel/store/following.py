"""Following the published log in the order of its making: nothing is left out, nothing twice.

Positions are given before transactions commit, and commit in another order. A gap is therefore
waited for until every transaction that could fill it is over; then it stays one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection, text
from sqlalchemy.engine import Row

from kernel.refusal import Malformed

PAGE = text(
    "SELECT *, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest_open"
    " FROM published WHERE position > :after ORDER BY position LIMIT :limit"
)
OWN_ID = text("SELECT pg_current_xact_id()::text::bigint")


@dataclass(frozen=True, slots=True)
class Cursor:
    """All up to `after` was given. Gaps up to `settled_to` stay gaps, once `horizon` is closed.

    The horizon is an id taken after a page was read. Who holds a position below one of that page
    has had an id before its position (appending counts sequences first), so a lower one. A
    snapshot's own bound won't do: it is that of the transactions that are over, and one that began
    later may hold the lower position.
    """

    after: int = 0
    settled_to: int = 0
    horizon: int = 0

    @classmethod
    def read(cls, text: str) -> Self:
        """As `str` wrote it; empty: the beginning. Refuses anything else."""
        parts = text.split(".") if text else []
        if len(parts) not in (0, 3) or not all(p.isascii() and p.isdigit() for p in parts):
            raise Malformed(cursor="is none that an answer gave")
        return cls(*(int(part) for part in parts))

    def __str__(self) -> str:
        return f"{self.after}.{self.settled_to}.{self.horizon}"


def end_of(connection: Connection) -> Cursor:
    """Where the log ends now."""
    last = connection.execute(text("SELECT coalesce(max(position), 0) FROM published"))
    return Cursor(int(last.scalar_one()))


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
        return given, Cursor(after), len(rows) == limit
    blocked = rows[len(given)].position
    if blocked <= cursor.settled_to:  # waiting goes on: a later horizon might never be reached
        return given, Cursor(after, cursor.settled_to, cursor.horizon), False
    horizon = connection.execute(OWN_ID).scalar_one()
    return given, Cursor(after, rows[-1].position, int(horizon)), False

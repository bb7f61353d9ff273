"""What was published since a cursor: every row once, though transactions commit out of order.

A position is given when a row is written, and a lower one may be committed later; who remembers
the last position they saw would miss it. So rows are read in the order of the transactions that
wrote them, and only those older than every transaction of this database still under way: behind a
cursor nothing can appear any more. A row counts as written no earlier than its subject's row
before it, so each subject's changes keep their order. The price: a long writing transaction delays
what was written after it began.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection, text
from sqlalchemy.engine import Row

from kernel.refusal import AgainstTheRules, Malformed
from kernel.store.published import epoch_of
from kernel.store.under_way import OLDEST_OPEN

LARGEST_ID = 2**63 - 1
_CURSOR = re.compile(r"([0-9]{1,19})\.([0-9]{1,19})\.([0-9]{1,19})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place among the changes of one epoch: the transaction, and the position of its last row."""

    epoch: int
    transaction: int = 0
    position: int = 0

    @classmethod
    def read(cls, connection: Connection, field: str, told: str) -> Self:
        """A caller's cursor; the beginning for an empty one.

        Refuses what is no cursor, and one from before the database was restored: what was read
        under it may never have happened.
        """
        epoch = epoch_of(connection)
        if not told:
            return cls(epoch)
        found = _CURSOR.fullmatch(told)
        numbers = [int(each) for each in found.groups()] if found else []
        if not numbers or max(numbers) > LARGEST_ID:
            raise Malformed(**{field: "is not a cursor of ours"})
        if numbers[0] != epoch:
            raise AgainstTheRules(
                "CURSOR_OF_ANOTHER_EPOCH",
                "the database was restored since; forget what was read, begin with an empty cursor",
            )
        return cls(*numbers)

    def __str__(self) -> str:
        return f"{self.epoch}.{self.transaction}.{self.position}"


@dataclass(frozen=True, slots=True)
class Changes:
    """Published rows in order, where the next question goes on, and whether there are more."""

    rows: Sequence[Row[Any]]
    cursor: Cursor
    more: bool


def changes(
    connection: Connection, since: Cursor, types: Sequence[str], subject: str, limit: int
) -> Changes:
    """At most `limit` rows of these types after the cursor; `subject` empty: of all."""
    rows = connection.execute(
        text(
            "SELECT id, subject, type, body, headers, position,"  # noqa: S608 - a condition of ours
            " CAST(CAST(written_by AS text) AS bigint) AS written_by FROM published"
            f" WHERE written_by < CAST(CAST({OLDEST_OPEN} AS text) AS xid8)"
            " AND (written_by, position)"
            "     > (CAST(CAST(:transaction AS text) AS xid8), CAST(:position AS bigint))"
            " AND type = ANY(CAST(:types AS text[])) AND (:subject = '' OR subject = :subject)"
            " ORDER BY published.written_by, position LIMIT :limit"
        ),
        {
            "transaction": str(since.transaction),
            "position": since.position,
            "types": list(types),
            "subject": subject,
            "limit": limit + 1,
        },
    ).all()
    page = rows[:limit]
    if not page:
        return Changes((), since, False)
    reached = Cursor(since.epoch, page[-1].written_by, page[-1].position)
    return Changes(page, reached, len(rows) > limit)

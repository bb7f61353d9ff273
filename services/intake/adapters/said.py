"""What was said of a client, with all its tellings, from the private log."""

from collections.abc import Collection, Iterator
from datetime import datetime

from kernel.statements import Statement, content_of, statements
from kernel.store.store import Transaction
from services.intake.app.streams import client_stream

# By what they published: a client's streams stand nowhere else together.
STREAMS = """
SELECT DISTINCT stream FROM fact WHERE id IN (
    SELECT CAST(headers->>'causationid' AS uuid) FROM published
    WHERE subject = :client AND command_id IS NOT NULL)
"""


def said_of(
    tx: Transaction, client_id: str, kinds: Collection[type], until: datetime | None
) -> list[Statement]:
    """Statements of these kinds, in the order in which they were said first, as told by then."""
    client = client_stream(client_id)
    streams = {row.stream for row in tx.execute(STREAMS, client=client)} | {client}
    return sorted(
        _said(tx, streams, kinds, until),
        key=lambda said: (said.first.at, said.first.stream, said.first.version),
    )


def _said(
    tx: Transaction, streams: Collection[str], kinds: Collection[type], until: datetime | None
) -> Iterator[Statement]:
    for history in tx.load_many(sorted(streams)).values():
        told = [recorded for recorded in history if until is None or recorded.at <= until]
        for said in statements(told):
            if type(content_of(said.first)) in kinds:
                yield said

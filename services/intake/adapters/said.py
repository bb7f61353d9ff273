"""What was said of a client, with all its tellings, from the private log."""

from collections.abc import Collection
from datetime import datetime

from kernel.putting_right import said_in
from kernel.statements import Statement
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
    return said_in(tx, streams, kinds, until)

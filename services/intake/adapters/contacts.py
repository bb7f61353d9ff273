"""When clients were last in contact, by what was signed about them."""

from datetime import UTC, date

from kernel.store.store import Transaction
from services.intake.app.streams import client_stream

LAST = """
SELECT max(coalesce(signed_at, recorded_at)) FROM (
    SELECT signed_at, recorded_at FROM published WHERE subject = :client
    UNION ALL
    SELECT signed_at, recorded_at FROM heard_fact WHERE subject = :client
) told
"""


def last_contact(tx: Transaction, client_id: str) -> date:
    """The day of the last fact that was signed about the client, here or where it was heard."""
    last: date = (
        tx.execute(LAST, client=client_stream(client_id)).scalar_one().astimezone(UTC).date()
    )
    return last

"""When clients were last in contact, by what was signed about them."""

from datetime import UTC, date

from kernel.messaging.persons import ids_of
from kernel.store.store import Transaction
from services.intake.app.streams import client_stream

LAST = """
SELECT max(coalesce(signed_at, recorded_at)) FROM (
    SELECT signed_at, recorded_at FROM published WHERE subject = ANY(CAST(:clients AS text[]))
    UNION ALL
    SELECT signed_at, recorded_at FROM heard_fact
    WHERE subject = ANY(CAST(:clients AS text[]))
) told
"""


def last_contact(tx: Transaction, client_id: str) -> date:
    """The day of the last fact that was signed about the client, here or where it was heard."""
    clients = [client_stream(each) for each in ids_of(tx.connection, client_id)]
    last: date = tx.execute(LAST, clients=clients).scalar_one().astimezone(UTC).date()
    return last

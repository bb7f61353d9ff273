"""Where clients were registered, as a table: theirs until an admission says."""

from kernel.facts import Recorded
from kernel.store.store import Transaction
from services.intake.domain.client import ClientRegistered


def keep(tx: Transaction, recorded: Recorded) -> None:
    """Enter a registration, in the transaction that records it."""
    match recorded.fact:
        case ClientRegistered() as fact:
            tx.execute(
                "INSERT INTO registration VALUES (:client, CAST(nullif(:site, '') AS uuid))",
                client=fact.client_id,
                site=fact.site_id,
            )

"""Whose each client is, by the table of episodes and where they were registered."""

from kernel.facts import Recorded
from kernel.rpc.policy import BindingKind
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


def sites_of(tx: Transaction, client_id: str) -> frozenset[str]:
    """The client's; none of one whom nobody registered, or registered without a site."""
    rows = tx.execute("SELECT site_id FROM client_site WHERE client_id = :client", client=client_id)
    return frozenset(str(row.site_id) for row in rows)


KINDS = {"client": BindingKind(sites_of)}

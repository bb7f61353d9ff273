"""Whose each client is, by the table of episodes and where they were registered."""

from kernel.rpc.policy import BindingKind
from kernel.store.store import Transaction


def sites_of(tx: Transaction, client_id: str) -> frozenset[str]:
    """The client's; none of one whom nobody registered, or registered without a site."""
    rows = tx.execute("SELECT site_id FROM client_site WHERE client_id = :client", client=client_id)
    return frozenset(str(row.site_id) for row in rows)


KINDS = {"client": BindingKind(sites_of)}

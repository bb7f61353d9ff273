"""What a service would have derived by a moment, from the facts signed by then. Nothing is written.

A projection is a pure function of facts: no history of rows is needed to ask this.
"""

from collections.abc import Sequence
from datetime import datetime

from kernel.facts import Row
from kernel.messaging import limited
from kernel.messaging.subscriptions import Projection, Subscriptions
from kernel.store.store import Store


def rows_as_of(
    store: Store,
    subscriptions: Subscriptions,
    projection: Projection,
    client: str,
    until: datetime | None = None,
) -> Sequence[Row]:
    """The rows of `client/<uuid>` as heard by `until`, own facts counted; None: as of now."""
    with store.transaction() as tx:
        facts = subscriptions.read_history(tx.connection, client, until)
    return limited.derive(projection, client, facts)

"""Payers as they were heard from billing."""

from ninehours.billing.v1 import billing_events_pb2 as billing

from kernel.messaging.public_facts import has_public_fact
from kernel.store.store import Transaction


class SqlPayers:
    """The PayerDirectory port on the facts that were heard."""

    def is_registered(self, tx: Transaction, payer_id: str) -> bool:
        return has_public_fact(tx.connection, billing.PayerRegistered, f"payer/{payer_id}")

"""Payers as they were heard from billing."""

from ninehours.billing.v1 import billing_events_pb2 as billing
from sqlalchemy import text

from kernel.store.store import Transaction

REGISTERED = billing.PayerRegistered.DESCRIPTOR.full_name
HEARD = "SELECT EXISTS (SELECT FROM heard_fact WHERE type = :type AND subject = :subject)"


class SqlPayers:
    """The KnownPayers port on the facts that were heard."""

    def is_registered(self, tx: Transaction, payer_id: str) -> bool:
        asked = {"type": REGISTERED, "subject": f"payer/{payer_id}"}
        return bool(tx.connection.execute(text(HEARD), asked).scalar_one())

"""Credentials of staff as they were heard from attendance."""

from collections.abc import Sequence

from ninehours.attendance.v1 import attendance_events_pb2 as attendance

from kernel.credentials import Credential
from kernel.messaging.told import told
from kernel.rpc.translate import date_of
from kernel.store.store import Transaction


class SqlCredentials:
    """The Credentials port on the facts that were heard."""

    def of(self, tx: Transaction, person: str) -> Sequence[Credential]:
        facts = told(tx.connection, (attendance.StaffCredentialed,), subject=person)
        return [
            Credential(
                text=fact.message.credential,
                effective_from=date_of(fact.message, "effective_from"),
            )
            for fact in facts
        ]

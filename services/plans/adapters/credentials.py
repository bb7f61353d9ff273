"""Credentials of staff, and where sites are, as they were heard from attendance."""

from collections.abc import Sequence

from ninehours.attendance.v1 import attendance_events_pb2 as attendance

from kernel.credentials import Credential
from kernel.messaging.credentialed import credentials_of
from kernel.messaging.told import told
from kernel.store.store import Transaction


class SqlCredentials:
    """The Credentials port on the facts that were heard."""

    def of(self, tx: Transaction, person: str) -> Sequence[Credential]:
        return credentials_of(
            tx.connection,
            person,
            credentialed=attendance.StaffCredentialed,
            ended=attendance.CredentialEnded,
        )

    def place(self, tx: Transaction, site_id: str) -> tuple[str, str]:
        facts = told(tx.connection, (attendance.SiteOpened,), subject=f"site/{site_id}")
        opened = facts[-1].message if facts else attendance.SiteOpened(time_zone="UTC")
        return opened.address.state, opened.time_zone or "UTC"

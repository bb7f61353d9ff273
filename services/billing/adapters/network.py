"""Sites, staff and clients as they were heard from attendance and intake."""

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.messaging.told import is_told
from kernel.store.store import Transaction

FIRST = {
    "site": attendance.SiteOpened,
    "staff": attendance.StaffCredentialed,
    "client": intake.ClientRegistered,
}


class SqlNetwork:
    """The Network port on the facts that were heard."""

    def has(self, tx: Transaction, kind: str, key: str) -> bool:
        return is_told(tx.connection, FIRST[kind], f"{kind}/{key}")

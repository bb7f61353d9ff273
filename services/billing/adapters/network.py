"""Sites, staff and clients as they were heard from attendance and intake."""

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.messaging.public_facts import has_public_fact, public_facts
from kernel.store.store import Transaction

FIRST = {
    "site": attendance.SiteOpened,
    "staff": attendance.StaffCredentialed,
    "client": intake.ClientRegistered,
}


class SqlNetwork:
    """The Network port on the facts that were heard."""

    def has(self, tx: Transaction, kind: str, key: str) -> bool:
        return has_public_fact(tx.connection, FIRST[kind], f"{kind}/{key}")

    def npi_of(self, tx: Transaction, staff_id: str) -> str:
        facts = public_facts(
            tx.connection, [attendance.StaffCredentialed], subject=f"staff/{staff_id}"
        )
        numbers = [fact.message.npi for fact in facts if fact.message.npi]
        return numbers[-1] if numbers else ""

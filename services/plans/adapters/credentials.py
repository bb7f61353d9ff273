"""Credentials of staff, and where sites are, as they were heard from attendance."""

from collections.abc import Sequence

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.attendance.v1 import attendance_service_pb2 as words
from sqlalchemy import text

from kernel.credentials import Credential
from kernel.messaging.told import told
from kernel.rpc.translate import date_of, optional
from kernel.store.store import Transaction


class SqlCredentials:
    """The Credentials port on the facts that were heard."""

    def of(self, tx: Transaction, person: str) -> Sequence[Credential]:
        rows = tx.connection.execute(
            text(
                "SELECT subject, body FROM heard_fact"
                " WHERE type = 'ninehours.attendance.v1.StaffCredentialed'"
                " ORDER BY subject, sequence"
            )
        )
        facts = [(r.subject, attendance.StaffCredentialed.FromString(bytes(r.body))) for r in rows]
        return [
            Credential(
                text=fact.credential,
                effective_from=date_of(fact, "effective_from"),
                effective_to=optional(date_of, fact, "effective_to"),
                type=_type_of(fact),
                state=fact.state,
            )
            for subject, fact in facts
            if person == (fact.token_subject or subject)
        ]

    def place(self, tx: Transaction, site_id: str) -> tuple[str, str]:
        facts = told(tx.connection, (attendance.SiteOpened,), subject=f"site/{site_id}")
        opened = facts[-1].message if facts else attendance.SiteOpened(time_zone="UTC")
        return opened.address.state, opened.time_zone or "UTC"


def _type_of(fact: attendance.StaffCredentialed) -> str:
    """Its abbreviation; empty: none was told. One of a later release is for nothing here."""
    if not fact.type:
        return ""
    name = words.CredentialType.DESCRIPTOR.values_by_number.get(fact.type)
    return str(name.name).removeprefix("CREDENTIAL_TYPE_") if name else str(fact.type)

"""What was heard from attendance and intake: facts of a kind; sites, staff and clients."""

from collections.abc import Sequence
from typing import TypeVar

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake
from sqlalchemy import Connection

from kernel.facts import id_of
from kernel.messaging import public_facts
from kernel.store.store import Transaction

M = TypeVar("M", bound=Message)
FIRST = {
    "site": attendance.SiteOpened,
    "staff": attendance.StaffCredentialed,
    "client": intake.ClientRegistered,
}


def subjects_of(kind: str, ids: Sequence[str] | None) -> list[str] | None:
    """What facts about these are filed under; None: everything."""
    return None if ids is None else [f"{kind}/{id_}" for id_ in ids]


def heard_facts(
    connection: Connection, kind: type[M], subjects: Sequence[str] | None
) -> list[tuple[str, M]]:
    """Id and message of each fact of the kind as it stands, in its log's order; None: of all."""
    found = public_facts.heard_facts(connection, kind, subjects)
    return [(id_of(subject), message) for subject, message in found]


class SqlNetwork:
    """The Network port on the facts that were heard."""

    def has(self, tx: Transaction, kind: str, key: str) -> bool:
        return public_facts.has_public_fact(tx.connection, FIRST[kind], f"{kind}/{key}")

    def npi_of(self, tx: Transaction, staff_id: str) -> str:
        facts = public_facts.public_facts(
            tx.connection, [attendance.StaffCredentialed], subject=f"staff/{staff_id}"
        )
        numbers = [fact.message.npi for fact in facts if fact.message.npi]
        return numbers[-1] if numbers else ""

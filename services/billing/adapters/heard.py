"""What was heard from attendance and intake: facts of a kind; sites, staff and clients."""

from collections.abc import Sequence
from typing import TypeVar

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.intake.v1 import intake_events_pb2 as intake
from sqlalchemy import Connection, text

from kernel.facts import id_of
from kernel.messaging.amendments import AMENDED, standing_rows
from kernel.messaging.public_facts import has_public_fact, public_facts
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
    rows = connection.execute(
        text(
            "SELECT id, subject, type, body FROM heard_fact WHERE type IN (:type, :amended)"
            " AND (CAST(:subjects AS text[]) IS NULL"
            "      OR subject = ANY(CAST(:subjects AS text[]))) ORDER BY subject, sequence"
        ),
        {"type": kind.DESCRIPTOR.full_name, "amended": AMENDED, "subjects": subjects},
    ).all()
    by_type = {kind.DESCRIPTOR.full_name: kind}
    return [(id_of(row.subject), message) for row, message in standing_rows(rows, by_type)]


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

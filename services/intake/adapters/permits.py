"""Permits as a table: kept with each one, listed by the place in the client's log."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from kernel.facts import Position, Recorded
from kernel.messaging.persons import ids_of
from kernel.store.rows import from_row
from kernel.store.store import Transaction
from services.intake.app.deciding import LogEnd
from services.intake.app.streams import client_stream
from services.intake.domain.permit import DisclosurePermitted

MOST_PERMITS = 100
# Of another client who is the same person, whose log counts otherwise, by the time.
BEFORE = """
SELECT permit_id, consent_id, sequence, permitted_at FROM permit
WHERE payer_id = :payer
  AND (client_id = CAST(:client AS uuid) AND sequence < :sequence
       OR client_id = ANY(CAST(:others AS uuid[])) AND permitted_at <= coalesce(
           (SELECT recorded_at FROM published WHERE subject = :subject AND sequence = :sequence),
           permitted_at))
ORDER BY number DESC LIMIT :most
"""


def keep(tx: Transaction, recorded: Recorded) -> None:
    """Enter a permit, in the transaction that records it."""
    match recorded.fact:
        case DisclosurePermitted() as fact:
            tx.execute(
                "INSERT INTO permit"
                " (permit_id, client_id, payer_id, consent_id, sequence, permitted_at)"
                " VALUES (:permit_id, :client_id, :recipient_payer_id, :consent_id, :sequence,"
                " :at)",
                **(asdict(fact) | {"at": recorded.at}),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A disclosure that was permitted; `sequence`: the last fact of the client's log it knew."""

    permit_id: str
    consent_id: str | None
    sequence: int
    permitted_at: datetime


def log_ends(tx: Transaction, client_ids: Sequence[str]) -> Mapping[str, LogEnd]:
    """Client → where their published log ends. The clients must be locked."""
    subjects = {client_stream(client_id): client_id for client_id in client_ids}
    rows = tx.execute(
        "SELECT subject, last, last_id FROM sequence"
        " WHERE subject = ANY(CAST(:subjects AS text[]))",
        subjects=list(subjects),
    )
    return dict.fromkeys(client_ids, LogEnd()) | {
        subjects[row.subject]: LogEnd(row.last, str(row.last_id)) for row in rows
    }


def permits_before(
    tx: Transaction, client_id: str, payer_id: str, published: Sequence[Position]
) -> list[Permit]:
    """What was permitted to the payer before what a command published of the client, newest first.

    Before all that is to come, where it published nothing: what it says was said already.
    """
    last = log_ends(tx, [client_id])[client_id].sequence
    rows = tx.execute(
        BEFORE,
        client=client_id,
        others=[each for each in ids_of(tx.connection, client_id) if each != client_id],
        subject=client_stream(client_id),
        payer=payer_id,
        sequence=min((position.sequence for position in published), default=last + 1),
        most=MOST_PERMITS,
    )
    return [from_row(Permit, row) for row in rows]

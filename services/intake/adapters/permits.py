"""Permits as a table: kept with each one, listed by the place in the client's log."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from kernel.facts import Recorded
from kernel.store.rows import from_row
from kernel.store.store import Transaction
from services.intake.app.ports import LogEnd, Permit
from services.intake.app.streams import client_stream
from services.intake.domain.permit import DisclosurePermitted


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


class SqlPermits:
    """The Permits port on this service's table and its published log."""

    def ends(self, tx: Transaction, client_ids: Sequence[str]) -> Mapping[str, LogEnd]:
        subjects = {client_stream(client_id): client_id for client_id in client_ids}
        rows = tx.execute(
            "SELECT subject, last, last_id FROM sequence"
            " WHERE subject = ANY(CAST(:subjects AS text[]))",
            subjects=list(subjects),
        )
        return dict.fromkeys(client_ids, LogEnd()) | {
            subjects[row.subject]: LogEnd(row.last, str(row.last_id)) for row in rows
        }

    def before(
        self, tx: Transaction, client_id: str, payer_id: str, sequence: int, most: int
    ) -> Sequence[Permit]:
        rows = tx.execute(
            "SELECT permit_id, consent_id, sequence, permitted_at FROM permit"
            " WHERE client_id = :client AND payer_id = :payer AND sequence < :sequence"
            " ORDER BY number DESC LIMIT :most",
            client=client_id,
            payer=payer_id,
            sequence=sequence,
            most=most,
        )
        return [from_row(Permit, row) for row in rows]

"""The audit of identities as a table: who asked, for whom, with what outcome."""

from collections.abc import Sequence
from dataclasses import asdict

from kernel.store.statements import text
from kernel.store.store import Transaction
from services.intake.app.deciding import AuditEntry


def write_asked(tx: Transaction, entries: Sequence[AuditEntry]) -> None:
    """Enter all of them, in the transaction that answers."""
    if entries:
        tx.connection.execute(
            text(
                "INSERT INTO identity_audit (at, actor, purpose, client_id, recipient_payer_id,"
                " consent_id, identity_version, outcome, correlation)"
                " VALUES (:at, :actor, :purpose, :client_id, :recipient_payer_id,"
                " :consent_id, :identity_version, :outcome, :correlation)"
            ),
            [asdict(entry) for entry in entries],
        )

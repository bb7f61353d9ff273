"""The audit of claim files as a table: who read which file of identified claims, and when."""

from dataclasses import asdict

from sqlalchemy import text

from kernel.store.store import Transaction
from services.billing.app.ports import FileRead


def write_file_read(tx: Transaction, read: FileRead) -> None:
    """One entry, in the transaction that opens the file."""
    tx.connection.execute(
        text(
            "INSERT INTO file_audit (at, actor, purpose, batch_id, correlation)"
            " VALUES (:at, :actor, :purpose, :batch_id, :correlation)"
        ),
        asdict(read),
    )

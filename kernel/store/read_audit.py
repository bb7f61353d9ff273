"""The audit of reading: who asked what about which client, for what, and how it was answered."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from kernel.store.rows import from_row
from kernel.store.store import Transaction

ANSWERED = "ANSWERED"
ENTER = """
INSERT INTO read_audit (at, actor, roles, purpose, client_id, rpc, outcome, correlation)
SELECT :at, :actor, :roles, :purpose, client_id, :rpc, :outcome, :correlation
FROM unnest(CAST(:clients AS uuid[])) AS x(client_id)
"""
OF_CLIENT = """
SELECT * FROM read_audit
WHERE client_id = :client AND (CAST(:before AS bigint) IS NULL OR number < :before)
ORDER BY number DESC LIMIT :most
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedRead:
    """`outcome`: ANSWERED, or the reason of the refusal. `number`: its place among all of them."""

    at: datetime
    actor: str
    roles: tuple[str, ...]
    purpose: str
    rpc: str
    outcome: str
    correlation: str
    number: int = 0


def enter(tx: Transaction, read: AuditedRead, clients: Collection[str]) -> None:
    """An entry for each of the clients; where nobody was named, one that names nobody."""
    tx.execute(
        ENTER,
        at=read.at,
        actor=read.actor,
        roles=list(read.roles),
        purpose=read.purpose,
        rpc=read.rpc,
        outcome=read.outcome,
        correlation=read.correlation,
        clients=sorted(clients) or [None],
    )


def reads_of(
    tx: Transaction, client_id: str, *, before: int | None, most: int
) -> list[AuditedRead]:
    """Newest first, those entered before the one of this number."""
    rows = tx.execute(OF_CLIENT, client=client_id, before=before, most=most)
    return [from_row(AuditedRead, row) for row in rows]

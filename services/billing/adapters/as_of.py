"""What billing knew by a moment, in SQL: for explanations, accounts and deadlines."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from ninehours.attendance.v1 import attendance_events_pb2 as attendance
from ninehours.billing.v1 import billing_events_pb2 as billing

from kernel.due import DueAsked
from kernel.facts import HeardFact
from kernel.messaging.persons import persons_of, survivor_of
from kernel.messaging.public_facts import clocks_of
from kernel.store.store import Transaction
from operations import explaining
from operations.explaining import Revision
from services.billing.adapters.history import history_of
from services.billing.adapters.rows import content_of, current_rows, draft_with
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from services.billing.domain.claims.rows import DraftRow
from services.billing.domain.days.service_day import DayRow
from services.billing.domain.history.history import BillingHistory

AT_ONCE = 200
"""Clients whose facts are held at a time."""
ISSUED = billing.ClaimIssued.DESCRIPTOR.full_name


class SqlHistoryAsOf:
    """The HistoryAsOf port."""

    def history(
        self, tx: Transaction, client_id: str, until: datetime | None, *, issuing: bool = False
    ) -> BillingHistory:
        if not issuing:
            return history_by(tx, client_id, until)
        client = survivor_of(tx.connection, f"client/{client_id}", until)
        facts = SUBSCRIPTIONS.read_history(tx.connection, client, until)
        facts[client] = [
            fact for fact in facts[client] if fact.type != ISSUED or fact.signed_at != until
        ]
        return history_of(client, facts)

    def histories(self, tx: Transaction, client_ids: Sequence[str]) -> Sequence[BillingHistory]:
        return histories_by(tx, client_ids)

    def revisions(
        self, tx: Transaction, row_id: str, until: datetime | None
    ) -> Sequence[tuple[Revision, DayRow]]:
        found = explaining.revisions(tx.connection, [row_id])
        published = explaining.explain(
            tx.connection, [revision.fact_id for revision in found], until
        )
        by_then = {explained.id for explained in published}
        return [
            (revision, content_of(DayRow, revision.content))
            for revision in found
            if revision.fact_id in by_then
        ]

    def client_of_draft(self, tx: Transaction, draft_id: str) -> str | None:
        draft = draft_with(tx, draft_id)
        return None if draft is None else draft.client_id


# Whoever it ever covered by a telling of it: what stands is in their history. Types are literals:
# that is what the indexes are for.
AUTHORIZED = """
SELECT DISTINCT said->>'client_id' AS client_id FROM (
    SELECT body AS said FROM fact WHERE type = 'billing.authorization_recorded.v1'
    AND body->>'effective_to' >= :on AND at <= :moment
    UNION ALL
    SELECT body->'content' FROM fact WHERE type = 'billing.statement_amended.v1'
    AND body->>'type' = 'billing.authorization_recorded.v1'
    AND body->'content'->>'effective_to' >= :on AND at <= :moment
) AS told
WHERE said->>'effective_from' <= :on ORDER BY 1
"""


class SqlDeadlines:
    """The Deadlines port on the kernel's tables."""

    def authorized(self, tx: Transaction, asked: DueAsked) -> Sequence[BillingHistory]:
        rows = tx.execute(AUTHORIZED, moment=asked.moment, on=asked.on.isoformat()).all()
        return histories_by(tx, [row.client_id for row in rows], asked.moment)

    def clocks(self, tx: Transaction) -> Mapping[str, str]:
        return clocks_of(tx.connection, attendance.SiteOpened)

    def unissued(self, tx: Transaction) -> Sequence[DraftRow]:
        return [row.content for row in current_rows(tx, DraftRow)]


def histories_by(
    tx: Transaction, client_ids: Iterable[str], until: datetime | None = None
) -> list[BillingHistory]:
    """As `history_by`, of several clients in their order, each person once: read at once."""
    clients = [f"client/{client_id}" for client_id in client_ids]
    persons = persons_of(tx.connection, clients, until)
    survivors = list(dict.fromkeys(persons.survivor_of(client) for client in clients))
    found: list[BillingHistory] = []
    for start in range(0, len(survivors), AT_ONCE):
        some = survivors[start : start + AT_ONCE]
        told = SUBSCRIPTIONS.read_histories(tx.connection, some, until)
        found += [history_of(client, told[client]) for client in some]
    return found


def history_by(
    tx: Transaction,
    client_id: str,
    until: datetime | None = None,
    supposed: Sequence[HeardFact] = (),
) -> BillingHistory:
    """All that was heard of a client by then, or (None) until now, and what is supposed beside."""
    client = survivor_of(tx.connection, f"client/{client_id}", until)
    return history_of(client, SUBSCRIPTIONS.read_history(tx.connection, client, until, supposed))

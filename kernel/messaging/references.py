"""References: what the facts in the inbox refer to, as this release says it."""

from collections.abc import Iterator

from sqlalchemy import text

from kernel.messaging.pending import mark_pending
from kernel.messaging.subscriptions import Subscriptions
from kernel.store.store import Store, Transaction

BATCH = 1000


def update_references(store: Store, subscriptions: Subscriptions) -> int:
    """File heard facts under what they refer to today, where a release before said otherwise.

    What follows from them becomes pending. Nobody need be asked: their bytes are here. What can't
    be decoded stays as it is. Gives how many facts.
    """
    filed = 0
    changed = list(_changed(store, subscriptions))
    for start in range(0, len(changed), BATCH):
        batch = changed[start : start + BATCH]
        with store.transaction() as tx:
            _file(tx, subscriptions, batch)
        filed += len(batch)
    return filed


def _changed(store: Store, subscriptions: Subscriptions) -> Iterator[tuple[str, str, list[str]]]:
    """Id, subject and references of what is filed otherwise."""
    with store.snapshot() as tx:
        rows = tx.connection.execution_options(stream_results=True, yield_per=BATCH).execute(
            text(
                "SELECT id, subject, type, body, refs FROM heard_fact"
                " WHERE type = ANY(CAST(:types AS text[]))"
            ),
            {"types": sorted(subscriptions.by_type)},
        )
        for row in rows:
            try:
                references = subscriptions.references(
                    row.type, subscriptions.decode(row.type, bytes(row.body))
                )
            except Exception:  # noqa: S112 - nothing but this fact's content is at work here
                continue
            if references != sorted(row.refs):
                yield str(row.id), row.subject, references


def _file(
    tx: Transaction, subscriptions: Subscriptions, batch: list[tuple[str, str, list[str]]]
) -> None:
    subjects = {subject for _, subject, _ in batch}
    tx.lock(subjects)
    tx.connection.execute(
        text("UPDATE heard_fact SET refs = CAST(:refs AS text[]) WHERE id = CAST(:id AS uuid)"),
        [{"id": fact_id, "refs": references} for fact_id, _, references in batch],
    )
    mark_pending(tx, subscriptions.pending_after(tx.connection, subjects))

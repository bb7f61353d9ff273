"""A service's own facts that it derives from: heard when made, and caught up with at start."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import text

from kernel.messaging.interests import Interests, Use, use
from kernel.store.appending import Written
from kernel.store.store import Store, Transaction

BATCH = 1000


def hear_own(tx: Transaction, interests: Interests, written: Iterable[Written]) -> None:
    """What this service derives from its own facts is heard in the transaction that made it."""
    uses = [
        Use(
            id=item.publication.id,
            topic=tx.store.topic,
            subject=item.publication.subject,
            sequence=item.sequence,
            type=item.publication.type,
            body=item.publication.message.SerializeToString(deterministic=True),
            label=item.publication.label,
            recorded_at=(now := datetime.now(UTC)),
            signed_at=item.signed_at or now,
            refs=interests.references(item.publication.type, item.publication.message),
        )
        for item in written
        if item.publication.type in interests.by_type
    ]
    unlocked = {each.subject for each in uses} - tx.locked
    if unlocked:
        raise RuntimeError(f"publishes inputs of a derivation without locking {sorted(unlocked)}")
    use(tx, interests, uses)


def catch_up(store: Store, interests: Interests) -> int:
    """Hear what was published here before this release derived from it; gives how many facts."""
    found = 0
    while True:
        with store.transaction() as tx:
            missing = tx.connection.execute(
                text(
                    "SELECT p.* FROM published p WHERE p.type = ANY(CAST(:types AS text[]))"
                    " AND NOT EXISTS (SELECT FROM heard_fact h WHERE h.id = p.id)"
                    " ORDER BY position LIMIT :batch"
                ),
                {"types": sorted(interests.by_type), "batch": BATCH},
            ).all()
            tx.lock(row.subject for row in missing)
            uses = [
                Use(
                    id=row.id,
                    topic=store.topic,
                    subject=row.subject,
                    sequence=row.sequence,
                    type=row.type,
                    body=bytes(row.body),
                    label=row.headers["label"],
                    recorded_at=row.recorded_at,
                    signed_at=row.signed_at or row.recorded_at,
                    refs=interests.references(
                        row.type, interests.decode(row.type, bytes(row.body))
                    ),
                )
                for row in missing
            ]
            use(tx, interests, uses)
        found += len(missing)
        if len(missing) < BATCH:
            return found

"""A service's own facts that it derives from: heard when made, or caught up with."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import text

from kernel.messaging.interests import Interests, Use, use_owned
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
    use_owned(tx, interests, uses)


class OwnFacts:
    """What was published here and not heard as it was made: of no use to that release.

    Its `api` may still be at work in a roll-out, so this is looked for again and again; each time
    only among what was written since.
    """

    def __init__(self, store: Store, interests: Interests) -> None:
        self._store = store
        self._interests = interests
        self._looked_to = 0  # transactions before this one were over when it last looked

    def catch_up(self) -> int:
        """Hear what is missing; gives how many facts."""
        with self._store.transaction() as tx:
            over = tx.connection.execute(
                text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)")
            ).scalar_one()
        since = self._looked_to if self._looked_to <= over else 0  # another server counts anew
        found = 0
        while missing := self._hear_missing(since):
            found += missing
        self._looked_to = over
        return found

    def _hear_missing(self, since: int) -> int:
        interests = self._interests
        with self._store.transaction() as tx:
            missing = tx.connection.execute(
                text(
                    "SELECT p.* FROM published p WHERE p.type = ANY(CAST(:types AS text[]))"
                    " AND p.written_by >= CAST(CAST(:since AS text) AS xid8)"
                    " AND NOT EXISTS (SELECT FROM heard_fact h WHERE h.id = p.id"
                    "  AND (h.topic, h.subject, h.sequence) = (:topic, p.subject, p.sequence))"
                    " ORDER BY position LIMIT :batch"
                ),
                {
                    "types": sorted(interests.by_type),
                    "since": since,
                    "topic": self._store.topic,
                    "batch": BATCH,
                },
            ).all()
            tx.lock(row.subject for row in missing)
            uses = [
                Use(
                    id=row.id,
                    topic=self._store.topic,
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
            use_owned(tx, interests, uses)
        return len(missing)

"""What a real service published, as Kafka would carry it to another that is real."""

from kernel.messaging.envelope import Record
from kernel.store import published
from kernel.store.statements import text
from kernel.store.store import Store
from tests.harness.signing import signed


def published_by(store: Store, *, after: int) -> list[Record]:
    """All of its log behind that offset, in order."""
    with store.transaction() as tx:
        rows = tx.connection.execute(
            text("SELECT * FROM published WHERE position > :after ORDER BY position"),
            {"after": after},
        ).all()
        epoch = published.epoch_of(tx.connection)
    source = f"/services/{store.topic.split('.')[1]}"
    return [
        signed(
            Record(
                topic=store.topic,
                partition=0,
                offset=row.position,
                headers=published.envelope_of(row, source=source, epoch=epoch).headers(),
                body=bytes(row.body),
            )
        )
        for row in rows
    ]

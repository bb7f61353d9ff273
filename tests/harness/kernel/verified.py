"""What `verify` finds of a store, asked where no process runs."""

from collections.abc import Callable, Iterable, Sequence

from kernel.facts import Publication, Recorded
from kernel.messaging.envelope import Record
from kernel.messaging.owners import Owner
from kernel.messaging.subscriptions import Subscriptions
from kernel.store.store import Store
from operations.verifying.examination import Check, Examination, Finding
from tests.harness.signing import signatures_of


def findings_of(
    store: Store,
    checks: Sequence[Check],
    subscriptions: Subscriptions,
    publish: Callable[[Recorded], Iterable[Publication]],
    *,
    owners: Sequence[Owner] = (),
    kafka: Sequence[Record] = (),
) -> list[Finding]:
    """Of these checks, in one snapshot; `kafka`: what its topic holds."""
    with store.snapshot() as tx:
        examination = Examination(
            store=store,
            connection=tx.connection,
            subscriptions=subscriptions,
            signatures=signatures_of(),
            publish=publish,
            owners={owner.topic: owner for owner in owners},
            heads={owner.topic: owner.epoch_and_heads()[1] for owner in owners},
            kafka=lambda: iter(kafka),
        )
        return [finding for check in checks for finding in check.find(examination)]

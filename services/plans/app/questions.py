"""What plans is asked: one function a question."""

from collections.abc import Sequence

from kernel.facts import Position
from kernel.messaging.standing import wait_until_heard
from kernel.store.store import Store
from services.plans.app.ports import MeasuredWeek, Progress


def list_progress(
    store: Store, progress: Progress, client_id: str, after: Sequence[Position], deadline: float
) -> Sequence[MeasuredWeek]:
    """The client's progress, week by week, once `after` was heard and nothing of it is due.

    Refuses with NOT_HEARD_YET when that takes longer than `deadline` seconds.
    """
    wait_until_heard(store, after, deadline)
    with store.transaction() as tx:
        return progress.weeks(tx, client_id)

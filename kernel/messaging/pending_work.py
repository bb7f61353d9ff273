"""One loop for all that is pending: facts are reacted to, clients projected; what fails is parked.

Knows nothing of Faust.
"""

import time
from collections.abc import Callable

from kernel.messaging.owners import Confirm, ask_nobody
from kernel.messaging.parking import what_failed
from kernel.messaging.pending import Barrier, Pending, PendingTable
from kernel.messaging.projections import Projections
from kernel.messaging.reactions import Reactions
from kernel.messaging.subscriptions import Subscriptions
from kernel.store.database import is_passing
from kernel.store.store import Store
from kernel.watching.metrics import PROJECTIONS, REACTIONS


class PendingWork:
    """Works on what is pending. `drain` goes on until what is left, if any, has to wait.

    `confirm` asks for what is reacted to; where nobody can be asked, that waits.
    """

    def __init__(
        self,
        store: Store,
        subscriptions: Subscriptions,
        *,
        confirm: Confirm = ask_nobody,
        clock: Callable[[], float] = time.monotonic,
        barrier: Barrier = lambda _: None,
        gets_on: Callable[[], None] = lambda: None,
    ) -> None:
        """`gets_on` is told of each key that is over."""
        self._gets_on = gets_on
        self._store = store
        self._projections = Projections(store, subscriptions, barrier)
        self._reactions = Reactions(
            store, subscriptions, confirm=confirm, clock=clock, barrier=barrier
        )
        self.has_left = False  # something is pending that couldn't be taken: look again soon

    def drain(self) -> int:
        """Work until nothing pending is left to take; gives how many keys were, reactions first."""
        done = 0
        while taken := self.drain_some():
            done += taken
        return done

    def drain_some(self) -> int:
        """React, and project a few: who does other things beside gets to them. 0: nothing is left.

        What is left then (`has_left`) is somebody else's for now, or has to wait.
        """
        reacted = 0
        while taken := self._turn(self._reactions):
            reacted += taken
        left = self.has_left or self._reactions.is_waiting
        projected = self._turn(self._projections)
        self.has_left = self.has_left or left
        return reacted + projected

    def mark_all(self) -> int:
        """Mark every client, in every projection, and what was never reacted to: a rebuild."""
        return self._projections.mark_all() + self._reactions.mark_undone()

    def mark_outdated(self) -> int:
        """Mark what other code than today's projected, and what was never reacted to."""
        return self._projections.mark_outdated() + self._reactions.mark_undone()

    def _turn(self, kind: Projections | Reactions) -> int:
        """One batch; gives how many were worked on, those that failed and were parked included.

        Behind one that has to wait, its subject's later ones of the same name wait too.
        """
        batch = kind.pending()
        taken = 0
        waiting: set[tuple[str, str]] = set()
        for pending in batch:
            self._gets_on()
            of = (pending.name, pending.subject)
            if of in waiting:
                continue
            if pending.ready and self._work(kind, pending):
                taken += 1
            else:
                waiting.add(of)
        self.has_left = bool(batch) and not taken
        return taken

    def _work(self, kind: Projections | Reactions, pending: Pending) -> bool:
        """Whatever it raises parks it, but for a database that is away."""
        try:
            return kind.work(pending)
        except Exception as error:
            if is_passing(error):
                raise  # the database is away, or chose us in a deadlock: it stays pending
            self._park(pending, error)
            return True

    def _park(self, pending: Pending, error: Exception) -> None:
        """What fails waits for a person, with the error's class and place; others go on."""
        with self._store.transaction() as tx:
            pending.park(tx.connection, what_failed(error))
        counted = PROJECTIONS if pending.table is PendingTable.PROJECTIONS else REACTIONS
        counted.labels(pending.name, "parked").inc()

"""What facts would come to that nobody has published: days, claims and dollars."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from kernel.facts import HeardFact, id_of
from kernel.messaging.persons import persons_of
from kernel.messaging.subscriptions import merges_among
from kernel.sites import speaks_for
from kernel.store.store import Transaction
from services.billing.adapters.as_of import history_by
from services.billing.adapters.history import history_of
from services.billing.adapters.subscriptions import SUBSCRIPTIONS
from services.billing.domain.why.replay import DayChange, Replayed, difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What would change of the client; `elsewhere`: so many days and claims of other sites."""

    client: Replayed
    elsewhere: int = 0

    def at(self, sites: Collection[str]) -> "Foreseen":
        """What those who speak for these sites are told."""

        def told(day: DayChange) -> bool:
            sides = [side for side in (day.before, day.after) if side is not None]
            return all(speaks_for(sites, side.site_id) for side in sides)

        days = tuple(day for day in self.client.days if told(day))
        claims = tuple(claim for claim in self.client.claims if speaks_for(sites, claim.site_id))
        left = len(self.client.days) - len(days) + len(self.client.claims) - len(claims)
        return Foreseen(client=replace(self.client, days=days, claims=claims), elsewhere=left)


def foreseen(tx: Transaction, client_id: str, supposed: Sequence[HeardFact]) -> Foreseen:
    """The client's rows as they are against those had these facts been heard, too.

    Where they would be merged or taken apart, what is derived of this client alone: of one who was
    absorbed nothing.
    """
    if not merges_among(supposed):
        before = history_by(tx, client_id)
        return Foreseen(client=difference(before, history_by(tx, client_id, supposed=supposed)))
    client = f"client/{client_id}"
    before, after = (
        history_of(client, SUBSCRIPTIONS.read_history(tx.connection, client, supposed=facts))
        for facts in ((), supposed)
    )
    return Foreseen(client=difference(before, after))


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeseenOfAll:
    """Of the clients whom the facts concern, those looked at, and what changes of each."""

    concerned: int
    looked_at: Sequence[Replayed]


def foreseen_of_all(
    tx: Transaction, supposed: Sequence[HeardFact], most: int, wanted: Callable[[], bool]
) -> ForeseenOfAll:
    """Of everybody whose facts lead to these, by id, at most so many, as long as it is `wanted`."""
    connection = tx.connection
    subjects = {fact.subject for fact in supposed}
    pending = {client for _, client in SUBSCRIPTIONS.pending_after(connection, subjects)}
    persons = persons_of(connection, pending)
    clients = sorted({persons.survivor_of(client) for client in pending})
    found: list[Replayed] = []
    for client in clients[:most]:
        if not wanted():
            break
        found.append(foreseen(tx, id_of(client), supposed).client)
    return ForeseenOfAll(concerned=len(clients), looked_at=found)

"""What facts would come to that nobody has published: days, claims and dollars of one client."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from kernel.facts import HeardFact
from kernel.sites import speaks_for
from kernel.store.store import Transaction
from services.billing.adapters.as_of import history_by
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
    """The client's rows as they are against those had these facts been heard, too."""
    return Foreseen(
        client=difference(history_by(tx, client_id), history_by(tx, client_id, supposed=supposed))
    )

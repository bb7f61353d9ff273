"""Replaying one payer's clients under other rules: read in one snapshot, nothing is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from kernel.refusal import Unknown
from kernel.store.store import Store
from services.billing.app.ports import Pages
from services.billing.domain.payers.examples import unreproduced
from services.billing.domain.payers.rules import RuleSet
from services.billing.domain.why.replay import Replayed, replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """The rules that are supposed, and for which service dates; `last` None: without end."""

    rules: RuleSet
    first: date
    last: date | None = None

    @property
    def unreproduced(self) -> tuple[str, ...]:
        """Names of the rules' own examples that they don't come to."""
        return unreproduced(self.rules)


def replayed(
    store: Store, pages: Pages, supposed: Supposed, wanted: Callable[[], bool]
) -> Iterator[Replayed]:
    """Every client whom the payer ever covered, as long as the answer is `wanted`.

    Refuses an unknown payer. The database itself refuses a write in here.
    """
    payer_id = supposed.rules.payer_id
    with store.snapshot() as tx:
        registered = (payer.registered for payer in pages.payers(tx))
        if payer_id not in {payer.payer_id for payer in registered if payer}:
            raise Unknown("payer", payer_id)
        for client_id in pages.clients_of_payer(tx, payer_id):
            if not wanted():
                return
            history = pages.history(tx, client_id)
            yield replay(history, supposed.rules, supposed.first, supposed.last)

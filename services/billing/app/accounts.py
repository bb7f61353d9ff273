"""A client's account as it stood at any moment: authorizations with units, and issued claims."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kernel.store.store import Store, Transaction
from services.billing.domain.authorizations.allocation import Balance, balances
from services.billing.domain.claims.in_force import in_force
from services.billing.domain.history.history import BillingHistory, IssuedClaim

# What was heard of a client by a moment; None: all.
HistoryBy = Callable[[Transaction, str, datetime | None], BillingHistory]


@dataclass(frozen=True, slots=True)
class Account:
    """Claims by their first date; `stands`: ids of those the payer has of us."""

    authorizations: list[Balance]
    claims: list[IssuedClaim]
    stands: frozenset[str]


def read_account(
    store: Store, history_by: HistoryBy, client_id: str, until: datetime | None
) -> Account:
    """Of a client nobody told of: empty."""
    with store.transaction() as tx:
        history = history_by(tx, client_id, until)
    return Account(
        authorizations=balances(history),
        claims=sorted(history.issued, key=lambda claim: (claim.period_start, claim.claim_id)),
        stands=frozenset(claim.claim_id for claim in in_force(history.issued)),
    )

"""Authorizations with what is used of them: on issued claims, and on days not issued yet."""

from dataclasses import dataclass

from services.billing.domain.authorizations.allocation import allocate
from services.billing.domain.authorizations.ledger import claims_holding_units, units_on
from services.billing.domain.claims.cuts import Carried
from services.billing.domain.claims.in_force import in_force
from services.billing.domain.days.service_day import resolve
from services.billing.domain.history.history import Authorization, BillingHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """In the authorization's unit. `issued`: with what a void didn't return yet."""

    authorization: Authorization
    issued: int
    allocated: int


def balances(history: BillingHistory) -> list[Balance]:
    """Every authorization of the client, in order of their first days."""
    issued = units_on(claims_holding_units(history))
    allocated: dict[str, int] = {}
    carried = Carried.on(in_force(history.issued))
    for day in allocate(resolve(history), history):
        if day.billable and day.service_date not in carried.dates:
            for share in (day.paid_at(day.site_id), *day.shares):
                taken = allocated.get(share.authorization_id, 0)
                allocated[share.authorization_id] = taken + share.units
    return [
        Balance(
            authorization=authorization,
            issued=issued.get(authorization.authorization_id, 0),
            allocated=allocated.get(authorization.authorization_id, 0),
        )
        for authorization in sorted(
            history.authorizations,
            key=lambda authorization: (
                authorization.effective_from,
                authorization.authorization_id,
            ),
        )
    ]

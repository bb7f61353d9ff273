"""What must hold of all that was issued, whatever happened: told of one client's history.

Sources: design, section 3 ("Allocation", "Claims") and section 9.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.billing.domain.authorizations.ledger import claims_holding_units, units_on
from services.billing.domain.claims.in_force import in_force
from services.billing.domain.history.history import BillingHistory, ClaimLine, IssuedClaim


@dataclass(frozen=True, slots=True)
class Overdrawn:
    """More was taken of an authorization than it has; `claims` hold it."""

    authorization_id: str
    taken: int
    units: int
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Twice:
    """The same service of one date, more than once; `claims` bill it."""

    service_date: date
    payer_id: str
    code: str
    claims: tuple[str, ...]


def overdrawn(history: BillingHistory) -> Iterator[Overdrawn]:
    """Authorizations of which the claims issued so far hold more than there is."""
    holding = claims_holding_units(history)
    taken = units_on(holding)
    for authorization in history.authorizations:
        if taken.get(authorization.authorization_id, 0) > authorization.units:
            claims = [c for c in holding if c.authorization_id == authorization.authorization_id]
            yield Overdrawn(
                authorization_id=authorization.authorization_id,
                taken=taken[authorization.authorization_id],
                units=authorization.units,
                claims=tuple(sorted(claim.claim_id for claim in claims)),
            )


def two_per_diems(history: BillingHistory) -> Iterator[Twice]:
    """Dates for which the claims that stand bill a payer more than one per diem."""
    found: Counter[tuple[date, str, str]] = Counter()
    claims: dict[tuple[date, str, str], set[str]] = {}
    for claim, line in _lines_in_force(history):
        rules = history.rules_of(claim.payer_id, line.service_date)
        if rules is not None and rules.per_diem is not None and rules.per_diem.code == line.code:
            place = (line.service_date, claim.payer_id, line.code)
            found[place] += line.units
            claims.setdefault(place, set()).add(claim.claim_id)
    for place, units in sorted(found.items()):
        if units > 1:
            yield Twice(*place, claims=tuple(sorted(claims[place])))


def drafted_and_issued(
    history: BillingHistory, drafted: Mapping[str, tuple[str, Sequence[ClaimLine]]]
) -> Iterator[Twice]:
    """Services that a draft (key → payer and lines) would bill again, beside a claim in force."""
    issued: dict[tuple[date, str, str], set[str]] = {}
    for claim, line in _lines_in_force(history):
        place = (line.service_date, claim.payer_id, line.code)
        issued.setdefault(place, set()).add(claim.claim_id)
    for key, (payer_id, lines) in sorted(drafted.items()):
        for line in lines:
            place = (line.service_date, payer_id, line.code)
            if place in issued:
                yield Twice(*place, claims=(key, *sorted(issued[place])))


def _lines_in_force(history: BillingHistory) -> Iterator[tuple[IssuedClaim, ClaimLine]]:
    for claim in in_force(history.issued):
        for line in claim.lines:
            yield claim, line

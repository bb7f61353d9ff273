"""What is taken of authorizations: by issued claims, and by a day that asks for units."""

from collections.abc import Sequence

from services.billing.domain.claims.in_force import in_force, voids_unanswered
from services.billing.domain.days.service_day import ServiceDay
from services.billing.domain.history.attended import minutes_of
from services.billing.domain.history.history import Authorization, BillingHistory, IssuedClaim
from services.billing.domain.payers.rules import AuthorizationUnit, VoidStage


def claims_holding_units(history: BillingHistory) -> list[IssuedClaim]:
    """Issued claims that still take their units.

    Those that stand; and, where the payer returns units only with a processed void, those voided
    until it is (the payer's answer names the void, or the claim that it reversed).
    """
    stands = {claim.claim_id for claim in in_force(history.issued)}
    unanswered = voids_unanswered(history.issued, history.adjudications)
    voided = {void.corrects_claim_id for void in unanswered}

    def holds(claim: IssuedClaim) -> bool:
        if claim.claim_id in stands:
            return True
        return claim.claim_id in voided and _units_return(claim, history) == VoidStage.PROCESSED

    return [claim for claim in history.issued if holds(claim)]


def units_left(
    authorizations: Sequence[Authorization], issued: Sequence[IssuedClaim]
) -> dict[str, int]:
    """Units left on each authorization after what these claims hold, in its own unit."""
    taken = units_on(issued)
    return {
        authorization.authorization_id: authorization.units
        - taken.get(authorization.authorization_id, 0)
        for authorization in authorizations
    }


def units_on(issued: Sequence[IssuedClaim]) -> dict[str, int]:
    """Authorization → what these claims take of it."""
    held = units_held(issued)
    taken: dict[str, int] = {}
    for claim in issued:
        before = taken.get(claim.authorization_id, 0)
        taken[claim.authorization_id] = before + held[claim.claim_id]
    return taken


def units_held(issued: Sequence[IssuedClaim]) -> dict[str, int]:
    """Claim → what it takes of its authorization.

    Claims of older releases don't say: theirs were days, one a line. A day on two claims is held
    by the one that says so.
    """
    said = {
        (claim.authorization_id, line.service_date)
        for claim in issued
        for line in claim.lines
        if claim.authorized_units
    }
    return {
        claim.claim_id: claim.authorized_units
        or sum(
            line.units
            for line in claim.lines
            if not line.ancillary and (claim.authorization_id, line.service_date) not in said
        )
        for claim in issued
    }


def units_asked(day: ServiceDay) -> int:
    """What the day takes of an authorization in the unit that the payer authorizes in.

    Hours are full ones of the day, but never none [GK]: what takes nothing has no limit.
    """
    unit = day.rules.authorization_unit if day.rules else AuthorizationUnit.DAYS
    match unit:
        case AuthorizationUnit.SESSIONS:
            return len(day.services)
        case AuthorizationUnit.HOURS:
            return max(1, minutes_of(day.services) // 60)
        case AuthorizationUnit.UNITS:
            return sum(line.units for line in day.own_lines)
        case _:
            return 1


def _units_return(claim: IssuedClaim, history: BillingHistory) -> str:
    rules = history.rules_of(claim.payer_id, max(line.service_date for line in claim.lines))
    return rules.units_return if rules else VoidStage.ISSUED

"""Allocation: which authorization pays for which day. Nothing is overdrawn; what is issued stays.

Days are dates and authorizations are intervals of them, so taking days in order and, for each, the
authorization that expires first finds a largest possible assignment (Glover 1967, Naval Research
Logistics Quarterly 14:313-316): no day is on HOLD while a feasible assignment exists.
"""

from collections.abc import Sequence

from services.billing.domain.gates import Verdict, usable
from services.billing.domain.known import Authorization, IssuedClaim, Known
from services.billing.domain.service_day import PER_DIEM, ServiceDay


def allocate(days: Sequence[ServiceDay], known: Known) -> list[ServiceDay]:
    """The days with their authorization and final outcome, in order of date."""
    left = units_left(known.authorizations, known.issued)
    return [_allocate(day, known, left) for day in sorted(days, key=lambda day: day.service_date)]


def units_left(
    authorizations: Sequence[Authorization], issued: Sequence[IssuedClaim]
) -> dict[str, int]:
    """Days left on each authorization after what is on issued claims."""
    left = {each.authorization_id: each.units for each in authorizations}
    for claim in issued:
        if claim.authorization_id in left:
            left[claim.authorization_id] -= sum(line.units for line in claim.lines)
    return left


def _allocate(day: ServiceDay, known: Known, left: dict[str, int]) -> ServiceDay:
    if day.rules is None or not day.rules.authorization_required or day.line is None:
        return day
    pinned = _issued_with(day, known.issued)
    if pinned is not None:
        verdict = Verdict(gate="AUTHORIZATION", rests_on=frozenset({pinned.fact}))
        return day.with_verdict(verdict, authorization_id=pinned.authorization_id)
    if day.outcome != PER_DIEM:
        return day
    level = day.rules.billed_level
    candidates = sorted(
        (
            each
            for each in known.authorizations
            if usable(each, day.payer_id, level, day.service_date)
        ),
        key=lambda each: (each.effective_to, each.authorization_id),
    )
    if not candidates:
        return day.with_verdict(Verdict(gate="AUTHORIZATION", reason="NO_AUTHORIZATION"))
    for authorization in candidates:
        if left[authorization.authorization_id] >= day.line.units:
            left[authorization.authorization_id] -= day.line.units
            verdict = Verdict(gate="AUTHORIZATION", rests_on=frozenset({authorization.fact}))
            return day.with_verdict(verdict, authorization_id=authorization.authorization_id)
    used_up = frozenset(each.fact for each in candidates)
    return day.with_verdict(
        Verdict(gate="AUTHORIZATION", reason="AUTHORIZATION_USED_UP", rests_on=used_up)
    )


def _issued_with(day: ServiceDay, issued: Sequence[IssuedClaim]) -> IssuedClaim | None:
    """The claim that carries this date to this payer; units on issued claims stay."""
    carrying = [
        claim
        for claim in issued
        if claim.payer_id == day.payer_id
        and any(line.service_date == day.service_date for line in claim.lines)
    ]
    return min(carrying, key=lambda claim: claim.claim_id, default=None)

"""Minutes to units: how a part of a unit counts is the payer's rule (domain guide, 5.5)."""

from services.billing.domain.payers.terms import Rounding


def units_of(minutes: int, unit_minutes: int, rounding: str) -> int:
    """Whole units of so many minutes.

    UP: a started unit counts. DOWN: a full one does. MIDPOINT: one counts once more than half of it
    has passed: of fifteen minutes from the eighth (8-22 are 1, 23-37 are 2), of sixty from the 31st
    (CPT's rule of time; of an even number of minutes, exactly half isn't more than half [GK]).
    """
    if minutes <= 0:
        return 0
    match rounding:
        case Rounding.UP:
            return -(-minutes // unit_minutes)
        case Rounding.DOWN:
            return minutes // unit_minutes
        case Rounding.MIDPOINT:
            return (2 * minutes + unit_minutes - 1) // (2 * unit_minutes)
        case _:
            raise ValueError(f"no way of rounding: {rounding}")

"""From a first day to a last day, both within; a last day of None leaves it open."""

from datetime import date

from kernel.refusal import Malformed


def holds_on(on: date, first: date, last: date | None) -> bool:
    return first <= on and (last is None or on <= last)


def require_order(**days: date | None) -> None:
    """The first and the last day under their fields' names: refuses a last day before the first."""
    (name, first), (last_name, last) = days.items()
    if first is not None and last is not None and last < first:
        raise Malformed(**{last_name: f"is before {name}"})

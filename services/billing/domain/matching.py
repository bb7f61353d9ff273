"""Which day takes its units from which authorization, so that as many as possible can.

Days are taken in order. What could be left of each authorization, over all assignments that pay
for the days taken so far, is kept; a day is left out only when none of these has room for it. So
a day waits only if no assignment pays it together with the earlier ones, whatever their units are.
Where each day takes one unit the days that can be paid together form a matroid (Edmonds and
Fulkerson 1965, transversals), and taking them in order also pays for the largest number of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

MOST_STATES = 4_000
"""Beyond so many, only the preferred are kept: then a day may wait that could be paid (it takes
four or more long authorizations of one payer that overlap). Nothing is ever overdrawn."""

Left = tuple[int, ...]
Path = tuple["Path", date, str] | None


@dataclass(frozen=True, slots=True)
class Demand:
    """Units of one date, all from one of these authorizations, the preferred first."""

    on: date
    units: int
    options: tuple[str, ...]


def assign(demands: Sequence[Demand], left: Mapping[str, int]) -> dict[date, str]:
    """Date → authorization, for the dates that can be paid; of several ways the preferred."""
    ids = sorted({option for demand in demands for option in demand.options})
    place = {each: number for number, each in enumerate(ids)}
    last = {option: number for number, demand in enumerate(demands) for option in demand.options}
    states: dict[Left, Path] = {tuple(left[each] for each in ids): None}
    for number, demand in enumerate(demands):
        options = [place[option] for option in demand.options]
        reached: dict[Left, Path] = {}
        for state, path in states.items():
            for at in options:
                if state[at] >= demand.units:
                    after = (*state[:at], state[at] - demand.units, *state[at + 1 :])
                    reached.setdefault(after, (path, demand.on, ids[at]))
        over = {at for at in options if last[ids[at]] == number}
        states = dict(islice(_without(over, reached or states).items(), MOST_STATES))
    return dict(_steps(next(iter(states.values()))))


def _without(over: set[int], states: dict[Left, Path]) -> dict[Left, Path]:
    """What is left of authorizations that no later day asks for makes no difference."""
    if not over:
        return states
    forgotten: dict[Left, Path] = {}
    for state, path in states.items():
        kept = tuple(0 if at in over else units for at, units in enumerate(state))
        forgotten.setdefault(kept, path)
    return forgotten


def _steps(path: Path) -> Iterable[tuple[date, str]]:
    while path is not None:
        path, on, authorization_id = path
        yield on, authorization_id

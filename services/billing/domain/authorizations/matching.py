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
Option = tuple[tuple[str, int], ...]
"""Units of authorizations, each of another one, that pay for a date together."""
Path = tuple["Path", date, Option] | None


@dataclass(frozen=True, slots=True)
class Demand:
    """One date, and what may pay for it, the preferred first."""

    on: date
    options: tuple[Option, ...]


def assign(demands: Sequence[Demand], left: Mapping[str, int]) -> dict[date, Option]:
    """Date → what pays for it, of the dates that can be paid; of several ways the preferred."""
    last = {
        authorization_id: number
        for number, demand in enumerate(demands)
        for option in demand.options
        for authorization_id, _ in option
    }
    ids = sorted(last)
    place = {authorization_id: number for number, authorization_id in enumerate(ids)}
    states: dict[Left, Path] = {tuple(left[id_] for id_ in ids): None}
    for number, demand in enumerate(demands):
        options = [
            (option, [(place[authorization_id], units) for authorization_id, units in option])
            for option in demand.options
        ]
        reached: dict[Left, Path] = {}
        for state, path in states.items():
            for option, taken in options:
                if all(state[at] >= units for at, units in taken):
                    reached.setdefault(_after(state, taken), (path, demand.on, option))
        over = {at for _, taken in options for at, _ in taken if last[ids[at]] == number}
        states = dict(islice(_without(over, reached or states).items(), MOST_STATES))
    return dict(_steps(next(iter(states.values()))))


def _after(state: Left, taken: Iterable[tuple[int, int]]) -> Left:
    after = list(state)
    for at, units in taken:
        after[at] -= units
    return tuple(after)


def _without(over: set[int], states: dict[Left, Path]) -> dict[Left, Path]:
    """What is left of authorizations that no later day asks for makes no difference."""
    if not over:
        return states
    forgotten: dict[Left, Path] = {}
    for state, path in states.items():
        kept = tuple(0 if at in over else units for at, units in enumerate(state))
        forgotten.setdefault(kept, path)
    return forgotten


def _steps(path: Path) -> Iterable[tuple[date, Option]]:
    while path is not None:
        path, on, option = path
        yield on, option

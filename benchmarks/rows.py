"""What `make bench` tells: a row for each promise of speed, as a ratio within one run."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of ours beside what it is held against.

    `ratio` is kept by `at_least`, or by `at_most`: one of both is told, or neither, where the row
    is there to be known. `miss`: why it may be missed.
    """

    name: str
    ours: float
    against: float
    unit: str
    ratio: float
    at_least: float | None = None
    at_most: float | None = None
    miss: str = ""

    @property
    def met(self) -> bool:
        """Whether the promise is kept."""
        return (self.at_least is None or self.ratio >= self.at_least) and (
            self.at_most is None or self.ratio <= self.at_most
        )

    @property
    def target(self) -> str:
        """In words; empty: none."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"

    def told(self) -> dict[str, Any]:
        """As JSON."""
        bounds = ("at_least", "at_most")
        shown = {name: value for name, value in asdict(self).items() if name not in bounds}
        return shown | {"target": self.target, "met": self.met}


def measured(rounds: int, ways: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """What each gives, once a round, in turns from either end, so that none always comes first."""
    found: dict[str, list[T]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in [*ways][:: -1 if number % 2 else 1]:
            found[name].append(ways[name]())
    return found


def median_ratio(ours: Sequence[float], against: Sequence[float]) -> float:
    """The median of the rounds' ratios: what was slow in a round was so for both."""
    return statistics.median(a / b for a, b in zip(ours, against, strict=True))


def line(row: Row) -> str:
    """For people."""
    kept = "" if not row.target else "met" if row.met else f"MISSED {row.miss}"
    return (
        f"{row.name:<48} {row.ours:>10.1f} {row.against:>10.1f} {row.unit:<8}"
        f"{row.ratio:7.2f}  {row.target:<14}{kept}".rstrip()
    )

"""A decision is a pure function of a command and a state; a state is a fold of facts. No I/O."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar

C = TypeVar("C")
F = TypeVar("F")
S = TypeVar("S")


@dataclass(frozen=True)  # no slots: they keep a generic class from being called with its types
class Decider(Generic[C, F, S]):
    """`decide` yields facts or raises a Refusal; `evolve` never refuses; `initial` comes first."""

    decide: Callable[[C, S], Iterable[F]]
    evolve: Callable[[S, F], S]
    initial: S

    def fold(self, facts: Iterable[F]) -> S:
        """The state after these facts, oldest first."""
        return reduce(self.evolve, facts, self.initial)

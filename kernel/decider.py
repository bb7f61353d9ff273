"""A decision is a pure function of a command and a state; a state is a fold of facts. No I/O."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from typing import Any, Generic, TypeVar

from kernel.facts import Recorded
from kernel.statements import standing

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

    def after(self, history: Sequence[Recorded]) -> S:
        """The state after what these recorded, oldest first, as it stands."""
        return self.fold(recorded.fact for recorded in standing(history))


def of_last_fact(decide: Callable[[C, F | None], Iterable[F]]) -> Decider[C, F, F | None]:
    """A decider that decides on no more than the last of its facts; None: there is none."""
    return Decider(decide, lambda _, fact: fact, None)


def filled(kind: type[F], *sources: object, **beside: Any) -> F:
    """A fact or command that says what its sources say by the same names; of several the first.

    `beside` says what differs. Every field is filled, defaults or not: what no source says raises
    AttributeError, and what the dataclass doesn't have TypeError.
    """
    for field in fields(kind):  # type: ignore[arg-type]  # of a dataclass
        if (name := field.name) not in beside:
            source = next((source for source in sources if hasattr(source, name)), sources[-1])
            beside[name] = getattr(source, name)
    return kind(**beside)

"""What is to happen to a system while a story is played on it, and after how many commands."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from tests.harness.chaos.faults import KINDS

FIRST = 10  # commands that nothing happens before: they open the network


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Before the command of this count something of a kind befalls a target, `until` another."""

    at: int
    kind: str
    target: str
    until: int | None = None

    def __str__(self) -> str:
        until = "" if self.until is None else f" to {self.until}"
        return f"{self.at:5}{until:8}  {self.kind}: {self.target}"


def planned(kinds: Iterable[str], commands: int, random: Random) -> tuple[Fault, ...]:
    """All of these kinds, in some order, after the first commands and before the last tenth."""
    befall = [
        (name, target)
        for name in kinds
        for target in (
            KINDS[name].targets if KINDS[name].each else [random.choice(KINDS[name].targets)]
        )
    ]
    random.shuffle(befall)
    last = commands * 9 // 10
    counts = sorted(random.sample(range(FIRST, last), len(befall)))
    return tuple(
        Fault(
            at=at,
            kind=name,
            target=target,
            until=min(at + commands // 3, last) if KINDS[name].beside else None,
        )
        for at, (name, target) in zip(counts, befall, strict=True)
    )

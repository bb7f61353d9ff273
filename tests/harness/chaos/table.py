"""What held when, of everything that occurred: faults by invariants."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence


class Table:
    """How often each kind of fault occurred; for each invariant the rounds of them, and those in
    which it held."""

    def __init__(self, kinds: Iterable[str], invariants: Iterable[str]) -> None:
        self.occurred = Counter[str](dict.fromkeys(kinds, 0))
        self._invariants = tuple(invariants)
        self._rounds: Counter[str] = Counter()
        self._held: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, occurred: Mapping[str, int], broken: Iterable[str]) -> None:
        """Of a round: what occurred in it, and which invariants didn't hold after it."""
        held = set(self._invariants) - set(broken)
        for kind, times in occurred.items():
            if times:
                self.occurred[kind] += times
                self._rounds[kind] += 1
                self._held[kind].update(held)

    def lines(self) -> Sequence[str]:
        """A row a kind; the columns are numbered, and told below."""
        width = max(map(len, self.occurred))
        numbers = [f"{number:>5}" for number in range(1, len(self._invariants) + 1)]
        lines = [f"{'':{width}}  times {''.join(numbers)}"]
        for kind, times in self.occurred.items():
            cells = [
                f"{self._held[kind][invariant]}/{self._rounds[kind]}" if times else "-"
                for invariant in self._invariants
            ]
            lines.append(f"{kind:{width}}  {times:5} {''.join(f'{cell:>5}' for cell in cells)}")
        lines.append("n/m: held in n of the m rounds in which it occurred")
        lines += [f"{number:>3}  {what}" for number, what in enumerate(self._invariants, start=1)]
        return lines

"""How much of a server one caller may take: calls at once, and of the places for waiting one."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from kernel.refusal import NotYet


class Places:
    """So many in all (None: any number), so many of one caller."""

    def __init__(self, *, of_one: int, in_all: int | None = None) -> None:
        self._of_one = of_one
        self._in_all = in_all
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, who: str) -> Iterator[bool]:
        """Whether one could be taken; it is given back at the end."""
        with self._lock:
            full = self._in_all is not None and self._taken.total() >= self._in_all
            got = not full and self._taken[who] < self._of_one
            if got:
                self._taken[who] += 1
        try:
            yield got
        finally:
            if got:
                with self._lock:
                    self._taken[who] -= 1
                    if not self._taken[who]:
                        del self._taken[who]


def too_many() -> NotYet:
    """What a caller is told who has as many calls under way as one may have."""
    return NotYet("TOO_MANY_AT_ONCE", "too many of your calls are under way here; try again")

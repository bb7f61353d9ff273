"""How much of a server one caller may take: calls at once, places for waiting, and for how long."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from kernel.refusal import NotYet

LOOK = 0.1  # seconds between two looks, while somebody is waited for
MOMENT = 3  # looks at what is late when many are: in a process that stood still, nobody is


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


@dataclass(slots=True)
class _Watched:
    until: float
    cancel: Callable[[], object]
    looks: int = 0


class Overdue:
    """Cancels what is not over in time, from one thread that sleeps while nothing is watched.

    `most`: so many may take longer than a moment; of more, those that began first are cancelled.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._changed = threading.Condition()
        self._watched: dict[int, _Watched] = {}
        self._numbers = count()
        self._asleep = False
        self._closed = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def within(self, seconds: float, cancel: Callable[[], object]) -> Iterator[None]:
        """`cancel` is called when the block takes longer than that."""
        number = next(self._numbers)
        with self._changed:
            self._watched[number] = _Watched(time.monotonic() + seconds, cancel)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="overdue", daemon=True)
                self._thread.start()
            elif self._asleep:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._watched.pop(number, None)

    def close(self) -> None:
        """Watch nothing any more."""
        with self._changed:
            self._closed = True
            self._watched.clear()
            self._changed.notify()

    def _watch(self) -> None:
        while True:
            with self._changed:
                self._asleep = not self._watched
                # A call's body is there at once: seldom is this thread woken for one.
                self._changed.wait(None if self._asleep and not self._closed else LOOK)
                if self._closed:
                    return
                cancelled = [self._watched.pop(number).cancel for number in self._late()]
            for cancel in cancelled:
                cancel()

    def _late(self) -> list[int]:
        now = time.monotonic()
        late: list[int] = []
        slow: list[int] = []
        for number, watched in self._watched.items():
            watched.looks += 1
            if watched.until <= now:
                late.append(number)
            elif watched.looks > MOMENT:
                slow.append(number)
        if self._most is not None:
            late += slow[: max(len(slow) - self._most, 0)]
        return late

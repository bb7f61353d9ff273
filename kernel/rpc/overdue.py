"""Ends calls that take what is not theirs: a thread, while nothing is said."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

LOOK = 0.1  # seconds between two looks, while somebody is waited for
MOMENT = 3  # looks at what is late when many are: in a process that stood still, nobody is


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

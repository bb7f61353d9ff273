"""Whether a process's threads get on: one that doesn't, for too long, hangs, and is ended for it.

A thread says that it gets on whenever it ends a step, whatever became of that step: who waits for a
lock, a database or a broker ends it again and again. Time in which the process itself didn't run,
or its database didn't answer, is held against nobody.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kernel import logs

TICK = 5.0  # seconds between two looks at all work

log = logs.get("kernel.watching")


class Work:
    """What one thread does. It rests until it first gets on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.still = 0.0
        self._resting = True
        self._thread: int | None = None

    @property
    def place(self) -> str:
        """Where the thread stands that got on last."""
        return logs.place_of_thread(self._thread)

    def gets_on(self) -> None:
        """A step is over, or begins."""
        self._resting = False
        self._thread = threading.get_ident()
        self.still = 0.0

    def rests(self) -> None:
        """There is nothing to do until it gets on again."""
        self._resting = True
        self.still = 0.0

    def ages(self, seconds: float) -> None:
        """So long it did nothing."""
        if not self._resting:
            self.still += seconds


class Watch(Collector):
    """All work of a process, looked at by a thread of its own.

    `hangs_after`: seconds. `is_excused` tells whether the database answers nobody: it is asked only
    when something stands still.
    """

    def __init__(
        self, hangs_after: float, *, is_excused: Callable[[], bool] = lambda: False
    ) -> None:
        self.hangs_after = hangs_after
        self._is_excused = is_excused
        self._works: list[Work] = []

    def work(self, name: str) -> Work:
        """Some that is watched from now on."""
        work = Work(name)
        self._works.append(work)
        return work

    def start(self) -> None:
        """Look now and then, as long as the process lives."""
        threading.Thread(target=self._look_on, name="watching", daemon=True).start()

    def look(self, seconds: float) -> None:
        """So long passed since the last look."""
        before = self.hanging()
        for work in self._works:
            work.ages(seconds)
        if any(work.still > self.hangs_after / 2 for work in self._works) and self._is_excused():
            for work in self._works:
                work.still = 0.0
        for work in self.hanging():
            if work not in before:
                log.error("hangs", kind=work.name, place=work.place, seconds=work.still)

    def hanging(self) -> list[Work]:
        """What did nothing for too long, and had something to do."""
        return [work for work in self._works if work.still > self.hangs_after]

    def describe(self) -> Iterable[Metric]:
        """The metric, without a sample."""
        return Watch(0.0).collect()

    def collect(self) -> Iterator[Metric]:
        still = GaugeMetricFamily(
            "ninehours_standstill_seconds",
            "Since when a thread that has something to do ended no step.",
            labels=["work"],
        )
        for work in self._works:
            still.add_metric([work.name], work.still)
        yield still

    def _look_on(self) -> None:
        tick = min(TICK, self.hangs_after / 4)
        while True:
            before = time.monotonic()
            time.sleep(tick)
            # A process that stood still itself looks late: what it missed counts as one look.
            self.look(min(time.monotonic() - before, 2 * tick))

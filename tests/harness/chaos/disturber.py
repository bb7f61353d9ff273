"""Lets a plan's faults happen while commands are given, one after the other, and counts them."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from tests.harness.chaos.disturbed_system import DisturbedSystem
from tests.harness.chaos.faults import KINDS
from tests.harness.chaos.plan import Fault

Tell = Callable[[str], None]


class Disturber:
    """Called before each command with its count; a context manager, in whose end all is over.

    Whatever a fault does begins when the one before was over, and commands go on beside it: the
    next one's wait for it. What lasts is ended before the command that its plan names.
    """

    def __init__(
        self, system: DisturbedSystem, plan: Sequence[Fault], occurred: Counter[str], tell: Tell
    ) -> None:
        """`occurred` counts, by kind, those that were seen to happen, and are over."""
        self._occurred = occurred
        self._system = system
        self._tell = tell
        self._steps: defaultdict[int, list[Callable[[], None]]] = defaultdict(list)
        for fault in plan:
            self._steps[fault.at].append(lambda fault=fault: self._begin(fault))  # type: ignore[misc]
            if fault.until is not None:
                self._steps[fault.until].append(lambda fault=fault: self._end(fault))  # type: ignore[misc]
        self._lasting: dict[Fault, ExitStack] = {}
        self._broken_off = threading.Event()
        self._lane = ThreadPoolExecutor(1, "faults")
        self._under_way: list[Future[None]] = []

    def __call__(self, count: int) -> None:
        if not (steps := self._steps.pop(count, None)):
            return
        self.settle()
        self._under_way = [self._lane.submit(step) for step in steps]

    def settle(self) -> None:
        """Until what is under way is over; raises what it failed with."""
        for step in self._under_way:
            step.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._broken_off.set()
        self._lane.shutdown(cancel_futures=True)

    def _begin(self, fault: Fault) -> None:
        self._tell(f"{fault}")
        kind = KINDS[fault.kind]
        with ExitStack() as over:
            over.enter_context(kind.happens(self._system, fault.target))
            if fault.until is not None:
                self._lasting[fault] = over.pop_all()
                return
            self._broken_off.wait(kind.lasts)
        self._occurred[fault.kind] += 1

    def _end(self, fault: Fault) -> None:
        self._lasting.pop(fault).close()
        self._occurred[fault.kind] += 1

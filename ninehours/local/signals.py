"""What the launcher does with the signals that ask it to end."""

import math
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

IMPATIENT = 2.0  # seconds
ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_in_order() -> Iterator[None]:
    """The first of them leaves the `with` by an exception, so that all is stopped.

    Impatient ones soon after it are ignored: they would cut short what the first has begun. A
    hang-up that our caller ignores (nohup) is ignored.
    """
    last = -math.inf

    def leave(number: int, _: FrameType | None) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before < IMPATIENT:
            return
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    taken = [number for number in ASKING if not (number == signal.SIGHUP and ignored)]
    with _handled(taken, leave):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore them while stopping, which ends by itself: every step has its deadline."""
    with _handled(ASKING, signal.SIG_IGN):
        yield


@contextmanager
def _handled(numbers: Iterable[signal.Signals], handler: Any) -> Iterator[None]:
    """By this handler; afterwards as before. Only the main thread may say what a signal does."""
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, handler) for number in numbers if main}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)

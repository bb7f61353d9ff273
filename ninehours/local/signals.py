"""What the launcher does with the signals that ask it to end."""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

IMPATIENT = 2.0  # seconds
ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_in_order() -> Iterator[None]:
    """The first of them leaves the `with` by an exception, so that all is stopped.

    Impatient ones soon after it are ignored: they would cut short what the first has begun. A
    hang-up that our caller ignores (nohup) is ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets only the main thread say what a signal does.
        return

    last = -math.inf

    def leave(number: int, _: FrameType | None) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before < IMPATIENT:
            return
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    taken = [number for number in ASKING if not (number == signal.SIGHUP and ignored)]
    before = {number: signal.signal(number, leave) for number in taken}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore them while stopping, which ends by itself: every step has its deadline."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ASKING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

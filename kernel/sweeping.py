"""What is over is cleared away now and then, by whichever process has the time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from kernel import clock, logs
from kernel.store.database import is_passing

log = logs.get("kernel.sweeping")
EVERY = 3600.0  # seconds


@contextmanager
def sweeping(sweep: Callable[[datetime], object], every: float = EVERY) -> Iterator[None]:
    """Sweeps at once, and every hour, for as long as the block lasts.

    A database that is away, or busy, is swept the next time; what else goes wrong is logged, and
    tried again then, too.
    """
    ended = threading.Event()

    def run() -> None:
        while True:
            try:
                sweep(clock.now())
            except Exception as error:
                tell = log.warning if is_passing(error) else log.error
                tell("sweeps_again", exc_info=error)
            if ended.wait(every):
                return

    thread = threading.Thread(target=run, name="sweeping", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()

"""Files that change while a process runs: what one of them last said rightly holds.

Looked at when somebody asks, every few seconds at most, so a change holds well within a minute.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from kernel import logs

EVERY = 5.0  # seconds between two looks
AT_ONCE = 1.0  # for who has reason to believe that it changed

T = TypeVar("T")
log = logs.get("kernel.rereading")


class Rereading(Generic[T]):
    """What stands in a file. `read` raises what it likes at a broken one: at first to the caller;
    later what stood there before stays, and one line is logged until it is whole again.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[Path, bytes], T],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._read = read
        self._clock = clock
        self._looking = threading.Lock()
        self._bytes = path.read_bytes()
        self._held = read(path, self._bytes)
        self._looked = clock()
        self._broken = False

    def current(self, every: float = EVERY) -> T:
        """What holds; looked for anew where the last look is older than so many seconds."""
        # Whoever comes while another looks takes what held: nobody waits for a slow disk twice.
        if not 0 <= self._clock() - self._looked < every and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looked = self._clock()
                self._looking.release()
        return self._held

    def _look(self) -> None:
        try:
            found = self._path.read_bytes()
            if found != self._bytes:
                self._held = self._read(self._path, found)
                self._bytes = found
                log.info("file taken", file=self._path.name)
        except Exception:  # A file can be broken in many ways: none of them may end a process.
            if not self._broken:
                log.warning("file not taken", file=self._path.name, exc_info=True)
            self._broken = True
        else:
            self._broken = False

"""Files that change while a process runs: what they last said rightly holds.

Looked at when somebody asks, every few seconds at most, so a change holds well within a minute.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from kernel import logs

EVERY = 5.0  # seconds between two looks
AT_ONCE = 1.0  # for who has reason to believe that it changed
NOW = 0.0  # for who can't do without: a look that begins after it was asked for
MOUNTED = "..data"  # what Kubernetes swaps: all files of a folder change at once

T = TypeVar("T")
log = logs.get("kernel.rereading")


class Unusable(Exception):
    """Files that don't say what they should; the text names files only, and is safe to log."""


@dataclass(frozen=True, slots=True)
class Files:
    """Files of one folder, of whatever names `names` finds in it."""

    folder: Path
    names: Callable[[Path], Iterable[str]]

    @classmethod
    def named(cls, folder: Path, *names: str) -> "Files":
        """These, all of which must be there."""
        return cls(folder, lambda _: names)

    def read(self) -> Mapping[str, bytes]:
        """Name → content; OSError where one can't be read."""
        # Resolved once: files of one version, even if the link is swapped between two of them.
        mounted = (self.folder / MOUNTED).resolve()
        folder = mounted if mounted.is_dir() else self.folder
        return {name: (folder / name).read_bytes() for name in self.names(folder)}


class Rereading(Generic[T]):
    """What stands in files. `understand` raises what it likes at broken ones: at first to the
    caller; later what stood there before stays, and a line is logged for each reason, once until
    they are whole again.
    """

    def __init__(
        self,
        files: Files,
        understand: Callable[[Mapping[str, bytes]], T],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = files
        self._understand = understand
        self._clock = clock
        self._looking = threading.Lock()
        self._read = files.read()
        self._held = understand(self._read)
        self._looked = clock()
        self._told: set[tuple[str, str]] = set()

    def current(self, every: float = EVERY) -> T:
        """What holds; looked for anew where the last look is older than so many seconds."""
        # Whoever comes while another looks takes what held: nobody waits for a slow disk twice,
        # but who asks for NOW.
        if not 0 <= self._clock() - self._looked < every and self._looking.acquire(
            blocking=every == NOW
        ):
            try:
                self._look()
            finally:
                self._looked = self._clock()
                self._looking.release()
        return self._held

    def _look(self) -> None:
        try:
            found = self._files.read()
            if found != self._read:
                self._held = self._understand(found)
                log.info("file taken", file=self._changed(found))
                self._read = found
        except Exception as error:  # Broken in many ways: none of them may end a process.
            reason = str(error) if isinstance(error, Unusable) else None
            if (told := (logs.error_of(error), reason or "")) not in self._told:
                self._told.add(told)
                file = ", ".join(self._read)
                log.warning("file not taken", file=file, reason=reason, exc_info=error)
        else:
            self._told.clear()

    def _changed(self, found: Mapping[str, bytes]) -> str:
        names = sorted({*found, *self._read})
        return ", ".join(name for name in names if found.get(name) != self._read.get(name))


def rereading_one(
    path: Path,
    understand: Callable[[Path, bytes], T],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Rereading[T]:
    """What stands in a single file."""
    files = Files.named(path.parent, path.name)
    return Rereading(files, lambda read: understand(path, read[path.name]), clock=clock)

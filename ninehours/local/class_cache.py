"""What Java made of Kafka's classes, kept for the next start, which then takes a third of the time.

It is Java's own (JEP 514), good for one Java, one set of jars and one set of options; for others
another one is made. Kafka starts without it, too.
"""

import fcntl
import hashlib
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

KEPT = 3  # of the last ones; each has 67 MB
SILENT = "-Xlog:aot*=off"  # or each start tells of classes that can't be kept


class ClassCache:
    """Of one command line of Java, without the main class."""

    def __init__(self, folder: Path, java: Path, options: Sequence[str]) -> None:
        """`options`: how Java is started, with `-cp` and the jars at their end."""
        self._java = java
        self._options = options
        modules = java.parents[1] / "lib" / "modules"
        # As Java itself compares, which leaves alone what it doesn't hold for its own.
        files = [modules, *map(Path, options[-1].split(":"))]
        told = [*options, *(f"{file} {_size_and_time(file)}" for file in files)]
        key = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
        self._kept = folder / f"{key}.aot"
        self._made = folder / f"{key}.made"
        self._lock = folder / "making.lock"

    @property
    def command(self) -> Sequence[str]:
        """Java, taking its classes from what is kept, if it is."""
        return self.taking if self._kept.exists() else (str(self._java), *self._options)

    @property
    def taking(self) -> Sequence[str]:
        """Java, taking its classes from what is kept once it is started."""
        return self._started(f"-XX:AOTCache={self._kept}")

    @contextmanager
    def making(self) -> Iterator[Sequence[str]]:
        """The command that leaves it behind when its Java ends, for who can have that end soon.

        Empty: it is there, somebody else makes it, or nothing can be kept here.
        """
        with ExitStack() as stack:
            output = f"-XX:AOTCacheOutput={self._made}"
            yield self._started(output) if self._is_ours_to_make(stack) else ()

    def _is_ours_to_make(self, stack: ExitStack) -> bool:
        try:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(self._lock.open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return not self._kept.exists()

    def keep(self) -> None:
        """Keep what was made, if Java takes it: it may have been ended in the middle."""
        if not self._made.exists():
            return
        taken = self._started("-XX:AOTMode=on", f"-XX:AOTCache={self._made}")
        with suppress(OSError):
            asked = subprocess.run([*taken, "-version"], capture_output=True, check=False)
            if asked.returncode:
                self._made.unlink()
                return
            self._made.replace(self._kept)
            kept = sorted(self._kept.parent.glob("*.aot"), key=lambda file: file.stat().st_mtime)
            for file in kept[:-KEPT]:
                file.unlink()

    def _started(self, *options: str) -> Sequence[str]:
        return (str(self._java), SILENT, *options, *self._options)


def _size_and_time(file: Path) -> str:
    try:
        stat = file.stat()
    except FileNotFoundError:
        return ""
    return f"{stat.st_size} {stat.st_mtime_ns}"

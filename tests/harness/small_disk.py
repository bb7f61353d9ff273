"""A small file system, which a test fills: as root, where mounting is allowed."""

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 1024 * 1024


class CannotMount(Exception):
    """This machine, or this user, may mount nothing; the message says so in one line."""


class SmallDisk:
    """One that is mounted at a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filling = folder / "filling"

    def fill(self) -> None:
        """Until not even a page is left."""
        with self._filling.open("wb", buffering=0) as file:
            for size in (MIB, 4096):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError as error:
                    assert error.errno == errno.ENOSPC

    def free(self) -> None:
        self._filling.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[SmallDisk]:
    """Of so many MiB, at this folder, which is made where it is missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = f"size={mebibytes}m,mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", options, "ninehours-test", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise CannotMount("a small file system can't be mounted: there is no `mount`") from None
    except subprocess.CalledProcessError as refused:
        [why, *_] = refused.stderr.splitlines() or [f"status {refused.returncode}"]
        raise CannotMount(f"a small file system can't be mounted here: {why}") from None
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: whoever still has a file of it open keeps it to himself.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)

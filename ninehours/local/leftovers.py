"""Finding and ending the processes that a launcher left behind when it was killed itself."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil

from ninehours.local.folder import DATA_DIR, RUN_ID
from ninehours.local.probes import await_until

GONE_WITHIN = 120.0  # seconds: who was killed still needs a moment of CPU to be gone


def of_run(data: str, *, run: Callable[[str], bool]) -> list[psutil.Process]:
    """Processes marked with this data directory and such a run, and all their descendants.

    Both marks are asked for: a person may well have set the directory in a shell of their own.
    """
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            marks = process.environ()
            if marks.get(DATA_DIR) == data and RUN_ID in marks and run(marks[RUN_ID]):
                for one in (process, *process.children(recursive=True)):
                    found[one.pid] = one
        except psutil.Error:
            continue  # Ended meanwhile, or somebody else's.
    return [process for pid, process in found.items() if pid not in spared]


def with_command(matches: Callable[[list[str]], bool]) -> list[psutil.Process]:
    """Processes by their command line, which (unlike the environment) servers may rewrite."""
    found = []
    for process in psutil.process_iter():
        try:
            if matches(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def end(find: Callable[[], Iterable[psutil.Process]], what: str) -> int:
    """Kill what `find` finds until it finds nothing; answers how many there were."""
    killed: dict[int, psutil.Process] = {}

    def none_left() -> bool:
        found = list(find())
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
                killed[process.pid] = process
        # Asked once more after the last one: a process may have had a child while it was killed.
        return not found and all(map(_is_gone, killed.values()))

    await_until(none_left, GONE_WITHIN, f"the end of {what}")
    return len(killed)


def _is_gone(process: psutil.Process) -> bool:
    """Ended; whether its parent has taken note (else it is a zombie) does not matter."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True

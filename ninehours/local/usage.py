"""What processes take of a machine: memory; and CPU, by which a start is judged."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

STANDSTILL = 30.0  # seconds without progress, after which nothing more is expected
LEAST = 0.1  # seconds of CPU: one that only waits takes a few thousandths now and then
EVERY = 1.0  # seconds between two looks at the system


def mebibytes(pids: list[int]) -> float:
    """Of these processes, their descendants and this one."""
    everyone: set[int] = {os.getpid()}
    for pid in pids:
        try:
            process = psutil.Process(pid)
            everyone.update((pid, *(child.pid for child in process.children(recursive=True))))
        except psutil.Error:
            continue
    return sum(map(_bytes, everyone)) / 2**20


def _bytes(pid: int) -> int:
    """Its proportional share (PSS); where the system does not tell, what is resident."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


class Pulse:
    """When these processes last got on: used CPU time, wrote to their log, were started anew."""

    def __init__(self) -> None:
        self._looked = self._got_on = time.monotonic()
        self._cpu = 0.0
        self._seen: dict[Path, tuple[int | None, int]] = {}

    def still_for(self, processes: Iterable[tuple[int | None, Path]]) -> float:
        """Seconds in which none of them, each with its log, got on."""
        now = time.monotonic()
        if now - self._looked < EVERY:
            return self._looked - self._got_on
        self._looked = now
        told = list(processes)
        seen = {log: (pid, _size(log)) for pid, log in told}
        cpu = sum(_cpu_of(pid) for pid, _ in told if pid is not None)
        if seen != self._seen or abs(cpu - self._cpu) >= LEAST:
            self._seen, self._cpu, self._got_on = seen, cpu, now
        return now - self._got_on


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except OSError:
        return 0


def _cpu_of(pid: int) -> float:
    """Of the process and its descendants, those that ended included, in seconds."""
    used = 0.0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                times = one.cpu_times()
                used += times.user + times.system
                used += times.children_user + times.children_system
    return used

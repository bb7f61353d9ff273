"""How much memory a launch takes, each page shared by several counted once."""

import os
from pathlib import Path

import psutil


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

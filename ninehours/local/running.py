"""Where the system of a data directory answers, as its launcher wrote it down."""

import fcntl
import json
from collections.abc import Mapping
from pathlib import Path

from ninehours.local.folder import write_private

RUNNING = "running.json"


def keep_addresses(data: Path, addresses: Mapping[str, str]) -> None:
    """Write them down for whoever asks from another process."""
    write_private(data / RUNNING, json.dumps(dict(addresses)) + "\n")


def addresses_of_running(data: Path) -> dict[str, str]:
    """Service → address; empty when no launcher holds the directory, or none is ready yet."""
    try:
        with (data / "launcher.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return {}
    except BlockingIOError:
        pass
    except FileNotFoundError:
        return {}
    try:
        held: dict[str, str] = json.loads((data / RUNNING).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return held


def forget_addresses(data: Path) -> None:
    """Nothing answers any more."""
    (data / RUNNING).unlink(missing_ok=True)

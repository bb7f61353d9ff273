"""One watched process: started, known to be ready, started again when it dies, ended when told."""

import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

RESTART_AFTER = (0.0, 0.2, 0.5, 1.0, 2.0)
GIVE_UP_AFTER = 5
STEADY = 30.0  # seconds: deaths before somebody ran that long are not counted any more


class Process(Protocol):
    """As much of subprocess.Popen as is used of any process."""

    pid: int

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, number: int, /) -> None: ...

    def kill(self) -> None: ...


def as_a_program(spec: "ProcessSpec") -> Process:
    """Start what its command line says."""
    log = os.open(spec.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # A session of its own: Ctrl-C in the terminal reaches the launcher alone, which then
        # stops everything in order.
        return subprocess.Popen(
            spec.argv,
            env=dict(spec.env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
        )
    finally:
        os.close(log)


def nothing_to_prepare() -> None:
    """For processes that can be started as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """What to run, and how to know that it runs. Higher groups are ended first."""

    name: str
    group: int
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    ready: Callable[[], bool]
    prepare: Callable[[], None] = nothing_to_prepare
    begin: Callable[["ProcessSpec"], Process] = as_a_program
    stop_with: signal.Signals = signal.SIGTERM
    grace: float = 30.0


class Watched:
    """A process and the thread that watches it. `changed` is shared by all of a supervisor's."""

    def __init__(self, spec: ProcessSpec, changed: threading.Condition) -> None:
        self.spec = spec
        self.restarts = 0
        self.ready = False
        self.failure: str | None = None
        self._changed = changed
        self._process: Process | None = None
        self._stopping = False
        self._prompted = False
        self._deaths = 0  # in a row: a slow machine takes long for each
        self._ready_since = math.inf
        self._thread = threading.Thread(target=self._watch, name=spec.name, daemon=True)

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        self._thread.start()

    def kill(self, number: int) -> None:
        """Send a signal on purpose: a death by it counts for nothing when giving up is decided."""
        with self._changed:
            if self._process is None:
                return
            if number not in (signal.SIGSTOP, signal.SIGCONT):
                self._prompted = True
                self.ready = False
            self._process.send_signal(number)

    def stop(self) -> None:
        """End it and everything in its process group; politely first."""
        with self._changed:
            self._stopping = True
            process = self._process
            self._changed.notify_all()
        if process is not None:
            process.send_signal(self.spec.stop_with)
            process.send_signal(signal.SIGCONT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(self.spec.grace)
            _kill_group(process)
            process.wait()
        if self._thread.ident is not None:
            self._thread.join(self.spec.grace)

    def _watch(self) -> None:
        while True:
            try:
                self.spec.prepare()
                process = self._launch()
            except Exception as error:  # Shown by whoever awaits it; a thread has no caller.
                self._give_up(f"{self.spec.name} could not be started: {error}")
                return
            if process is None:
                return
            status = self._wait(process)
            _kill_group(process)
            with self._changed:
                self.ready = False
                self._changed.notify_all()
                if self._stopping:
                    return
                delay = self._delay(status)
                if delay is None or self._changed.wait_for(lambda: self._stopping, delay):
                    return
                self.restarts += 1

    def _launch(self) -> Process | None:
        with self._changed:
            if self._stopping:
                return None
        process = self.spec.begin(self.spec)  # That may take a while; nobody waits for the lock.
        with self._changed:
            self._process = process
            self._prompted = False
            self._changed.notify_all()
            stopping = self._stopping
        if stopping:
            _kill_group(process)
            process.wait()
            return None
        return process

    def _wait(self, process: Process) -> int:
        """Ask whether it is ready until it is, then sleep until it ends."""
        while True:
            try:
                return process.wait(0.05)
            except subprocess.TimeoutExpired:
                if self.spec.ready():
                    break
        with self._changed:
            self.ready = not self._prompted
            self._ready_since = time.monotonic()
            self._changed.notify_all()
        return process.wait()

    def _delay(self, status: int) -> float | None:
        """How long to wait before the next start; None when there will be none."""
        if self._prompted:
            return 0.0
        steady = time.monotonic() - self._ready_since > STEADY
        self._ready_since = math.inf
        self._deaths = 1 if steady else self._deaths + 1
        if self._deaths < GIVE_UP_AFTER:
            return RESTART_AFTER[min(self._deaths - 1, len(RESTART_AFTER) - 1)]
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        self._give_up(f"{self.spec.name} ended {self._deaths} times in a row, last {how}.")
        return None

    def _give_up(self, what: str) -> None:
        with self._changed:
            self.failure = f"{what}\n{log_of(self.spec)}"
            self._changed.notify_all()


def log_of(spec: ProcessSpec) -> str:
    """Where to read on, for an error message."""
    return f"Its log is {spec.log}; it ends:\n{tail(spec.log)}"


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return "  (nothing)"
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (nothing)"


def _kill_group(process: Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)

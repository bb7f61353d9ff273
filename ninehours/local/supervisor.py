"""Keeps the processes of one launch running, and ends them in order."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby

from ninehours.local import leftovers
from ninehours.local.folder import DataFolder
from ninehours.local.probes import together
from ninehours.local.process import Process, ProcessSpec, Watched, log_of
from ninehours.local.usage import STANDSTILL, Pulse

Progress = Callable[[str], None]
SLICE = 0.5  # seconds
# For the launcher and who gave it: the key to every database, and a person's token.
OURS_ALONE = ("NINEHOURS_POSTGRES_URL", "PGPASS", "NINEHOURS_TOKEN")
TOLD_EVERY = 10.0  # seconds that somebody is left wondering


class ProcessFailed(RuntimeError):
    """A process cannot be kept running; the message names its log and shows the end of it."""


class Stopped(RuntimeError):
    """Asked for something while, or after, everything was stopped."""


class Supervisor:
    """Starts, watches, restarts and stops the processes of a claimed data directory."""

    def __init__(
        self,
        folder: DataFolder,
        progress: Progress,
        *,
        standstill: float = STANDSTILL,
        told_every: float = TOLD_EVERY,
    ) -> None:
        self._folder = folder
        self._progress = progress
        self._standstill = standstill
        self._told_every = told_every
        self._changed = threading.Condition()
        self._watched: dict[str, Watched] = {}
        self._jobs: list[Process] = []
        self._stopping = False

    @property
    def processes(self) -> dict[str, int]:
        """The process id of everything that runs now."""
        with self._changed:
            return {n: pid for n, one in self._watched.items() if (pid := one.pid) is not None}

    @property
    def failure(self) -> str | None:
        """Why something was given up, if anything was."""
        with self._changed:
            return self._failure()

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """What a process is given: ours, the marks to find it by, its own settings."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(OURS_ALONE)
        }
        return {**inherited, **self._folder.marks, **settings}

    def start(self, *specs: ProcessSpec) -> None:
        for spec in specs:
            with self._changed:
                self._refuse_when_stopping()
                if spec.name in self._watched:
                    raise ValueError(f"{spec.name} is started already")
                watched = Watched(spec, self._changed)
                self._watched[spec.name] = watched
                watched.start()

    def replace(self, spec: ProcessSpec) -> None:
        """End what runs under the spec's name, in its own grace, and start this in its place."""
        self.end(spec.name)
        self.start(spec)

    def end(self, name: str) -> None:
        """End what runs under the name, in its own grace; it is watched no more."""
        with self._changed:
            self._refuse_when_stopping()
            watched = self._watched[name]
        watched.stop()
        with self._changed:
            self._refuse_when_stopping()
            del self._watched[name]

    def await_ready(self, *names: str, restarts: int = 0) -> None:
        """Wait until all are ready, each having been restarted at least `restarts` times.

        As long as any of those still starting gets on, however slowly; ProcessFailed when one is
        given up, or when all stand still.
        """
        waiting = _Waiting(self._progress, self._told_every)
        with self._changed:
            while True:
                if failure := self._failure():
                    raise ProcessFailed(failure)
                self._refuse_when_stopping()
                starting = [self._watched[name] for name in self._unready(names, restarts)]
                if not starting:
                    return
                still = waiting.look([(one.spec, one.pid) for one in starting])
                if still >= self._standstill:
                    raise ProcessFailed("\n".join(_stands(one.spec, still) for one in starting))
                self._changed.wait(SLICE)

    def await_failure(self) -> str | None:
        """Sleep until something is given up or everything is stopped; answers what failed.

        In slices: no wait is ended by a signal that came before.
        """
        with self._changed:
            while not (self._stopping or self._failure()):
                self._changed.wait(SLICE)
            return self._failure()

    def run(self, spec: ProcessSpec) -> None:
        """Run something that ends by itself, and wait for it as long as it gets on."""
        with self._changed:
            self._refuse_when_stopping()
        job = spec.begin(spec)
        with self._changed:
            self._jobs.append(job)
            stopping = self._stopping
        if stopping:
            job.kill()
        waiting = _Waiting(self._progress, self._told_every)
        still = 0.0
        while still < self._standstill and job.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                job.wait(SLICE)
            still = waiting.look([(spec, job.pid)])
        stands = job.poll() is None
        if stands:
            job.kill()
        status = job.wait()
        with self._changed:
            self._jobs.remove(job)
            self._refuse_when_stopping()
        if stands:
            raise ProcessFailed(_stands(spec, still))
        if status != 0:
            raise ProcessFailed(f"{spec.name} failed ({status}).\n{log_of(spec)}")

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """For tests: send a signal. What dies of it is started again at once, without limit."""
        self._watched[name].kill(number)

    def restarts(self, name: str) -> int:
        return self._watched[name].restarts

    def is_ready(self, name: str) -> bool:
        return self._watched[name].ready

    def stop(self) -> None:
        """End all, the highest group first, each group at once; whatever is left is killed."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            watched = sorted(self._watched.values(), key=lambda one: -one.spec.group)
            jobs = list(self._jobs)
        for job in jobs:
            job.kill()
        for _, group in groupby(watched, key=lambda one: one.spec.group):
            together(*(one.stop for one in group))
        run_id = self._folder.run_id
        leftovers.end(
            lambda: leftovers.of_run(str(self._folder.path), run=lambda other: other == run_id),
            "the processes of this run",
        )

    def _failure(self) -> str | None:
        return next((one.failure for one in self._watched.values() if one.failure), None)

    def _unready(self, names: tuple[str, ...], restarts: int) -> list[str]:
        return [
            name
            for name in names
            if not (self._watched[name].ready and self._watched[name].restarts >= restarts)
        ]

    def _refuse_when_stopping(self) -> None:
        if self._stopping:
            raise Stopped("everything is being stopped")


class _Waiting:
    """One wait for processes that start: whether they get on, told now and then by name."""

    def __init__(self, progress: Progress, told_every: float) -> None:
        self._pulse = Pulse()
        self._progress = progress
        self._every = told_every
        self._began = self._told = time.monotonic()

    def look(self, starting: Sequence[tuple[ProcessSpec, int | None]]) -> float:
        """Seconds in which none of them got on."""
        now = time.monotonic()
        if now - self._told >= self._every:
            self._told = now
            names = ", ".join(spec.name for spec, _ in starting)
            logs = starting[0][0].log.parent
            self._progress(
                f"still starting after {now - self._began:.0f} s: {names} (logs are in {logs})"
            )
        return self._pulse.still_for([(pid, spec.log) for spec, pid in starting])


def _stands(spec: ProcessSpec, seconds: float) -> str:
    return (
        f"{spec.name} stands still: for {seconds:.0f} s it wrote nothing and used no CPU time.\n"
        f"{log_of(spec)}"
    )

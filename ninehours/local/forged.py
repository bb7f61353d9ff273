"""The launcher's side of the forge: asks for processes, and waits for and signals them."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ninehours.local import forge
from ninehours.local.process import ProcessSpec
from ninehours.local.supervisor import Supervisor

GRACE = 10.0  # seconds


class Forged:
    """A process that the forge forked: as much of Popen as is used here."""

    def __init__(self, name: str) -> None:
        self.args = name
        self.pid = 0
        self.returncode: int | None = None
        self.begun = threading.Event()
        self.ended = threading.Event()

    def end(self, status: int) -> None:
        self.returncode = status
        self.begun.set()
        self.ended.set()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self.ended.wait(timeout):
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Forge:
    """Forks processes of services; started when the first is asked for.

    `settings` say where their code is, `python` runs it: this one, or that of another release.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        log: Path,
        settings: Mapping[str, str],
        python: Path = Path(sys.executable),
    ) -> None:
        self._supervisor = supervisor
        self._python = python
        self._log = log
        self._settings = settings
        self._lock = threading.Lock()
        self._asked: dict[str, Forged] = {}
        self._running: dict[int, Forged] = {}
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._listening = threading.Thread(target=self._listen, name="forge", daemon=True)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def begin(self) -> None:
        """Start it: what it imports takes a while, in which the servers start."""
        with self._lock:
            if self._process is not None:
                return
            ours, its = socket.socketpair()
            log = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                self._process = subprocess.Popen(
                    [str(self._python), forge.__file__, str(its.fileno())],
                    env=self._supervisor.environment(self._settings),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    umask=0o077,
                    pass_fds=[its.fileno()],
                )
            finally:
                os.close(log)
                its.close()
            self._socket = ours
            self._listening.start()

    def launch(self, spec: ProcessSpec) -> Forged:
        """Its module, with its arguments. Returns when it runs; OSError when the forge does not."""
        forged = Forged(spec.name)
        told = {"name": spec.name, "argv": spec.argv, "env": dict(spec.env), "log": str(spec.log)}
        with self._lock:
            if self._socket is None:
                raise OSError("the forge was not begun")
            self._asked[spec.name] = forged
            self._socket.sendall(json.dumps(told).encode() + b"\n")
        forged.begun.wait()
        if forged.pid == 0:
            raise OSError(f"the forge ended; its log is {self._log}")
        return forged

    def stop(self) -> None:
        """It ends with its socket."""
        with self._lock:
            if self._process is None or self._socket is None:
                return
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            process = self._process
        self._listening.join()
        self._socket.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        process.kill()
        process.wait()

    def _listen(self) -> None:
        assert self._socket is not None
        with self._socket.makefile("rb") as lines:
            for line in lines:
                told = json.loads(line)
                with self._lock:
                    if "started" in told:
                        forged = self._asked.pop(told["started"])
                        forged.pid = told["pid"]
                        self._running[forged.pid] = forged
                        forged.begun.set()
                    elif (ended := self._running.pop(told["ended"], None)) is not None:
                        ended.end(told["status"])
        with self._lock:
            left = [*self._asked.values(), *self._running.values()]
        for forged in left:
            with suppress(ProcessLookupError):
                if forged.pid:
                    os.kill(forged.pid, signal.SIGKILL)
            forged.end(-signal.SIGKILL)

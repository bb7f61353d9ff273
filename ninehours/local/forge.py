"""One process that imports everything once, and forks each process of a service from itself.

It has no thread, channel or engine of its own, so that what is forked starts as if it were new. It
is told what to start by lines on a socket, tells who ended how, and ends when the socket closes.
"""

import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NoReturn

PACKAGES = ("kernel", "services")
# What processes import where they need it: once here, and shared by all of them.
ALSO = ("faust", "faust.worker", "kafka", "grpc", "sqlalchemy.dialects.postgresql.psycopg")
SKIPPED = (".__main__", ".migrations")


def main(number: int) -> None:
    """Import, say so, then fork until the socket of this number closes."""
    with socket.socket(fileno=number) as launcher:
        gc.disable()  # What is imported stays: looking for what doesn't is an eighth of the time.
        for name in (*ALSO, *_modules()):
            with suppress(ImportError):  # A test's stand-ins have none of them.
                importlib.import_module(name)
        gc.collect()
        gc.freeze()  # Collections in the children must not write to what all of them share.
        gc.enable()
        woken, waking = socket.socketpair()
        for end in (woken, waking):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
        _serve(launcher, woken, waking)


def _serve(launcher: socket.socket, woken: socket.socket, waking: socket.socket) -> None:
    unread = b""
    while True:
        ready, _, _ = select.select([launcher, woken], [], [])
        if woken in ready:
            with suppress(BlockingIOError):
                woken.recv(4096)
            for pid, status in _ended():
                _tell(launcher, {"ended": pid, "status": status})
        if launcher in ready:
            received = launcher.recv(65536)
            if not received:
                return
            *lines, unread = (unread + received).split(b"\n")
            for line in lines:
                _fork(json.loads(line), launcher, woken, waking)


def _fork(told: dict[str, Any], launcher: socket.socket, *others: socket.socket) -> None:
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for other in (launcher, *others):
            other.close()
        _become(told)
    _tell(launcher, {"started": told["name"], "pid": pid})


def _become(told: dict[str, Any]) -> NoReturn:
    """A process of a service, as `python -m` would have made it; never returns to the forge."""
    status = 1
    try:
        os.setsid()
        os.umask(0o077)
        log = os.open(told["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.close(nothing)
        os.close(log)
        os.environ.clear()
        os.environ.update(told["env"])
        module, *arguments = told["argv"]
        sys.argv = ["", *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
        if isinstance(left.code, str):
            sys.stderr.write(f"{left.code}\n")
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _modules() -> Iterator[str]:
    for package in PACKAGES:
        with suppress(ImportError):
            found = importlib.import_module(package)
            for module in pkgutil.walk_packages(found.__path__, f"{package}."):
                if not any(skipped in module.name for skipped in SKIPPED):
                    yield module.name


def _ended() -> Iterator[tuple[int, int]]:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status)


def _tell(launcher: socket.socket, what: dict[str, Any]) -> None:
    with suppress(OSError):
        launcher.sendall(json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""Free ports, whether something answers on one, and waiting for that with a deadline."""

import fcntl
import os
import random
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from queue import SimpleQueue

LOOPBACK = "127.0.0.1"
_RESERVED: set[int] = set()


class NotInTime(TimeoutError):
    """What was awaited did not come before its deadline."""


def await_until(
    probe: Callable[[], bool], seconds: float, what: str, *, pause: float = 0.02
) -> None:
    """Ask `probe` again and again until it says yes; polling, as what it asks cannot notify."""
    deadline = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > deadline:
            raise NotInTime(f"waited {seconds:g} s in vain for {what}")
        time.sleep(pause)


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on, from below the range that outgoing connections take theirs from.

    They are this process's until it ends: whoever else looks here meanwhile is given others.
    Within that range a client that retries a dead server's port may be given the very port as
    its own and connect to itself; the server then never gets its port back.
    """
    found: dict[int, None] = {}
    top = _first_ephemeral_port()
    for _ in range(1000):
        port = random.randrange(top // 2, top)  # noqa: S311  no secret
        if _is_free(port) and _reserve(port):
            found[port] = None
        if len(found) == count:
            return list(found)
    raise OSError(f"found no {count} free ports on {LOOPBACK} between {top // 2} and {top}")


def _reserve(port: int) -> bool:
    """By a lock of the file's byte of that number, which ends with the process."""
    if port in _RESERVED:
        return False
    try:
        fcntl.lockf(_reserved(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _RESERVED.add(port)
    return True


@cache
def _reserved() -> int:
    file = Path(tempfile.gettempdir()) / f"ninehours-ports-{os.getuid()}"
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def listens(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=5):
            return True
    except OSError:
        return False


def shown_on(port: int, context: ssl.SSLContext, hello: bytes = b"") -> str:
    """The certificate that a server shows there, in PEM; `hello` is said before TLS begins."""
    with socket.create_connection((LOOPBACK, port), timeout=20) as plain:
        if hello:
            plain.sendall(hello)
            plain.recv(1)
        with context.wrap_socket(plain, server_hostname=LOOPBACK) as wire:
            return ssl.DER_cert_to_PEM_cert(wire.getpeercert(binary_form=True) or b"")


def together(*tasks: Callable[[], None]) -> None:
    """Run all at the same time; the first failure is raised at once, without waiting for the rest.

    Daemon threads, not an executor: what is stuck in the network must not hold up the exit.
    """
    done: SimpleQueue[BaseException | None] = SimpleQueue()

    def run(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:
            done.put(error)
        else:
            done.put(None)

    for task in tasks:
        threading.Thread(target=run, args=(task,), daemon=True).start()
    for _ in tasks:
        error = done.get()
        if error is not None:
            raise error


def _first_ephemeral_port() -> int:
    try:
        text = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii")
        return max(int(text.split()[0]), 4096)
    except (OSError, ValueError):
        return 32768


def _is_free(port: int) -> bool:
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((LOOPBACK, port))
        except OSError:
            return False
    return not listens(port)

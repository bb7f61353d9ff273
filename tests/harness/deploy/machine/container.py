"""Programs that run on this machine as in containers: in a root of their own, as another user."""

import json
import os
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from ninehours.local.process import tail
from tests.harness.deploy.machine import contained

T = TypeVar("T")
HOSTS = Path("/etc/hosts")
AUTHORITIES = "/etc/ssl/authorities.pem"
# The base of images: this machine's Python, as it was before anything was installed.
BASE = Path(sys.base_prefix)
PATH = f"{BASE / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEVICES = ("null", "zero", "full", "random", "urandom")
SHARED_MEMORY = 64 << 20
AT_ONCE = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """`binds`: of source and where it is found, read-only, and `kept` the same to be written;
    `empty`: folders, by size in bytes. A base is there already: what this machine's programs are.
    """

    argv: Sequence[str]
    env: Mapping[str, str]
    user: int
    group: int
    groups: Sequence[int] = ()
    folder: str = "/"
    binds: Sequence[tuple[Path, str]] = ()
    kept: Sequence[tuple[Path, str]] = ()
    empty: Sequence[tuple[str, int]] = ()
    files: Mapping[str, str] = field(default_factory=dict)


class Engine:
    """A context manager: what was started in it ended when it is left, whatever happened."""

    def __init__(self, folder: Path, authorities: str = "") -> None:
        """`authorities`: PEM of those that every system knows."""
        self.folder = folder
        self._authorities = authorities
        self.names = Names(folder / "names")
        self._root = folder / "root"
        self._lock = threading.Lock()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        # Who is begun ends with the thread that began it: these stay until nothing runs.
        self._pool = ThreadPoolExecutor(AT_ONCE, "engine")

    def __enter__(self) -> Self:
        contained.keep_mounts_apart()
        self._root.mkdir()
        self.names.put({})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            left = list(self._running.values())
        for process in left:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
        self._pool.shutdown(cancel_futures=True)
        for process in left:
            process.wait()

    def soon(self, task: Any, *arguments: Any) -> "Future[Any]":
        """Do it meanwhile."""
        return self._pool.submit(task, *arguments)

    def together(self, tasks: Iterable[Any]) -> list[Any]:
        """Do all at once; the first that failed is raised when all are done."""
        return [future.result() for future in [self._pool.submit(task) for task in tasks]]

    def start(self, container: Container, log: Path) -> "subprocess.Popen[bytes]":
        """Begin it, for as long as this engine is there."""
        return self.soon(self._start, container, log).result()  # type: ignore[no-any-return]

    def run(self, container: Container, log: Path) -> None:
        """Until it ends; CalledProcessError with the end of its log, where that isn't well."""
        status = self.start(container, log).wait()
        if status:
            raise subprocess.CalledProcessError(status, container.argv, tail(log))

    def _start(self, container: Container, log: Path) -> "subprocess.Popen[bytes]":
        description = {
            "root": str(self._root),
            "files": {
                "/etc/passwd": "root:x:0:0::/:/\n",
                "/etc/host.conf": "multi on\n",  # a name stands for all of its addresses
                AUTHORITIES: self._authorities,
                **container.files,
            },
            "links": {**_links(), str(HOSTS): "/run/names/hosts"},
            "binds": [
                *((str(source), path, True) for source, path in _base()),
                (str(self.names.folder), "/run/names", True),
                *((str(source), path, True) for source, path in container.binds),
                *((str(source), path, False) for source, path in container.kept),
                *((f"/dev/{name}", f"/dev/{name}", False) for name in DEVICES),
                ("/proc", "/proc", False),
            ],
            "empty": [*_hidden(), ("/dev/shm", SHARED_MEMORY), *container.empty],
            "user": container.user,
            "group": container.group,
            "groups": list(container.groups),
            "folder": container.folder,
            "argv": list(container.argv),
            "env": {"SSL_CERT_FILE": AUTHORITIES, **container.env},
        }
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", contained.__file__, json.dumps(description)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        with self._lock:
            self._running[process.pid] = process
        return process


class Names:
    """Who answers where: a hosts file, in containers and for whoever began the engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, ...]] = {}
        self._versions = count()
        folder.mkdir(parents=True)

    def put(self, known: Mapping[str, Iterable[str]]) -> None:
        """These names stand for these addresses from now on."""
        with self._lock:
            before = dict(self._known)
            self._known |= {name: tuple(addresses) for name, addresses in known.items()}
            if self._known == before and before:
                return
            # Each a file of its own that stays: nothing is mounted over one that is gone.
            file = self.folder / f"{HOSTS.name}-{next(self._versions)}"
            file.write_text("".join(f"{line}\n" for line in self._lines()))
            draft = self.folder / "draft"
            draft.symlink_to(file.name)
            draft.replace(self.folder / HOSTS.name)
            contained.mount(str(file), str(HOSTS), flags=contained.BIND)

    def _lines(self) -> Iterator[str]:
        yield "127.0.0.1 localhost"
        for name, addresses in self._known.items():
            for address in addresses:
                yield f"{address} {name}"


def refusal() -> str:
    """Why containers can't be made on this machine, in one line; empty: they can."""
    if os.geteuid() != 0:
        return "nobody but root may become another user; run it as root"
    with ThreadPoolExecutor(1) as apart:  # Mounts are a thread's own.
        error = apart.submit(contained.keep_mounts_apart).exception()
    return f"{error.strerror} here, not even to root" if isinstance(error, OSError) else ""


def _links() -> dict[str, str]:
    """Folders of programs that are links on this machine."""
    return {str(path): str(path.readlink()) for path in _programs() if path.is_symlink()}


def _base() -> Iterator[tuple[Path, str]]:
    for path in _programs():
        if path.is_dir() and not path.is_symlink():
            yield path, str(path)
    if not BASE.is_relative_to("/usr"):
        yield BASE, str(BASE)


def _programs() -> list[Path]:
    return [Path("/usr"), *(Path("/", name) for name in ("bin", "sbin", "lib", "lib32", "lib64"))]


def _hidden() -> Iterator[tuple[str, int]]:
    """What was installed into this machine's Python: a base image has nothing of it."""
    paths = sysconfig.get_paths("posix_prefix", {"base": str(BASE), "platbase": str(BASE)})
    for folder in sorted({paths["purelib"], paths["platlib"]}):
        if Path(folder).is_dir():
            yield folder, 1 << 20

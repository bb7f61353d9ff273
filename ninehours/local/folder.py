"""The data directory: held by one launcher at a time, which writes down where it answers."""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

RUN_ID = "NINEHOURS_RUN_ID"
DATA_DIR = "NINEHOURS_DATA_DIR"
RUNNING = "running.json"


class DataInUse(RuntimeError):
    """Another live launcher holds the data directory."""


class DataFolder:
    """A data directory, claimed for one launch."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.run_id = secrets.token_hex(8)
        self._lock: int | None = None

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def passwords(self) -> Path:
        """PostgreSQL's, apart from `secrets`: that folder is shown to the services."""
        return self.path / "passwords"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def marks(self) -> dict[str, str]:
        """The environment by which every process of this launch can be found."""
        return {RUN_ID: self.run_id, DATA_DIR: str(self.path)}

    def claim(self) -> None:
        """Take it, or say who has it. The system gives it back when this process ends, however."""
        for folder in (self.path, self.secrets, self.passwords, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        # Symbolic links resolved now: processes are found again by this very text.
        self.path = self.path.resolve()
        lock = os.open(self.path / "launcher.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise DataInUse(
                f"{self.path} is in use by a running launcher (process {holder}). "
                "Stop that one first, or choose another data directory."
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
        self._lock = lock

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def password(self, role: str) -> str:
        """PostgreSQL's password of that role; made when first asked for, kept from then on."""
        path = self.passwords / role
        if path.exists() and (text := path.read_text(encoding="ascii").strip()):
            return text
        text = secrets.token_urlsafe(32)
        write_private(path, text + "\n")
        return text


def write_private(path: Path, content: str | bytes) -> None:
    """Write it whole or not at all, readable by its owner alone."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@dataclass(frozen=True, slots=True)
class Running:
    """Where a system answers, by service; `tls_dir`: what a caller shows, empty: plain text."""

    addresses: Mapping[str, str]
    tls_dir: str = ""


def keep_running(data: Path, running: Running) -> None:
    """Write it down for whoever asks from another process."""
    write_private(data / RUNNING, json.dumps(asdict(running)) + "\n")


def running_on(data: Path) -> Running | None:
    """None when no launcher holds the directory, or none is ready yet."""
    try:
        with (data / "launcher.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
    except BlockingIOError:
        pass
    except FileNotFoundError:
        return None
    try:
        return Running(**json.loads((data / RUNNING).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def forget_running(data: Path) -> None:
    """Nothing answers any more."""
    (data / RUNNING).unlink(missing_ok=True)

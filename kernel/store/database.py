"""Opening the database, and bringing its schema up to date."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InvalidatePoolError,
    OperationalError,
    TimeoutError,
)
from sqlalchemy.pool import ConnectionPoolEntry

from kernel import logs
from kernel.database_address import DatabaseAddress
from kernel.store.statements import text
from kernel.tls.identity import Identity, as_files

log = logs.get("kernel.database")

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATING = 905_001  # the advisory lock that makes two migrations take turns

LOCK_TIMEOUT = 10.0  # seconds
IDLE_TIMEOUT = 120.0  # seconds: others wait for what a paused process has locked
POOL_TIMEOUT = 5.0  # seconds
RESTED = 1.0  # seconds after which a connection is asked whether it still is one
RENEWED_AFTER = 600  # seconds: what a withdrawn certificate opened is open no longer
AWAY_SECONDS = 1.0  # between two attempts of a process that starts
# A host that vanished is noticed in half a minute, not in hours.
TCP = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
# The server notices a client's that vanished too, and gives its locks back.
ITS_TCP = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
# Connection, shutdown and cancel, resources, the server's disk, a standby that takes no writes, a
# connection that stood still.
AWAY = ("08", "57", "53", "58", "25006", "25P03")
# A statement that took longer than the server lets one, or that an operator ended: what it was for
# is no worse for that. Whoever sets a limit of its own knows that it was that one.
CANCELLED = "57014"
LOCKED = "55P03"  # a lock that was not given in time
DEADLOCK = "40P01"
BUSY = ("40001", DEADLOCK, LOCKED, CANCELLED)  # serialization

_lock_timeout: ContextVar[float | None] = ContextVar("lock_timeout", default=None)


def open_database(
    address: str | DatabaseAddress,
    *,
    pool: int = 5,
    lock_timeout: float = LOCK_TIMEOUT,
    identity: Identity | None = None,
) -> Engine:
    """An engine whose errors never show parameters: they may be somebody's name.

    Nothing waits for ever: for a lock, a free connection, or a server that went silent; nor for
    a process that stands still in the middle of a transaction: the server ends its connection. A
    connection that rested is tried before it is given; one that was in use just now isn't, as that
    would be a third of what a short transaction asks. Each new connection shows what the address
    says then; with an `identity` also that, and it verifies the server's certificate and name.
    """
    ours: dict[str, Any] = {
        "connect_timeout": 5,
        "application_name": "ninehours",
        "options": f"-c lock_timeout={int(lock_timeout * 1000)} -c TimeZone=UTC"
        f" -c idle_in_transaction_session_timeout={int(IDLE_TIMEOUT * 1000)} {ITS_TCP}",
        **TCP,
    }
    engine = create_engine(
        address if isinstance(address, str) else address.current(),
        pool_size=pool,
        pool_recycle=RENEWED_AFTER,
        max_overflow=0,
        hide_parameters=True,
        pool_timeout=POOL_TIMEOUT,
        connect_args=ours,
    )

    @event.listens_for(engine, "connect")
    def note_pool(_: object, record: ConnectionPoolEntry) -> None:
        record.info["pool"] = engine.pool

    @event.listens_for(engine, "checkin")
    def close_what_is_late(_: object, record: ConnectionPoolEntry) -> None:
        # Whoever still had it when the engine was disposed gives it back to a pool of before.
        if record.info.get("pool") is not engine.pool:
            record.invalidate()
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def try_what_rested(given: Any, record: ConnectionPoolEntry, _: object) -> None:
        used = record.info.get("used")
        if used is None or time.monotonic() - used < RESTED:
            return
        try:
            engine.dialect.do_ping(given)
        except psycopg.Error:
            raise InvalidatePoolError from None

    if isinstance(address, DatabaseAddress):

        @event.listens_for(engine, "do_connect")
        def connect_as_told_now(
            dialect: Dialect, _: object, __: list[Any], options: dict[str, Any]
        ) -> None:
            options.update({**dialect.create_connect_args(address.current())[1], **ours})

    if identity is not None:

        @event.listens_for(engine, "do_connect")
        def connect_under_tls(
            dialect: Dialect, _: object, args: list[Any], options: dict[str, Any]
        ) -> Any:
            with as_files(identity.current()) as paths:
                shown = {
                    "sslmode": "verify-full",
                    "sslrootcert": paths.authorities,
                    "sslcert": paths.certificate,
                    "sslkey": paths.key,
                    "ssl_min_protocol_version": "TLSv1.3",
                }
                return dialect.connect(*args, **(options | shown))

    return engine


@contextmanager
def waiting_for_locks(seconds: float) -> Iterator[None]:
    """In here this thread's transactions wait so long for a lock, and not as they were opened."""
    before = _lock_timeout.set(seconds)
    try:
        yield
    finally:
        _lock_timeout.reset(before)


def set_lock_timeout(connection: Connection) -> None:
    """At the beginning of a transaction, as the thread waits for locks."""
    if (seconds := _lock_timeout.get()) is not None:
        connection.execute(text(f"SET LOCAL lock_timeout = {max(int(seconds * 1000), 1)}"))


def is_away(error: BaseException) -> bool:
    """Whether the server itself is gone or not yet back, as against a statement it refuses."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = _sqlstate(error)
    if state is None:
        kinds = (OperationalError, InterfaceError, psycopg.OperationalError)
        return isinstance(error, kinds)
    return state.startswith(AWAY) and state != CANCELLED


def is_busy(error: BaseException) -> bool:
    """Whether others were in the way, for a lock, in a deadlock, for a free connection; or the
    statement was not let end."""
    return isinstance(error, TimeoutError) or _sqlstate(error) in BUSY


def is_locked(error: BaseException) -> bool:
    """Whether others held a lock for longer than it was waited for."""
    return _sqlstate(error) == LOCKED


def is_cancelled(error: BaseException) -> bool:
    """Whether a statement was not let end: by a limit, or by an operator."""
    return _sqlstate(error) == CANCELLED


def is_passing(error: BaseException) -> bool:
    """Whether the same may succeed in a moment, unchanged."""
    return is_away(error) or is_busy(error)


def when_possible(work: Callable[[], object]) -> None:
    """At start: wait for a database that is away, or busy."""
    while True:
        try:
            work()
            return
        except Exception as error:
            if not is_passing(error):
                raise
            log.warning("start_waits", exc_info=error)
            time.sleep(AWAY_SECONDS)


def _sqlstate(error: BaseException) -> str | None:
    given = error.orig if isinstance(error, DBAPIError) else error
    return given.sqlstate if isinstance(given, psycopg.Error) else None


class NewerSchema(Exception):
    """Migrations ran that this release doesn't know; the text names them."""


def migrate(engine: Engine, versions: Sequence[Path]) -> None:
    """Run every migration that is missing: the kernel's, then those in `versions`.

    NewerSchema: a newer release's ran already. They have no way back, and need none.
    """
    upgrade(engine, MIGRATIONS, versions)


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """A transaction that takes turns with others of this kind, however long they take."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        yield connection


def upgrade(engine: Engine, script: Path, versions: Sequence[Path]) -> None:
    """Run every migration that is missing of Alembic's `script`, then those in `versions`.

    Whole or not at all, again after each deadlock with processes at work.
    """
    from alembic.config import Config  # noqa: PLC0415 - no other process should pay its third of a second

    config = Config()
    config.set_main_option("script_location", str(script))
    config.set_main_option("path_separator", "newline")
    config.set_main_option(
        "version_locations", "\n".join(str(path) for path in (script / "versions", *versions))
    )
    while not _upgraded(engine, config):
        time.sleep(AWAY_SECONDS)


def _upgraded(engine: Engine, config: Any) -> bool:
    """False: those who work on the tables were in the way, and the database chose them.

    What is altered here they lock in another order; nobody could wait for the other.
    """
    from alembic import command  # noqa: PLC0415
    from alembic.script.revision import ResolutionError  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        with migrating(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")
    except CommandError as error:
        if not isinstance(error.__cause__, ResolutionError):
            raise
        ran = error.__cause__.argument
        raise NewerSchema(f"the database's schema is of a newer release ({ran})") from None
    except DBAPIError as error:
        if _sqlstate(error) != DEADLOCK:
            raise
        log.warning("migrates_again", exc_info=error)
        return False
    return True

"""What a database that refuses means, and that nothing waits for it for ever."""

import threading
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError, TimeoutError

from kernel.rpc.answer import outcome_of
from kernel.store.database import (
    MIGRATING,
    NewerSchema,
    is_away,
    is_passing,
    migrate,
    open_database,
)
from kernel.store.statements import text
from kernel.store.store import Store
from ninehours.local.servers import LocalServers
from tests.harness.kernel.counters import PATIENCE, until
from tests.harness.kernel.owner import MIGRATIONS, as_owner, owning


def url_of(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


@pytest.mark.parametrize(
    ("error", "away", "passing"),
    [
        (OperationalError("S", {}, errors.AdminShutdown()), True, True),
        (OperationalError("S", {}, errors.QueryCanceled()), False, True),
        (OperationalError("S", {}, errors.ConnectionFailure()), True, True),
        (OperationalError("S", {}, errors.TooManyConnections()), True, True),
        (OperationalError("S", {}, psycopg.OperationalError("gone")), True, True),
        (InterfaceError("S", {}, Exception(), connection_invalidated=True), True, True),
        (psycopg.OperationalError("gone"), True, True),
        (OperationalError("S", {}, errors.DeadlockDetected()), False, True),
        (OperationalError("S", {}, errors.SerializationFailure()), False, True),
        (OperationalError("S", {}, errors.LockNotAvailable()), False, True),
        (TimeoutError(), False, True),
        (OperationalError("S", {}, errors.ProgramLimitExceeded()), False, False),
        (DataError("S", {}, psycopg.DataError("a NUL")), False, False),
        (ValueError(), False, False),
    ],
)
def test_only_what_means_away_or_busy_is_tried_again(
    error: Exception, away: bool, passing: bool
) -> None:
    assert (is_away(error), is_passing(error)) == (away, passing)
    outcome = outcome_of(error, "1")
    assert (outcome.code is grpc.StatusCode.UNAVAILABLE) == passing
    assert outcome.reason == (
        "DATABASE_AWAY" if away else "DATABASE_BUSY" if passing else "INTERNAL"
    )


def test_who_waits_for_a_lock_too_long_is_told_that_the_database_is_busy(counting: Store) -> None:
    hurried = open_database(url_of(counting), lock_timeout=0.05)
    with counting.engine.begin() as one, pytest.raises(OperationalError) as waited:
        one.execute(text("INSERT INTO subject VALUES ('client/ada')"))
        with hurried.begin() as other:
            other.execute(text("INSERT INTO subject VALUES ('client/ada')"))
    hurried.dispose()
    assert outcome_of(waited.value, "1").reason == "DATABASE_BUSY"


def test_who_stands_still_in_the_middle_of_a_transaction_holds_its_locks_no_longer(
    counting: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.store.database.IDLE_TIMEOUT", 0.05)
    paused = open_database(url_of(counting))
    connection = paused.connect()
    connection.execute(text("INSERT INTO subject VALUES ('client/ada')"))
    with counting.engine.begin() as other:  # waits for the lock, which goes
        other.execute(text("INSERT INTO subject VALUES ('client/ada')"))
    with pytest.raises(DBAPIError) as ended:
        connection.execute(text("SELECT 1"))
    connection.close()
    paused.dispose()
    assert outcome_of(ended.value, "1").reason == "DATABASE_AWAY"


def test_who_waits_for_a_connection_too_long_is_told_so(
    counting: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.store.database.POOL_TIMEOUT", 0.05)
    small = open_database(url_of(counting), pool=1)
    with small.connect(), pytest.raises(TimeoutError) as waited:
        small.connect()
    small.dispose()
    assert outcome_of(waited.value, "1").reason == "DATABASE_BUSY"


def test_what_is_given_back_after_everything_was_closed_is_closed_too(counting: Store) -> None:
    """As of a thread that was at work when its process ended."""
    late = counting.engine.connect()
    held: Any = late.connection.driver_connection
    counting.close()
    late.close()
    assert held.closed
    with counting.transaction() as tx:  # who opens again has others
        assert tx.execute("SELECT 1").scalar_one() == 1


@pytest.mark.parametrize(
    ("rested", "answered"), [(0.0, True), (600.0, False)], ids=["rested", "in_use_just_now"]
)
def test_a_connection_that_rested_is_tried_and_replaced_where_the_server_closed_it(
    counting: Store, monkeypatch: pytest.MonkeyPatch, rested: float, *, answered: bool
) -> None:
    monkeypatch.setattr("kernel.store.database.RESTED", rested)
    small = open_database(url_of(counting), pool=1)
    with small.begin() as one:
        pid = one.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with counting.transaction() as tx:
        tx.execute("SELECT pg_terminate_backend(:pid, 10000)", pid=pid)

    def ask() -> int:
        with small.begin() as one:
            return int(one.execute(text("SELECT 1")).scalar_one())

    if not answered:  # it is told, as of one that was closed meanwhile, and then replaced
        with pytest.raises(OperationalError) as closed:
            ask()
        assert outcome_of(closed.value, "1").reason == "DATABASE_AWAY"
    assert ask() == 1
    small.dispose()


def test_what_is_asked_by_statement_stands_by_itself(counting: Store) -> None:
    with pytest.raises(ZeroDivisionError), counting.by_statement() as tx:
        tx.execute("INSERT INTO subject VALUES ('client/ada')")
        raise ZeroDivisionError
    with counting.transaction() as tx:
        kept = tx.execute("SELECT count(*) FROM subject WHERE subject = 'client/ada'")
        assert kept.scalar_one() == 1


def test_every_connection_ends_its_waits(counting: Store) -> None:
    with counting.engine.connect() as connection:
        assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "10s"


def test_a_migration_waits_for_another_as_long_as_that_takes(
    counting: Store, no_migrations: Path
) -> None:
    login = MIGRATIONS[str(counting.engine.url.database)]
    hurried = open_database(login.url, lock_timeout=0.05)
    with counting.engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATING})
        migrating = threading.Thread(target=migrate, args=(hurried, [no_migrations]))
        migrating.start()
        migrating.join(0.5)
        assert migrating.is_alive()
        other.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATING})
        migrating.join(PATIENCE)
        assert not migrating.is_alive()
    hurried.dispose()


ALTERS_TWO = """
from alembic import op

revision = "tests_0001"
down_revision = None
branch_labels = ("tests",)
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE fact ADD COLUMN tried text")
    op.execute("ALTER TABLE due ADD COLUMN tried text")
"""


def test_a_migration_that_a_deadlock_ended_begins_again(
    counting: Store, postgres: LocalServers, tmp_path: Path
) -> None:
    """Whoever works on the tables locks them in another order, and is not chosen to end."""
    (tmp_path / "0001_alters_two.py").write_text(ALTERS_TWO)
    owner = owning(counting).engine
    database = str(owner.url.database)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with (
        psycopg.connect(postgres.admin_url, dbname=database) as at_work,
        psycopg.connect(postgres.admin_url, dbname=database, autocommit=True) as looking,
    ):
        at_work.execute("SET deadlock_timeout = '1h'")
        at_work.execute("LOCK TABLE due IN ROW EXCLUSIVE MODE")
        migrating = threading.Thread(target=migrate, args=(owner, [tmp_path]))
        migrating.start()
        until(lambda: looking.execute(waiting).fetchone() != (0,))
        at_work.execute("LOCK TABLE fact IN ROW EXCLUSIVE MODE")  # once that one gave it up
        at_work.rollback()
        migrating.join(PATIENCE)
    with owner.connect() as connection:
        assert connection.execute(text("SELECT f.tried, d.tried FROM fact f, due d")).all() == []


def test_a_schema_of_a_newer_release_is_left_alone_and_said_to_be_so(
    counting: Store, no_migrations: Path
) -> None:
    with as_owner(counting) as tx:
        tx.execute("UPDATE alembic_version SET version_num = 'kernel_9999'")
    with pytest.raises(NewerSchema, match="kernel_9999"):
        migrate(owning(counting).engine, [no_migrations])

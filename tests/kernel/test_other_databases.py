"""What other databases of the server do delays no list and no follower of this one."""

from collections.abc import Iterator
from typing import Any

import pytest
from ninehours.attendance.v1.attendance_events_pb2 import SessionAttended

from kernel.store.published import Cursor, changes, follow
from kernel.store.statements import text
from kernel.store.store import Store
from tests.harness.kernel.counters import ADA, BOB, published

TYPE = SessionAttended.DESCRIPTOR.full_name


@pytest.fixture
def at_work_elsewhere(tallying: Store) -> Iterator[None]:
    """A transaction of another database that writes, and doesn't end."""
    with tallying.transaction() as tx:
        tx.connection.execute(text("SELECT pg_current_xact_id()"))
        yield


def publish(store: Store, *subjects: str) -> None:
    with store.transaction() as tx:
        tx.publish([published(subject) for subject in subjects])


def listed(store: Store) -> list[Any]:
    with store.transaction() as tx:
        found = changes(tx.connection, Cursor(1), [TYPE], "", 100)
    return [row.subject for row in found.rows]


@pytest.mark.usefixtures("at_work_elsewhere")
def test_lists_of_changes_go_on(counting: Store) -> None:
    publish(counting, ADA)
    assert listed(counting) == [ADA]


@pytest.mark.usefixtures("at_work_elsewhere")
def test_a_transaction_of_this_database_is_waited_for(counting: Store) -> None:
    with counting.transaction() as tx:
        tx.publish([published(ADA)])
        publish(counting, BOB)
        assert listed(counting) == []
    assert listed(counting) == [ADA, BOB]


@pytest.mark.usefixtures("at_work_elsewhere")
def test_following_goes_past_a_gap(counting: Store) -> None:
    cursor, seen = Cursor(1), []
    with pytest.raises(ZeroDivisionError), counting.transaction() as tx:
        tx.publish([published(ADA)])
        raise ZeroDivisionError
    publish(counting, BOB)
    for _ in range(3):
        with counting.transaction() as tx:
            rows, cursor, _ = follow(tx.connection, cursor, 10)
        seen += [row.subject for row in rows]
    assert seen == [BOB]

"""Following the published log by a cursor: everything once, though commits are out of order."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ninehours.attendance.v1.attendance_events_pb2 import SessionAttended
from sqlalchemy import event

from kernel.refusal import AgainstTheRules, Malformed, Refusal
from kernel.store.published import Cursor, changes
from kernel.store.statements import text
from kernel.store.store import Store, Transaction
from tests.harness.kernel.counters import ADA, BOB, EVE, ask, published, subject_of
from tests.harness.kernel.owner import as_owner

TYPE = SessionAttended.DESCRIPTOR.full_name
WRITERS = 4


def read(store: Store, cursor: Cursor, limit: int = 100, subject: str = "") -> Any:
    with store.transaction() as tx:
        return changes(tx.connection, cursor, [TYPE], subject, limit)


def ids(found: Any) -> list[UUID]:
    return [row.id for row in found.rows]


def cursor_of(store: Store, told: str) -> Cursor:
    with store.transaction() as tx:
        return Cursor.read_of_list(tx.connection, "changed_since", told)


def test_an_earlier_row_that_is_committed_later_is_not_missed(counting: Store) -> None:
    early, late = published(ADA), published(BOB)
    with counting.engine.connect() as held:
        slow = held.begin()
        Transaction(counting, held).publish([early])
        with counting.transaction() as tx:
            tx.publish([late])
        positions = {row.id: row.position for row in ask(counting, "SELECT * FROM published")}
        assert positions.keys() == {late.id}
        # The later row is there for everybody; a follower doesn't pass the earlier one for it.
        before = read(counting, Cursor(1))
        assert (ids(before), before.more) == ([], False)
        slow.commit()
    after = read(counting, before.cursor)
    assert ids(after) == [early.id, late.id]
    assert ids(read(counting, after.cursor)) == []
    positions = {row.id: row.position for row in ask(counting, "SELECT * FROM published")}
    assert positions[early.id] < positions[late.id]


def test_a_transaction_that_began_first_and_writes_last_is_not_missed(counting: Store) -> None:
    first, second = published(ADA), published(BOB)
    with counting.engine.connect() as held:
        slow = held.begin()
        held.execute(text("SELECT pg_current_xact_id()"))
        with counting.transaction() as tx:
            tx.publish([second])
        Transaction(counting, held).publish([first])
        before = read(counting, Cursor(1))
        assert ids(before) == [second.id]  # which nothing can come before any more
        slow.commit()
    assert ids(read(counting, before.cursor)) == [first.id]
    assert ids(read(counting, Cursor(1))) == [second.id, first.id]


def test_gaps_that_nobody_can_fill_stop_nobody_who_asks_until_there_is_no_more(
    counting: Store,
) -> None:
    for _ in range(8):
        with pytest.raises(ZeroDivisionError), counting.transaction() as tx:
            tx.publish([published(BOB)])
            raise ZeroDivisionError
        with counting.transaction() as tx:
            tx.publish([published(BOB), published(BOB)])
    of_ada = published(ADA)
    with counting.transaction() as tx:
        tx.publish([of_ada])
    found = read(counting, Cursor(1), subject=ADA, limit=1)
    told = ids(found)
    while found.more:
        found = read(counting, found.cursor, subject=ADA, limit=1)
        told += ids(found)
    assert told == [of_ada.id]


def test_who_writes_between_two_looks_of_one_question_is_not_missed(counting: Store) -> None:
    with pytest.raises(ZeroDivisionError), counting.transaction() as tx:
        tx.publish([published(EVE)])
        raise ZeroDivisionError
    kept, slow, quick = published(EVE), published(ADA), published(BOB)
    with counting.transaction() as tx:
        tx.publish([kept])
    with counting.engine.connect() as held:

        def meanwhile(*said: Any) -> None:
            """A writer takes a position and stays open, as soon as the question has its horizon."""
            if "pg_current_xact_id" in said[2] and not held.in_transaction():
                Transaction(counting, held).publish([slow])
                with counting.transaction() as other:
                    other.publish([quick])

        with counting.transaction() as tx:
            event.listen(tx.connection, "after_cursor_execute", meanwhile)
            found = changes(tx.connection, Cursor(1), [TYPE], "", 10)
        told = ids(found)
        assert held.in_transaction()
        while found.more:
            found = read(counting, found.cursor)
            told += ids(found)
        assert told == [kept.id]
        found = read(counting, found.cursor)
        assert ids(found) == []
        held.commit()
    assert ids(read(counting, found.cursor)) == [slow.id, quick.id]


def test_a_subjects_changes_keep_their_order_though_who_began_first_wrote_last(
    counting: Store,
) -> None:
    early, other, late = published(ADA), published(BOB), published(ADA)
    with counting.transaction() as began_first:
        began_first.publish([other])
        with counting.transaction() as tx:
            tx.publish([early])
        began_first.publish([late])
    whole = ids(read(counting, Cursor(1)))
    assert whole == [other.id, early.id, late.id]
    cursor, page_by_page = Cursor(1), []
    for _ in whole:
        found = read(counting, cursor, limit=1)
        cursor, page_by_page = found.cursor, [*page_by_page, *ids(found)]
    assert page_by_page == whole


def test_what_was_rolled_back_is_never_told(counting: Store) -> None:
    with pytest.raises(ZeroDivisionError), counting.transaction() as tx:
        tx.publish([published(ADA)])
        raise ZeroDivisionError
    kept = published(ADA)
    with counting.transaction() as tx:
        tx.publish([kept])
    assert ids(read(counting, Cursor(1))) == [kept.id]


def test_one_client_can_be_followed_alone(counting: Store) -> None:
    of_ada, of_eve = published(ADA), published(EVE)
    with counting.transaction() as tx:
        tx.publish([of_ada, of_eve])
    assert ids(read(counting, Cursor(1), subject=EVE)) == [of_eve.id]


def test_a_cursor_comes_back_as_it_was_given(counting: Store) -> None:
    with counting.transaction() as tx:
        tx.publish([published(ADA)])
    reached = read(counting, Cursor(1)).cursor
    assert cursor_of(counting, str(reached)) == reached
    assert cursor_of(counting, "") == Cursor(1)


@pytest.mark.parametrize(
    "told",
    ["x", "1.2", "1.2.3.4.5", "1.-2.3", "١.2.3", f"1.{2**63}.0", f"1.{'9' * 5000}.0"],
    ids=lambda told: told[:20],
)
def test_what_is_no_cursor_is_refused(counting: Store, told: str) -> None:
    with pytest.raises(Malformed):
        cursor_of(counting, told)


def test_a_cursor_from_before_a_restore_is_refused(counting: Store) -> None:
    with counting.transaction() as tx:
        tx.publish([published(ADA)])
    told = str(read(counting, Cursor(1)).cursor)
    with as_owner(counting) as tx:
        tx.connection.execute(text("UPDATE epoch SET epoch = epoch + 1"))
    with pytest.raises(Refusal) as refused:
        cursor_of(counting, told)
    assert isinstance(refused.value, AgainstTheRules)
    assert refused.value.reason == "CURSOR_OF_ANOTHER_EPOCH"


def before_v2(store: Store, rows: int) -> str:
    """The cursor that lists gave behind so many rows, when they counted by transactions."""
    [*_, last] = ask(
        store,
        "SELECT written_by::text AS transaction, position FROM published"
        " ORDER BY published.written_by, position LIMIT :rows",
        rows=rows,
    )
    return f"1.{last.transaction}.{last.position}"


def test_a_cursor_of_before_is_read_and_tells_nothing_again(counting: Store) -> None:
    """Also where a lower position came by a later transaction, which it didn't stand behind."""
    early, late, other = published(ADA), published(BOB), published(EVE)
    with counting.engine.connect() as began_first, counting.engine.connect() as second:
        for connection in (began_first, second):
            connection.execute(text("SELECT pg_current_xact_id()"))
        Transaction(counting, second).publish([late])
        Transaction(counting, began_first).publish([early])
        second.commit()
        began_first.commit()
    with counting.transaction() as tx:
        tx.publish([other])
    assert ids(read(counting, Cursor(1))) == [late.id, early.id, other.id]
    found = read(counting, cursor_of(counting, before_v2(counting, 1)), limit=1)
    assert (ids(found), found.more) == ([late.id], True)
    rest = read(counting, cursor_of(counting, str(found.cursor)))
    assert (ids(rest), rest.more) == ([other.id], False)
    assert str(rest.cursor) == str(read(counting, Cursor(1)).cursor)
    assert ids(read(counting, cursor_of(counting, before_v2(counting, 3)))) == []


def test_what_is_not_of_the_types_is_passed_over(counting: Store) -> None:
    with counting.transaction() as tx:
        tx.publish([published(ADA), published(BOB)])
        nothing = changes(tx.connection, Cursor(1), ["made.v1.Other"], "", 10)
    assert (ids(nothing), nothing.more) == ([], False)


STEP = st.one_of(
    st.tuples(st.just("write"), st.integers(0, WRITERS - 1), st.integers(1, 3)),
    st.tuples(st.just("commit"), st.integers(0, WRITERS - 1), st.just(0)),
    st.tuples(st.just("roll back"), st.integers(0, WRITERS - 1), st.just(0)),
    st.tuples(st.just("read"), st.just(0), st.integers(1, 4)),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEP, max_size=40))
def test_writers_in_any_interleaving_are_read_once_each(
    counting: Store, steps: list[tuple[str, int, int]]
) -> None:
    cursor = Cursor(1)
    while (past := read(counting, cursor)).rows:
        cursor = past.cursor
    open_ones: dict[int, Any] = {}
    written: dict[int, list[UUID]] = {}
    committed: list[UUID] = []
    told: list[UUID] = []

    def end(writer: int, how: str) -> None:
        if writer in open_ones:
            connection = open_ones.pop(writer)
            connection.commit() if how == "commit" else connection.rollback()
            connection.close()
            ended = written.pop(writer)
            committed.extend(ended if how == "commit" else [])

    try:
        for what, writer, number in steps:
            if what == "write":
                if writer not in open_ones:
                    open_ones[writer] = counting.engine.connect()
                    written[writer] = []
                # Each of its own subject: writers of one would take turns.
                items = [published(subject_of("client", 100 + writer)) for _ in range(number)]
                Transaction(counting, open_ones[writer]).publish(items)
                written[writer] += [item.id for item in items]
            elif what == "read":
                found = read(counting, cursor, number)
                told += ids(found)
                cursor = found.cursor
            else:
                end(writer, what)
    finally:
        for writer in [*open_ones]:
            end(writer, "commit")
    while (found := read(counting, cursor, 2)).rows:
        told += ids(found)
        cursor = found.cursor
    assert len(told) == len(set(told))
    assert set(told) == set(committed)

"""Pending work: pending keys become current rows and facts, and none marked meanwhile is lost."""

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from kernel.facts import Row, derived_id
from kernel.messaging import time_limits
from kernel.messaging.caught_up import clients_not_caught_up
from kernel.messaging.pending import Pending, mark_pending
from kernel.messaging.pending_work import PendingWork
from kernel.messaging.projections import Projections
from kernel.messaging.subscriptions import Facts, Subscriptions
from kernel.store.database import is_passing
from kernel.store.statements import text
from kernel.store.store import Store, Transaction
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    BROKEN,
    EVE,
    INPUTS,
    SITE,
    STAFF,
    TALLY,
    TALLYING,
    Gate,
    Listener,
    Log,
    SiteOpened,
    StaffCredentialed,
    Tally,
    attended,
    held,
    without_locks,
)
from tests.harness.kernel.owner import as_owner

KEY = f"{ADA}|s"


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def listener(tallying: Store, log: Log) -> Listener:
    return Listener(tallying, log)


def write(store: Store, statement: str) -> None:
    with as_owner(store) as tx:
        tx.connection.execute(text(statement))


def derived_with(**changes: Any) -> Subscriptions:
    return Subscriptions(INPUTS.by_type.values(), [replace(TALLY, **changes)])


# The difference


def test_many_facts_of_a_client_cost_one_derivation(listener: Listener, log: Log) -> None:
    for n in range(1, 6):
        listener.hear(log.tell(ADA, attended("s", n)))
    assert listener.due() == [(ADA, None)]
    assert listener.pending_work.drain() == 1
    assert listener.pending_work.drain() == 0
    assert listener.due() == []
    assert listener.tallies() == {KEY: {"minutes": 5, "named": []}}
    assert len(listener.told()) == 1


def test_a_change_of_content_is_published_as_a_revision_of_its_row(
    listener: Listener, log: Log
) -> None:
    for minutes in (10, 20):
        listener.hear(log.tell(ADA, attended("s", minutes)))
        listener.pending_work.drain()
    assert [(fact["minutes"], fact["revision"]) for fact in listener.told()] == [(10, 1), (20, 2)]
    row_id = derived_id("tally", "tally", KEY)
    rows = listener.ask("SELECT id, subject, sequence FROM published ORDER BY position")
    assert [row.id for row in rows] == [derived_id(row_id, 1), derived_id(row_id, 2)]
    assert [(row.subject, row.sequence) for row in rows] == [(ADA, 1), (ADA, 2)]
    revisions = listener.ask("SELECT revision, current FROM derived ORDER BY revision")
    assert [tuple(row) for row in revisions] == [(1, False), (2, True)]


def test_a_row_of_an_earlier_release_that_says_less_is_no_difference(
    tallying: Store, listener: Listener, log: Log
) -> None:
    listener.hear(log.tell(ADA, attended("s", 10)))
    listener.pending_work.drain()
    write(tallying, "UPDATE derived SET content = content - 'named'")
    listener.pending_work.mark_all()
    assert listener.pending_work.drain() == 1
    assert len(listener.told()) == 1
    assert listener.tallies() == {KEY: {"minutes": 10}}


def test_a_row_that_says_less_is_withdrawn_with_what_it_said(
    tallying: Store, listener: Listener, log: Log
) -> None:
    listener.hear(log.tell(ADA, attended("s", 10)))
    listener.pending_work.drain()
    write(tallying, "UPDATE derived SET content = content - 'named'")
    listener.hear(log.tell(ADA, attended("s", 0)))
    listener.pending_work.drain()
    assert [(fact["minutes"], fact["withdrawn"]) for fact in listener.told()] == [
        (10, False),
        (10, True),
    ]


def test_a_row_that_this_release_cannot_read_is_a_difference(
    tallying: Store, listener: Listener, log: Log
) -> None:
    listener.hear(log.tell(ADA, attended("s", 10)))
    listener.pending_work.drain()
    write(tallying, "UPDATE derived SET content = '{}'")
    listener.pending_work.mark_all()
    listener.pending_work.drain()
    assert [fact["revision"] for fact in listener.told()] == [1, 2]
    assert listener.tallies() == {KEY: {"minutes": 10, "named": []}}


def test_a_change_of_provenance_alone_is_written_silently(listener: Listener, log: Log) -> None:
    records = [log.tell(ADA, attended("s", 10)) for _ in range(2)]
    for record in records:
        listener.hear(record)
        listener.pending_work.drain()
    assert len(listener.told()) == 1
    [row] = listener.ask("SELECT revision, provenance FROM derived")
    assert row.revision == 1
    assert row.provenance["facts"] == sorted(r.headers["ce_id"].decode() for r in records)


def test_a_row_that_is_gone_is_withdrawn_and_may_come_back(listener: Listener, log: Log) -> None:
    for minutes in (10, 0, 0, 10):
        listener.hear(log.tell(ADA, attended("s", minutes)))
        listener.pending_work.drain()
    told = [(fact["minutes"], fact["revision"], fact["withdrawn"]) for fact in listener.told()]
    assert told == [(10, 1, False), (10, 2, True), (10, 3, False)]
    assert listener.tallies() == {KEY: {"minutes": 10, "named": []}}


def test_corrected_and_corrected_back_is_three_revisions(listener: Listener, log: Log) -> None:
    for minutes in (10, 20, 10):
        listener.hear(log.tell(ADA, attended("s", minutes)))
        listener.pending_work.drain()
    assert [fact["minutes"] for fact in listener.told()] == [10, 20, 10]
    assert len(listener.ask("SELECT FROM derived")) == 3


def test_a_derived_fact_carries_the_strictest_label_it_rests_on(
    listener: Listener, log: Log
) -> None:
    listener.hear(log.tell(ADA, attended("s", 10), label="PART2"), log.tell(BOB, attended("s", 1)))
    listener.pending_work.drain()
    rows = listener.ask("SELECT subject, headers FROM published")
    assert {row.subject: row.headers["label"] for row in rows} == {ADA: "PART2", BOB: "HIPAA"}


def test_a_derivation_that_gives_two_rows_of_one_key_is_parked(tallying: Store, log: Log) -> None:
    row = Row(kind="tally", key="k", content=Tally(minutes=1), rests_on=frozenset())
    listener = Listener(tallying, log, subscriptions=derived_with(derive=lambda *_: [row, row]))
    listener.hear(log.tell(ADA, attended("s", 1)))
    listener.pending_work.drain()
    assert listener.due()[0][1] is not None
    assert listener.tallies() == {}


def test_deriving_everything_again_publishes_nothing_new(listener: Listener, log: Log) -> None:
    listener.hear(log.tell(ADA, attended("s", 10)), log.tell(BOB, attended("s", 5, client=BOB)))
    listener.pending_work.drain()
    before = listener.tallies()
    assert listener.pending_work.mark_all() == 2
    assert listener.pending_work.drain() == 2
    assert (listener.tallies(), len(listener.told())) == (before, 2)


# Parking


def test_a_derivation_that_fails_parks_its_client_and_a_new_fact_frees_it(
    listener: Listener, log: Log
) -> None:
    listener.hear(log.tell(ADA, attended("s", BROKEN)), log.tell(BOB, attended("s", 5, client=BOB)))
    listener.pending_work.drain()
    [(key, error)] = listener.due()
    assert key == ADA
    assert error is not None
    assert error.startswith(
        "tests.harness.kernel.counters.Broken at tests/harness/kernel/counters.py:"
    )
    assert "Wilhelmina" not in error
    assert list(listener.tallies()) == [f"{BOB}|s"]
    assert listener.pending_work.drain() == 0
    with listener.store.transaction() as tx:
        assert clients_not_caught_up(tx.connection, [ADA, BOB]) == {ADA}
    listener.hear(log.tell(ADA, attended("t", 7)))
    assert listener.due() == [(ADA, None)]


def test_a_fact_that_comes_while_a_derivation_fails_is_not_parked_with_it(
    tallying: Store, log: Log
) -> None:
    mended = False

    def derive(client: str, facts: Facts) -> Sequence[Row]:
        nonlocal mended
        if not mended:
            mended = True
            here.pending_work.mark_all()  # as a fact would, once the lock is given back
            raise ValueError
        return TALLY.derive(client, facts)

    here: Listener = Listener(tallying, log, subscriptions=derived_with(derive=derive))
    here.hear(log.tell(ADA, attended("s", 1)))
    here.pending_work.drain()
    assert here.due() == []
    assert list(here.tallies()) == [KEY]


def test_what_was_raised_after_a_failing_derivation_was_settled_is_not_parked_with_it(
    tallying: Store, log: Log
) -> None:
    """One fails; before it says so, another derives the client, and it is raised anew."""
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, attended("s", 1)))

    class Overtaken(PendingWork):
        def _park(self, *what: Any) -> None:
            listener.pending_work.drain()
            listener.pending_work.mark_all()
            super()._park(*what)

    failing = [ValueError]

    def derive(client: str, facts: Facts) -> Sequence[Row]:
        if failing:
            raise failing.pop()
        return TALLY.derive(client, facts)

    Overtaken(tallying, derived_with(derive=derive)).drain()
    assert listener.due() == []


def test_a_fact_that_can_no_longer_be_read_parks_its_client_alone(
    listener: Listener, log: Log
) -> None:
    listener.hear(log.tell(ADA, attended("s", 1)), log.tell(BOB, attended("s", 1, client=BOB)))
    listener.ask(r"UPDATE heard_fact SET body = '\xff' WHERE subject = :ada RETURNING 1", ada=ADA)
    listener.pending_work.drain()
    assert [key for key, error in listener.due() if error] == [ADA]
    assert list(listener.tallies()) == [f"{BOB}|s"]


def test_a_database_that_is_away_leaves_the_key_due(tallying: Store, log: Log) -> None:
    def away(*_: Any) -> Any:
        raise OperationalError("", None, Exception("the server closed the connection"))

    listener = Listener(tallying, log, subscriptions=derived_with(derive=away))
    listener.hear(log.tell(ADA, attended("s", 1)))
    with pytest.raises(OperationalError):
        listener.pending_work.drain()
    assert listener.due() == [(ADA, None)]


def test_a_key_that_the_database_refuses_is_set_aside_and_others_go_on(
    tallying: Store, log: Log
) -> None:
    def derive(client: str, facts: Facts) -> Sequence[Row]:
        rows = list(TALLY.derive(client, facts))
        # More than an index row may hold: an OperationalError, and for ever.
        key = secrets.token_hex(20_000) if client == ADA else "short"
        return [replace(row, kind=key) for row in rows]

    listener = Listener(tallying, log, subscriptions=derived_with(derive=derive))
    listener.hear(log.tell(ADA, attended("s", 1)), log.tell(BOB, attended("s", 1, client=BOB)))
    assert listener.pending_work.drain() == 2
    [(key, error)] = listener.due()
    assert key == ADA
    assert error is not None
    assert error.startswith("sqlalchemy.exc.OperationalError at kernel/messaging/")
    assert list(listener.tallies()) == [f"{BOB}|s"]


def test_a_derivation_that_takes_too_long_is_parked_and_others_go_on(
    tallying: Store, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would catch whatever stops it; ten times the limit here stand for endless."""
    monkeypatch.setattr(time_limits, "CPU_SECONDS", 0.2)

    def derive(client: str, facts: Facts) -> Sequence[Row]:
        end = time.thread_time() + 2
        while client == ADA and time.thread_time() < end:
            with suppress(Exception):
                sum(range(1000))
        return TALLY.derive(client, facts)

    listener = Listener(tallying, log, subscriptions=derived_with(derive=derive))
    listener.hear(log.tell(ADA, attended("s", 1)), log.tell(BOB, attended("s", 1, client=BOB)))
    listener.pending_work.drain()
    assert list(listener.tallies()) == [f"{BOB}|s"]
    [(key, error)] = listener.due()
    assert key == ADA
    assert error is not None
    assert error.startswith(
        "kernel.messaging.time_limits.TookTooLong at tests/kernel/test_pending_work.py:"
    )


def test_a_statement_that_takes_too_long_parks_its_client_and_others_go_on(
    tallying: Store, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_limits, "STATEMENT_SECONDS", 0.2)

    class Slow(Subscriptions):
        def read_history(self, connection: Connection, client: str, *until: Any) -> Any:
            if client == ADA:
                connection.execute(text("SELECT pg_sleep(2)"))
            return super().read_history(connection, client, *until)

    listener = Listener(tallying, log, subscriptions=Slow(INPUTS.by_type.values(), [TALLY]))
    listener.hear(log.tell(ADA, attended("s", 1)), log.tell(BOB, attended("s", 1, client=BOB)))
    listener.pending_work.drain()
    assert list(listener.tallies()) == [f"{BOB}|s"]
    assert [key for key, error in listener.due() if error] == [ADA]


def test_a_statement_that_somebody_ends_is_no_fault_of_its_client(
    tallying: Store, log: Log
) -> None:
    """A limit of the database's, or an operator."""

    class Ended(Subscriptions):
        def read_history(self, connection: Connection, client: str, *until: Any) -> Any:
            if ending:
                connection.execute(text("SET LOCAL statement_timeout = 1"))
                connection.execute(text("SELECT pg_sleep(60)"))
            return super().read_history(connection, client, *until)

    ending = True
    listener = Listener(tallying, log, subscriptions=Ended(INPUTS.by_type.values(), [TALLY]))
    listener.hear(log.tell(ADA, attended("s", 1)))
    with pytest.raises(OperationalError) as ended:
        listener.pending_work.drain()
    assert is_passing(ended.value)
    assert listener.due() == [(ADA, None)]
    ending = False
    listener.pending_work.drain()
    assert list(listener.tallies()) == [f"{ADA}|s"]


def test_due_keys_of_a_derivation_that_is_no_more_hold_nobody_up(
    listener: Listener, log: Log
) -> None:
    with listener.store.transaction() as tx:
        mark_pending(tx, [("gone", f"{ADA}{n}") for n in range(150)])
    listener.hear(log.tell(ADA, attended("s", 1)))
    assert listener.pending_work.drain() == 1


# New code


def test_new_code_derives_again_also_those_who_had_no_row(tallying: Store, log: Log) -> None:
    listener = Listener(tallying, log)
    listener.pending_work.mark_outdated()
    listener.hear(log.tell(ADA, attended("s", 10)), log.tell(BOB, attended("s", 0, client=BOB)))
    listener.pending_work.drain()
    assert listener.pending_work.mark_outdated() == 0

    def derive(client: str, _: Facts) -> Sequence[Row]:
        content = Tally(minutes=1)
        return [Row(kind="tally", key=f"{client}|s", content=content, rests_on=frozenset())]

    newer = PendingWork(tallying, derived_with(code="2", derive=derive))
    assert newer.mark_outdated() == 2
    assert newer.drain() == 2
    assert set(listener.tallies()) == {KEY, f"{BOB}|s"}
    assert newer.mark_outdated() == 0


def test_a_withdrawn_row_is_not_derived_again_at_every_start(tallying: Store, log: Log) -> None:
    listener = Listener(tallying, log)
    for minutes in (10, 0):
        listener.hear(log.tell(ADA, attended("s", minutes)))
        listener.pending_work.drain()
    newer = PendingWork(tallying, derived_with(code="2"))
    newer.mark_outdated()
    newer.drain()
    assert newer.mark_outdated() == 0
    assert len(listener.told()) == 2


# References


def test_a_derivation_reads_the_references_of_references(listener: Listener, log: Log) -> None:
    listener.hear(
        log.tell(ADA, attended("s", 10, site=SITE)),
        log.tell(SITE, SiteOpened(name="Lakeside", time_zone=STAFF)),
        log.tell(STAFF, StaffCredentialed(credential="LCSW")),
    )
    listener.pending_work.drain()
    assert listener.tallies() == {KEY: {"minutes": 10, "named": ["LCSW", "Lakeside"]}}
    listener.hear(log.tell(STAFF, StaffCredentialed(credential="LPC")))
    listener.pending_work.drain()
    assert listener.tallies() == {KEY: {"minutes": 10, "named": ["LPC", "Lakeside"]}}


def test_a_reference_that_is_added_while_the_first_is_awaited_is_locked_too(
    tallying: Store, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Listener(tallying, log)
    listener.hear(
        log.tell(ADA, attended("s", 10, site=SITE)), log.tell(SITE, SiteOpened(name="Lakeside"))
    )
    locked: list[tuple[str, ...]] = []
    unwatched = Projections._derive

    def watching(self: Projections, tx: Transaction, *rest: Any) -> bool:
        lock = tx.lock

        def watched(subjects: Any, **how: bool) -> bool:
            locked.append(tuple(sorted(subjects)))
            if len(locked) == 1:  # after the first reading: the site now names its staff
                record = log.tell(SITE, SiteOpened(name="Lakeside", time_zone=STAFF))
                listener.hear(record)
            return lock(subjects, **how)

        tx.lock = watched  # type: ignore[method-assign]
        return unwatched(self, tx, *rest)

    monkeypatch.setattr(Projections, "_derive", watching)
    PendingWork(tallying, TALLYING).drain()
    assert locked == [(SITE,), (ADA,), (SITE, STAFF), (ADA,)]
    assert listener.due() == []


# Two at once, held at a barrier; and the same without what keeps them apart


def both_hear_and_derive(tallying: Store, monkeypatch: Any, *, locks: bool) -> Listener:
    log, gate = Log(), Gate("read")
    first, second = Listener(tallying, log, barrier=gate), Listener(tallying, log)
    one, two = (log.tell(ADA, attended(session, 5)) for session in "st")
    if not locks:
        without_locks(monkeypatch)

    def hear_and_derive(listener: Listener, record: Any) -> None:
        listener.hear(record)
        listener.pending_work.drain()

    with held(gate, lambda: hear_and_derive(first, one)) as waiting:
        waiting.meanwhile(tallying, lambda: hear_and_derive(second, two))
    return second


def test_two_transactions_hearing_one_client_derive_from_both_facts(
    tallying: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = both_hear_and_derive(tallying, monkeypatch, locks=True)
    assert list(listener.tallies()) == [KEY, f"{ADA}|t"]
    assert (listener.heard(ADA), listener.due()) == ([1, 2], [])


def test_without_the_lock_two_transactions_hearing_one_client_derive_from_one(
    tallying: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = both_hear_and_derive(tallying, monkeypatch, locks=False)
    assert list(listener.tallies()) == [KEY]
    assert (listener.heard(ADA), listener.due()) == ([1, 2], [])  # and nobody would ever notice


def settle_unmarked(pending: Pending, connection: Connection) -> None:
    """Deletes a pending key whatever its mark."""
    connection.execute(text("DELETE FROM due WHERE key = :key"), {"key": pending.key})


def raised_while_drained(tallying: Store) -> tuple[Listener, list[int]]:
    """What is derived depends on `today`, as on a release's code: that takes no client's lock."""
    log, gate, today, seen = Log(), Gate("derived"), [1], []

    def derive(_: str, __: Facts) -> Sequence[Row]:
        seen.append(today[0])
        content = Tally(minutes=today[0])
        return [Row(kind="tally", key=KEY, content=content, rests_on=frozenset())]

    subscriptions = derived_with(derive=derive)
    listener = Listener(tallying, log, subscriptions=subscriptions)
    listener.hear(log.tell(ADA, attended("s", 1)))

    def raise_again() -> None:
        today[0] = 2
        listener.pending_work.mark_all()

    with held(gate, PendingWork(tallying, subscriptions, barrier=gate).drain) as waiting:
        waiting.meanwhile(tallying, raise_again)
    return listener, seen


def test_a_key_raised_while_it_is_drained_is_drained_again(tallying: Store) -> None:
    listener, seen = raised_while_drained(tallying)
    assert seen == [1, 2]
    assert (listener.tallies(), listener.due()) == ({KEY: {"minutes": 2, "named": []}}, [])


def test_without_the_mark_a_key_raised_while_it_is_drained_is_lost(
    tallying: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pending, "settle", settle_unmarked)
    listener, seen = raised_while_drained(tallying)
    assert seen == [1]
    assert (listener.tallies(), listener.due()) == ({KEY: {"minutes": 1, "named": []}}, [])


def reference_changed_meanwhile(tallying: Store, monkeypatch: Any, *, locks: bool) -> Listener:
    """A site is heard while a client that nobody knew depends on it is heard and derived."""
    log, gate = Log(), Gate("heard")
    slow, listener = Listener(tallying, log), Listener(tallying, log)
    slow.hear(log.tell(EVE, attended("s", 1, client=EVE)))
    slow.inbox._barrier = gate
    if not locks:
        without_locks(monkeypatch, share_only=True)
    site = log.tell(SITE, SiteOpened(name="Lakeside"))

    def hear_and_derive() -> None:
        listener.hear(log.tell(ADA, attended("s", 10, site=SITE)))
        listener.pending_work.drain()

    with held(gate, lambda: slow.hear(site)) as waiting:
        waiting.meanwhile(tallying, hear_and_derive)
    listener.pending_work.drain()
    return listener


def test_a_reference_changed_while_a_client_is_derived_is_read(
    tallying: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = reference_changed_meanwhile(tallying, monkeypatch, locks=True)
    assert listener.tallies()[KEY]["named"] == ["Lakeside"]
    assert listener.due() == []


def test_without_the_shared_lock_a_reference_changed_meanwhile_is_missed(
    tallying: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = reference_changed_meanwhile(tallying, monkeypatch, locks=False)
    assert listener.tallies()[KEY]["named"] == []
    assert listener.due() == []


def test_a_client_that_another_worker_has_is_left_to_it(tallying: Store, log: Log) -> None:
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, attended("s", 1)), log.tell(BOB, attended("s", 2, client=BOB)))
    gate = Gate("read")
    with held(gate, PendingWork(tallying, TALLYING, barrier=gate).drain):
        assert listener.pending_work.drain() == 1
        assert listener.pending_work.has_left
    assert len(listener.tallies()) == 2
    assert (listener.pending_work.drain(), listener.pending_work.has_left) == (0, False)
    assert listener.head(BOB)[0] + listener.head(ADA)[0] == 2
    assert EVE not in listener.tallies()

"""When a fact was signed goes with it, so that what was known by a moment can be derived again."""

from datetime import datetime, timedelta

import pytest

from kernel.messaging import time_limits
from kernel.messaging.envelope import read_envelope
from kernel.store.published import envelope_of
from kernel.store.statements import text
from kernel.store.store import Store
from tests.harness.kernel.counters import (
    ADA,
    COUNTER,
    NOW,
    TALLY,
    TALLYING,
    Count,
    Listener,
    Log,
    attended,
    context,
    executor_of,
)

LATER = NOW + timedelta(days=3)


@pytest.fixture
def log() -> Log:
    return Log()


def minutes_by(store: Store, until: datetime | None) -> list[int]:
    with store.transaction() as tx:
        facts = TALLYING.read_history(tx.connection, ADA, until)
    return [row.content.minutes for row in time_limits.derive(TALLY, ADA, facts)]


def test_what_was_heard_later_is_not_in_the_rows_as_of_before(tallying: Store, log: Log) -> None:
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, attended("s", 10)))
    listener.hear(log.tell(ADA, attended("s", 20), signed_at=LATER))
    listener.pending_work.drain()
    assert minutes_by(tallying, NOW - timedelta(seconds=1)) == []
    assert minutes_by(tallying, NOW) == [10]
    assert minutes_by(tallying, LATER) == minutes_by(tallying, None) == [20]
    assert listener.tallies() == {f"{ADA}|s": {"minutes": 20, "named": []}}


def test_what_a_newer_release_heard_is_passed_over_by_an_older_one(
    tallying: Store, log: Log
) -> None:
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, attended("s", 10)))
    with tallying.transaction() as tx:
        tx.connection.execute(
            text(
                "INSERT INTO heard_fact"
                " SELECT gen_random_uuid(), topic, subject, sequence + 1, 'ninehours.new.v1.Type',"
                " body, label, recorded_at, refs, signed_at FROM heard_fact"
            )
        )
    assert minutes_by(tallying, None) == [10]


def test_a_derived_fact_is_signed_when_the_latest_it_rests_on_was(
    tallying: Store, log: Log
) -> None:
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, attended("s", 10), signed_at=LATER))
    listener.hear(log.tell(ADA, attended("s", 20)))
    listener.pending_work.drain()
    [row] = listener.ask("SELECT signed_at, recorded_at FROM published")
    assert row.signed_at == LATER
    assert row.recorded_at > LATER


def test_a_row_that_is_gone_is_signed_when_what_took_it_away_was(tallying: Store, log: Log) -> None:
    listener = Listener(tallying, log)
    for minutes, signed_at in ((10, NOW), (0, LATER)):
        listener.hear(log.tell(ADA, attended("s", minutes), signed_at=signed_at))
        listener.pending_work.drain()
    rows = listener.ask("SELECT signed_at FROM published ORDER BY position")
    assert [row.signed_at for row in rows] == [NOW, LATER]


def test_a_command_signs_what_it_publishes_and_recording_is_the_servers(counting: Store) -> None:
    executor_of(counting).execute(COUNTER, "counter/1", Count(ADA, 1), context(now=NOW))
    with counting.transaction() as tx:
        [row] = tx.connection.exec_driver_sql("SELECT * FROM published").all()
    assert row.signed_at == NOW < row.recorded_at
    envelope = envelope_of(row, source="/services/counting", epoch=1)
    assert (envelope.signed_at, envelope.time) == (NOW, row.recorded_at)
    assert read_envelope(envelope.headers()) == envelope


def test_a_record_that_does_not_say_when_it_was_signed_was_when_recorded(log: Log) -> None:
    headers = dict(log.tell(ADA, attended("s", 1)).headers)
    del headers["ce_signedat"]
    assert read_envelope(headers).signed_at == read_envelope(headers).time == NOW

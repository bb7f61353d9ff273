"""What a person does about what is parked: tried again, gone past, or heard again from 1."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.struct_pb2 import Struct

from kernel.messaging.envelope import Record
from kernel.messaging.inbox import Inbox
from kernel.messaging.pending_work import PendingWork
from kernel.messaging.subscriptions import Projection, Subscriptions
from kernel.refusal import AgainstTheRules, Malformed, Unknown
from kernel.store.store import Store, Transaction
from operations import parked
from operations.parked import (
    WHAT_RELEASE_DOES,
    ParkedKind,
    earlier_releases,
    list_parked,
    parked_of,
)
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    BROKEN,
    INPUTS,
    TALLY,
    TOPIC,
    Listener,
    Log,
    attended,
    released,
)
from tests.harness.signing import signatures_of


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def listener(tallying: Store, log: Log) -> Listener:
    return Listener(tallying, log)


def in_transaction(store: Store, do: Callable[[Transaction], Any]) -> Any:
    with store.transaction() as tx:
        return do(tx)


def ids(listener: Listener) -> list[str]:
    with listener.store.transaction() as tx:
        return [str(waiting.id) for waiting in list_parked(tx.connection)]


def poison(log: Log) -> list[Record]:
    """A good fact, one of a type that nobody knows, and two more."""
    unknown = log.tell(ADA, attended("s", 1)), log.tell(ADA, Struct(), type="made.v9.Unheard")
    return [*unknown, log.tell(ADA, attended("t", 2)), log.tell(ADA, attended("u", 3))]


def park_one(listener: Listener, log: Log) -> str:
    listener.hear(*poison(log))
    record, subject = ids(listener)
    assert subject == f"subject:{TOPIC}:{ADA}"
    return record


def test_a_released_record_is_heard_by_a_release_that_knows_better(
    listener: Listener, log: Log
) -> None:
    record = park_one(listener, log)
    log.records[ADA][1] = Log().tell(
        ADA, attended("mended", 5), sequence=2, id=log.records[ADA][1].headers["ce_id"].decode()
    )
    does = in_transaction(listener.store, lambda tx: released(tx, record))
    assert does == WHAT_RELEASE_DOES[ParkedKind.RECORD]
    listener.gap_repair.repair()
    assert listener.heard(ADA) == [1, 2, 3, 4]
    [row] = listener.ask("SELECT subject FROM parked")  # bytes that its owner has otherwise
    assert row.subject is None


def test_a_released_record_that_is_still_of_no_use_parks_again(
    listener: Listener, log: Log
) -> None:
    record = park_one(listener, log)
    in_transaction(listener.store, lambda tx: released(tx, record))
    listener.gap_repair.repair()
    assert listener.head(ADA)[2] == "PARKED"
    assert len(ids(listener)) == 2
    with listener.store.transaction() as tx:
        again = parked_of(tx.connection, record)
        [before] = earlier_releases(tx.connection, again)
    assert (before.released_by, before.reason) == ("person/eve", "its cause is gone")


def give_up(listener: Listener, record: str, rest_to: int | None = None) -> tuple[str, Any]:
    return in_transaction(  # type: ignore[no-any-return]
        listener.store,
        lambda tx: parked.give_up(
            tx, record, by="person/eve", reason="a test sent it", rest_to=rest_to
        ),
    )


def test_giving_up_goes_past_the_record_and_says_who_when_and_why(
    listener: Listener, log: Log
) -> None:
    record = park_one(listener, log)
    with listener.store.transaction() as tx:
        place = parked.position_of(tx, record)
    assert place is not None and (place.topic, place.subject, place.sequence) == (TOPIC, ADA, 2)
    by, at = give_up(listener, record, rest_to=4)
    assert listener.head(ADA) == (2, 4, None)
    listener.gap_repair.repair()
    assert listener.heard(ADA) == [1, 3, 4]
    assert listener.head(ADA) == (4, None, None)
    assert ids(listener) == []
    [row] = listener.ask("SELECT * FROM given_up")
    assert (row.given_up_by, row.given_up_at, row.reason) == (by, at, "a test sent it")
    assert (row.subject, row.type, str(row.fact_id)) == (
        ADA,
        "made.v9.Unheard",
        log.records[ADA][1].headers["ce_id"].decode(),
    )


def test_giving_up_again_changes_nothing(listener: Listener, log: Log) -> None:
    record = park_one(listener, log)
    assert give_up(listener, record) == give_up(listener, record)
    assert len(listener.ask("SELECT * FROM given_up")) == 1


def test_what_came_after_a_given_up_record_is_found_by_the_comparison(
    listener: Listener, log: Log
) -> None:
    give_up(listener, park_one(listener, log))
    assert listener.head(ADA) == (2, None, None)
    listener.gap_repair.compare()
    listener.gap_repair.repair()
    assert listener.heard(ADA) == [1, 3, 4]


def test_bytes_without_an_envelope_can_only_be_given_up(listener: Listener) -> None:
    listener.hear(Record(topic=TOPIC, partition=0, offset=7, headers={"x": b"y"}, body=b"z"))
    [record] = ids(listener)
    with pytest.raises(AgainstTheRules) as refused:
        in_transaction(listener.store, lambda tx: released(tx, record))
    assert refused.value.reason == "NO_ENVELOPE"
    give_up(listener, record)
    assert ids(listener) == []


def test_a_failed_derivation_is_released_to_be_derived_again(listener: Listener, log: Log) -> None:
    listener.hear(log.tell(ADA, attended("s", BROKEN)))
    listener.pending_work.drain()
    [projection] = ids(listener)
    assert projection == f"derivation:tally:{ADA}"
    with pytest.raises(AgainstTheRules, match="only a record"):
        give_up(listener, projection)
    in_transaction(listener.store, lambda tx: released(tx, projection))
    mended = Projection(
        name="tally", code="2", derive=lambda *_: (), publish=TALLY.publish, rows=TALLY.rows
    )
    newer = PendingWork(listener.store, Subscriptions(INPUTS.by_type.values(), [mended]))
    newer.mark_outdated()
    newer.drain()
    assert (listener.due(), ids(listener)) == ([], [])


def test_a_subject_of_another_history_is_forgotten_and_heard_again(
    listener: Listener, log: Log
) -> None:
    listener.hear(log.tell(ADA, attended("s", 1)), log.tell(ADA, attended("lost", 2)))
    listener.pending_work.drain()
    other = Log()
    for n in (1, 2, 3):
        other.tell(ADA, attended("s", n), id=uuid4())
    log.records = other.records
    listener.hear(other.records[ADA][1])
    listener.gap_repair.repair()
    [subject] = ids(listener)
    assert listener.head(ADA)[2] == "OTHER_HISTORY"
    in_transaction(listener.store, lambda tx: released(tx, subject))
    listener.gap_repair.repair()
    listener.pending_work.drain()
    assert listener.heard(ADA) == [1, 2, 3]
    assert listener.tallies() == {f"{ADA}|s": {"minutes": 3, "named": []}}


def test_a_topic_whose_epoch_was_raised_is_heard_again_from_one(
    listener: Listener, log: Log
) -> None:
    listener.hear(log.tell(ADA, attended("s", 1)), log.tell(BOB, attended("s", 2, client=BOB)))
    listener.pending_work.drain()
    log.restore({}, raise_epoch=True)
    listener.hear(*[log.tell(ADA, attended("s", n), id=uuid4()) for n in (5, 6)])
    listener.gap_repair.compare()
    assert ids(listener) == [f"topic:{TOPIC}"]
    in_transaction(
        listener.store,
        lambda tx: parked.resync(tx.connection, TOPIC, 2, log.heads()),
    )
    assert ids(listener) == []
    listener.gap_repair.repair()
    listener.pending_work.drain()
    assert listener.heard(ADA) == [1, 2]
    assert listener.tallies() == {f"{ADA}|s": {"minutes": 6, "named": []}}
    assert listener.ask("SELECT epoch FROM heard_topic")[0].epoch == 2


def test_a_topic_that_is_not_heard_can_not_be_heard_again(listener: Listener) -> None:
    with pytest.raises(Unknown):
        in_transaction(
            listener.store,
            lambda tx: parked.resync(tx.connection, "elsewhere", 1, ()),
        )


def test_what_is_shown_of_a_record_holds_no_content_and_no_foreign_header(
    listener: Listener,
) -> None:
    headers = {"Wilhelmina Canary": b"Wilhelmina Canary", "ce_id": b"Wilhelmina"}
    listener.hear(Record(topic=TOPIC, partition=0, offset=7, headers=headers, body=b"Wilhelmina"))
    [record] = ids(listener)
    shown = in_transaction(listener.store, lambda tx: parked_of(tx.connection, record))
    assert shown.headers == {"ce_id": "10 bytes", "other 1": "17 bytes"}
    assert shown.body_bytes == 10
    assert "Wilhelmina" not in str(shown)


def test_what_is_shown_of_a_readable_record_is_where_it_stands(
    listener: Listener, log: Log
) -> None:
    record = park_one(listener, log)
    shown = in_transaction(listener.store, lambda tx: parked_of(tx.connection, record))
    assert shown.headers["ce_sequence"] == "2"
    assert shown.headers["ce_correlationid"] == "0 bytes"
    assert shown.subject == ADA


@pytest.mark.parametrize("wrong", ["", "record", "record:x", "record:1:2", "due:a", "topic:a:b"])
def test_an_id_that_is_none_is_refused(listener: Listener, wrong: str) -> None:
    with pytest.raises(Malformed):
        in_transaction(listener.store, lambda tx: parked_of(tx.connection, wrong))


@pytest.mark.parametrize("gone", ["record:99", f"subject:{TOPIC}:{ADA}", "derivation:tally:x"])
def test_what_is_not_parked_is_unknown(listener: Listener, gone: str) -> None:
    with pytest.raises(Unknown):
        in_transaction(listener.store, lambda tx: released(tx, gone))


def test_a_given_up_record_is_not_missed_by_who_hears_it_again(
    listener: Listener, log: Log
) -> None:
    """It comes again from Kafka, and is a duplicate."""
    records = poison(log)
    listener.hear(*records)
    give_up(listener, ids(listener)[0], rest_to=4)
    listener.gap_repair.repair()
    Inbox(listener.store, listener.subscriptions, signatures_of()).hear(records)
    assert (listener.heard(ADA), ids(listener)) == ([1, 3, 4], [])

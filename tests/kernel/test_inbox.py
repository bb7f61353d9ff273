"""The inbox: what a record does to its subject, and to nobody else's."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any
from uuid import UUID

import psycopg
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import Default
from google.protobuf.struct_pb2 import Struct
from ninehours.attendance.v1.attendance_events_pb2 import SessionMissed
from ninehours.common.v1.persons_pb2 import ClientMerged, ClientUnmerged
from ninehours.common.v1.statements_pb2 import StatementAmended
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from kernel.facts import Position
from kernel.messaging import inbox
from kernel.messaging.caught_up import clients_not_caught_up, heard_all
from kernel.messaging.envelope import Record
from kernel.messaging.inbox import Inbox
from kernel.messaging.subscriptions import Subscription, Subscriptions
from kernel.store.database import is_passing, open_database
from kernel.store.store import Store
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    EVE,
    INPUTS,
    SITE,
    STAFF,
    TALLY,
    TALLYING,
    TOPIC,
    Gate,
    Listener,
    Log,
    SiteOpened,
    StaffCredentialed,
    attended,
    held,
    without_checkpoint_locks,
    without_locks,
)
from tests.harness.signing import signatures_of, signed

CANARY = b"Wilhelmina Canary"
ID = str(UUID(int=77)).encode()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def listener(tallying: Store, log: Log) -> Listener:
    return Listener(tallying, log)


def changed(record: Record, **headers: bytes | None) -> Record:
    """The record with these headers (`None`: without it)."""
    wanted = {**record.headers, **headers}
    told = {name: v for name, v in wanted.items() if v is not None}
    return signed(replace(record, headers=told))


def parked(listener: Listener) -> list[Any]:
    return list(listener.ask("SELECT * FROM parked ORDER BY id"))


# Duplicates, holes, other histories


def test_a_duplicate_is_skipped_and_the_next_is_heard(listener: Listener, log: Log) -> None:
    first, second = (log.tell(ADA, attended("s", n)) for n in (1, 2))
    listener.hear(first)
    [before] = listener.ask("SELECT mark FROM due")
    listener.hear(first)
    assert listener.ask("SELECT mark FROM due") == [before]
    listener.hear(second, first, second)
    assert listener.head(ADA) == (2, None, None)
    assert listener.heard(ADA) == [1, 2]
    [after] = listener.ask("SELECT mark FROM due")
    assert after > before


def test_after_a_hole_later_records_are_dropped_and_nobody_else_waits(
    listener: Listener, log: Log
) -> None:
    records = [log.tell(ADA, attended("s", n)) for n in range(1, 6)]
    others = [log.tell(BOB, attended("s", n, client=BOB)) for n in range(1, 4)]
    listener.hear(records[0], others[0], records[2], others[1], records[3])
    assert listener.head(ADA) == (1, 4, None)
    assert listener.heard(ADA) == [1]
    assert listener.head(BOB) == (2, None, None)
    listener.hear(others[2], records[4])
    assert listener.head(ADA) == (1, 5, None)
    assert listener.heard(BOB) == [1, 2, 3]
    with listener.store.transaction() as tx:
        assert clients_not_caught_up(tx.connection, [ADA, BOB, EVE]) == {ADA, BOB}
        assert not heard_all(tx.connection, [Position(TOPIC, ADA, 5)])


def test_what_fills_a_hole_is_heard_up_to_where_it_was_behind(listener: Listener, log: Log) -> None:
    records = [log.tell(ADA, attended("s", n)) for n in range(1, 6)]
    listener.hear(records[4])
    assert listener.head(ADA) == (0, 5, None)
    listener.hear(*records[:4])
    assert listener.head(ADA) == (4, 5, None)
    listener.hear(records[4])
    assert listener.head(ADA) == (5, None, None)


def test_the_same_sequence_with_another_id_is_asked_of_its_owner_and_stops_this_subject_only(
    listener: Listener, log: Log
) -> None:
    listener.hear(log.tell(ADA, attended("s", 1)), log.tell(BOB, attended("s", 1, client=BOB)))
    other = changed(log.records[ADA][0], ce_id=ID)
    listener.hear(other, log.tell(BOB, attended("s", 2, client=BOB)))
    assert listener.head(ADA) == (1, 1, None)
    assert listener.head(BOB) == (2, None, None)
    log.records[ADA][0] = other
    listener.gap_repair.repair()
    assert listener.head(ADA) == (1, 1, "OTHER_HISTORY")
    listener.hear(log.tell(ADA, attended("s", 3)))
    assert listener.head(ADA) == (1, 1, "OTHER_HISTORY")


def test_batches_may_hold_one_subject_several_times_and_in_any_order(
    tallying: Store, log: Log
) -> None:
    subjects = [client for client in (ADA, BOB, EVE) for _ in range(3)]
    records = [log.tell(client, attended("s", n)) for n, client in enumerate(subjects)]
    listener = Listener(tallying, log)
    listener.hear(*records[6:], *records[:3], records[3], records[4], records[3], records[5])
    for client in (ADA, BOB, EVE):
        assert listener.heard(client) == [1, 2, 3]
    assert listener.due() == [(client, None) for client in (ADA, BOB, EVE)]


def test_whatever_the_order_everything_is_heard_once_healed(tallying: Store, log: Log) -> None:
    listener = Listener(tallying, log)
    for n, order in enumerate(permutations(range(3))):
        subject = f"{ADA[:-3]}{n + 100:03}"
        records = [log.tell(subject, attended("s", k, client=subject)) for k in range(3)]
        for k in order:
            listener.hear(records[k], records[k])
        listener.gap_repair.repair()
        assert listener.head(subject) == (3, None, None)
        assert listener.heard(subject) == [1, 2, 3]


# Epochs


def test_a_lower_epoch_is_skipped_and_a_higher_one_stops_the_topic_when_its_owner_says_so(
    listener: Listener, log: Log
) -> None:
    listener.ask("UPDATE heard_topic SET epoch = 2 RETURNING 1")
    old, good = log.tell(ADA, attended("s", 1), epoch=1), log.tell(BOB, attended("s", 1), epoch=2)
    listener.hear(old, good)
    assert listener.heard(ADA) == []
    assert listener.heard(BOB) == [1]
    log.epoch = 3
    listener.hear(log.tell(EVE, attended("s", 1)), log.tell(BOB, attended("s", 2), epoch=2))
    listener.gap_repair.compare()
    [topic] = listener.ask("SELECT * FROM heard_topic")
    assert (topic.epoch, topic.stopped) == (2, "EPOCH_RAISED")
    assert listener.heard(BOB) == [1, 2]
    listener.hear(log.tell(BOB, attended("s", 3), epoch=2))
    assert (listener.heard(BOB), listener.heard(EVE)) == ([1, 2], [])


def test_a_topic_that_stopped_stops_no_other_and_is_not_asked_for(
    tallying: Store, log: Log
) -> None:
    other = Log("ninehours.other.v1")
    listener = Listener(tallying, log, other)
    listener.hear(log.tell(BOB, attended("s", 1)))
    log.epoch = 2
    listener.hear(log.tell(BOB, attended("s", 2)), other.tell(ADA, attended("s", 1)))
    listener.gap_repair.compare()
    reads = log.reads
    other.tell(ADA, attended("s", 2))
    assert listener.gap_repair.compare() == 1
    assert listener.gap_repair.repair() == 1
    assert (log.reads, listener.heard(ADA), listener.heard(BOB)) == (reads, [1, 2], [1])


def test_until_an_owner_said_its_epoch_any_is_heard_and_exchanged_when_it_did(
    tallying: Store, log: Log
) -> None:
    log.epoch = 7
    listener = Listener(tallying, log, asks=False)
    before = Log().tell(BOB, attended("s", 1, client=BOB))
    listener.hear(log.tell(ADA, attended("s", 1)), before)
    assert (listener.heard(ADA), listener.heard(BOB)) == ([1], [1])
    listener.gap_repair.compare()
    listener.gap_repair.repair()
    listener.hear(log.tell(ADA, attended("s", 2)), before)
    [topic] = listener.ask("SELECT * FROM heard_topic")
    assert (topic.epoch, topic.stopped) == (7, None)
    assert (listener.heard(ADA), listener.heard(BOB)) == ([1, 2], [])


def test_a_topic_that_stopped_before_anything_was_heard_begins_anew(
    tallying: Store, log: Log
) -> None:
    listener = Listener(tallying, log)
    listener.ask("UPDATE heard_topic SET epoch = 1, stopped = 'EPOCH_RAISED' RETURNING 1")
    log.epoch = 7
    Listener(tallying, log).hear(log.tell(ADA, attended("s", 1)))
    assert listener.heard(ADA) == [1]


# Types


def test_an_unknown_type_that_may_be_ignored_is_passed(listener: Listener, log: Log) -> None:
    listener.hear(
        log.tell(ADA, Struct(), type="ninehours.tomorrow.v1.Invented", may_ignore=True),
        log.tell(ADA, attended("s", 1)),
    )
    assert (listener.head(ADA), listener.heard(ADA)) == ((2, None, None), [2])


def test_an_unknown_type_that_may_not_is_parked_and_stops_its_subject(
    listener: Listener, log: Log
) -> None:
    unknown = log.tell(ADA, Struct(), type="ninehours.tomorrow.v1.Invented")
    after = log.tell(ADA, attended("s", 1))
    listener.hear(unknown, after, log.tell(BOB, attended("s", 1, client=BOB)))
    assert (listener.head(ADA), listener.heard(ADA)) == ((0, None, "PARKED"), [])
    assert listener.heard(BOB) == [1]
    [row] = parked(listener)
    assert (row.subject, row.type) == (ADA, "ninehours.tomorrow.v1.Invented")
    assert row.error.startswith("kernel.messaging.inbox.UnknownType at kernel/messaging/")


SINCE = (StatementAmended, ClientMerged, ClientUnmerged)


class PoolOfBefore:
    """Every type but those that came since."""

    def FindMessageTypeByName(self, name: str) -> Any:
        if name in {kind.DESCRIPTOR.full_name for kind in SINCE}:
            raise KeyError(name)
        return Default().FindMessageTypeByName(name)


@pytest.mark.parametrize("kind", SINCE)
def test_a_release_of_before_parks_whom_a_correction_or_a_merge_is_about(
    tallying: Store, log: Log, monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    """It knows the facts it always heard, and misreads nobody by those alone."""
    monkeypatch.setattr(inbox, "Default", PoolOfBefore)
    subscriptions = Subscriptions(INPUTS.by_type.values(), [TALLY])
    for since in SINCE:
        del subscriptions.by_type[since.DESCRIPTOR.full_name]
    listener = Listener(tallying, log, subscriptions=subscriptions)
    first, said = log.tell(ADA, attended("s", 1)), log.tell(ADA, kind())
    listener.hear(first, said, log.tell(ADA, attended("t", 1)), log.tell(BOB, attended("s", 1)))
    assert (listener.head(ADA), listener.heard(ADA)) == ((1, None, "PARKED"), [1])
    assert [(row.subject, row.type) for row in parked(listener)] == [
        (ADA, kind.DESCRIPTOR.full_name)
    ]
    assert listener.heard(BOB) == [1]


def test_a_known_type_that_is_not_used_is_passed(listener: Listener, log: Log) -> None:
    listener.hear(log.tell(ADA, SessionMissed()), log.tell(ADA, attended("s", 1)))
    assert (listener.head(ADA), listener.heard(ADA)) == ((2, None, None), [2])
    assert parked(listener) == []


def test_a_release_that_uses_more_types_hears_again_from_1(tallying: Store, log: Log) -> None:
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, SessionMissed()), log.tell(ADA, attended("s", 1)))
    listener.pending_work.drain()
    more = Subscriptions([*INPUTS.by_type.values(), Subscription(SessionMissed)])
    fewer = Subscriptions([Subscription(SessionMissed)])

    def begun(subscriptions: Subscriptions) -> Listener:
        return Listener(tallying, log, subscriptions=subscriptions)

    assert begun(INPUTS).head(ADA) == (2, None, None)

    def is_anew() -> bool:
        return bool(listener.ask("SELECT FROM heard_head WHERE anew"))

    newer = begun(more)
    assert is_anew()
    newer.gap_repair.repair()
    assert (newer.head(ADA), newer.heard(ADA)) == ((2, None, None), [1, 2])
    for subscriptions, expected in ((more, False), (fewer, False), (more, True)):
        begun(subscriptions)
        assert is_anew() == expected


def test_what_an_older_release_heard_during_a_roll_out_is_heard_again(
    tallying: Store, log: Log
) -> None:
    older = Listener(tallying, log, subscriptions=INPUTS)
    more = Subscriptions([*INPUTS.by_type.values(), Subscription(SessionMissed)])
    Listener(tallying, log, subscriptions=more)
    older.hear(log.tell(ADA, SessionMissed()))
    assert older.heard(ADA) == []
    newer = Listener(tallying, log, subscriptions=more)
    newer.gap_repair.repair()
    assert newer.heard(ADA) == [1]


def test_a_parked_subject_is_asked_for_again_at_the_next_start(tallying: Store, log: Log) -> None:
    unknown = log.tell(ADA, Struct(), type="ninehours.tomorrow.v1.Learnt")
    log.tell(ADA, attended("s", 1))
    Listener(tallying, log).hear(unknown)

    def started() -> Listener:
        again = Listener(tallying, log)
        again.gap_repair.repair()
        return again

    for _ in range(2):  # of no use yet
        still = started()
        assert still.head(ADA) == (0, None, "PARKED")
        assert len(parked(still)) == 1
    learnt = FileDescriptorProto(name="learnt.proto", package="ninehours.tomorrow.v1")
    learnt.message_type.add(name="Learnt")
    Default().Add(learnt)  # as a release that knows the type sees it
    knowing = started()
    assert (knowing.head(ADA), knowing.heard(ADA)) == ((2, None, None), [2])
    assert parked(knowing) == []


# Poison


def poisons(record: Record) -> dict[str, Record]:
    return {
        "undecodable": signed(replace(record, body=b"\xff" + CANARY)),
        "a reference that no subject is": signed(
            replace(record, body=attended("s", 1, site="site/\x00").SerializeToString())
        ),
    }


@pytest.mark.parametrize("kind", ["undecodable", "a reference that no subject is"])
def test_a_record_that_cannot_be_used_is_parked_and_stops_its_subject_only(
    listener: Listener, log: Log, kind: str
) -> None:
    poison = poisons(log.tell(ADA, attended("s", 1)))[kind]
    listener.hear(poison, log.tell(ADA, attended("s", 2)), log.tell(BOB, attended("s", 1)))
    assert (listener.head(ADA), listener.heard(ADA)) == ((0, None, "PARKED"), [])
    assert listener.heard(BOB) == [1]
    listener.hear(poison)
    [row] = parked(listener)
    assert bytes(row.body) == poison.body
    assert (row.topic, row.partition, row.record_offset) == (TOPIC, 0, poison.offset)
    assert " at kernel/messaging/" in row.error
    assert CANARY.decode() not in row.error
    with listener.store.transaction() as tx:
        assert clients_not_caught_up(tx.connection, [ADA]) == {ADA}


GARBLED: dict[str, dict[str, bytes | None]] = {
    "no id": {"ce_id": None},
    "an id that is none": {"ce_id": CANARY},
    "no sequence": {"ce_sequence": None},
    "sequence zero": {"ce_sequence": b"0"},
    "a negative sequence": {"ce_sequence": b"-1"},
    "a sequence too long": {"ce_sequence": b"9" * 19},
    "digits of elsewhere": {"ce_sequence": "٣".encode()},
    "no epoch": {"ce_epoch": None},
    "a time without a zone": {"ce_time": b"2026-03-02T15:00:00"},
    "a label of tomorrow": {"ce_label": b"SECRET"},
    "a subject without an id": {"ce_subject": b"client/" + CANARY},
    "another spelling of a subject": {
        "ce_subject": ADA.upper().replace("CLIENT", "client").encode().replace(b"-", b"")
    },
    "no subject": {"ce_subject": b""},
    "a kind that no index holds": {"ce_subject": b"k" * 41 + b"/" + ADA[7:].encode()},
    "bytes that are no text": {"ce_type": b"\xff"},
    "a NUL": {"ce_type": b"x\x00"},
    "a header name with a NUL": {"ce_id": None, "x\x00y": b"\x00"},
}


@pytest.mark.parametrize(
    "time", [{"ce_time": b"0001-01-01T00:00:00+14:00"}, {"ce_signedat": b"9999-12-31T23:59:59-12"}]
)
def test_a_record_of_a_year_that_no_clock_shows_is_set_aside(
    listener: Listener, log: Log, time: dict[str, bytes]
) -> None:
    listener.hear(changed(log.tell(ADA, attended("s", 1)), **time))
    assert listener.heard(ADA) == []
    assert len(parked(listener)) == 1


@pytest.mark.parametrize("kind", GARBLED)
def test_without_a_valid_envelope_a_record_is_set_aside_and_stops_nobody(
    listener: Listener, log: Log, kind: str
) -> None:
    good = log.tell(ADA, attended("s", 1))
    garbled = changed(replace(good, offset=77), **GARBLED[kind])
    listener.hear(garbled, good)
    listener.hear(garbled)
    assert listener.heard(ADA) == [1]
    [row] = parked(listener)
    assert (row.subject, row.record_offset, bytes(row.body)) == (None, 77, garbled.body)
    assert row.error.startswith("kernel.messaging.envelope.NoEnvelope")
    assert CANARY.decode() not in row.error
    assert listener.ask("SELECT * FROM heard_head WHERE stopped IS NOT NULL") == []


def test_a_record_without_any_header_is_set_aside(listener: Listener) -> None:
    listener.hear(Record(topic=TOPIC, partition=3, offset=5, headers={}, body=b""))
    assert len(parked(listener)) == 1


def test_what_is_set_aside_at_an_offset_that_was_taken_before_is_kept_too(
    listener: Listener,
) -> None:
    """A topic that was deleted and made anew begins at 0 again."""
    for body in (b"of the topic before", b"of this one", b"of this one"):
        listener.hear(Record(topic=TOPIC, partition=0, offset=0, headers={}, body=body))
    assert [bytes(row.body) for row in parked(listener)] == [b"of the topic before", b"of this one"]


def test_a_record_that_the_database_refuses_is_parked_and_those_beside_it_are_heard(
    listener: Listener, log: Log
) -> None:
    too_long = "site/" + "".join(secrets.token_hex(32) for _ in range(200))  # for any index
    refused = log.tell(ADA, attended("s", 1, site=too_long))
    listener.hear(
        log.tell(BOB, attended("s", 1)), refused, log.tell(EVE, attended("s", 1, client=EVE))
    )
    assert (listener.head(ADA), listener.heard(ADA)) == ((0, None, "PARKED"), [])
    assert (listener.heard(BOB), listener.heard(EVE)) == ([1], [1])
    [row] = parked(listener)
    assert (row.subject, bytes(row.body)) == (ADA, refused.body)
    assert row.error.startswith("sqlalchemy.exc.OperationalError at kernel/messaging/")


def for_a_lock_alone(connection: psycopg.Connection[Any]) -> None:
    """As it is opened."""


def for_any_statement(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET statement_timeout = 50")
    connection.execute("SET lock_timeout = 0")
    connection.commit()


@pytest.mark.parametrize(
    "limited",
    [
        for_a_lock_alone,
        for_any_statement,
    ],
)
def test_a_batch_waits_for_a_database_that_lets_no_statement_end(
    limited: Callable[[psycopg.Connection[Any]], None], tallying: Store, log: Log
) -> None:
    url = tallying.engine.url.render_as_string(hide_password=False)
    impatient = open_database(url, lock_timeout=0.05)
    event.listen(impatient, "connect", lambda connection, _: limited(connection))
    hurried = Store(
        impatient,
        codec=tallying.codec,
        topic=tallying.topic,
        network="local",
        vault=tallying.vault,
        signer=tallying.signer,
    )
    listener = Listener(tallying, log)
    record = log.tell(ADA, attended("s", 1))
    with tallying.transaction() as tx:
        tx.lock([ADA])
        with pytest.raises(OperationalError) as waited:
            Inbox(hurried, TALLYING, signatures_of()).hear([record])
    impatient.dispose()
    assert is_passing(waited.value)
    assert parked(listener) == []


# What rests on what was not heard


def unsettled(listener: Listener, *clients: str) -> set[str]:
    with listener.store.transaction() as tx:
        return clients_not_caught_up(tx.connection, clients)


def test_who_leads_to_a_stopped_or_behind_reference_is_unsettled(
    listener: Listener, log: Log
) -> None:
    site = log.tell(SITE, SiteOpened(time_zone=STAFF))
    staff = [log.tell(STAFF, StaffCredentialed(credential="LPC")) for _ in range(3)]
    listener.hear(
        log.tell(ADA, attended("s", 1, site=SITE)),
        log.tell(BOB, attended("s", 1, client=BOB)),
        site,
        staff[0],
    )
    listener.pending_work.drain()
    assert unsettled(listener, ADA, BOB) == set()
    listener.hear(staff[2])  # a reference's reference is behind
    assert unsettled(listener, ADA, BOB) == {ADA}
    listener.hear(staff[1], staff[2])
    listener.pending_work.drain()
    assert unsettled(listener, ADA, BOB) == set()
    listener.hear(log.tell(SITE, SiteOpened(name="Other"), sequence=1, id=UUID(int=1)))
    assert unsettled(listener, ADA, BOB) == {ADA}


def test_where_a_topic_is_stopped_everybody_is_unsettled(listener: Listener, log: Log) -> None:
    listener.hear(log.tell(ADA, attended("s", 1)))
    listener.pending_work.drain()
    assert unsettled(listener, ADA, BOB) == set()
    listener.ask("UPDATE heard_topic SET stopped = 'EPOCH_RAISED' RETURNING 1")
    assert unsettled(listener, ADA, BOB) == {ADA, BOB}


# References


def test_a_fact_of_a_reference_raises_every_client_that_leads_to_it(
    listener: Listener, log: Log
) -> None:
    listener.hear(
        log.tell(ADA, attended("s", 1, site=SITE)),
        log.tell(BOB, attended("s", 1, client=BOB)),
        log.tell(SITE, SiteOpened(time_zone=STAFF)),
    )
    listener.pending_work.drain()
    assert listener.due() == []
    listener.hear(log.tell(SITE, SiteOpened(name="Lakeside", time_zone=STAFF)))
    assert [key for key, *_ in listener.due()] == [ADA]
    listener.pending_work.drain()
    listener.hear(log.tell(STAFF, StaffCredentialed(credential="LCSW")))  # a reference's reference
    assert [key for key, *_ in listener.due()] == [ADA]
    listener.hear(log.tell(EVE, attended("s", 1, client=EVE, site=SITE)))
    assert [key for key, *_ in listener.due()] == [ADA, EVE]


# Two at once: the agent and the healer hear the same subject


def hear_twice(tallying: Store, monkeypatch: Any, *, locks: bool) -> Listener:
    gate, log = Gate(), Log()

    def references(fact: Any) -> list[str]:
        gate(fact.session_id)
        return []

    subscriptions = Subscriptions([Subscription(type(attended("", 0)), references)], [TALLY])
    listener = Listener(tallying, log, subscriptions=subscriptions)
    slow = log.tell(ADA, attended("", 1))
    rest = [log.tell(ADA, attended("s", n)) for n in (2, 3)]
    listener.hear(log.tell(EVE, attended("s", 1, client=EVE)))
    if not locks:
        without_locks(monkeypatch)
        without_checkpoint_locks(monkeypatch)
    with held(gate, lambda: listener.hear(slow)) as first:
        first.meanwhile(tallying, lambda: listener.hear(slow, *rest))
    return listener


def test_two_transactions_that_hear_one_subject_take_turns(
    tallying: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = hear_twice(tallying, monkeypatch, locks=True)
    assert (listener.head(ADA), listener.heard(ADA)) == ((3, None, None), [1, 2, 3])


def test_without_the_lock_the_head_would_go_back(
    tallying: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = hear_twice(tallying, monkeypatch, locks=False)
    assert (listener.head(ADA), listener.heard(ADA)) == ((1, None, None), [1, 2, 3])


# Two at once: the agent hears while the worker compares heads with the owner's


def compared_while_hearing(
    tallying: Store, monkeypatch: Any, *, known: bool, locks: bool
) -> Listener:
    gate, log = Gate(), Log()

    def references(fact: Any) -> list[str]:
        gate(fact.session_id)
        return []

    subscriptions = Subscriptions([Subscription(type(attended("", 0)), references)], [TALLY])
    listener = Listener(tallying, log, subscriptions=subscriptions)
    listener.hear(log.tell(EVE, attended("s", 1, client=EVE)))
    if known:
        listener.hear(log.tell(ADA, attended("s", 1)))
    slow = log.tell(ADA, attended("", 1))
    log.tell(ADA, attended("s", 2))  # lost on the way: only the comparison tells of it
    if not locks:
        without_checkpoint_locks(monkeypatch)
    with held(gate, lambda: listener.hear(slow)) as first:
        first.meanwhile(tallying, listener.gap_repair.compare)
    return listener


@pytest.mark.parametrize("known", [True, False])
def test_what_a_comparison_finds_while_the_subject_is_heard_is_not_lost(
    tallying: Store, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    listener = compared_while_hearing(tallying, monkeypatch, known=known, locks=True)
    assert listener.head(ADA) == (1 + known, 2 + known, None)


@pytest.mark.parametrize("known", [True, False])
def test_without_the_heads_lock_what_a_comparison_finds_meanwhile_is_lost(
    tallying: Store, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    listener = compared_while_hearing(tallying, monkeypatch, known=known, locks=False)
    assert listener.head(ADA) == (1 + known, None, None)

"""A record is believed about itself, never about its owner's log: that is asked of the owner."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from kernel.messaging.caught_up import clients_not_caught_up
from kernel.messaging.envelope import Record
from kernel.messaging.inbox_facts import PublishedFacts
from kernel.store.store import Store
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    EVE,
    TALLYING,
    TOPIC,
    Listener,
    Log,
    attended,
    published,
    released,
)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def listener(tallying: Store, log: Log) -> Listener:
    """Has heard three facts of Ada and one of Bob."""
    made = Listener(tallying, log)
    made.hear(*[log.tell(ADA, attended("s", n)) for n in (1, 2, 3)])
    made.hear(log.tell(BOB, attended("s", 1, client=BOB)))
    made.pending_work.drain()
    return made


def forged(client: str = ADA, **envelope: Any) -> Record:
    """A record that no owner published."""
    return Log().tell(client, attended("forged", 240, client=client), id=uuid4(), **envelope)


def mend(listener: Listener) -> None:
    listener.gap_repair.compare()
    listener.gap_repair.repair()


def topic(listener: Listener) -> tuple[int, str | None]:
    [row] = listener.ask("SELECT epoch, stopped FROM heard_topic")
    return row.epoch, row.stopped


def unsettled(listener: Listener, *clients: str) -> set[str]:
    with listener.store.transaction() as tx:
        return clients_not_caught_up(tx.connection, clients)


# A restored owner


def test_an_owner_restored_with_its_epoch_raised_is_noticed_though_it_publishes_nothing(
    listener: Listener, log: Log
) -> None:
    log.restore(log.records, raise_epoch=True)
    listener.gap_repair.compare()
    assert topic(listener) == (1, "EPOCH_RAISED")


def test_an_owner_restored_to_a_lower_epoch_is_noticed(listener: Listener, log: Log) -> None:
    listener.ask("UPDATE heard_topic SET epoch = 4 RETURNING 1")
    listener.gap_repair.compare()
    assert topic(listener) == (4, "EPOCH_LOWERED")


def test_what_was_heard_beyond_its_owners_log_stops_its_subject_and_shows(
    listener: Listener, log: Log
) -> None:
    earlier = {ADA: log.records[ADA][:2], BOB: log.records[BOB]}
    log.restore(earlier, raise_epoch=False)
    listener.gap_repair.compare()
    assert listener.head(ADA) == (3, None, "BEYOND_OWNER")
    assert listener.head(BOB) == (1, None, None)
    assert unsettled(listener, ADA, BOB) == {ADA}


def test_a_subject_that_its_owner_does_not_have_any_more_stops(
    listener: Listener, log: Log
) -> None:
    log.restore({ADA: log.records[ADA]}, raise_epoch=False)
    listener.gap_repair.compare()
    assert listener.head(BOB)[2] == "BEYOND_OWNER"


def test_new_facts_under_old_sequences_are_not_dropped_in_silence(
    listener: Listener, log: Log
) -> None:
    """The restored owner is further by now than it was heard: its number 2 is another."""
    log.restore({ADA: log.records[ADA][:1], BOB: log.records[BOB]}, raise_epoch=False)
    new = [log.tell(ADA, attended("new", n), id=uuid4()) for n in (4, 5, 6, 7)]
    listener.hear(new[0])
    listener.gap_repair.repair()
    assert listener.head(ADA)[2] == "OTHER_HISTORY"
    assert listener.heard(ADA) == [1, 2, 3]


def test_what_is_fetched_goes_on_from_what_was_heard(listener: Listener, log: Log) -> None:
    """Nothing but the comparison says that there is more, and nothing that it is another log."""
    log.restore({ADA: log.records[ADA][:1], BOB: log.records[BOB]}, raise_epoch=False)
    for n in (4, 5, 6, 7):
        log.tell(ADA, attended("new", n), id=uuid4())
    mend(listener)
    assert listener.head(ADA)[2] == "OTHER_HISTORY"
    assert listener.heard(ADA) == [1, 2, 3]


def test_a_fact_heard_while_heads_are_asked_is_no_contradiction(
    listener: Listener, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listener notes its own heads before it asks."""
    asked = log.heads

    def slowly() -> Any:
        answer = asked()
        listener.hear(log.tell(ADA, attended("s", 4)))
        return answer

    monkeypatch.setattr(log, "heads", slowly)
    listener.gap_repair.compare()
    assert listener.head(ADA) == (4, None, None)


# What a record says


def test_a_forged_epoch_stops_nobody(listener: Listener, log: Log) -> None:
    listener.hear(forged(EVE, epoch=9))
    listener.hear(log.tell(ADA, attended("s", 4)))
    listener.gap_repair.repair()
    assert topic(listener) == (1, None)
    assert listener.heard(ADA) == [1, 2, 3, 4]
    assert listener.heard(EVE) == []


def test_a_forged_epoch_on_a_topic_of_which_nothing_was_heard_stops_nobody(
    tallying: Store, log: Log
) -> None:
    listener = Listener(tallying, log, asks=False)
    listener.hear(forged(EVE, epoch=9))
    listener.hear(log.tell(ADA, attended("s", 1)))
    mend(listener)
    listener.hear(log.tell(ADA, attended("s", 2)))
    assert topic(listener) == (1, None)
    assert listener.heard(ADA) == [1, 2]
    assert listener.heard(EVE) == []


def test_a_stop_that_a_record_told_of_ends_when_its_owner_says_otherwise(
    listener: Listener,
) -> None:
    """Of a release before, which believed records."""
    listener.ask("UPDATE heard_topic SET stopped = 'EPOCH_RAISED' RETURNING 1")
    listener.gap_repair.compare()
    assert topic(listener) == (1, None)


def test_a_forged_sequence_leaves_nobody_behind(listener: Listener, log: Log) -> None:
    listener.hear(forged(sequence=900_000), forged(EVE, sequence=900_000))
    assert listener.head(ADA) == (3, 900_000, None)
    listener.gap_repair.repair()
    assert listener.head(ADA) == (3, None, None)
    assert unsettled(listener, ADA, EVE) == set()
    listener.hear(log.tell(ADA, attended("s", 4)))
    assert listener.heard(ADA) == [1, 2, 3, 4]


def test_what_came_between_the_owners_answer_and_its_clearing_is_not_lost(
    listener: Listener, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hole behind the forged sequence is not seen: nothing says more than that there is more."""
    read = log.read
    later: list[Record] = []

    def slowly(subject: str, after: int) -> Any:
        answer = read(subject, after)
        if not later:
            later.extend(log.tell(ADA, attended("s", n)) for n in (4, 5))
            listener.hear(later[1])  # the fourth got lost
        return answer

    monkeypatch.setattr(log, "read", slowly)
    listener.hear(forged(sequence=900_000))
    listener.gap_repair.repair()
    assert listener.head(ADA) == (5, None, None)
    assert listener.heard(ADA) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("sequence", [1, 3])
def test_a_forged_id_under_a_sequence_that_was_heard_stops_nobody(
    listener: Listener, log: Log, sequence: int
) -> None:
    listener.hear(forged(sequence=sequence))
    listener.gap_repair.repair()
    assert listener.head(ADA) == (3, None, None)
    listener.hear(log.tell(ADA, attended("s", 4)))
    assert listener.heard(ADA) == [1, 2, 3, 4]


def test_a_record_of_another_network_is_set_aside(listener: Listener) -> None:
    listener.hear(forged(sequence=4, network="elsewhere"))
    assert listener.heard(ADA) == [1, 2, 3]
    [row] = listener.ask("SELECT * FROM parked")
    assert (row.subject, row.error.split(" ")[0]) == (
        None,
        "kernel.messaging.inbox.ForeignNetwork",
    )


def test_what_its_owner_published_under_an_earlier_name_of_the_network_is_heard(
    listener: Listener, log: Log
) -> None:
    log.tell(ADA, attended("s", 4), network="earlier")
    mend(listener)
    assert listener.heard(ADA) == [1, 2, 3, 4]


def test_a_record_that_its_owner_has_otherwise_holds_up_nobody(
    listener: Listener, log: Log
) -> None:
    right = log.tell(ADA, attended("s", 4))
    listener.hear(replace(right, body=b"\xff"))
    assert listener.head(ADA)[2] == "PARKED"
    listener.gap_repair.repair()
    assert listener.head(ADA) == (4, None, None)
    assert listener.heard(ADA) == [1, 2, 3, 4]
    [row] = listener.ask("SELECT * FROM parked")
    assert (row.subject, bytes(row.body)) == (None, b"\xff")


def test_a_fact_forged_onto_a_topic_is_found_by_comparing(listener: Listener) -> None:
    listener.hear(forged(sequence=4))
    assert listener.heard(ADA) == [1, 2, 3, 4]
    listener.gap_repair.compare()
    assert listener.head(ADA)[2] == "BEYOND_OWNER"


def test_a_fact_forged_for_somebody_nobody_knows_is_found_by_comparing(
    listener: Listener,
) -> None:
    listener.hear(forged(EVE))
    listener.gap_repair.compare()
    assert listener.head(EVE)[2] == "BEYOND_OWNER"
    assert unsettled(listener, EVE) == {EVE}


def test_what_follows_a_forged_fact_shows_that_it_is_another_history(
    listener: Listener, log: Log
) -> None:
    listener.hear(forged(sequence=4))
    listener.hear(log.tell(ADA, attended("s", 4)))
    listener.gap_repair.repair()
    assert listener.head(ADA)[2] == "OTHER_HISTORY"


# An id under two places


@pytest.mark.parametrize("at_once", [False, True])
def test_a_forged_record_with_anothers_id_takes_no_fact_away(
    listener: Listener, log: Log, at_once: bool
) -> None:
    """Bob's second fact isn't heard yet when a record of Eve comes under its id."""
    real = log.tell(BOB, attended("late", 60, client=BOB))
    theft = stolen(EVE, real)
    if at_once:
        listener.hear(theft, real)
    else:
        listener.hear(theft)
        listener.hear(real)
    assert unsettled(listener, ADA, BOB, EVE) == {BOB, EVE}
    mend(listener)
    mend(listener)
    assert listener.heard(BOB) == [1, 2]
    assert listener.heard(EVE) == []
    assert listener.head(BOB) == (2, None, None)
    listener.pending_work.drain()
    assert f"{BOB}|late" in listener.tallies()
    assert f"{EVE}|forged" not in listener.tallies()


def test_a_forged_record_with_the_id_of_a_heard_fact_is_asked_of_both_owners(
    listener: Listener, log: Log
) -> None:
    listener.hear(stolen(EVE, log.records[BOB][0]))
    assert unsettled(listener, ADA, BOB, EVE) == {BOB, EVE}
    for _ in range(2):
        mend(listener)
    assert unsettled(listener, BOB, EVE) == set()
    assert (listener.heard(BOB), listener.heard(EVE)) == ([1], [])
    log.tell(EVE, attended("real", 1, client=EVE))
    mend(listener)
    assert listener.heard(EVE) == [1]


def test_a_forged_record_with_the_id_of_the_subjects_own_next_fact_takes_none_away(
    listener: Listener, log: Log
) -> None:
    second = log.tell(BOB, attended("second", 1, client=BOB))
    third = log.tell(BOB, attended("third", 1, client=BOB))
    listener.hear(stolen(BOB, third, sequence=2))
    listener.hear(second, third)
    for _ in range(2):
        mend(listener)
    with listener.store.transaction() as tx:
        if listener.head(BOB)[2]:
            released(tx, f"subject:{TOPIC}:{BOB}")
    mend(listener)
    listener.pending_work.drain()
    assert listener.heard(BOB) == [1, 2, 3]
    assert f"{BOB}|forged" not in listener.tallies()


def test_a_fact_that_waited_for_a_person_is_exchanged_though_another_holds_its_id(
    listener: Listener, log: Log
) -> None:
    """Eve's forged fact was found beyond her owner's log; nobody released her."""
    real = log.tell(BOB, attended("late", 60, client=BOB))
    listener.hear(stolen(EVE, real))
    listener.gap_repair.compare()
    assert listener.head(EVE)[2] == "BEYOND_OWNER"
    listener.hear(real)
    mend(listener)
    assert listener.heard(BOB) == [1, 2]
    assert listener.heard(EVE) == []


def test_an_own_fact_whose_id_another_holds_is_caught_up_with(tallying: Store, log: Log) -> None:
    """A release before published it, and didn't derive from it."""
    with tallying.transaction() as tx:
        told = published(BOB, attended("own", 1, client=BOB))
        tx.publish([told])
    listener = Listener(tallying, log, asks=False)
    listener.ask("DELETE FROM heard_fact RETURNING 1")
    listener.hear(Log().tell(EVE, attended("forged", 240, client=EVE), id=told.id))
    PublishedFacts(tallying, TALLYING).catch_up()
    assert (listener.heard(BOB), listener.heard(EVE)) == ([1], [])


def stolen(subject: str, real: Record, **envelope: Any) -> Record:
    """A forged record of this subject under the real one's id."""
    taken = real.headers["ce_id"].decode()
    return Log().tell(subject, attended("forged", 240, client=subject), id=taken, **envelope)

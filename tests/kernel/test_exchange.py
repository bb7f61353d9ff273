"""The exchange: a subject's facts are exchanged for its owner's, and only differences follow."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from kernel.messaging.subscriptions import Subscription, Subscriptions
from kernel.store.store import Store
from operations import parked
from operations.parked import list_parked
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    INPUTS,
    SITE,
    TALLY,
    TOPIC,
    Listener,
    Log,
    SessionMissed,
    SiteOpened,
    StaffCredentialed,
    attended,
    released,
    subject_of,
)
from tests.harness.signing import signed


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def listener(tallying: Store, log: Log) -> Listener:
    """Two clients at a site, heard and derived."""
    made = Listener(tallying, log)
    made.hear(
        log.tell(SITE, SiteOpened(name="Lakeside")),
        *[log.tell(ADA, attended(s, n, site=SITE)) for n, s in enumerate("stu", 1)],
        log.tell(BOB, attended("s", 1, client=BOB, site=SITE)),
    )
    made.pending_work.drain()
    return made


def resync(listener: Listener, log: Log) -> None:
    with listener.store.transaction() as tx:
        parked.resync(tx.connection, TOPIC, *log.epoch_and_heads())


def release(listener: Listener, parked_id: str) -> None:
    with listener.store.transaction() as tx:
        released(tx, parked_id)


def heal_step_by_step(listener: Listener) -> None:
    """Everything is drained after each subject that was heard again."""

    def drained(do: Any) -> Any:
        def then_drain(*arguments: Any, **named: Any) -> Any:
            done = do(*arguments, **named)
            listener.pending_work.drain()
            return done

        return then_drain

    log_exchange = listener.gap_repair.log_exchange
    log_exchange.exchange = drained(log_exchange.exchange)  # type: ignore[method-assign]
    listener.gap_repair.repair()
    listener.pending_work.drain()


def test_a_topic_that_says_the_same_is_heard_again_without_a_revision(
    listener: Listener, log: Log
) -> None:
    before = listener.told()
    log.restore(log.records, raise_epoch=True)
    resync(listener, log)
    listener.pending_work.drain()
    heal_step_by_step(listener)
    assert listener.told() == before
    assert (listener.heard(ADA), listener.heard(BOB)) == ([1, 2, 3], [1])
    assert listener.due() == []
    assert listener.ask("SELECT epoch, stopped FROM heard_topic") == [(2, None)]


def test_of_a_restored_owner_only_what_differs_is_derived_and_told(
    listener: Listener, log: Log
) -> None:
    before = listener.told()
    log.restore({**log.records, ADA: log.records[ADA][:2]}, raise_epoch=True)
    log.tell(ADA, attended("v", 9, site=SITE), id=uuid4())
    resync(listener, log)
    heal_step_by_step(listener)
    assert listener.heard(ADA) == [1, 2, 3]
    assert set(listener.tallies()) == {f"{ADA}|{s}" for s in "stv"} | {f"{BOB}|s"}
    assert len(listener.told()) == len(before) + 2  # one row gone, one new


def test_nothing_is_derived_until_every_subject_was_heard_again(
    listener: Listener, log: Log
) -> None:
    """Between two subjects of a topic a client's facts and its site's would be of two pasts."""
    renamed = SiteOpened(name="Hillside").SerializeToString()
    log.records[SITE][0] = signed(replace(log.records[SITE][0], body=renamed))
    log.tell(ADA, attended("s", 5, site=SITE))
    log.restore(log.records, raise_epoch=True)
    resync(listener, log)
    before = len(listener.told())
    heal_step_by_step(listener)
    assert len(listener.told()) == before + 4  # each row once


def test_whose_owner_is_away_keeps_what_was_heard_meanwhile(
    listener: Listener, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise ConnectionError

    resync(listener, log)
    monkeypatch.setattr(log, "read", away)
    with pytest.raises(ConnectionError):
        listener.gap_repair.repair()
    listener.pending_work.drain()
    assert len(listener.tallies()) == 4


def test_a_subject_of_another_history_keeps_its_facts_until_it_is_exchanged(
    listener: Listener, log: Log
) -> None:
    log.records[ADA][:] = []
    for session in "stu":
        log.tell(ADA, attended(session, 7, site=SITE), id=uuid4())
    listener.gap_repair.compare()
    assert listener.head(ADA)[2] == "OTHER_HISTORY"
    release(listener, f"subject:{TOPIC}:{ADA}")
    listener.pending_work.drain()
    assert len(listener.tallies()) == 4
    before = len(listener.told())
    heal_step_by_step(listener)
    assert listener.head(ADA) == (3, None, None)
    assert len(listener.told()) == before + 3
    assert {row["minutes"] for key, row in listener.tallies().items() if key[:-2] == ADA} == {7}


def test_a_release_that_uses_more_types_derives_when_it_heard_them_all(
    listener: Listener, log: Log
) -> None:
    log.tell(ADA, SessionMissed())
    log.tell(BOB, SessionMissed())
    listener.gap_repair.compare()
    listener.gap_repair.repair()
    more = Subscriptions([*INPUTS.by_type.values(), Subscription(SessionMissed)], [TALLY])
    newer = Listener(listener.store, log, subscriptions=more)
    newer.pending_work.mark_all()
    assert newer.pending_work.drain() == 0
    newer.gap_repair.repair()
    assert (newer.heard(ADA), newer.heard(BOB)) == ([1, 2, 3, 4], [1, 2])


def test_a_release_whose_references_changed_files_facts_anew(listener: Listener, log: Log) -> None:
    staff = subject_of("staff", 9)
    listener.hear(log.tell(staff, StaffCredentialed(credential="LPC")))
    listener.pending_work.drain()

    def references(fact: Any) -> list[str]:
        return [fact.site_id, staff]

    others = [
        subscription
        for kind, subscription in INPUTS.by_type.items()
        if not kind.endswith("Attended")
    ]
    changed = Subscriptions([*others, Subscription(type(attended("", 0)), references)], [TALLY])
    newer = Listener(listener.store, log, subscriptions=changed)
    newer.gap_repair.repair()
    newer.pending_work.drain()
    assert all(row["named"] == ["LPC", "Lakeside"] for row in newer.tallies().values())
    again = Listener(listener.store, log, subscriptions=changed)
    assert again.due() == []


def test_what_was_given_up_is_gone_past_by_every_hearing_again(
    listener: Listener, log: Log
) -> None:
    bad = log.tell(ADA, attended("w", 4), type="made.v9.Unheard")
    log.tell(ADA, attended("x", 5, site=SITE))
    listener.hear(bad)
    with listener.store.transaction() as tx:
        [record, _] = list_parked(tx.connection)
        parked.give_up(tx, str(record.id), by="person/eve", reason="a test", rest_to=5)
    listener.gap_repair.repair()
    assert listener.heard(ADA) == [1, 2, 3, 5]
    resync(listener, log)
    listener.gap_repair.repair()
    assert listener.head(ADA) == (5, None, None)
    assert listener.heard(ADA) == [1, 2, 3, 5]
    with listener.store.transaction() as tx:
        assert list_parked(tx.connection) == []

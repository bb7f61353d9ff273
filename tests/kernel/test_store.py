"""The store's contract, on PostgreSQL."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from kernel.execute import Outcome, record
from kernel.facts import Recorded, derived_id
from kernel.keys.sealing import Unsealable
from kernel.refusal import AgainstTheRules, Refusal, Stale
from kernel.store.published import envelope_of
from kernel.store.statements import text
from kernel.store.store import LARGEST, Conflict, Store, Transaction
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    COUNTER,
    TALLYING,
    Count,
    Counted,
    Gate,
    Listener,
    ask,
    attended,
    context,
    executor_of,
    held,
    is_waiting,
    published,
    subject_of,
    until,
)
from tests.harness.kernel.owner import as_owner, owning

CANARY = "Wilhelmina Canary"


def sequences(store: Store) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in ask(store, "SELECT subject, sequence FROM published ORDER BY position"):
        found.setdefault(row.subject, []).append(row.sequence)
    return found


def is_whole(numbers: Sequence[int]) -> bool:
    return list(numbers) == list(range(1, len(numbers) + 1))


def count_of(store: Store, table: str) -> int:
    [(found,)] = ask(store, f"SELECT count(*) FROM {table}")
    return int(found)


def refused(command: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        command()
    return refusal.value.reason


# Sequences


def test_each_subject_counts_1_2_3_over_many_appends(counting: Store) -> None:
    for n in range(4):
        with counting.transaction() as tx:
            tx.publish([published(ADA, n=n), published(BOB, n=n), published(ADA, n=n + 10)])
    found = sequences(counting)
    assert found == {ADA: list(range(1, 9)), BOB: list(range(1, 5))}
    heads = {row.subject: row for row in ask(counting, "SELECT * FROM sequence")}
    for subject, head in heads.items():
        last = ask(
            counting,
            "SELECT id, sequence FROM published WHERE subject = :s ORDER BY sequence DESC LIMIT 1",
            s=subject,
        )[0]
        assert (head.last, head.last_id) == (last.sequence, last.id)


def test_one_append_may_hold_many_subjects_and_many_facts_of_each(counting: Store) -> None:
    subjects = [subject_of("client", n) for n in range(50)]
    items = [published(subject) for subject in subjects for _ in range(3)]
    Random(1).shuffle(items)
    with counting.transaction() as tx:
        written = tx.publish(items)
    assert [item.publication for item in written] == items
    given: dict[str, list[int]] = {}
    for item in written:
        given.setdefault(item.publication.subject, []).append(item.sequence)
    assert len(given) == 50
    assert all(numbers == [1, 2, 3] for numbers in given.values())
    assert given == {subject: sequences(counting)[subject] for subject in given}


def test_many_threads_appending_to_the_same_subjects_leave_no_hole_and_do_not_deadlock(
    counting: Store,
) -> None:
    subjects = [subject_of("client", n) for n in range(6)]
    threads, appends = 8, 15

    def append_all(seed: int) -> None:
        random = Random(seed)
        for _ in range(appends):
            with counting.transaction() as tx:
                tx.publish([published(s) for s in random.sample(subjects, 4)])

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(append_all, range(threads)))
    found = sequences(counting)
    assert sum(map(len, found.values())) == threads * appends * 4
    assert all(is_whole(numbers) for numbers in found.values())  # in the order of the outbox, too


def test_an_append_that_is_rolled_back_leaves_no_hole(counting: Store) -> None:
    with pytest.raises(ZeroDivisionError), counting.transaction() as tx:
        tx.publish([published(ADA)])
        raise ZeroDivisionError
    with counting.transaction() as tx:
        assert [item.sequence for item in tx.publish([published(ADA)])] == [1]


def test_new_subjects_are_locked_in_one_order_so_that_nobody_deadlocks(counting: Store) -> None:
    """A row that an insert makes is locked too: here a new client, under a site that is held."""
    site, client = subject_of("site", 1), ADA
    with counting.transaction() as tx:
        tx.lock([site])
    gate = Gate()

    def first() -> None:
        with counting.transaction() as tx:
            tx.lock([site], share=True)
            gate()
            tx.lock([client])

    def second() -> None:
        with counting.transaction() as tx:
            tx.lock([client, site])

    with held(gate, first) as meanwhile:
        meanwhile.meanwhile(counting, second)


# Streams


def append(store: Store, version: int, *facts: Counted) -> None:
    ours = context()
    with store.transaction() as tx:
        tx.append(ours, record(ours, "counter/1", version, facts), [])


def test_a_version_that_is_taken_is_a_conflict(counting: Store) -> None:
    append(counting, 0, Counted(client=ADA, amount=1))
    with pytest.raises(Conflict):
        append(counting, 0, Counted(client=ADA, amount=2))
    with counting.transaction() as tx:
        assert [(r.version, r.fact.amount) for r in tx.load("counter/1")] == [(1, 1)]


def test_of_two_concurrent_commands_on_one_stream_one_decides_again(counting: Store) -> None:
    gate = Gate()
    decided: list[int] = []

    def wait(tx: Transaction) -> None:
        decided.append(len(tx.load("counter/1")))
        gate()

    executor = executor_of(counting)

    def run(before: Any, amount: int) -> Outcome:
        return executor.execute(COUNTER, "counter/1", Count(ADA, amount), context(), before=before)

    with held(gate, lambda: run(wait, 1)):
        assert run(lambda _: None, 2).facts[0].version == 1
    assert decided == [0, 1]
    with counting.transaction() as tx:
        assert [r.fact.amount for r in tx.load("counter/1")] == [2, 1]


def test_a_stale_expected_version_is_refused_at_once(counting: Store) -> None:
    executor = executor_of(counting)
    decided: list[Transaction] = []
    executor.execute(COUNTER, "counter/1", Count(ADA, 1), context())
    with pytest.raises(Stale) as refusal:
        executor.execute(
            COUNTER,
            "counter/1",
            Count(ADA, 1),
            context(expected_version=0),
            before=decided.append,
        )
    assert (refusal.value.reason, decided) == ("VERSION_CONFLICT", [])
    assert refusal.value.details["current_version"] == "1"
    executor.execute(COUNTER, "counter/1", Count(ADA, 1), context(expected_version=1))


def test_who_conflicts_every_time_is_told_so_after_three_attempts(counting: Store) -> None:
    attempts: list[int] = []

    def overtaken(tx: Transaction) -> None:
        attempts.append(len(tx.load("counter/1")))
        append(counting, len(attempts) - 1, Counted(client=ADA, amount=1))

    ours = context()
    with pytest.raises(Stale):
        executor_of(counting).execute(COUNTER, "counter/1", Count(ADA, 1), ours, before=overtaken)
    assert attempts == [0, 1, 2]


# Command ids


def test_a_command_twice_has_one_outcome_and_its_facts_once(counting: Store) -> None:
    executor, ours = executor_of(counting), context()
    first = executor.execute(COUNTER, "counter/1", Count(ADA, 5), ours)
    assert executor.execute(COUNTER, "counter/1", Count(ADA, 5), ours) == first
    assert (count_of(counting, "fact"), count_of(counting, "published")) == (1, 1)
    assert [(p.subject, p.sequence) for p in first.published] == [(ADA, 1)]


def test_each_command_is_answered_again_with_what_it_was_answered_itself(counting: Store) -> None:
    executor = executor_of(counting)
    told = [(client, context()) for client in (ADA, BOB, ADA)]

    def tell(client: str, ours: Any) -> Outcome:
        return executor.execute(COUNTER, client, Count(client, 5), ours)

    first = [tell(client, ours) for client, ours in told]
    assert [tell(client, ours) for client, ours in told] == first
    assert [(at.subject, at.sequence) for outcome in first for at in outcome.published] == [
        (ADA, 1),
        (BOB, 1),
        (ADA, 2),
    ]


def test_a_command_over_many_streams_answers_in_one_order_each_time(counting: Store) -> None:
    executor, ours = executor_of(counting), context()

    def decide(_: Transaction) -> list[Recorded]:
        streams = [f"counter/{n}" for n in Random(5).sample(range(10), 5)]
        facts = [Counted(client=ADA, amount=1), Counted(client=BOB, amount=2)]
        return [fact for stream in streams for fact in record(ours, stream, 0, facts)]

    first = executor.transact(ours, decide)
    again = executor.transact(ours, decide)
    assert len(first.facts) == len(first.published) == 10
    assert again == first


def test_a_command_that_comes_twice_at_the_same_time_is_accepted_once(counting: Store) -> None:
    executor, ours, gate = executor_of(counting), context(), Gate()

    def run(before: Any) -> Outcome:
        return executor.execute(COUNTER, "counter/1", Count(ADA, 5), ours, before=before)

    with held(gate, lambda: run(lambda _: gate())) as first:
        second = run(lambda _: None)
        first.gate.open()
        assert first.running.result(10) == second
    assert (count_of(counting, "fact"), count_of(counting, "published")) == (1, 1)


def test_both_are_answered_while_neither_has_committed(counting: Store) -> None:
    """The second waits on the first one's command id, not on a version: it yields nothing."""
    executor, ours, gate = executor_of(counting), context(), Gate()

    def view(_: Transaction, __: Recorded) -> None:
        gate()

    holding = executor_of(counting, view=view)
    with held(gate, lambda: holding.execute(COUNTER, "counter/1", Count(ADA, 5), ours)) as first:
        outcome = first.meanwhile(
            counting, lambda: executor.execute(COUNTER, "counter/1", Count(ADA, 5), ours)
        )
        assert outcome == first.running.result(10)
    assert count_of(counting, "fact") == 1


def test_the_same_id_with_other_content_is_refused(counting: Store) -> None:
    executor, ours = executor_of(counting), context()
    executor.execute(COUNTER, "counter/1", Count(ADA, 5), ours)
    other = context(command_id=ours.command_id, digest=b"other content")
    assert (
        refused(lambda: executor.execute(COUNTER, "counter/1", Count(ADA, 6), other))
        == "COMMAND_ID_REUSED"
    )
    # Even if the rules would refuse it anyway.
    assert (
        refused(lambda: executor.execute(COUNTER, "counter/1", Count(ADA, 1000), other))
        == "COMMAND_ID_REUSED"
    )


def test_a_refused_command_may_be_retried(counting: Store) -> None:
    executor, ours = executor_of(counting), context()
    executor.execute(COUNTER, "counter/1", Count(ADA, 99), context())
    assert refused(lambda: executor.execute(COUNTER, "counter/1", Count(ADA, 5), ours)) == "FULL"
    executor.execute(COUNTER, "counter/1", Count(ADA, -50), context())
    assert len(executor.execute(COUNTER, "counter/1", Count(ADA, 5), ours).facts) == 1


def test_an_accepted_command_is_answered_even_when_it_would_now_be_refused(
    counting: Store,
) -> None:
    executor, ours = executor_of(counting), context()
    first = executor.execute(COUNTER, "counter/1", Count(ADA, 60), ours)
    assert executor.execute(COUNTER, "counter/1", Count(ADA, 60), ours) == first


def test_a_command_that_yields_nothing_is_remembered(counting: Store) -> None:
    executor, ours = executor_of(counting), context()
    assert executor.execute(COUNTER, "counter/1", Count(ADA, 0), ours) == Outcome((), ())
    assert executor.execute(COUNTER, "counter/1", Count(ADA, 5), ours) == Outcome((), ())
    assert count_of(counting, "command") == 1
    other = context(command_id=ours.command_id, digest=b"other content")
    assert (
        refused(lambda: executor.execute(COUNTER, "counter/1", Count(ADA, 0), other))
        == "COMMAND_ID_REUSED"
    )


def test_a_repeated_command_is_recognised_before_anything_is_decided(counting: Store) -> None:
    executor, ours = executor_of(counting), context()
    decided: list[Count] = []

    def decide(command: Count, total: int) -> Iterator[Counted]:
        decided.append(command)
        return COUNTER.decide(command, total)

    counter = replace(COUNTER, decide=decide)
    first = executor.execute(counter, "counter/1", Count(ADA, 5), ours)
    assert executor.execute(counter, "counter/1", Count(ADA, 5), ours) == first
    assert decided == [Count(ADA, 5)]


def test_a_remembered_answer_is_given_to_nobody_else(counting: Store) -> None:
    executor, ours = executor_of(counting), context(actor="staff/ada")
    first = executor.execute(COUNTER, "counter/1", Count(ADA, 5), ours)
    other = context(command_id=ours.command_id, actor="staff/bob")
    again = lambda: executor.execute(COUNTER, "counter/1", Count(ADA, 5), other)  # noqa: E731
    assert refused(again) == "COMMAND_ID_REUSED"
    assert executor.execute(COUNTER, "counter/1", Count(ADA, 5), ours) == first


def test_commands_of_before_are_their_facts_actors_and_without_facts_nobodys(
    counting: Store,
) -> None:
    executor, told, untold = executor_of(counting), context(), context()
    first = executor.execute(COUNTER, "counter/1", Count(ADA, 5), told)
    executor.execute(COUNTER, "counter/1", Count(ADA, 0), untold)
    with as_owner(counting) as tx:
        tx.connection.execute(text("UPDATE command SET actor = NULL"))
        commanded = import_module("kernel.store.migrations.versions.0008_who_commanded")
        tx.connection.execute(text(commanded.BACKFILL))
    assert executor.execute(COUNTER, "counter/1", Count(ADA, 5), told) == first
    unknown = lambda: executor.execute(COUNTER, "counter/1", Count(ADA, 0), untold)  # noqa: E731
    assert refused(unknown) == "COMMAND_ID_REUSED"


# One transaction


def test_a_view_that_raises_leaves_nothing_at_all(counting: Store) -> None:
    def view(tx: Transaction, _: Recorded) -> None:
        tx.documents.put(ADA, "note", b"text")
        raise ZeroDivisionError

    ours = context()
    with pytest.raises(ZeroDivisionError):
        executor_of(counting, view=view).execute(COUNTER, "counter/1", Count(ADA, 5), ours)
    for table in ("fact", "published", "sequence", "command", "document"):
        assert count_of(counting, table) == 0, table
    executor_of(counting).execute(COUNTER, "counter/1", Count(ADA, 5), ours)


def test_publishing_what_is_derived_from_without_the_lock_is_an_error(counting: Store) -> None:
    executor = executor_of(counting, subscriptions=TALLYING)
    with pytest.raises(RuntimeError, match="without locking"):
        executor.execute(COUNTER, "counter/1", Count(ADA, 5), context())
    with pytest.raises(RuntimeError, match="without locking"):  # a shared lock is none
        executor.execute(COUNTER, "counter/1", Count(ADA, 5), context(), shared=[ADA])
    assert count_of(counting, "published") == 0
    executor.execute(COUNTER, "counter/1", Count(ADA, 5), context(), locks=[ADA])
    assert ask(counting, "SELECT key FROM due") == [(ADA,)]
    assert count_of(counting, "heard_fact") == 1


def test_what_was_published_before_a_release_derived_from_it_is_caught_up_with(
    counting: Store,
) -> None:
    executor = executor_of(counting)
    for amount in (1, 2, 3):
        executor.execute(COUNTER, "counter/1", Count(ADA, amount), context())
    listener = Listener(counting)
    assert listener.heard(ADA) == [1, 2, 3]
    assert listener.pending_work.drain() == 1
    Listener(counting)
    assert listener.due() == []


@pytest.mark.parametrize("extra", [0, 1])
def test_a_public_fact_that_kafka_would_not_carry_is_refused_when_written(
    counting: Store, extra: int
) -> None:
    message = attended("x" * (LARGEST - 100), 0)
    message.site_id = "y" * (LARGEST + extra - message.ByteSize() - 2)
    assert message.ByteSize() == LARGEST + extra
    with counting.transaction() as tx:
        if extra:
            with pytest.raises(AgainstTheRules) as refusal:
                tx.publish([published(ADA, message)])
            assert refusal.value.reason == "TOO_LARGE"
        else:
            tx.publish([published(ADA, message)])


# Documents


def test_documents_have_versions_and_repeating_one_adds_none(counting: Store) -> None:
    with counting.transaction() as tx:
        puts = [tx.documents.put(ADA, "note", content) for content in (b"a", b"b", b"b", b"a")]
    assert puts == [1, 2, 2, 3]
    with counting.transaction() as tx:
        assert tx.documents.put(ADA, "note", b"a") == 3
        assert tx.documents.put(ADA, "other", b"a") == 1
        opened = [tx.documents.open(ADA, "note", version) for version in (1, 2, 3, 4, None)]
    assert [document and document.content for document in opened] == [b"a", b"b", b"a", None, b"a"]


def test_documents_are_sealed_under_their_owners_own_key(counting: Store) -> None:
    with counting.transaction() as tx:
        tx.documents.put(ADA, "note", CANARY.encode())
        tx.documents.put(BOB, "note", CANARY.encode())
    rows = ask(counting, "SELECT * FROM document")
    assert len(rows) == 2
    assert CANARY.encode() not in b"".join(bytes(row.sealed) + bytes(row.digest) for row in rows)
    assert rows[0].sealed != rows[1].sealed
    # In another owner's place it doesn't open, and neither does it in another version's.
    ask(
        owning(counting),
        "UPDATE document SET sealed = (SELECT sealed FROM document WHERE owner = :o)"
        " WHERE owner = :a RETURNING 1",
        o=BOB,
        a=ADA,
    )
    with counting.transaction() as tx:
        with pytest.raises(Unsealable):
            tx.documents.open(ADA, "note")
        assert tx.documents.open(BOB, "note") is not None
    ask(owning(counting), "UPDATE document SET version = 2 WHERE owner = :b RETURNING 1", b=BOB)
    with counting.transaction() as tx, pytest.raises(Unsealable):
        tx.documents.open(BOB, "note")


def test_two_writers_of_one_document_take_turns(counting: Store) -> None:
    with counting.transaction() as tx:
        tx.documents.put(ADA, "note", b"first")

    gate = Gate()

    def first() -> int:
        with counting.transaction() as tx:
            version = tx.documents.put(ADA, "note", b"second")
            gate()
            return version

    def second() -> int:
        with counting.transaction() as tx:
            return tx.documents.put(ADA, "note", b"third")

    with held(gate, first) as waiting:
        assert waiting.meanwhile(counting, second) == 3
        assert waiting.running.result(10) == 2


def test_ids_depend_on_their_parts_alone() -> None:
    assert derived_id("a", "b") == derived_id("a", "b") != derived_id("ab") != derived_id("b", "a")
    assert uuid4() != uuid4()


def test_a_test_sees_who_waits_for_a_lock(counting: Store) -> None:
    gate = Gate()

    def lock(wait: Any) -> None:
        with counting.transaction() as tx:
            tx.lock([ADA])
            wait()

    with held(gate, lambda: lock(gate)) as first:
        assert not is_waiting(counting)
        running = first.threads.submit(lock, lambda: None)
        until(lambda: is_waiting(counting))
        assert not running.done()


def test_a_public_fact_carries_the_trace_of_the_command_that_made_it(counting: Store) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    asked = context(correlation="the morning's round", traceparent=trace)
    executor_of(counting).execute(COUNTER, ADA, Count(ADA, 1), asked)
    [row] = ask(counting, "SELECT * FROM published")
    headers = envelope_of(row, source="/services/counting", epoch=1).headers()
    assert headers["ce_correlationid"] == b"the morning's round"
    assert headers["ce_traceparent"] == trace.encode()

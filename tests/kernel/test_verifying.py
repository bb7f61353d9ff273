"""Verifying a small listener: nothing is found, and each thing done to its database is, by name."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from ninehours.attendance.v1.attendance_events_pb2 import SessionAttended

from kernel.execute import CommandExecutor
from kernel.messaging.brokers import Brokers
from kernel.messaging.pending_work import PendingWork
from kernel.messaging.subscriptions import Reaction, Subscriptions
from kernel.store.statements import text
from kernel.store.store import Store
from operations.verifying import inbox, outbox, projections
from operations.verifying.examination import Check, Examination, Finding, ServiceChecks
from operations.verifying.outbox import contradicts
from operations.verifying.verification import Checked, Verification
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    BROKEN,
    COUNTER,
    EVE,
    INPUTS,
    SITE,
    TALLY,
    TALLYING,
    TOPIC,
    Count,
    Listener,
    Log,
    SiteOpened,
    attended,
    context,
    publish,
)
from tests.harness.kernel.owner import as_owner
from tests.harness.signing import signatures_of, unsigned

NOWHERE = Brokers("127.0.0.1:1")  # a Kafka that is away: one finding of its own


REACTION = Reaction(name="greet", to=SessionAttended, react=lambda *_: None)
REACTING = Subscriptions(INPUTS.by_type.values(), [TALLY], [REACTION])


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def listener(tallying: Store, log: Log) -> Listener:
    """Two clients at a site, all heard and derived, and two commands of its own."""
    made = Listener(tallying, log)
    made.hear(
        log.tell(SITE, SiteOpened(name="Lakeside")),
        log.tell(ADA, attended("s", 1, site=SITE)),
        log.tell(ADA, attended("t", 2)),
        log.tell(BOB, attended("s", 3, client=BOB)),
    )
    executor = CommandExecutor(store=tallying, publish=publish, subscriptions=TALLYING)
    for amount in (1, 2):
        executor.execute(COUNTER, "counter/1", Count(EVE, amount), context(), locks=[EVE])
    made.pending_work.drain()
    with tallying.transaction() as tx:
        tx.documents.put(ADA, "note", b"said so")
    return made


def verify(
    listener: Listener,
    log: Log,
    subscriptions: Subscriptions = TALLYING,
    checks: Sequence[Check] = (),
) -> dict[str, Checked]:
    verification = Verification(
        store=listener.store,
        subscriptions=subscriptions,
        signatures=signatures_of(),
        service_checks=ServiceChecks(publish=publish, checks=checks),
        owners={TOPIC: log},
        brokers=NOWHERE,
    )
    return {
        checked.check.name: checked
        for checked in verification.verify(0, lambda: True)
        if not checked.in_progress
    }


def reasons(checks: dict[str, Checked]) -> set[str]:
    found = {finding.reason for checked in checks.values() for finding in checked.findings}
    assert "KAFKA_AWAY" in found
    return found - {"KAFKA_AWAY"}


OLDER = Subscriptions(
    [INPUTS.by_type[SessionAttended.DESCRIPTOR.full_name]], [TALLY]
)  # knows nothing of sites


def test_after_a_roll_back_what_the_newer_release_heard_is_no_finding(
    listener: Listener, log: Log
) -> None:
    back = Listener(listener.store, log, subscriptions=OLDER)
    back.pending_work.mark_all()
    back.pending_work.drain()
    assert listener.heard(SITE) == [1]
    assert reasons(verify(back, log, OLDER)) == set()


def test_nothing_is_found_where_nothing_is_wrong_and_every_check_says_what_it_saw(
    listener: Listener, log: Log
) -> None:
    checks = verify(listener, log)
    assert reasons(checks) == set()
    assert {name: checked.looked_at for name, checked in checks.items()} == {
        "published sequences are whole": 6,
        "facts are of accepted commands": 2,
        "commands' facts are published": 2,
        "published facts are signed": 6,
        "sent facts are in Kafka": 0,
        "documents open, and are unaltered": 1,
        "heads are the owners'": 3,
        "heard facts are what owners published": 4,
        "heard facts are signed by their owners": 4,
        "own facts heard are what was published": 2,
        "heard facts are filed rightly": 6,
        "nothing that holds up is hidden": 3,
        "reactions are done": 0,
        "rows are as derived anew": 4,
        "revisions are published": 4,
    }


def test_what_is_looked_at_in_many_steps_is_looked_at_whole(
    listener: Listener, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step ends anywhere: between two facts of a subject, between what is missing and altered."""
    for module in (inbox, outbox, projections):
        monkeypatch.setattr(module, "BATCH", 1)
    assert reasons(verify(listener, log)) == set()
    with as_owner(listener.store) as tx:
        tx.execute("UPDATE heard_fact SET id = gen_random_uuid() WHERE sequence = 2 AND " + CLIENT)
        tx.execute("UPDATE heard_fact SET label = 'NOTES' WHERE sequence = 1 AND " + CLIENT)
    found = verify(listener, log)["heard facts are what owners published"].findings
    assert sorted((finding.reason, finding.about) for finding in found) == [
        ("HEARD_FACT_ALTERED", f"{TOPIC} {ADA} 1"),
        ("HEARD_FACT_MISSING", f"{TOPIC} {ADA} 2"),
        ("HEARD_FACT_UNKNOWN", f"{TOPIC} {ADA} 2"),
    ]


CLIENT = f"subject = '{ADA}'"
WRONGS = {
    "DELETE FROM published WHERE sequence = 1 AND " + CLIENT: "PUBLISHED_MISSING",
    "UPDATE sequence SET last = last + 1 WHERE " + CLIENT: "PUBLISHED_MISSING",
    "UPDATE sequence SET last = last - 1 WHERE " + CLIENT: "SEQUENCE_MOVED",
    "UPDATE sequence SET last_id = gen_random_uuid() WHERE " + CLIENT: "SEQUENCE_OTHER_ID",
    "UPDATE fact SET command_id = gen_random_uuid() WHERE version = 2": "FACT_WITHOUT_COMMAND",
    "UPDATE published SET command_id = gen_random_uuid() WHERE sequence = 1"
    " AND command_id IS NOT NULL": "PUBLISHED_WITHOUT_COMMAND",
    "UPDATE fact SET version = 3 WHERE version = 2": "STREAM_WITH_A_HOLE",
    "UPDATE fact SET body = body || '{\"amount\": 9}'": "FACT_PUBLISHED_OTHERWISE",
    "UPDATE published SET id = gen_random_uuid() WHERE type LIKE '%At%'": "FACT_NOT_PUBLISHED",
    "DELETE FROM fact WHERE version = 2": "PUBLISHED_WITHOUT_FACT",
    "UPDATE published SET signature = NULL WHERE sequence = 1 AND " + CLIENT: "FACT_UNSIGNED",
    'UPDATE published SET headers = headers || \'{"label": "NOTES"}\'': "FACT_FALSELY_SIGNED",
    "UPDATE published SET signature = replace(signature, 'tallying', 'tallying/gone')": (
        "FACT_KEY_UNKNOWN"
    ),
    "DELETE FROM seal": "LOG_NOT_SEALED",
    "UPDATE document SET digest = sha256(digest)": "DOCUMENT_ALTERED",
    "UPDATE document SET sealed = sealed || '\\x00'": "DOCUMENT_CLOSED",
    "UPDATE heard_head SET sequence = sequence - 1 WHERE " + CLIENT: "NOT_HEARD",
    "UPDATE heard_head SET sequence = sequence + 1 WHERE " + CLIENT: "HEAD_MOVED",
    "UPDATE heard_head SET id = gen_random_uuid() WHERE " + CLIENT: "HEAD_OTHER_ID",
    "DELETE FROM heard_fact WHERE sequence = 2 AND " + CLIENT: "HEARD_FACT_MISSING",
    "UPDATE heard_fact SET id = gen_random_uuid() WHERE sequence = 2 AND "
    + CLIENT: "HEARD_FACT_UNKNOWN",
    "UPDATE heard_fact SET label = 'NOTES' WHERE sequence = 2 AND " + CLIENT: "HEARD_FACT_ALTERED",
    "UPDATE heard_fact SET refs = '{}' WHERE sequence = 1 AND " + CLIENT: "HEARD_FACT_REFERENCES",
    "UPDATE heard_head SET stopped = 'PARKED' WHERE " + CLIENT: "PARKED_HIDDEN",
    "INSERT INTO parked (topic, partition, record_offset, subject, headers, error)"
    f" VALUES ('{TOPIC}', 0, 0, '{ADA}', '{{}}', 'x')": "PARKED_HOLDS_NOBODY",
    "UPDATE heard_head SET behind_to = 1 WHERE " + CLIENT: "BEHIND_FOR_NOTHING",
    "UPDATE heard_topic SET epoch = epoch + 1": "EPOCH_OTHER",
    "INSERT INTO derived SELECT id, 2, derivation, key, kind, row_key, content, provenance,"
    " withdrawn, false FROM derived LIMIT 1": "REVISION_SAYS_NOTHING",
    "UPDATE derived SET content = content || '{\"minutes\": 9}'": "DERIVED_ALTERED",
    "UPDATE derived SET withdrawn = true": "DERIVED_ALTERED",
    "UPDATE derived SET provenance = provenance || '{\"facts\": []}'": "DERIVED_PROVENANCE",
    "UPDATE derived SET revision = 5": "DERIVED_NOT_PUBLISHED",
    "DELETE FROM derived": "PUBLISHED_NOT_DERIVED",
}


@pytest.mark.parametrize(("wrong", "reason"), WRONGS.items())
def test_what_is_done_by_sql_is_found(
    listener: Listener, log: Log, wrong: str, reason: str
) -> None:
    with as_owner(listener.store) as tx:
        assert tx.connection.execute(text(wrong.replace(":", "\\:"))).rowcount
    assert reason in reasons(verify(listener, log))


def test_a_fact_heard_and_never_derived_is_a_lost_due_key(listener: Listener, log: Log) -> None:
    listener.hear(log.tell(ADA, attended("t", 50)), log.tell(BOB, attended("new", 1, client=BOB)))
    assert reasons(verify(listener, log)) == set()  # it is due: nothing can be said of it yet
    listener.ask("DELETE FROM due RETURNING 1")
    found = verify(listener, log)
    assert reasons(found) == {"DUE_LOST"}
    about = {finding.about for finding in found["rows are as derived anew"].findings}
    assert about == {ADA, BOB}


def test_a_derivation_that_fails_is_found_without_its_words(listener: Listener, log: Log) -> None:
    listener.hear(log.tell(ADA, attended("t", BROKEN)))
    listener.ask("DELETE FROM due RETURNING 1")
    [finding] = verify(listener, log)["rows are as derived anew"].findings
    assert finding.reason == "DERIVATION_FAILS"
    assert "Canary" not in finding.says


def test_a_reaction_never_done_is_found_unless_it_is_due(listener: Listener, log: Log) -> None:
    assert reasons(verify(listener, log, REACTING)) == {"REACTION_NOT_DONE"}
    PendingWork(listener.store, REACTING).mark_outdated()
    assert reasons(verify(listener, log, REACTING)) == set()


def test_what_was_given_up_is_not_missed(listener: Listener, log: Log) -> None:
    [row] = listener.ask(
        "DELETE FROM heard_fact WHERE sequence = 2 AND subject = :s RETURNING *", s=ADA
    )
    listener.ask(
        "INSERT INTO given_up VALUES (1, :topic, 0, 0, :subject, :id, '', '{}', '', '', now(), '',"
        " now(), '') RETURNING 1",
        topic=TOPIC,
        subject=ADA,
        id=row.id,
    )
    assert "HEARD_FACT_MISSING" not in reasons(verify(listener, log))


def test_a_private_fact_that_can_not_be_decoded_is_found_and_the_rest_is_looked_at(
    listener: Listener, log: Log
) -> None:
    with as_owner(listener.store) as tx:
        tx.execute("UPDATE fact SET type = 'made.v9.unheard' WHERE version = 1")
        tx.execute("UPDATE fact SET body = body || '{\"amount\": 9}' WHERE version = 2")
    found = verify(listener, log)
    assert {"FACT_UNREADABLE", "FACT_PUBLISHED_OTHERWISE"} <= reasons(found)
    assert len(found) == 15


def test_nothing_is_written(listener: Listener, log: Log) -> None:
    def everything() -> Sequence[Any]:
        return listener.ask(
            "SELECT xmin, ctid FROM derived UNION ALL SELECT xmin, ctid FROM published"
            " UNION ALL SELECT xmin, ctid FROM heard_fact UNION ALL SELECT xmin, ctid FROM due"
        )

    before = everything()
    verify(listener, log)
    assert everything() == before


def test_verifying_ends_when_nobody_waits(listener: Listener, log: Log) -> None:
    verification = Verification(
        store=listener.store,
        subscriptions=TALLYING,
        signatures=signatures_of(),
        service_checks=ServiceChecks(publish=publish),
        owners={TOPIC: log},
        brokers=NOWHERE,
    )
    assert [checked.in_progress for checked in verification.verify(60, lambda: False)] == [True]


def test_a_field_that_only_a_later_release_sets_contradicts_nothing() -> None:
    was, now = attended("s", 5), attended("s", 5, site="site/1")
    assert not contradicts(was, now)
    assert contradicts(now, was)
    assert contradicts(was, attended("s", 6))
    assert not contradicts(SessionAttended(), SessionAttended(client_id=str(uuid4())))


def test_what_an_owner_has_unsigned_or_altered_since_it_was_heard_is_found(
    listener: Listener, log: Log
) -> None:
    first, second = log.records[ADA]
    log.records[ADA] = [unsigned(first), replace(second, body=b"")]
    found = reasons(verify(listener, log))
    assert {"HEARD_FACT_UNSIGNED", "HEARD_FACT_FALSELY_SIGNED"} <= found


# What is planted on a topic, and a restored owner: found whatever this service noticed


def test_a_fact_forged_onto_a_topic_is_found(listener: Listener, log: Log) -> None:
    listener.hear(Log().tell(ADA, attended("forged", 240), sequence=3, id=uuid4()))
    assert {"HEAD_MOVED", "HEARD_FACT_UNKNOWN"} <= reasons(verify(listener, log))


@pytest.mark.parametrize("raised", [True, False])
def test_a_restored_owner_is_found(listener: Listener, log: Log, raised: bool) -> None:
    log.restore({**log.records, ADA: log.records[ADA][:1]}, raise_epoch=raised)
    found = reasons(verify(listener, log))
    assert {"HEAD_MOVED", "HEARD_FACT_UNKNOWN"} <= found
    assert ("EPOCH_OTHER" in found) == raised


def test_new_facts_under_old_sequences_are_found(listener: Listener, log: Log) -> None:
    log.restore({**log.records, ADA: log.records[ADA][:1]}, raise_epoch=False)
    for n in (7, 8, 9):
        log.tell(ADA, attended("new", n), id=uuid4())
    assert {"HEARD_FACT_MISSING", "HEARD_FACT_UNKNOWN"} <= reasons(verify(listener, log))


@pytest.mark.parametrize(
    ("damage", "reason", "about"),
    [
        (
            r"UPDATE heard_fact SET body = '\xff' WHERE sequence = 2 AND " + CLIENT,
            "HEARD_FACT_UNREADABLE",
            f"{TOPIC} {ADA} 2",
        ),
        (
            r"UPDATE published SET body = '\xff' WHERE command_id IS NOT NULL AND sequence = 1",
            "FACT_PUBLISHED_OTHERWISE",
            f"{EVE} 1",
        ),
        (
            r"UPDATE published SET body = '\xff' WHERE command_id IS NULL AND " + CLIENT,
            "DERIVED_ALTERED",
            ADA,
        ),
    ],
)
def test_a_public_fact_that_can_not_be_decoded_is_found_by_its_place_and_the_rest_is_looked_at(
    listener: Listener, log: Log, damage: str, reason: str, about: str
) -> None:
    with as_owner(listener.store) as tx:
        tx.execute(damage)
    found = verify(listener, log)
    assert (reason, about) in {
        (finding.reason, finding.about)
        for checked in found.values()
        for finding in checked.findings
    }
    assert len(found) == 15


@pytest.mark.parametrize("broken", ["SELECT 1 / 0", "SELECT CAST('not a date' AS date)", ""])
def test_a_check_that_fails_is_a_finding_and_the_next_is_made(
    listener: Listener, log: Log, broken: str
) -> None:
    def find(examination: Examination) -> Iterator[Finding]:
        examination.count()
        yield Finding("FOUND", "before", "it failed")
        if not broken:
            raise ValueError("Wilhelmina Canary")
        examination.rows(broken)

    def look(examination: Examination) -> Iterator[Finding]:
        yield Finding("LOOKED", str(examination.rows("SELECT count(*) AS n FROM derived")[0].n), "")

    checks = (Check("fails", "facts", find), Check("goes on", "rows", look))
    found = verify(listener, log, checks=checks)
    before, failed = found["fails"].findings
    assert (before.reason, failed.reason, failed.about) == ("FOUND", "CHECK_FAILED", "fails")
    assert "Canary" not in failed.says
    assert [finding.about for finding in found["goes on"].findings] == ["4"]

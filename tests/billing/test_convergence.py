"""Convergence through the real path: whatever the network did, the same facts give the same rows.

Histories are permuted, doubled, holed (the last fact too) and batched through `hear` and `drain` on
PostgreSQL; holes are fetched from real owners over gRPC.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from kernel.messaging.envelope import Record
from kernel.messaging.gap_repair import GapRepair
from kernel.process import Service
from kernel.refusal import Unknown
from kernel.store.statements import text
from kernel.store.store import Store
from services.billing.__main__ import SERVICE
from services.billing.adapters.rows import ROWS
from services.billing.domain.history.history import ClaimLine
from tests.harness.billing.facts import COVERAGE
from tests.harness.billing.history import day
from tests.harness.billing.owners import CLIENTS, Owners, clients_of, owners
from tests.harness.billing.service import FakeIntake, Office, covered
from tests.harness.kernel.owner import as_owner

SEEDS = range(6)
NewStore = Callable[[Service], Store]


@pytest.fixture
def others(new_store: NewStore, secrets_dir: Path) -> Iterator[Owners]:
    office = Office(new_store(SERVICE))
    office.register()  # only to learn the payer's id, which is the same in every office
    with owners(new_store, secrets_dir, office.payer_id) as found:
        yield found


class Listener:
    """One billing with its healer, on a database of its own."""

    def __init__(self, store: Store, others: Owners) -> None:
        self.office = Office(store, FakeIntake(), log=None)
        for client_id in CLIENTS:
            self.office.identities.cover(others.payer_id, covered(client_id, COVERAGE))
        self.office.register()
        self.gap_repair = GapRepair(store, self.office.inbox, others.remotes)
        self.steps = list(self.office.steps(others.site_id, CLIENTS))
        self.healed = 0

    def settle(self) -> None:
        """Until nothing is missing and nothing is due: what the stream process does for ever."""
        while self.gap_repair.compare():
            self.healed += self.gap_repair.repair()
        self.office.pending_work.drain()

    def tidy(self, records: Sequence[Record]) -> "Listener":
        """Everything once, in its order, before all that billing itself has to say."""
        self.office.inbox.hear(records)
        self.take_steps(len(self.steps))
        self.office.pending_work.drain()
        return self

    def take_steps(self, most: int) -> None:
        """As many as that; one about a site or a client nobody told of yet waits."""
        for _ in range(most):
            try:
                self.steps[0]()
            except Unknown:
                return
            self.steps.pop(0)

    def disturbed(self, records: Sequence[Record], chance: random.Random) -> "Listener":
        """Permuted, doubled, holed, in batches, with billing's own commands in between."""
        for batch in batches(disturb(records, chance), chance):
            self.office.inbox.hear(batch)
            if self.steps and chance.random() < 0.5:
                self.take_steps(1)
            if chance.random() < 0.4:
                self.office.pending_work.drain()
            if chance.random() < 0.2:
                self.healed += self.gap_repair.repair()
        self.settle()
        self.take_steps(len(self.steps))
        self.settle()
        return self

    def close(self) -> Any:
        """The current contents; the database is let go of."""
        assert self.steps == []
        assert self.office.query("SELECT * FROM due") == []
        assert self.office.query("SELECT * FROM parked") == []
        assert self.office.query("SELECT * FROM heard_head WHERE behind_to > 0") == []
        current = self.office.current()
        self.office.store.close()
        return current


def disturb(records: Sequence[Record], chance: random.Random) -> list[Record]:
    """Some are lost, the last one of a client among them; some come twice; none in its place."""
    unlucky = chance.choice(sorted(clients_of(records)))
    last = max(
        index
        for index, record in enumerate(records)
        if record.headers["ce_subject"].decode() == unlucky
    )
    kept = [
        record for index, record in enumerate(records) if index != last and chance.random() > 0.15
    ]
    kept += [record for record in kept if chance.random() < 0.3]
    chance.shuffle(kept)
    if chance.random() < 0.5:  # half the time most of it is in order, as Kafka has it
        kept.sort(key=lambda record: (record.offset // 7, record.topic, record.offset))
    return kept


def batches(records: Sequence[Record], chance: random.Random) -> Iterator[Sequence[Record]]:
    start = 0
    while start < len(records):
        size = chance.randint(1, 30)
        yield records[start : start + size]
        start += size


def outcomes(current: Any, client_id: str) -> dict[int, str]:
    """Day → its outcome, of one client."""
    return {
        number: content["outcome"]
        for number in range(14)
        for content in [current.get(("service_day", f"{client_id}|{day(number)}"))]
        if content is not None
    }


def test_attendance_corrected_back_and_again_before_issuing(
    new_store: NewStore, others: Owners
) -> None:
    ada, bob = CLIENTS
    others.correct(ada, 0, 0)
    others.correct(ada, 2, 0, 180)
    others.correct(bob, 4, 0, 180, 90)
    others.correct(bob, 3, 200)
    records = others.records()
    tidy = Listener(new_store(SERVICE), others).tidy(records).close()
    assert outcomes(tidy, ada) == {
        0: "NOT_BILLABLE",
        2: "PER_DIEM",
        3: "NOT_BILLABLE",
        4: "PER_DIEM",
        7: "PER_DIEM",
        9: "PER_DIEM",
    }
    assert outcomes(tidy, bob) == {
        0: "PER_DIEM",
        2: "PER_DIEM",
        3: "PER_DIEM",
        4: "NOT_BILLABLE",
        7: "PER_DIEM",
        9: "PER_DIEM",
    }
    for seed in SEEDS:
        found = Listener(new_store(SERVICE), others).disturbed(records, random.Random(seed))
        assert found.healed > 0, seed
        assert found.close() == tidy, seed


def test_attendance_corrected_back_and_again_after_issuing(
    new_store: NewStore, others: Owners
) -> None:
    """Issued at the same point of each history: when all that came before was settled."""
    before = others.records()
    listeners = [Listener(new_store(SERVICE), others) for _ in SEEDS]
    tidy = Listener(new_store(SERVICE), others).tidy(before)
    chances = [random.Random(seed) for seed in SEEDS]
    for found, chance in zip(listeners, chances, strict=True):
        found.disturbed(before, chance)
    issued = [listener.office.issue(day(6)) for listener in (tidy, *listeners)]
    assert issued[0].claims == 2
    assert all(answer.left_out == [] for answer in issued)
    assert len({answer.charge.minor_units for answer in issued}) == 1
    tidy.settle()
    assert tidy.office.of_kind("proposal") == []

    ada, bob = CLIENTS
    others.correct(ada, 0, 0)
    others.correct(ada, 2, 0, 180)
    others.correct(bob, 4, 0, 180, 90)
    others.correct(bob, 3, 200)  # newly billable
    others.correct(bob, 9, 0)  # not issued yet
    others.hold(1, {ada: 180})  # a late day
    others.hold(10, {bob: 180})
    after = others.records()

    rows = tidy.tidy(after).close()
    proposals = {key: content for (kind, key), content in rows.items() if kind == "proposal"}
    assert sorted(
        (proposal["client_id"], proposal["action"], *proposal["changed_dates"])
        for proposal in proposals.values()
    ) == [
        (ada, "REPLACE", day(0).isoformat()),
        (bob, "REPLACE", day(4).isoformat()),
    ]
    drafts = [content for (kind, _), content in rows.items() if kind == "draft_claim"]
    assert sorted(
        (draft["client_id"], [line["service_date"][-2:] for line in draft["lines"]])
        for draft in drafts
    ) == [
        (ada, ["03"]),
        (ada, ["09", "11"]),
        (bob, ["05"]),
        (bob, ["09", "12"]),
    ]
    for seed, (found, chance) in enumerate(zip(listeners, chances, strict=True)):
        # Old records come again with the new ones.
        assert found.disturbed(after, chance).close() == rows, seed


def test_everything_is_lost_but_one_record_and_still_nothing_is_missing(
    new_store: NewStore, others: Owners
) -> None:
    records = others.records()
    tidy = Listener(new_store(SERVICE), others).tidy(records).close()
    found = Listener(new_store(SERVICE), others)
    found.office.hear(records[-1:])
    assert found.office.current() == {}
    found.settle()
    found.take_steps(len(found.steps))
    found.settle()
    assert found.close() == tidy


def test_a_lost_last_fact_is_found_by_comparing_heads(new_store: NewStore, others: Owners) -> None:
    ada = CLIENTS[0]
    found = Listener(new_store(SERVICE), others).tidy(others.records())
    found.settle()  # whose epoch it is, its owner says
    found.healed = 0
    others.correct(ada, 0, 0)
    assert found.gap_repair.repair() == 0  # nobody knows that something is missing
    assert outcomes(found.office.current(), ada)[0] == "PER_DIEM"
    found.settle()
    assert found.healed == 1
    assert outcomes(found.close(), ada)[0] == "NOT_BILLABLE"


def test_replay_publishes_nothing_and_changes_nothing(new_store: NewStore, others: Owners) -> None:
    others.correct(CLIENTS[0], 0, 0, 180, 0)
    found = Listener(new_store(SERVICE), others).disturbed(others.records(), random.Random(7))
    office = found.office
    office.issue(day(6))
    office.pending_work.drain()
    others.correct(CLIENTS[1], 0, 0)
    found.settle()
    looked = "SELECT * FROM derived ORDER BY id, revision", "SELECT * FROM published ORDER BY 8"
    before = [office.query(listed) for listed in looked]
    assert all(len(rows) > 20 for rows in before)
    for _ in range(2):
        assert office.pending_work.mark_all() == len(CLIENTS)
        assert office.pending_work.drain() == len(CLIENTS)
        assert [office.query(listed) for listed in looked] == before
    assert any(content["action"] == "REPLACE" for content in office.of_kind("proposal"))


def test_rows_of_the_last_release_that_say_less_make_no_revision(
    new_store: NewStore, others: Owners
) -> None:
    """Whatever they leave out is at its default: an upgrade publishes nothing anew."""
    found = Listener(new_store(SERVICE), others).tidy(others.records())
    office = found.office
    office.issue(day(6))
    office.pending_work.drain()
    others.correct(CLIENTS[1], 0, 0)
    found.settle()
    looked = "SELECT id, revision FROM derived ORDER BY 1, 2", "SELECT id FROM published ORDER BY 1"
    before = [office.query(statement) for statement in looked]
    shorter = set()
    for row in office.query("SELECT id, revision, kind, content FROM derived WHERE current"):
        less = without_defaults(ROWS.names[row.kind], row.content)
        if less != row.content:
            shorter.add(row.kind)
        with as_owner(office.store) as tx:
            tx.connection.execute(
                text(
                    "UPDATE derived SET content = CAST(:less AS jsonb) WHERE id = :id AND current"
                ),
                {"less": Jsonb(less), "id": row.id},
            )
    assert shorter == {*ROWS.names}
    assert office.pending_work.mark_all() == len(CLIENTS)
    assert office.pending_work.drain() == len(CLIENTS)
    assert [office.query(statement) for statement in looked] == before


def without_defaults(kind: type, content: dict[str, Any]) -> dict[str, Any]:
    """As a release stored it that didn't know the fields with a default yet."""
    defaults = {field.name: json.loads(json.dumps(field.default)) for field in with_default(kind)}
    less = {name: said for name, said in content.items() if said != defaults.get(name, object())}
    if "lines" in less:
        less["lines"] = [without_defaults(ClaimLine, line) for line in less["lines"]]
    return less


def with_default(kind: type) -> list[Field[Any]]:
    return [field for field in fields(kind) if field.default is not MISSING]


def test_corrected_and_corrected_back_makes_three_revisions_of_the_day(
    new_store: NewStore, others: Owners
) -> None:
    ada = CLIENTS[0]
    found = Listener(new_store(SERVICE), others).tidy(others.records())
    for minutes in (0, 180):
        others.correct(ada, 0, minutes)
        found.settle()
    revisions = found.office.query(
        "SELECT revision, content->>'outcome' AS outcome, current, content FROM derived"
        " WHERE kind = 'service_day' AND row_key = :key ORDER BY revision",
        key=f"{ada}|{day(0)}",
    )
    assert [(row.revision, row.outcome, row.current) for row in revisions] == [
        (1, "PER_DIEM", False),
        (2, "NOT_BILLABLE", False),
        (3, "PER_DIEM", True),
    ]
    assert revisions[0].content == revisions[2].content
    published = found.office.query(
        "SELECT id FROM published WHERE type LIKE '%.ServiceDayResolved' AND subject = :ada",
        ada=f"client/{ada}",
    )
    assert len(published) == len({row.id for row in published}) == 6 + 2

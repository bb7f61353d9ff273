"""A model beside the system: whatever is said, sent, lost, killed, restored and rolled out, in any
order, the system holds what a page of plain Python says.

The model (`Log`, `tallies_of`) is what each service said, as values, and what follows from it. The
machine (`SmallWorld`) does things to real services (tests/harness/kernel/small_world.py), and looks
after each that

- a published log is what was said, in order, whole and no more (`log_is_what_was_said`);
- what is marked as sent was sent (`what_is_marked_was_sent`);
- nothing is heard that its owner didn't publish there (`nothing_is_heard_beyond_its_owner`);
- a command given again answers what it answered, and is refused with other content (`say_again`);

and, where it was left alone to heal (`settle`, and at the end of each history), that rows are what
follows from all that was said, and that `verify` finds nothing.

A history that fails is told in its shortest form; its lines are a test of their own, as those of
`test_a_history_that_is_told_can_be_played_again`. CONTRIBUTING.md says how others are looked for.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ninehours.attendance.v1.attendance_events_pb2 import SessionAttended, SiteOpened
from ninehours.common.v1.statements_pb2 import StatementAmended

from kernel.execute import Outcome
from kernel.messaging.amendments import AMENDED
from kernel.messaging.envelope import Record
from kernel.messaging.owners import Owner
from kernel.process import Service as Declared
from kernel.refusal import Refusal
from operations.verifying.examination import Check, Finding
from operations.verifying.verification import CHECKS, LISTENING
from tests.conftest import NewStore
from tests.harness.kernel.counters import ADA, BOB, SITE, ask
from tests.harness.kernel.small_world import (
    AFTER,
    BEFORE,
    FULL,
    STORED,
    Attendance,
    Killed,
    Opening,
    Order,
    OwnerBeside,
    Service,
    Words,
    Worker,
    publish,
)
from tests.harness.kernel.verified import findings_of

NewStores = Callable[[], AbstractContextManager[NewStore]]
CLIENTS = (ADA, BOB)


# The model: what was said, and what follows


@dataclass(frozen=True, slots=True)
class Amends:
    """The fact of that version says this now; None: nothing any more."""

    version: int
    words: Words | None


@dataclass
class Log:
    """What one service said: subject → its facts; and what each command was answered."""

    facts: dict[str, list[Words | Amends]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[int, tuple[Order, Outcome]] = field(default_factory=dict)

    def standing(self, subject: str) -> list[Any]:
        """What each of its facts says by now; None: nothing, or only something of another."""
        said: list[Words | None] = []
        for fact in self.facts[subject]:
            if isinstance(fact, Amends):
                said[fact.version - 1] = fact.words
            said.append(None if isinstance(fact, Amends) else fact)
        return said

    def answer(self, order: Order) -> list[Words | Amends] | str:
        """What the command adds, or why it is refused."""
        facts, said = self.facts[order.subject], self.standing(order.subject)
        if order.expected_version not in (None, len(facts)):
            return "VERSION_CONFLICT"
        if order.amends is not None:
            if order.revision != 1 + sum(amends(fact, order.amends) for fact in facts):
                return "STATEMENT_CHANGED"
            same = order.words == said[order.amends - 1]
            return [] if same else [Amends(order.amends, order.words)]
        assert order.words is not None
        said = [words for words in said if words is not None]
        if [words for words in said if about(words) == about(order.words)][-1:] == [order.words]:
            return []
        return "FULL" if minutes_of([*said, order.words]) > FULL else [order.words]


def amends(fact: Words | Amends, version: int) -> bool:
    return isinstance(fact, Amends) and fact.version == version


def about(words: Words) -> str:
    return words.session if isinstance(words, Attendance) else words.site


def minutes_of(said: Sequence[Words]) -> int:
    return sum(words.minutes for words in said if isinstance(words, Attendance))


def tallies_of(logs: Sequence[Log], *, after: bool) -> dict[str, tuple[int, tuple[str, ...]]]:
    """`client|session` → its minutes, and what the site is called that the client ever came to.

    Of logs in the order of their topics. The release of before told all minutes, and no name.
    """
    rows = {}
    names = tuple(opening.name for log in logs for opening in log.standing(SITE) if opening)[-1:]
    for client in CLIENTS:
        ever: list[Any] = [
            getattr(fact, "words", fact) for log in logs for fact in log.facts[client]
        ]
        named = names if after and any(words and words.site for words in ever) else ()
        said = [words for log in logs for words in log.standing(client) if words]
        for session in {words.session for words in said}:
            told = [words for words in said if words.session == session]
            rows[f"{client}|{session}"] = (minutes_of(told[-1:] if after else told), named)
    return rows


# The system, read as the model has it


def published_by(service: Service) -> Sequence[Any]:
    """Its published log, subject by subject."""
    with service.store.by_statement() as tx:
        return tx.execute("SELECT * FROM published ORDER BY subject, sequence").all()


def said_in(log: Sequence[Any]) -> dict[str, list[Words | Amends]]:
    """What commands said, of each subject whole."""
    found: dict[str, list[Words | Amends]] = defaultdict(list)
    last: dict[str, int] = defaultdict(int)
    versions: dict[str, int] = {}
    for row in log:
        last[row.subject] += 1
        assert row.sequence == last[row.subject], "a published log has a hole"
        if row.command_id is not None:
            versions[str(row.id)] = len(found[row.subject]) + 1
            found[row.subject].append(read(row.type, row.subject, bytes(row.body), versions))
    return found


def read(kind: str, subject: str, body: bytes, versions: dict[str, int]) -> Words | Amends:
    if kind == AMENDED:
        said = StatementAmended.FromString(body)
        words: Any = None if said.voided else read(said.type, subject, said.content, versions)
        return Amends(versions[said.fact_id], words)
    if kind == SiteOpened.DESCRIPTOR.full_name:
        return Opening(site=subject, name=SiteOpened.FromString(body).name)
    told = SessionAttended.FromString(body)
    return Attendance(
        client=subject, session=told.session_id, minutes=told.minutes, site=told.site_id
    )


# The machine

AT = some.sampled_from(["counting", "tallying"])
CLIENT = some.integers(0, len(CLIENTS) - 1)
SESSION = some.sampled_from(["a", "b"])
MINUTES = some.sampled_from([1, 2, 50, 0])
PICK = some.integers(0, 40)
FEW = some.integers(1, 4)
PLACES = some.sampled_from(["heard", "read", "derived", "outdated"])


class SmallWorld(RuleBasedStateMachine):
    """Two clients and a site; `tallying` hears what `counting` says, and says something itself."""

    def __init__(self, new_stores: NewStores, no_migrations: Path) -> None:
        super().__init__()
        self.opened = ExitStack()
        new_store = self.opened.enter_context(new_stores())
        self.services = {
            name: Service(
                new_store(
                    Declared(
                        name=name,
                        codec=STORED,
                        migrations=no_migrations,
                        servicers=lambda *_: {},
                    )
                )
            )
            for name in ("counting", "tallying")
        }
        self.counting, self.tallying = self.services.values()
        self.logs = {name: Log() for name in self.services}
        self.owner = OwnerBeside(self.counting.store)
        self.release = BEFORE
        self.old: Worker | None = None
        self.start()
        self.orders = self.on_the_way = 0
        self.epochs = dict.fromkeys(self.services, 1)
        self.backups: dict[str, tuple[Any, Log]] = {}

    # Whatever is said

    @rule(at=AT, client=CLIENT, session=SESSION, minutes=MINUTES, here=some.booleans())
    def attend(self, *, at: str, client: int, session: str, minutes: int, here: bool) -> None:
        self.give(at, self.attendance(client, session, minutes, here))

    @rule(name=some.sampled_from(["North", "South"]))
    def open_site(self, name: str) -> None:
        self.give("counting", self.order(SITE, Opening(site=SITE, name=name)))

    @rule(at=AT, client=CLIENT, pick=PICK, minutes=MINUTES, stale=some.booleans())
    def put_right(self, *, at: str, client: int, pick: int, minutes: int, stale: bool) -> None:
        self.amend(at, client, pick, stale, lambda first: replace(first, minutes=minutes))

    @rule(at=AT, client=CLIENT, pick=PICK, stale=some.booleans())
    def take_back(self, *, at: str, client: int, pick: int, stale: bool) -> None:
        self.amend(at, client, pick, stale, lambda _: None)

    @rule(at=AT, client=CLIENT, minutes=MINUTES, version=some.integers(0, 5))
    def attend_if_as_read(self, *, at: str, client: int, minutes: int, version: int) -> None:
        order = self.attendance(client, "a", minutes, False)
        self.give(at, replace(order, expected_version=version))

    @rule(client=CLIENT, first=MINUTES, second=MINUTES)
    def attend_twice_at_once(self, *, client: int, first: int, second: int) -> None:
        """The second was faster: what the first would add is decided again, on what that left."""
        order = self.attendance(client, "a", first, True)
        faster = [self.attendance(client, "a", second, False)]
        answer = self.logs["counting"].answer(order)
        self.give(
            "counting",
            order,
            answer=None if isinstance(answer, list) and answer else answer,
            before=lambda _: self.give("counting", faster.pop()) if faster else None,
        )

    @rule(at=AT, client=CLIENT, minutes=MINUTES)
    def be_killed_before_commit(self, *, at: str, client: int, minutes: int) -> None:
        with suppress(Killed):
            self.give(at, self.attendance(client, "a", minutes, False), killed=True)

    @rule(at=AT, pick=PICK)
    def say_again(self, at: str, pick: int) -> None:
        """With the same content, and with another."""
        for order, outcome in picked(self.logs[at].answers, pick):
            assert self.services[at].execute(order) == outcome
            with pytest.raises(Refusal) as refused:
                self.services[at].execute(replace(order, revision=order.revision + 1))
            assert refused.value.reason == "COMMAND_ID_REUSED"

    # Whatever happens on the way

    @rule(at=AT, takes=some.none() | some.integers(0, 3))
    def send(self, at: str, takes: int | None) -> None:
        self.services[at].send(takes=takes)

    @rule(at=AT)
    def send_and_be_killed_before_it_is_marked(self, at: str) -> None:
        self.services[at].send(killed=True)

    @rule(number=FEW)
    def hear(self, number: int) -> None:
        self.worker.inbox.hear(self.next_records(number))

    @rule(picks=some.lists(PICK, min_size=1, max_size=4))
    def hear_again_or_early(self, picks: list[int]) -> None:
        self.worker.inbox.hear(self.any_records(picks))

    @rule(number=FEW)
    def lose(self, number: int) -> None:
        self.next_records(number)

    @precondition(lambda self: self.old)
    @rule(picks=some.lists(PICK, min_size=1, max_size=4))
    def the_old_release_hears(self, picks: list[int]) -> None:
        assert self.old is not None
        self.old.inbox.hear(self.any_records(picks))

    # Whatever the listener does

    @rule()
    def compare(self) -> None:
        self.worker.gap_repair.compare()

    @rule()
    def repair(self) -> None:
        self.worker.gap_repair.repair()

    @rule()
    def derive(self) -> None:
        self.worker.pending_work.drain()

    @precondition(lambda self: self.old)
    @rule()
    def the_old_release_works(self) -> None:
        assert self.old is not None
        self.old.heal()

    @rule(number=FEW, place=PLACES)
    def be_killed_at_work(self, number: int, place: str) -> None:
        """What it had heard comes again, or not: as Kafka has it."""
        with self.worker.dying(place):
            self.worker.inbox.hear(self.next_records(number))
            self.worker.heal()
        self.restart()

    @rule()
    def restart(self) -> None:
        self.start()

    @rule()
    def roll(self) -> None:
        """To the other release, forth or back; the one of before is at work still."""
        self.old = self.worker
        self.release = BEFORE if self.release is AFTER else AFTER
        self.start()

    @precondition(lambda self: self.old)
    @rule()
    def end_the_roll(self) -> None:
        """In the place of the last worker of the other release one of this starts."""
        self.old = None
        self.start()

    @rule()
    def rebuild(self) -> None:
        self.worker.pending_work.mark_all()
        self.worker.pending_work.drain()

    # Whatever happens to a database

    @rule(at=AT)
    def back_up(self, at: str) -> None:
        self.backups[at] = (self.services[at].kept(), deepcopy(self.logs[at]))

    @precondition(lambda self: self.backups)
    @rule(pick=PICK)
    def restore(self, pick: int) -> None:
        """All that was said since is lost, and said to be; processes of that service start anew."""
        for at, (kept, log) in picked(dict(sorted(self.backups.items())), pick, keys=True):
            self.epochs[at] = self.services[at].restore(kept, above=self.epochs[at])
            self.logs[at] = deepcopy(log)
            if at == "tallying":
                self.old = None
                self.start()

    @rule()
    def settle(self) -> None:
        """Left alone it heals, whatever is still on the way; an operator says `resync`."""
        if self.old:
            self.end_the_roll()
        for service in self.services.values():
            found, sent = service.send()
            assert found == sent
        rounds = 0
        while self.worker.resync_if_stopped() | self.worker.heal():
            rounds += 1
            assert rounds < 9, "it heals for ever"
        assert ask(self.tallying.store, "SELECT * FROM due") == []
        assert ask(self.tallying.store, "SELECT * FROM parked") == []
        rows = ask(self.tallying.store, "SELECT * FROM derived WHERE current AND NOT withdrawn")
        assert {
            row.row_key: (row.content["minutes"], tuple(row.content["named"])) for row in rows
        } == tallies_of([*self.logs.values()], after=self.release is AFTER)
        assert self.verified(self.counting, CHECKS) == []
        assert self.verified(self.tallying, (*CHECKS, *LISTENING), self.owner) == []

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # else it is over, and what went wrong is told
                self.settle()
        finally:
            self.opened.close()

    # What holds after each step

    @invariant()
    def what_must_hold(self) -> None:
        logs = {name: published_by(service) for name, service in self.services.items()}
        for name, log in logs.items():
            self.log_is_what_was_said(name, log)
            self.what_is_marked_was_sent(name, log)
        self.nothing_is_heard_beyond_its_owner(logs["counting"])

    def log_is_what_was_said(self, name: str, log: Sequence[Any]) -> None:
        assert said_in(log) == {
            subject: facts for subject, facts in self.logs[name].facts.items() if facts
        }

    def what_is_marked_was_sent(self, name: str, log: Sequence[Any]) -> None:
        records = self.services[name].wire.records
        sent = {record.headers["ce_id"].decode() for record in records}
        assert {str(row.id) for row in log if row.sent_at is not None} <= sent

    def nothing_is_heard_beyond_its_owner(self, log: Sequence[Any]) -> None:
        epoch, checkpoints = self.worker.checkpoints()
        if epoch != self.epochs["counting"]:
            return  # of another past: an operator is to say so
        published = {(row.subject, row.sequence): str(row.id) for row in log}
        for subject, checkpoint in checkpoints.items():
            if checkpoint.sequence:
                assert published.get((subject, checkpoint.sequence)) == checkpoint.id

    # How it is done

    def attendance(self, client: int, session: str, minutes: int, here: bool) -> Order:
        subject = CLIENTS[client]
        words = Attendance(
            client=subject, session=session, minutes=minutes, site=SITE if here else ""
        )
        return self.order(subject, words)

    def order(self, subject: str, words: Words | None, **amends: Any) -> Order:
        self.orders += 1
        return Order(number=self.orders, subject=subject, words=words, **amends)

    def amend(
        self, at: str, client: int, pick: int, stale: bool, change: Callable[[Any], Any]
    ) -> None:
        facts = self.logs[at].facts[CLIENTS[client]]
        first = {n: fact for n, fact in enumerate(facts, 1) if isinstance(fact, Attendance)}
        for version, words in picked(first, pick, keys=True):
            revision = 1 + sum(amends(fact, version) for fact in facts) + stale
            order = self.order(CLIENTS[client], change(words), amends=version, revision=revision)
            self.give(at, order)

    def give(
        self, at: str, order: Order, answer: list[Words | Amends] | str | None = None, **how: Any
    ) -> None:
        """To the service and to the model, which answer alike, or this."""
        log = self.logs[at]
        try:
            outcome = self.services[at].execute(order, **how)
        except Refusal as refusal:
            assert refusal.reason == (answer or log.answer(order))
            return
        added = log.answer(order) if answer is None else answer
        assert not isinstance(added, str), added
        assert len(outcome.facts) == len(outcome.published) == len(added)
        log.facts[order.subject] += added
        log.answers[order.number] = (order, outcome)

    def start(self) -> None:
        self.tallying.hears(self.release)
        self.worker = Worker(self.tallying.store, self.owner, self.release)

    def verified(self, service: Service, checks: Sequence[Check], *owners: Owner) -> list[Finding]:
        records = service.wire.records
        return findings_of(
            service.store, checks, self.release, publish, owners=owners, kafka=records
        )

    def next_records(self, number: int) -> list[Record]:
        found = self.counting.wire.records[self.on_the_way :][:number]
        self.on_the_way += len(found)
        return found

    def any_records(self, picks: Sequence[int]) -> list[Record]:
        records = self.counting.wire.records
        return [records[pick % len(records)] for pick in picks if records]


def picked(among: dict[Any, Any], pick: int, *, keys: bool = False) -> list[Any]:
    """One of these, if there is any."""
    found = [*among.items()] if keys else [*among.values()]
    return found and [found[pick % len(found)]]


@pytest.fixture
def new_world(new_stores: NewStores, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("migrations")
    return lambda: SmallWorld(new_stores, folder)


def test_whatever_happens_the_system_holds_what_the_model_says(
    new_world: Any, histories: Callable[[int, int], settings]
) -> None:
    run_state_machine_as_test(new_world, settings=histories(8, 20))


def test_a_history_that_is_told_can_be_played_again(new_world: Any) -> None:
    state = new_world()
    state.back_up(at="counting")
    state.attend(at="counting", client=0, session="a", minutes=1, here=False)
    state.send(at="counting", takes=None)
    state.hear(number=1)
    state.restore(pick=0)
    state.hear_again_or_early(picks=[0])
    state.teardown()

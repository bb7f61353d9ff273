"""The connection dies while the database commits: whoever asked can't tell whether it did.

Asked again, everything is as if it had been asked once, whether the COMMIT had arrived or not.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from kafka import KafkaProducer
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.common.v1 import common_pb2 as common
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.messaging.relay import Relay
from kernel.process import Service
from kernel.rpc.remote_refusal import refusal_of
from kernel.services import service_of
from kernel.store.database import is_away
from kernel.store.store import Store
from ninehours.local.servers import LocalServers
from services.attendance.__main__ import SERVICE as ATTENDANCE
from services.billing.__main__ import SERVICE as BILLING
from services.intake.__main__ import SERVICE as INTAKE
from services.plans.__main__ import SERVICE as PLANS
from tests.harness.api import Api, api, commanding, left_by_commands
from tests.harness.intake.service import Desk, register
from tests.harness.kernel.consumers import TOPIC as HEARD_BY_WORKERS
from tests.harness.kernel.consumers import consumer
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    Listener,
    Log,
    ask,
    attended,
    published,
    subject_of,
    until,
)
from tests.harness.kernel.proxy import Loss, Proxy, through_a_proxy
from tests.harness.kernel.sending import declare_empty, send
from tests.harness.plans.treatments import rules
from tests.harness.signing import signer_of
from tests.kernel.test_reactions import REACTING

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
ARRIVES = pytest.mark.parametrize("arrives", [True, False], ids=["committed", "rolled back"])
FACTS = "INSERT INTO fact"
ADDRESS = common.PostalAddress(line="1 Lake St", city="Chicago", state="IL", zip="606011234")
SITE = attendance.OpenSiteRequest(
    name="Lakeside", time_zone="America/Chicago", address=ADDRESS, npi="1234567893"
)
PAYER = billing.RegisterPayerRequest(
    name="Prairie Health", payer_number="PRAIRIE1", filing_indicator="CI"
)


@dataclass(frozen=True, slots=True)
class Given:
    """A command of a service that needs nothing before it, and who gives it."""

    service: Service
    request: Message
    role: str
    purpose: str = "OPERATIONS"


COMMANDS = (
    Given(INTAKE, register(), "front_desk"),
    Given(ATTENDANCE, SITE, "administrator"),
    Given(PLANS, plans.ProposeLevelRulesRequest(rules=rules()), "clinician", "TREATMENT"),
    Given(BILLING, PAYER, "biller", "PAYMENT"),
)


@pytest.fixture(params=COMMANDS, ids=[given.service.name for given in COMMANDS])
def given(request: pytest.FixtureRequest) -> Given:
    """The same of each service."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def served(
    given: Given, new_store: Callable[[Service], Store], secrets_dir: Path
) -> Iterator[tuple[Api, Proxy]]:
    """Its real server, between which and its database connections may be lost."""
    store = new_store(given.service)
    if given.service is INTAKE:
        Desk(store)  # who heard of the site
    with (
        through_a_proxy(store) as (_, proxy),
        api(given.service, store, secrets_dir, NOW, database_url=proxy.told) as server,
    ):
        yield server, proxy


@ARRIVES
def test_a_caller_is_told_to_ask_again_and_then_answered_what_was_recorded_once(
    given: Given, served: tuple[Api, Proxy], arrives: bool
) -> None:
    server, proxy = served
    request = commanding(given.request)
    before = left_by_commands(server.store)
    lost = proxy.lose(FACTS, arrives=arrives)

    def called() -> Any:
        return server.send(request, "person/eve", given.role, given.purpose, again=True)

    refused = refusal_of(called().exception())
    assert lost.happened.is_set()
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "DATABASE_AWAY")
    recorded = left_by_commands(server.store)
    assert (recorded != before) == arrives
    answer = called().result()
    after = left_by_commands(server.store)
    if arrives:
        assert after == recorded
    assert called().result() == answer
    assert left_by_commands(server.store) == after
    assert len(after["command"]) == len(before["command"]) + 1
    new = after["published"][len(before["published"]) :]
    assert [(at.subject, at.sequence) for at in answer.receipt.published] == [
        (row.subject, row.sequence) for row in new
    ]
    assert len({row.id for row in after["fact"]}) == len(after["fact"]) > len(before["fact"])
    owners = [(row.owner, row.kind, row.version) for row in after["document"]]
    assert len({(owner, kind) for owner, kind, _ in owners}) == len(owners)


def test_a_client_of_ours_asks_again_by_itself(given: Given, served: tuple[Api, Proxy]) -> None:
    server, proxy = served
    before = left_by_commands(server.store)
    lost = proxy.lose(FACTS, arrives=True)
    answer = server.ask(commanding(given.request), "person/eve", given.role, given.purpose)
    assert lost.happened.is_set()
    after = left_by_commands(server.store)
    assert len(after["command"]) == len(before["command"]) + 1
    assert len(after["published"]) - len(before["published"]) == len(answer.receipt.published)


@pytest.fixture
def losing(tallying: Store) -> Iterator[tuple[Store, Proxy]]:
    """Where a service listens."""
    with through_a_proxy(tallying) as found:
        yield found


def interrupted(work: Callable[[], object], lost: Loss) -> None:
    """It ends as it does when the database is away, which it waits for, and asks again."""
    with pytest.raises(Exception) as ended:
        work()
    assert is_away(ended.value)
    assert lost.happened.is_set()


@ARRIVES
def test_a_batch_of_which_nobody_knows_whether_it_was_heard_is_heard_again(
    losing: tuple[Store, Proxy], arrives: bool
) -> None:
    store, proxy = losing
    log = Log()
    listener = Listener(store, log)
    batch = [log.tell(ADA, attended("s", 1)), log.tell(BOB, attended("s", 2, client=BOB))]
    lost = proxy.lose("INSERT INTO heard_fact", arrives=arrives)
    interrupted(lambda: listener.hear(*batch), lost)
    assert (listener.heard(ADA) == [1]) == arrives
    listener.hear(*batch, log.tell(ADA, attended("s", 3)))
    assert (listener.heard(ADA), listener.heard(BOB)) == ([1, 2], [1])
    assert (listener.head(ADA), listener.head(BOB)) == ((2, None, None), (1, None, None))
    assert listener.due() == [(ADA, None), (BOB, None)]
    assert listener.ask("SELECT FROM parked") == []


@ARRIVES
def test_a_client_of_whom_nobody_knows_whether_they_were_derived_has_one_revision(
    losing: tuple[Store, Proxy], arrives: bool
) -> None:
    store, proxy = losing
    log = Log()
    listener = Listener(store, log)
    listener.hear(log.tell(ADA, attended("s", 1)))
    lost = proxy.lose("INSERT INTO derived", arrives=arrives)
    interrupted(listener.pending_work.drain, lost)
    assert (listener.due() == []) == arrives
    assert listener.pending_work.drain() == (0 if arrives else 1)
    assert listener.due() == []
    assert [row.revision for row in listener.ask("SELECT revision FROM derived")] == [1]
    assert [told["revision"] for told in listener.told()] == [1]


@ARRIVES
def test_a_command_of_which_nobody_knows_whether_a_reaction_gave_it_is_given_once(
    losing: tuple[Store, Proxy], arrives: bool
) -> None:
    store, proxy = losing
    log = Log()
    listener = Listener(store, log, subscriptions=REACTING)
    listener.hear(log.tell(ADA, attended("s", 1)))
    lost = proxy.lose(FACTS, arrives=arrives)
    interrupted(listener.pending_work.drain, lost)
    assert bool(ask(store, "SELECT FROM fact")) == arrives
    listener.pending_work.drain()
    assert len(ask(store, "SELECT FROM fact")) == len(ask(store, "SELECT FROM command")) == 1
    assert ask(store, "SELECT FROM due_reaction") == []


def test_a_worker_goes_on_by_itself(
    losing: tuple[Store, Proxy],
    broker: LocalServers,
    secrets_dir: Path,
    tmp_path: Path,
) -> None:
    """The real one, with Faust: it hears again, and derives again, what it may have already."""
    store, proxy = losing
    declare_empty(broker, HEARD_BY_WORKERS)
    log = Log(HEARD_BY_WORKERS)
    listener = Listener(store, log, asks=False)
    clients = [subject_of("client", 200 + n) for n in range(2)]
    written = tmp_path / "log"
    with consumer(store, secrets_dir, tmp_path, kafka=broker.bootstrap) as process:
        for client, statement, waits in zip(
            clients,
            ("INSERT INTO heard_fact", "INSERT INTO derived"),
            ("hearing_waits", "deriving_waits"),
            strict=True,
        ):
            lost = proxy.lose(statement, arrives=True)
            send(broker, HEARD_BY_WORKERS, log.tell(client, attended("s", 1, client=client)))
            until(lost.happened.is_set)
            until(lambda waits=waits: waits in written.read_text())  # type: ignore[misc]
            until(lambda client=client: f"{client}|s" in listener.tallies())  # type: ignore[misc]
        until(lambda: listener.due() == [])
        assert process.poll() is None, written.read_text()
    assert [listener.heard(client) for client in clients] == [[1], [1]]
    assert [row.revision for row in ask(store, "SELECT revision FROM derived")] == [1, 1]


@contextmanager
def relaying(store: Store, producer: KafkaProducer) -> Iterator[None]:
    relay = Relay(store, producer, "counting", ready=lambda: None)
    thread = threading.Thread(target=relay.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        relay.stop()
        thread.join()


@pytest.mark.parametrize(
    ("arrives", "times"), [(True, 1), (False, 2)], ids=["committed", "rolled back"]
)
def test_a_relay_sends_again_what_it_did_not_mark_and_nothing_else(
    counting: Store, broker: LocalServers, arrives: bool, times: int
) -> None:
    counting.topic = f"ninehours.lost{times}.v1"
    counting.signer = signer_of(service_of(counting.topic))
    broker.declare_topics(counting.topic)
    sent: list[bytes] = []

    class Counting:
        """A producer that notes what it was given."""

        def send(self, *args: Any, **kwargs: Any) -> Any:
            sent.append(dict(kwargs["headers"])["ce_id"])
            return producer.send(*args, **kwargs)

    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all", linger_ms=0)
    with through_a_proxy(counting) as (store, proxy):
        with counting.transaction() as tx:
            tx.publish([published(client, attended("s", 1)) for client in (ADA, BOB)])
        lost = proxy.lose("SET sent_at", arrives=arrives)
        with relaying(store, Counting()):
            until(lost.happened.is_set)
            until(lambda: not ask(counting, "SELECT FROM published WHERE sent_at IS NULL"))
            with counting.transaction() as tx:  # it goes on by itself
                tx.publish([published(ADA, attended("s", 2))])
            until(lambda: not ask(counting, "SELECT FROM published WHERE sent_at IS NULL"))
    producer.close()
    ids = [
        str(row.id).encode() for row in ask(counting, "SELECT id FROM published ORDER BY position")
    ]
    assert sent == [*ids[:2] * times, ids[2]]

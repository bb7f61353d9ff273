"""What is asked of a record takes how long when it is large, beside reading it once in order.

`python -m benchmarks.at_size [--facts 1000000] [--clients 20000] [--rounds 3] [--json]`, on an
embedded PostgreSQL of its own. Attendance's record is laid by COPY, as its commands would have left
it, and plans has heard it: what owners of logs answer, what listeners compare and repair, and what
`verify` reads.
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from ninehours.attendance.v1 import attendance_events_pb2 as events
from ninehours.attendance.v1 import calendar_service_pb2 as calendar

from benchmarks.laid_sessions import ROSTER, as_commanded, client_id_of, hear, lay, pattern_of
from kernel.config import Settings
from kernel.keys.mounted import MountedMasterKeys
from kernel.keys.store import SqlKeyStore, migrate_keys
from kernel.messaging.brokers import Brokers
from kernel.messaging.gap_repair import GapRepair
from kernel.messaging.inbox import Inbox
from kernel.messaging.public_facts import clocks_of
from kernel.messaging.signatures import FactSigner, Signatures
from kernel.messaging.subscriptions import Subscriptions
from kernel.process import Service
from kernel.rpc.channel import Channel
from kernel.rpc.policy import Scope
from kernel.rpc.published_log import SERVICE as LOG
from kernel.rpc.published_log import PublishedLogServicer, RemoteOwner
from kernel.rpc.server import Server
from kernel.rpc.tokens import service_tokens
from kernel.rpc.verifier import Verifier
from kernel.secrets import OF_FACTS, published_keys
from kernel.services import topic_of
from kernel.signing_key import SigningKey
from kernel.store import published
from kernel.store.database import migrate, open_database
from kernel.store.store import Store
from kernel.vault import Vault
from kernel.watching.health import Health
from kernel.watching.waiting import waiting
from ninehours.local.secrets import MachineSecrets
from ninehours.local.servers import LocalServers
from operations.verifying.examination import ServiceChecks
from operations.verifying.verification import Verification
from services.attendance.__main__ import SERVICE as ATTENDANCE
from services.attendance.adapters.publication import publish
from services.plans.__main__ import SERVICE as PLANS
from services.plans.adapters.publication import publish as publish_of_plans
from services.plans.adapters.subscriptions import SUBSCRIPTIONS
from tests.harness.attendance.front_desk import MONDAY, FrontDesk

PAGE = 500
BEHIND = 1000  # subjects that miss their last fact
ATTENDED = events.SessionAttended.DESCRIPTOR.full_name
NOWHERE = Brokers("127.0.0.1:1")  # no check of these reads Kafka
Measured = tuple[str, float]


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--facts", type=int, default=1_000_000)
    reading.add_argument("--clients", type=int, default=20_000)
    reading.add_argument("--rounds", type=int, default=3)
    reading.add_argument("--json", action="store_true")
    wanted = reading.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalServers(Path(folder) / "data", kafka=False) as servers,
    ):
        secrets = MachineSecrets(Path(folder) / "secrets")
        secrets.make()
        owner, listener = (_store(servers, secrets, each) for each in (ATTENDANCE, PLANS))
        signatures = Signatures.of(published_keys(secrets.folder_of("plans"), keys=OF_FACTS))
        inbox = Inbox(listener, SUBSCRIPTIONS, signatures)
        inbox.begin([owner.topic])
        desk = FrontDesk(owner).open()
        groups = [[client_id_of(-1 - ROSTER * n - each) for each in range(ROSTER)] for n in (0, 1)]
        weeks = (MONDAY, MONDAY + timedelta(weeks=1))
        pattern, another = map(pattern_of, (desk, desk), groups, weeks)
        compared = as_commanded(desk, pattern, another)
        began = time.perf_counter()
        lay(desk, pattern, wanted.facts, wanted.clients)
        hear(owner, listener, SUBSCRIPTIONS)
        laid = time.perf_counter() - began
        with _served(owner, secrets) as remote:
            found = [
                *_questions(owner, remote, desk, wanted.rounds),
                *_listening(listener, inbox, remote, wanted.rounds),
                *_verified(owner, signatures, ATTENDANCE, publish, {}),
                *_verified(listener, signatures, PLANS, publish_of_plans, {owner.topic: remote}),
            ]
    _tell(found, laid, compared, as_json=wanted.json)


def _questions(
    store: Store, remote: RemoteOwner, desk: FrontDesk, rounds: int
) -> Iterator[Measured]:
    """What an owner answers; first the measure of all: its log, read once in order."""
    client = f"client/{client_id_of(0)}"
    places = [(f"client/{client_id_of(number)}", 0) for number in range(PAGE)]

    def asked(name: str, ask: Callable[..., Any], *given: Any) -> Measured:
        def once() -> None:
            with store.transaction() as tx:
                ask(tx.connection, *given)

        return name, _median(once, rounds)

    yield "the log, read once in order", _median(partial(_read_once, store), rounds)
    with store.transaction() as tx:
        end = published.end_of(tx.connection)
    yield asked("a page of heads", published.heads, "client/8", 5000)
    yield "all heads, over gRPC", _median(remote.epoch_and_heads, rounds)
    yield asked("a page of fingerprints", published.fingerprints, [ATTENDED], end.after // 2, 5000)
    yield (
        "all fingerprints, over gRPC",
        _median(lambda: sum(1 for _ in remote.fingerprints([ATTENDED])), 1),
    )
    yield asked("one subject's log", published.read, client, 0, PAGE)
    yield asked("500 subjects' logs", published.read_whole, places, PAGE, published.PAGE_BYTES)
    yield asked("the last page followed", lambda tx: published.follow(tx, _back(tx), PAGE))
    yield asked(
        "changes of a type", lambda tx: published.changes(tx, _back(tx), [ATTENDED], "", 99)
    )
    yield asked("what waits, for status", waiting)
    yield asked("time zones of all sites", clocks_of, events.SiteOpened)
    with store.transaction() as tx:
        tx.execute(
            "UPDATE published SET sent_at = NULL WHERE position > :position",
            position=end.after - PAGE,
        )
    unsent = "SELECT * FROM published WHERE sent_at IS NULL ORDER BY position LIMIT 500"
    yield asked("what the relay sends next", lambda tx: tx.exec_driver_sql(unsent).all())
    request = calendar.ListClientSessionsRequest(client_id=client.partition("/")[2])
    yield "a client's sessions", _median(lambda: desk.ask(request), rounds)


def _listening(store: Store, inbox: Inbox, remote: RemoteOwner, rounds: int) -> Iterator[Measured]:
    """What a listener compares each minute, and repairs."""
    repair = GapRepair(store, inbox, {remote.topic: remote})
    yield "all heads compared", _median(repair.compare, rounds)
    with store.transaction() as tx:
        behind = {"behind": BEHIND}
        tx.execute(
            "WITH late AS (SELECT topic, subject, sequence FROM heard_head WHERE sequence > 1"
            "  ORDER BY subject LIMIT :behind), gone AS (DELETE FROM heard_fact f USING late"
            "  WHERE (f.topic, f.subject, f.sequence) = (late.topic, late.subject, late.sequence))"
            " UPDATE heard_head h SET behind_to = h.sequence, sequence = h.sequence - 1,"
            "  id = (SELECT id FROM heard_fact f WHERE (f.topic, f.subject, f.sequence)"
            "   = (h.topic, h.subject, h.sequence - 1))"
            " FROM late WHERE (h.topic, h.subject) = (late.topic, late.subject)",
            **behind,
        )
    yield f"{BEHIND} subjects repaired", _median(repair.repair, 1)
    with store.transaction() as tx:
        assert not tx.execute("SELECT count(*) FROM heard_head WHERE behind_to > 0").scalar_one()
        tx.execute("DELETE FROM due")


def _verified(
    store: Store, signatures: Signatures, service: Service, says: Any, owners: Any
) -> Iterator[Measured]:
    """Each check, and all together, by the clock; the memory of this process may not grow."""
    verification = Verification(
        store=store,
        subscriptions=service.subscriptions if owners else Subscriptions(()),
        signatures=signatures,
        service_checks=ServiceChecks(publish=says),
        owners=owners,
        brokers=NOWHERE,
    )
    before, began = _most_memory(), time.perf_counter()
    last = began
    for checked in verification.verify(0, lambda: True):
        if not checked.in_progress:
            now = time.perf_counter()
            wrong = f" ({checked.total} findings)" if checked.total else ""
            yield f"verify {service.name}: {checked.check.name}{wrong}", now - last
            last = now
    yield f"verify {service.name}", time.perf_counter() - began
    yield f"verify {service.name}, MiB more", (_most_memory() - before) / 1024


def _read_once(store: Store) -> int:
    with store.transaction() as tx:
        rows = tx.connection.execution_options(stream_results=True, yield_per=PAGE)
        return sum(1 for _ in rows.exec_driver_sql("SELECT * FROM published ORDER BY position"))


def _back(connection: Any) -> published.Cursor:
    return published.before_the_last(connection, PAGE)


def _most_memory() -> int:
    """KiB that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _median(work: Callable[[], object], rounds: int) -> float:
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


@contextmanager
def _served(store: Store, secrets: MachineSecrets) -> Iterator[RemoteOwner]:
    """The owner's log over gRPC, from this same process."""
    given: dict[str, Any] = {
        "service": "attendance",
        "database_url": "postgresql://nobody@127.0.0.1:1/none",
        "secrets_dir": secrets.folder_of("attendance"),
        "environment": "test",
    }
    server = Server(
        {LOG: PublishedLogServicer(store, "attendance")},
        verifier=Verifier(secrets.folder_of("attendance")),
        scope=Scope(store, {}),
        settings=Settings(**given),
        health=Health(lambda: True),
    )
    server.start()
    token = service_tokens(secrets.folder_of("plans"), "plans")
    try:
        yield RemoteOwner(store.topic, Channel(f"127.0.0.1:{server.port}"), token)
    finally:
        server.stop(0)


def _store(servers: LocalServers, secrets: MachineSecrets, service: Service) -> Store:
    engine = open_database(servers.create_database(f"size_{service.name}").migrations.url)
    migrate(engine, [service.migrations])
    keys = open_database(servers.create_database(f"size_{service.name}_keys").migrations.url)
    migrate_keys(keys)
    folder = secrets.folder_of(service.name)
    return Store(
        engine,
        codec=service.codec,
        topic=topic_of(service.name),
        network="local",
        vault=Vault(SqlKeyStore(keys, MountedMasterKeys(folder, service.name))),
        signer=FactSigner(SigningKey(folder, service.name, keys=OF_FACTS).current),
    )


def _tell(found: Sequence[Measured], laid: float, compared: int, *, as_json: bool) -> None:
    once = found[0][1]
    if as_json:
        rows = [{"name": name, "seconds": said, "of_reading": said / once} for name, said in found]
        print(json.dumps({"rows": rows}))
        return
    print(f"laid in {laid:.0f} s; {compared} public facts are as commands wrote them")
    print(f"{'':68}{'s':>9}{'of reading':>12}")
    for name, said in found:
        print(f"{name:68}{said:9.3f}{said / once:12.2f}")


if __name__ == "__main__":
    main()

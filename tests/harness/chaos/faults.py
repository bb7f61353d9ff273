"""What can befall a system, kind by kind, each until it was seen to happen, and how it is over."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from kafka.admin import KafkaAdminClient
from ninehours.exchange.v1 import drafts_service_pb2 as drafts
from psycopg import sql

from kernel.messaging.consumer import group_of
from kernel.services import SERVICES, topic_of
from ninehours.local.databases import plain
from ninehours.local.probes import await_until
from ninehours.local.system import PROCESSES
from ninehours.story.gateway import BILLER, Gateway, connect
from operations.kafka_topic import answers
from tests.harness.chaos.disturbed_system import DisturbedSystem

WITHIN = 120.0  # seconds in which what was done to a process is seen of it
APART = 45.0  # seconds between two hosts' clocks: within what tokens allow for
STATEMENT = 5  # milliseconds: many statements take longer
ENDED_BY_OURS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"


class NotFelt(Exception):
    """What was done had no effect; the message says which."""


Happens = Callable[[DisturbedSystem, str], AbstractContextManager[None]]
"""Inside, it has befallen the target; afterwards it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of fault. `targets`: what it can befall, a process, a server or a service.

    `each`: in a round it befalls each of them, and no more one that is drawn. `lasts`: seconds, in
    which commands go on. `beside`: it lasts for a third of the commands, and others happen.
    """

    happens: Happens
    targets: Sequence[str]
    each: bool = False
    lasts: float = 0.0
    beside: bool = False


@contextmanager
def killed(system: DisturbedSystem, name: str) -> Iterator[None]:
    """It is started again at once."""
    pid = _running(system, name)
    system.kill(name)
    _await(lambda: system.processes.get(name) != pid, f"{name} to be gone")
    yield


@contextmanager
def restarted(system: DisturbedSystem, server: str) -> Iterator[None]:
    """A server, in order."""
    _running(system, server)
    restarts = system.supervisor.restarts(server)
    system.kill(server, signal.SIGINT if server == "postgres" else signal.SIGTERM)
    system.await_back(server, restarts + 1)
    yield


@contextmanager
def stream_paused(system: DisturbedSystem, name: str) -> Iterator[None]:
    """Until the broker gave its partitions away."""
    service = name.partition("-")[0]
    with _admin(system) as admin, _stopped(system, name):
        group = group_of(service)
        member = f"{name}-0"

        def is_given_up() -> bool:
            members = admin.describe_groups([group])[group]["members"]
            return member not in {each["group_instance_id"] for each in members}

        _await(is_given_up, f"{name}'s session to end")
    yield


@contextmanager
def relay_paused(system: DisturbedSystem, name: str) -> Iterator[None]:
    """It holds no session, and stands still for longer than one: others think it is at work."""
    with _stopped(system, name):
        time.sleep(system.session_timeout + 1)
        yield


@contextmanager
def half_open(system: DisturbedSystem, wire: str) -> Iterator[None]:
    between = system.between[wire]
    between.cut()
    try:
        yield
    finally:
        waited = between.reset()
    if waited == 0:
        raise NotFelt(f"nobody was connected over {wire}")


@contextmanager
def second_workers(system: DisturbedSystem, service: str) -> Iterator[None]:
    """A stream and a relay more; at last they are ended in order."""
    seconds = [system.start_beside(f"{service}-{kind}") for kind in ("stream", "relay")]
    yield
    for second in seconds:
        system.supervisor.end(second)


@contextmanager
def database_full(system: DisturbedSystem, service: str) -> Iterator[None]:
    """On the disk of a service's tables there is no room for one more page."""
    disk = system.disks[service]
    disk.fill()
    try:
        with psycopg.connect(system.servers.admin_url, dbname=service, autocommit=True) as admin:
            try:
                admin.execute("CREATE TABLE room AS SELECT repeat(' ', 8000)")
            except psycopg.errors.DiskFull:
                pass
            else:
                admin.execute("DROP TABLE room")
                raise NotFelt(f"{service}'s database has room on a full disk")
        yield
    finally:
        disk.free()


@contextmanager
def broker_full(system: DisturbedSystem, server: str) -> Iterator[None]:
    """It ends when it can't write what it is sent, and comes back when it can."""
    pid = _running(system, server)
    disk = system.disks[server]
    disk.fill()
    try:
        _await(lambda: system.processes.get(server) != pid, "the broker to end on its full disk")
        yield
    finally:
        disk.free()
    system.supervisor.await_ready(server)


@contextmanager
def topic_deleted(system: DisturbedSystem, service: str) -> Iterator[None]:
    """And, after a while, declared and filled again, as docs/operations.md has it."""
    topic = topic_of(service)
    with _admin(system) as admin:
        admin.delete_topics([topic])
    _await(lambda: not answers(system.servers.brokers, topic), f"{topic} to be gone")
    yield
    system.servers.declare_topics(topic)
    with psycopg.connect(plain(system.databases[service].migrations.url)) as owner:
        owner.execute("UPDATE published SET sent_at = NULL")


@contextmanager
def statements_timed_out(system: DisturbedSystem, service: str) -> Iterator[None]:
    """Of all processes of a service, those that take longer than STATEMENT."""
    login = system.databases[service].processes
    role = sql.Identifier(login.role)

    def limit(to: sql.Composable) -> None:
        """Of connections made from now on; all of now are ended."""
        with psycopg.connect(system.servers.admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("ALTER ROLE {} {}").format(role, to))
            admin.execute(ENDED_BY_OURS, (login.role,))

    limit(sql.SQL("SET statement_timeout = {}").format(sql.Literal(STATEMENT)))
    try:
        with psycopg.connect(plain(login.url), autocommit=True) as process:
            try:
                process.execute("SELECT pg_sleep(1)")
            except psycopg.errors.QueryCanceled:
                pass
            else:
                raise NotFelt(f"{service}'s statements take as long as they like")
        yield
    finally:
        limit(sql.SQL("RESET statement_timeout"))


@contextmanager
def clock_apart(system: DisturbedSystem, service: str) -> Iterator[None]:
    """The host that a service runs on is ahead of the others."""
    system.ahead[service] = APART
    _replace_all(system, service)
    asked_at = datetime.now(UTC)
    if (_told_by(system, service) - asked_at).total_seconds() < APART:
        raise NotFelt(f"{service} tells the time of everybody else")
    yield
    del system.ahead[service]
    _replace_all(system, service)


API, RELAY, STREAM = (
    tuple(f"{name}-{kind}" for name in SERVICES) for kind in ("api", "relay", "stream")
)
KAFKA, POSTGRES = "kafka", "postgres"
TO_POSTGRES, TO_SERVICE = (
    tuple(f"{wire} {name}" for name in SERVICES) for wire in ("postgres of", "api of")
)
KINDS: Mapping[str, Kind] = {
    "kill -9 of an api": Kind(happens=killed, targets=API, each=True),
    "kill -9 of a relay": Kind(happens=killed, targets=RELAY, each=True),
    "kill -9 of a stream": Kind(happens=killed, targets=STREAM, each=True),
    "kill -9 of the broker": Kind(happens=killed, targets=[KAFKA]),
    "kill -9 of PostgreSQL": Kind(happens=killed, targets=[POSTGRES]),
    "the broker restarted": Kind(happens=restarted, targets=[KAFKA]),
    "PostgreSQL restarted": Kind(happens=restarted, targets=[POSTGRES]),
    "a stream paused past its session": Kind(happens=stream_paused, targets=STREAM),
    "a relay paused past a session": Kind(happens=relay_paused, targets=RELAY),
    "half-open to PostgreSQL": Kind(happens=half_open, targets=TO_POSTGRES, lasts=12.0),
    "half-open to the broker": Kind(happens=half_open, targets=[KAFKA], lasts=12.0),
    "half-open to a service": Kind(happens=half_open, targets=TO_SERVICE, lasts=12.0),
    "a second stream and relay": Kind(happens=second_workers, targets=SERVICES, beside=True),
    "PostgreSQL's disk full": Kind(happens=database_full, targets=SERVICES, lasts=8.0),
    "the broker's disk full": Kind(happens=broker_full, targets=[KAFKA], lasts=1.0),
    "a topic deleted": Kind(happens=topic_deleted, targets=SERVICES, lasts=10.0),
    "statements timed out": Kind(happens=statements_timed_out, targets=SERVICES, lasts=5.0),
    "clocks of two hosts apart": Kind(happens=clock_apart, targets=SERVICES, beside=True),
}
"""All that `make chaos` does, by what it is called there."""
KILLS = tuple(name for name in KINDS if name.startswith("kill"))
ON_SMALL_DISKS = ("PostgreSQL's disk full", "the broker's disk full")


def _running(system: DisturbedSystem, name: str) -> int:
    """Its process id, once it is ready."""
    system.supervisor.await_ready(name)
    return system.processes[name]


def _await(probe: Callable[[], bool], what: str) -> None:
    await_until(probe, WITHIN, what, pause=0.2)


@contextmanager
def _stopped(system: DisturbedSystem, name: str) -> Iterator[None]:
    _running(system, name)
    system.kill(name, signal.SIGSTOP)
    try:
        yield
    finally:
        system.kill(name, signal.SIGCONT)


def _admin(system: DisturbedSystem) -> "closing[KafkaAdminClient]":
    return closing(KafkaAdminClient(**system.servers.brokers.options(), client_id="chaos"))


def _told_by(system: DisturbedSystem, service: str) -> datetime:
    """What time it is for a service: it notes when a draft was saved."""
    draft = drafts.SaveDraftRequest(form="Clock", content=b"now")
    asked = drafts.ListDraftsRequest(form=draft.form)
    services = connect(system.channel_to, system.people_dir)
    with Gateway(services, seed=0, workers=1) as gateway:
        gateway.ask(BILLER, draft, service=service)
        [saved] = gateway.ask(BILLER, asked, service=service).drafts
        told: datetime = saved.saved_at.ToDatetime(UTC)
        gateway.ask(BILLER, drafts.DropDraftRequest(form=draft.form), service=service)
    return told


def _replace_all(system: DisturbedSystem, service: str) -> None:
    for kind in PROCESSES[service]:
        system.replace(f"{service}-{kind}")

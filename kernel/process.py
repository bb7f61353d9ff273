"""A service's processes: `python -m services.<name> api | relay | stream | migrate | …`."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic import ValidationError
from sqlalchemy import Engine

from kernel import clock, logs
from kernel.codec import Codec
from kernel.config import Settings, WrongSetting
from kernel.drafts import sweep
from kernel.keys.forgetting import apply_registers
from kernel.keys.mounted import MountedMasterKeys
from kernel.keys.moving import KeysNotMoved, move_keys
from kernel.keys.privileges import KEY_STORE
from kernel.keys.store import SqlKeyStore, migrate_keys
from kernel.messaging.brokers import Brokers
from kernel.messaging.signatures import FactSigner, Signatures
from kernel.messaging.subscriptions import Subscriptions
from kernel.patience import BRIEF
from kernel.secrets import (
    OF_FACTS,
    SecretMissing,
    SigningKeyAge,
    published_keys,
    signing_key_ages,
)
from kernel.services import topic_of
from kernel.signing_key import SigningKey
from kernel.store.database import (
    LOCK_TIMEOUT,
    NewerSchema,
    migrate,
    open_database,
    when_possible,
)
from kernel.store.privileges import RECORD
from kernel.store.roles import RoledDatabase, WrongRole, act_as_owner, grant, require_no_more
from kernel.store.statements import text
from kernel.store.store import Store
from kernel.sweeping import sweeping
from kernel.tls.certificates import Shown, shown_on
from kernel.tls.context import ReloadingContext
from kernel.tracing.setting import traced
from kernel.vault import Vault
from kernel.watching.asked import Asked
from kernel.watching.database_figures import DatabaseFigures
from kernel.watching.health import Health
from kernel.watching.port import HealthPort
from kernel.watching.process_figures import ProcessFigures
from kernel.watching.work import Watch

if TYPE_CHECKING:
    from kernel.rpc.policy import BindingKind
    from kernel.rpc.published_log import RemoteOwner
    from kernel.rpc.server import Server

log = logs.get("kernel.process")

# To the key store: a question there is over in a moment, and few are asked (it remembers).
KEY_CONNECTIONS, KEY_CONNECTIONS_OF_API = 1, 4
WATCHING_CONNECTIONS = 2  # of whoever asks how the process is


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A service at work: its record, whom it hears (`owners`, by topic), and Kafka.

    `kinds`: whose each kind of thing is that its RPCs are bound by. `shown`: the certificates that
    this process shows; `signing_keys`: the service's.
    """

    name: str
    store: Store
    subscriptions: Subscriptions
    signatures: Signatures
    owners: Mapping[str, "RemoteOwner"]
    brokers: Brokers
    kinds: Mapping[str, "BindingKind"] = field(default_factory=dict)
    shown: Shown = tuple
    signing_keys: Callable[[], Sequence[SigningKeyAge]] = tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What distinguishes one service's processes from another's.

    `servicers` gives, for the opened store and settings, each gRPC service descriptor and what
    answers it. `kinds`: whose each kind of thing is that its RPCs are bound by; `client` is one.
    `hears` are the services whose facts it uses; none: it has no stream process. `privileges`: what
    its processes may do with tables of its own; with one that isn't there, nothing.
    `operations` gives, as `servicers`, what it answers to operators.
    """

    name: str
    codec: Codec
    migrations: Path
    servicers: Callable[[Store, Settings], Mapping[Any, object]]
    kinds: Callable[[], Mapping[str, "BindingKind"]] = dict
    privileges: Mapping[str, str] = field(default_factory=dict)
    hears: Sequence[str] = ()
    subscriptions: Subscriptions = field(default_factory=lambda: Subscriptions(()))
    operations: Callable[[Opened], Mapping[Any, object]] = lambda _: {}


def main(service: Service, arguments: Sequence[str]) -> None:
    """Run the process the command line names; on a wrong setting, name it and end with 2."""
    processes = {
        "api": _api,
        "relay": _relay,
        "migrate": _migrate,
        "seal": _seal,
        "seal-again": _seal_again,
        "restored": _restored,
    }
    if service.hears:
        processes |= {"stream": _stream, "rebuild": _rebuild}
    if len(arguments) != 1 or arguments[0] not in processes:
        sys.exit(f"usage: python -m services.{service.name} {' | '.join(processes)}")
    with started(service.name, arguments[0]):
        settings = Settings.from_environment()
        if settings.service != service.name:
            raise WrongSetting(f"NINEHOURS_SERVICE: this process is of {service.name}")
        clock.set_ahead(settings.clock_ahead)
        with traced(settings, arguments[0]):
            processes[arguments[0]](service, settings)


@contextmanager
def started(service: str, process: str) -> Iterator[None]:
    """What runs in the block logs as this process; where it can't start, it says why, and ends."""
    logs.configure(service, process)
    try:
        yield
    except ValidationError as error:
        _refuse_to_start("; ".join(map(_setting, error.errors(include_input=False))))
    except (WrongSetting, WrongRole, SecretMissing, KeysNotMoved, NewerSchema) as error:
        _refuse_to_start(str(error))


def open_store(service: Service, settings: Settings) -> Store:
    """The service's record, as every process of it opens it but an api."""
    return _store(service, settings, _engine(settings, settings.database_pool), KEY_CONNECTIONS)


def open_store_of_api(service: Service, settings: Settings) -> Store:
    """The service's record, with a connection for each thread; a lock is waited for in a place."""
    from kernel.rpc.server import CONNECTIONS  # noqa: PLC0415 - each process imports what it runs

    engine = _engine(settings, CONNECTIONS, lock_timeout=BRIEF)
    return _store(service, settings, engine, KEY_CONNECTIONS_OF_API)


def _store(service: Service, settings: Settings, engine: Engine, key_connections: int) -> Store:
    return Store(
        engine,
        codec=service.codec,
        topic=topic_of(service.name),
        network=settings.network,
        vault=Vault(_key_store(service, settings, key_connections)),
        signer=FactSigner(SigningKey(settings.secrets_dir, service.name, keys=OF_FACTS).current),
    )


def _key_store(service: Service, settings: Settings, connections: int) -> SqlKeyStore:
    identity = settings.database_identity
    engine = open_database(settings.keys_database, pool=connections, identity=identity)
    return SqlKeyStore(engine, MountedMasterKeys(settings.secrets_dir, service.name))


def _api(service: Service, settings: Settings) -> None:
    store = open_store_of_api(service, settings)
    server = server_of(service, settings, store)  # a wrong setting is told before anything waits
    with _port(settings, server.health):
        _prepare(service, settings, store)
        # By a caller's clock what is over was saved just now.
        by_our_clock = settings.clock == "server"
        with sweeping(partial(sweep, store)) if by_our_clock else nullcontext():
            server.run_until_signal()


def _prepare(service: Service, settings: Settings, store: Store) -> None:
    """Before anything is opened: what was restored from before a forgetting brings nobody back."""
    keys = _key_store(service, settings, 1).engine
    _require_role(settings, _record(service, store.engine), _keys(keys))
    keys.dispose()
    when_possible(lambda: apply_registers(store.engine, store.vault.keys))
    when_possible(store.vault.keys.note_masters)


def _require_role(settings: Settings, *databases: RoledDatabase) -> None:
    """In production nobody serves a record, or keys, that they could rewrite."""
    for database in databases if settings.environment == "production" else ():
        when_possible(partial(require_no_more, database))


def _record(service: Service, engine: Engine) -> RoledDatabase:
    return RoledDatabase(engine, "NINEHOURS_DATABASE_URL", {**RECORD, **service.privileges})


def _keys(engine: Engine) -> RoledDatabase:
    return RoledDatabase(engine, "NINEHOURS_KEYS_DATABASE_URL", KEY_STORE)


def server_of(service: Service, settings: Settings, store: Store) -> "Server":
    """The service's whole API over this store; it is not started."""
    # Each process imports what it runs.
    from kernel.rpc import drafts, news, published_log, views  # noqa: PLC0415
    from kernel.rpc.policy import Scope  # noqa: PLC0415
    from kernel.rpc.server import Server  # noqa: PLC0415
    from kernel.rpc.verifier import verifier_of  # noqa: PLC0415
    from kernel.store.news import News  # noqa: PLC0415

    told = News(store.engine)
    opened = Opened(
        name=service.name,
        store=store,
        subscriptions=service.subscriptions,
        signatures=signatures_of(settings),
        owners=owners_of(service.hears, settings),
        brokers=brokers_of(settings),
        kinds=service.kinds(),
        shown=_shown(settings, rpc=True),
        signing_keys=lambda: signing_key_ages(settings.secrets_dir, service.name),
    )
    servicers = {
        **service.servicers(store, settings),
        published_log.SERVICE: published_log.PublishedLogServicer(store, service.name),
        drafts.SERVICE: drafts.DraftsServicer(store),
        views.SERVICE: views.ViewsServicer(store),
        news.SERVICE: news.NewsServicer(told),
        **service.operations(opened),
    }

    return Server(
        servicers,
        verifier=verifier_of(settings),
        scope=Scope(store, opened.kinds),
        settings=settings,
        health=_health(settings, "api", store),
        ends=told.close,
    )


def owners_of(hears: Sequence[str], settings: Settings) -> "dict[str, RemoteOwner]":
    """The published logs of these services, by topic."""
    from kernel.rpc.channel import channel_to  # noqa: PLC0415
    from kernel.rpc.published_log import RemoteOwner  # noqa: PLC0415
    from kernel.rpc.tokens import service_tokens  # noqa: PLC0415

    token = service_tokens(settings.secrets_dir, settings.service)
    return {
        topic_of(name): RemoteOwner(topic_of(name), channel_to(name, settings), token)
        for name in hears
    }


def _relay(service: Service, settings: Settings) -> None:
    store = open_store(service, settings)
    brokers = brokers_of(settings)
    health = _health(settings, "relay", store)
    with _port(settings, health):
        _require_role(settings, _record(service, store.engine))
        _relay_until_told(service, settings, store, brokers, health)


def _relay_until_told(
    service: Service, settings: Settings, store: Store, brokers: Brokers, health: Health
) -> None:
    from kernel.messaging.checksums import compute_in_c  # noqa: PLC0415
    from kernel.messaging.heartbeat import Heartbeat  # noqa: PLC0415
    from kernel.messaging.kafka_offsets import why_it_takes_nothing  # noqa: PLC0415
    from kernel.messaging.relay import Relay, producer_of  # noqa: PLC0415

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if not brokers.await_answer(stopping):
        return
    compute_in_c()
    producer = producer_of(brokers, service.name)
    relay = Relay(
        store,
        producer,
        service.name,
        ready=health.serves,
        heartbeat=Heartbeat("relay", shown=_shown(settings)),
        work=health.watch.work("sending"),
        why_away=lambda: why_it_takes_nothing(brokers, store.topic),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: relay.stop())
    if not stopping.is_set():
        relay.run()
    producer.close(timeout=5)


def _stream(service: Service, settings: Settings) -> None:
    from kernel.messaging import consumer  # noqa: PLC0415
    from kernel.messaging.gap_repair import GapRepair  # noqa: PLC0415
    from kernel.messaging.heartbeat import Heartbeat  # noqa: PLC0415
    from kernel.messaging.inbox import Inbox  # noqa: PLC0415
    from kernel.messaging.ordinal import Ordinal  # noqa: PLC0415
    from kernel.messaging.owners import OwnersConfirm  # noqa: PLC0415
    from kernel.messaging.pending_work import PendingWork  # noqa: PLC0415

    store = open_store(service, settings)
    owners, brokers = owners_of(service.hears, settings), brokers_of(settings)
    health = _health(settings, "stream", store)
    _port(settings, health).open()  # until the process ends
    _prepare(service, settings, store)
    ordinal = Ordinal(store.engine, _ordinal())
    signatures = signatures_of(settings)
    inbox = Inbox(store, service.subscriptions, signatures, fence=ordinal.fence)
    deriving = health.watch.work("deriving")
    consumer.run(
        consumer.Consumer(
            service=service.name,
            topics=tuple(owners),
            brokers=brokers,
            session_timeout=settings.session_timeout,
            member=f"{service.name}-stream-{_ordinal()}",
            ordinal=ordinal,
            heartbeat=Heartbeat("stream", _ordinal(), shown=_shown(settings, rpc=True)),
            store=store,
            inbox=inbox,
            gap_repair=GapRepair(store, inbox, owners, gets_on=deriving.gets_on),
            pending_work=PendingWork(
                store,
                service.subscriptions,
                confirm=OwnersConfirm(owners),
                gets_on=deriving.gets_on,
            ),
            ready=health.serves,
            watch=health.watch,
            deriving=deriving,
        )
    )


def _shown(settings: Settings, *, rpc: bool = False) -> Shown:
    """On the wires that a process uses: all, or those to Kafka and the databases."""
    return shown_on(
        rpc=settings.rpc_identity if rpc else None,
        kafka=settings.kafka_identity,
        database=settings.database_identity,
    )


def signatures_of(settings: Settings) -> Signatures:
    """What facts are verified with."""
    return Signatures.of(published_keys(settings.secrets_dir, keys=OF_FACTS))


def _seal(service: Service, settings: Settings, *, again: bool = False) -> None:
    """State from where on every fact of its log is signed: no older release runs any more."""
    from kernel.store import published  # noqa: PLC0415

    engine = _engine(settings, 1)
    act_as_owner(_record(service, engine))
    with engine.begin() as connection:
        seal = published.seal(connection, again=again)
    log.info("sealed", topic=topic_of(service.name), unsigned_to=seal.unsigned_to)


def _seal_again(service: Service, settings: Settings) -> None:
    """As `seal`, of a log that an older release appended to once more."""
    _seal(service, settings, again=True)


def _restored(service: Service, settings: Settings) -> None:
    """State that the database was restored, once for each time, before its processes start."""
    from kernel.store import published  # noqa: PLC0415

    engine = _engine(settings, 1)
    act_as_owner(_record(service, engine))
    with engine.begin() as connection:
        epoch = published.raise_epoch(connection)
    log.info("restored", topic=topic_of(service.name), epoch=epoch)


def _migrate(service: Service, settings: Settings) -> None:
    engine, keys = _engine(settings, 1), _key_store(service, settings, 1)
    databases = (_record(service, engine), _keys(keys.engine))
    for database in databases:
        act_as_owner(database)
    migrate_keys(keys.engine)
    migrate(engine, [service.migrations])
    moved = move_keys(engine, keys)
    forgotten = apply_registers(engine, keys)
    keys.note_masters()
    for database in databases:
        grant(database)
    log.info("migrated", keys_moved=moved, forgotten=forgotten)


def _rebuild(service: Service, settings: Settings) -> None:
    """Derive everything again from what was heard; only real differences are published."""
    from kernel.messaging.owners import OwnersConfirm  # noqa: PLC0415
    from kernel.messaging.pending_work import PendingWork  # noqa: PLC0415

    began = time.monotonic()
    confirm = OwnersConfirm(owners_of(service.hears, settings))
    store = open_store(service, settings)
    _prepare(service, settings, store)
    pending_work = PendingWork(store, service.subscriptions, confirm=confirm)
    pending_work.mark_outdated()
    raised = pending_work.mark_all()
    derived = pending_work.drain()
    log.info("rebuilt", due=raised, derived=derived, seconds=round(time.monotonic() - began, 1))


def _engine(settings: Settings, pool: int, lock_timeout: float = LOCK_TIMEOUT) -> Engine:
    identity = settings.database_identity
    return open_database(settings.database, pool=pool, lock_timeout=lock_timeout, identity=identity)


def brokers_of(settings: Settings) -> Brokers:
    """Kafka, as this process speaks to it."""
    identity = settings.kafka_identity
    return Brokers(settings.kafka, ReloadingContext(identity) if identity else None)


def _setting(error: Mapping[str, Any]) -> str:
    """Which setting, and what kind of wrong: never the value, nor what stands within it."""
    name = "_".join(str(part) for part in error["loc"][:2]).upper()
    return f"NINEHOURS_{name}: {error['type']}"


def _refuse_to_start(why: str) -> NoReturn:
    sys.stderr.write(f"can't start: {why}\n")
    sys.exit(2)


def _health(settings: Settings, process: str, store: Store) -> Health:
    """What the process tells of itself, by connections to its database that are for nothing else:
    whoever holds all that works must not look like a database that is away."""
    engine = _engine(settings, WATCHING_CONNECTIONS)

    def answers() -> bool:
        with engine.connect() as connection:
            return bool(connection.execute(text("SELECT true")).scalar_one())

    wires = {
        "rpc": settings.rpc_identity,
        "kafka": settings.kafka_identity,
        "database": settings.database_identity,
    }
    pools = {"record": store.engine}
    if isinstance(keys := store.vault.keys, SqlKeyStore):
        pools["keys"] = keys.engine
    held = ProcessFigures(
        pools,
        {wire: identity for wire, identity in wires.items() if identity is not None},
    )
    asked = Asked(answers)
    watch = Watch(settings.hangs_after, is_excused=lambda: asked.answer() is not True)
    watch.start()
    return Health(
        answers,
        watch=watch,
        labels={"service": settings.service, "process": process},
        collectors=(held, DatabaseFigures(engine)),
    )


def _port(settings: Settings, health: Health) -> HealthPort:
    return HealthPort(settings.health_listen, health, settings.rpc_identity)


def _ordinal() -> int:
    """Of the pod `<service>-stream-<n>`; 0 on one machine."""
    last = os.environ.get("POD_NAME", "").rpartition("-")[2]
    return int(last) if last.isdigit() else 0

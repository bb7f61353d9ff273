"""The story begins under TLS; every certificate and their authority are replaced on the way."""

import re
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import grpc
import psycopg
import pytest
from ninehours.exchange.v1 import operating_service_pb2 as operating
from sqlalchemy.exc import OperationalError

from kernel.messaging.brokers import Brokers
from kernel.roles import Role
from kernel.rpc.channel import Channel
from kernel.rpc.client import RpcClient
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.services import SERVICES
from kernel.store.database import open_database
from kernel.store.statements import text
from kernel.tls.context import ReloadingContext, context_of
from kernel.tls.identity import LOOK_EVERY, Identity
from ninehours.cli.connection import Services
from ninehours.local.authority import LAUNCHER, PERSON, Authority, Wire
from ninehours.local.databases import plain
from ninehours.local.system import PROCESSES, LocalSystem, serves
from ninehours.story.gateway import BrokenOff, connect
from ninehours.story.people import invent_people
from ninehours.story.plot import play
from tests.harness.deploy.monitoring import asked as asked_by_rules
from tests.harness.deploy.monitoring import selectors
from tests.harness.kernel.counters import until
from tests.harness.kernel.health import scraped
from tests.harness.kernel.health import told as asked_of
from tests.harness.rehearsing import RecordingGateway
from tests.system.calm import SEED
from tests.system.test_leaks import found, surnames

OPERATING = operating.DESCRIPTOR.services_by_name["OperatingService"]

IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-", re.IGNORECASE)
BEGINS = 60  # the network is open, and clients come
UNREACHED = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
ENOUGH = 80  # commands, under certificates of nobody who was believed when it began
PAUSE = 0.2  # seconds between two commands meanwhile: some at each step, not half of the story


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    data = tmp_path_factory.mktemp("secured") / "data"
    with LocalSystem(data, progress=lambda _: None, clock="caller", tls=True) as system:
        yield system


@pytest.fixture(scope="module")
def authority(system: LocalSystem) -> Authority:
    assert system.servers.authority is not None
    return system.servers.authority


@pytest.fixture(scope="module")
def former(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who issued the certificates that the story began with, and still could."""
    folder = tmp_path_factory.mktemp("former") / "tls"
    shutil.copytree(authority.folder, folder)
    return Authority(folder)


@pytest.fixture(scope="module")
def told(system: LocalSystem, authority: Authority, former: Authority) -> RecordingGateway:
    """As much of the story as was told until after the replacing, and all of it heard."""
    replaced = threading.Event()
    failed: list[BaseException] = []

    def replace() -> None:
        try:
            for step in (
                authority.issue_anew,
                authority.replace,
                authority.issue_anew,
                authority.withdraw,
            ):
                step()
                system.servers.reload_certificates()
                # Until then everybody looks again: as a network waits between two steps.
                replaced.wait(2 * LOOK_EVERY)
            # Nothing that was connected before remains so.
            for server in ("postgres", "kafka"):
                restarts = system.supervisor.restarts(server)
                system.kill(server)
                system.await_back(server, restarts + 1)
        except BaseException as error:
            failed.append(error)
        finally:
            replaced.set()

    replacing = threading.Thread(target=replace)
    until = 0

    def on_command(count: int) -> None:
        nonlocal until
        if count == BEGINS:
            replacing.start()
        if count > BEGINS:
            replaced.wait(PAUSE)
        if replaced.is_set():
            until = until or count + ENOUGH
            if count > until:
                raise BrokenOff

    with RecordingGateway(
        connect(system.channel_to, system.people_dir), seed=SEED, on_command=on_command
    ) as gateway:
        with pytest.raises(BrokenOff):
            play(gateway, invent_people(SEED))
        replacing.join()
        assert failed == []
        gateway.catch_up()
        return gateway


def test_no_command_is_lost_and_none_refused_for_good(
    system: LocalSystem, authority: Authority, told: RecordingGateway
) -> None:
    """One that was would have ended the telling; each that was answered is recorded, once."""
    assert len(told.given) >= BEGINS + ENOUGH
    for service in SERVICES:
        given = {given.request.meta.command_id for given in told.given if given.service == service}
        identity = authority.identity(service, Wire.DATABASE)
        engine = open_database(system.databases[service].processes.url, identity=identity)
        with closing(engine.connect()) as connection:
            recorded = {str(row.id) for row in connection.execute(text("SELECT id FROM command"))}
        engine.dispose()
        assert given <= recorded


def test_status_shows_every_process_certificates_as_they_are_now(
    system: LocalSystem, authority: Authority, told: RecordingGateway
) -> None:
    assert told.given
    on = {"rpc": Wire.RPC, "kafka": Wire.KAFKA, "database": Wire.DATABASE}
    services = Services(system.addresses, system.people_dir, identity=system.identity)
    for service, kinds in PROCESSES.items():

        def shown(service: str = service) -> dict[tuple[str, str], operating.Certificate]:
            found = services.ask(Role.OPERATOR, operating.GetStatusRequest(), service=service)
            return {
                (process.name, certificate.wire): certificate
                for process in found.processes
                for certificate in process.certificates
            }

        def is_of_now(service: str = service) -> bool:
            """Issued as long ago as the one in the folder was, to a minute."""
            for (kind, wire), certificate in shown().items():
                holder = f"{service}-{kind}" if wire == "kafka" else service
                material = authority.identity(holder, on[wire]).current()
                since = (datetime.now(UTC) - material.valid_from).total_seconds()
                assert certificate.name == holder
                if not abs(certificate.seconds - since) < 30:
                    return False
            return True

        until(is_of_now)
        used = {(kind, wire) for kind in kinds for wire in on} - {("relay", "rpc")}
        assert {*shown()} == used
        assert all(each.left_seconds > 300 * 86_400 for each in shown().values())
    services.close()


def test_each_process_is_given_certificates_of_its_own_service(system: LocalSystem) -> None:
    for service, kinds in PROCESSES.items():
        for kind in kinds:
            given = system._settings(service, kind, f"{service}-{kind}")
            folders = {name: Path(at) for name, at in given.items() if name.endswith("_TLS_DIR")}
            holders = {name: at.relative_to(at.parents[1]).parts[0] for name, at in folders.items()}
            assert holders == {
                "NINEHOURS_RPC_TLS_DIR": service,
                "NINEHOURS_KAFKA_TLS_DIR": f"{service}-{kind}",
                "NINEHOURS_DATABASE_TLS_DIR": service,
            }


def test_who_shows_a_certificate_of_the_former_authority_is_a_stranger_everywhere(
    system: LocalSystem, told: RecordingGateway, former: Authority
) -> None:
    assert told.given
    _refused(system, former)


def test_who_was_never_known_is_a_stranger_everywhere(
    system: LocalSystem, told: RecordingGateway, tmp_path: Path
) -> None:
    assert told.given
    _refused(system, Authority(tmp_path / "strangers"))


def test_no_process_speaks_a_version_of_tls_before_1_3(
    system: LocalSystem, told: RecordingGateway, authority: Authority
) -> None:
    assert told.given
    authority.issue(PERSON, Wire.RPC)
    context = context_of(authority.identity(PERSON, Wire.RPC).current())
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    for service, address in system.addresses.items():
        host, _, port = address.rpartition(":")
        with pytest.raises(ssl.SSLError), socket.create_connection((host, int(port))) as wire:
            context.wrap_socket(wire, server_hostname=service)


def test_what_processes_tell_of_themselves_names_nobody_and_is_what_alerts_ask_for(
    system: LocalSystem, told: RecordingGateway
) -> None:
    """After commands with ids and names: all that whoever watches is told, of every process."""
    assert told.given
    assert system.identity is not None
    context = context_of(system.identity.current())
    names: set[str] = set()
    for process, address in system.health_addresses.items():
        port = int(address.rpartition(":")[2])
        assert asked_of(port, "/livez", context) == (200, "alive\n"), process
        _, text = asked_of(port, "/metrics", context)
        assert "ninehours_database_up" in text, process
        assert IDS.findall(text) == [], process
        assert found(surnames(), text.encode()) == set(), process
        assert not any(kind in text for kind in ("person/", "staff/", "client/", "site/")), process
        names |= {name for name, _ in scraped(port, context)}
    asked = {each.name for _, expression in asked_by_rules() for each in selectors(expression)}
    assert asked - names == set()


def test_plain_text_is_refused_on_every_port(system: LocalSystem, told: RecordingGateway) -> None:
    assert told.given
    for address in system.health_addresses.values():
        assert not serves(address)
        assert serves(address, system.identity)
    for address in system.addresses.values():
        with grpc.insecure_channel(address) as channel:
            ask = channel.unary_unary("/made.Anything/Do", None, None)
            with pytest.raises(grpc.RpcError) as refused:
                ask(b"", timeout=2.0)
            assert refused.value.code() in UNREACHED
    assert Brokers(system.bootstrap).refusal()
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(f"{plain(system.databases['intake'].processes.url)}?sslmode=disable")


def _refused(system: LocalSystem, strangers: Authority) -> None:
    """By each service, by Kafka and by PostgreSQL, under the very names of those who are let in."""
    authority = system.servers.authority
    assert authority is not None

    def shown(holder: str, wire: Wire) -> Identity:
        strangers.issue(holder, wire)
        believed = authority.folder_of(holder, wire) / "ca.crt"
        shutil.copy(believed, strangers.folder_of(holder, wire))  # they know whom they ask
        return strangers.identity(holder, wire)

    for service, address in system.addresses.items():
        channel = Channel(address, service, shown(PERSON, Wire.RPC))
        operator = RpcClient(channel, OPERATING, token=str, deadline=2.0)
        with closing(operator), pytest.raises(RemoteRefusal) as refused:
            operator.GetStatus(operating.GetStatusRequest())
        assert refused.value.code in UNREACHED
    kafka = Brokers(system.bootstrap, ReloadingContext(shown(LAUNCHER, Wire.KAFKA)))
    assert "refuses this process's certificate" in kafka.refusal()
    engine = open_database(
        system.databases["intake"].processes.url, identity=shown("intake", Wire.DATABASE)
    )
    with pytest.raises(OperationalError):
        engine.connect()

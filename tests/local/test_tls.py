"""PostgreSQL and Kafka under TLS: who is let in, what they may, why not, new certificates."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError
from sqlalchemy.exc import OperationalError

from kernel.access import grants_of
from kernel.messaging.brokers import Brokers
from kernel.store.database import open_database
from kernel.store.statements import text
from kernel.tls import identity
from kernel.tls.context import ReloadingContext
from kernel.tls.identity import Identity
from ninehours.local.authority import Authority, Wire
from ninehours.local.databases import plain
from ninehours.local.probes import LOOPBACK
from ninehours.local.servers import LocalServers
from services.attendance.__main__ import SERVICE as ATTENDANCE
from services.intake.__main__ import SERVICE as INTAKE
from tests.harness.kernel.counters import until

OWN, HEARD = "ninehours.attendance.v1", "ninehours.intake.v1"
HOLDERS = ("attendance-relay", "attendance-stream", "attendance-api", "intake-relay")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    with LocalServers(tmp_path_factory.mktemp("secured") / "data", tls=True) as servers:
        assert servers.authority is not None
        servers.authority.issue("attendance", Wire.DATABASE)
        for holder in HOLDERS:
            servers.authority.issue(holder, Wire.KAFKA)
        servers.declare_topics(OWN, HEARD)
        servers.declare_access([*grants_of(ATTENDANCE), *grants_of(INTAKE)])
        yield servers


@pytest.fixture(scope="module")
def authority(servers: LocalServers) -> Authority:
    assert servers.authority is not None
    return servers.authority


@pytest.fixture(scope="module")
def url(servers: LocalServers) -> str:
    return servers.create_databases("attendance")["attendance"].processes.url


@pytest.fixture
def strangers(tmp_path: Path, authority: Authority) -> Authority:
    """Who issues the same names, and is believed by nobody; whom we believe, it believes too."""
    strangers = Authority(tmp_path / "strangers")
    for holder, wire in (("attendance", Wire.DATABASE), ("attendance-relay", Wire.KAFKA)):
        strangers.issue(holder, wire)
        known = authority.folder_of(holder, wire) / "ca.crt"
        (strangers.folder_of(holder, wire) / "ca.crt").write_bytes(known.read_bytes())
    return strangers


def brokers(servers: LocalServers, shown: Identity) -> Brokers:
    return Brokers(servers.bootstrap, ReloadingContext(shown))


def wire_of(url: str, shown: Identity) -> tuple[str, str]:
    """What PostgreSQL says of the connection: the version of TLS, and who it is."""
    engine = open_database(url, identity=shown)
    with closing(engine.connect()) as connection:
        row = connection.execute(
            text("SELECT version, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        ).one()
    engine.dispose()
    return row.version, row.client_dn


def test_a_service_s_connections_are_encrypted_and_show_its_certificate(
    authority: Authority, url: str
) -> None:
    shown = authority.identity("attendance", Wire.DATABASE)
    assert wire_of(url, shown) == ("TLSv1.3", "/CN=attendance")


def test_new_certificates_are_taken_while_the_server_s_files_come_and_go(
    servers: LocalServers,
) -> None:
    data, stopping = servers.folder.path / "postgres", threading.Event()

    def come_and_go() -> None:
        while not stopping.is_set():
            for number in range(100):
                (data / f"passing.{number}").touch()
            for number in range(100):
                (data / f"passing.{number}").unlink()

    busy = threading.Thread(target=come_and_go)
    busy.start()
    try:
        for _ in range(5):
            servers.reload_certificates()
    finally:
        stopping.set()
        busy.join()


def test_postgresql_refuses_a_stranger_a_nobody_and_plain_text(
    url: str, authority: Authority, strangers: Authority
) -> None:
    with pytest.raises(OperationalError):
        wire_of(url, strangers.identity("attendance", Wire.DATABASE))
    believed = authority.folder_of("attendance", Wire.DATABASE) / "ca.crt"
    for options, why in (
        ("sslmode=disable", "no encryption"),
        (f"sslmode=verify-full&sslrootcert={believed}", "certificate"),
    ):
        with pytest.raises(psycopg.OperationalError, match=why):
            psycopg.connect(f"{plain(url)}?{options}")


def test_a_server_of_another_authority_is_not_believed(
    url: str, strangers: Authority, servers: LocalServers, tmp_path: Path
) -> None:
    strangers.issue("attendance", Wire.DATABASE)
    strangers.issue("attendance-relay", Wire.KAFKA)
    with pytest.raises(OperationalError, match="certificate verify failed"):
        wire_of(url, strangers.identity("attendance", Wire.DATABASE))
    refusal = brokers(servers, strangers.identity("attendance-relay", Wire.KAFKA)).refusal()
    assert "its certificate is not believed here" in refusal


def send(servers: LocalServers, shown: Identity, topic: str) -> int:
    with closing(
        KafkaProducer(**brokers(servers, shown).options(), acks="all", max_block_ms=600_000)
    ) as producer:
        return int(producer.send(topic, key=b"k", value=b"v").get(timeout=600).offset)


def test_only_a_service_s_relay_writes_its_topic(
    servers: LocalServers, authority: Authority
) -> None:
    relay = authority.identity("attendance-relay", Wire.KAFKA)
    assert send(servers, relay, OWN) >= 0
    for holder, topic in (
        ("attendance-relay", HEARD),
        ("attendance-stream", OWN),
        ("attendance-api", OWN),
        ("intake-relay", OWN),
    ):
        with pytest.raises(KafkaError, match="AuthorizationFailed"):
            send(servers, authority.identity(holder, Wire.KAFKA), topic)


def test_a_stream_reads_what_its_service_hears_and_nothing_else(
    servers: LocalServers, authority: Authority
) -> None:
    send(servers, authority.identity("intake-relay", Wire.KAFKA), HEARD)
    stream = brokers(servers, authority.identity("attendance-stream", Wire.KAFKA)).options()
    with closing(
        KafkaConsumer(
            HEARD,
            group_id="attendance-stream",
            auto_offset_reset="earliest",
            consumer_timeout_ms=600_000,
            **stream,
        )
    ) as consumer:
        assert next(consumer).value == b"v"
        assert consumer.topics() == {HEARD}, "there are others, of which it is told nothing"


def test_why_a_broker_lets_somebody_not_in_is_told_in_a_line(
    servers: LocalServers, authority: Authority, strangers: Authority
) -> None:
    shown = authority.identity("attendance-relay", Wire.KAFKA)
    assert brokers(servers, shown).refusal() == ""
    stranger = brokers(servers, strangers.identity("attendance-relay", Wire.KAFKA)).refusal()
    assert "it refuses this process's certificate" in stranger
    assert Brokers(servers.bootstrap).refusal().endswith("it hangs up on who speaks plain text")
    assert brokers(servers, shown).refusal() == ""
    another = Brokers(f"{LOOPBACK}:{urlsplit(servers.admin_url).port}", ReloadingContext(shown))
    assert another.refusal().endswith("it hangs up on who speaks TLS")


def lets_in(url: str, shown: Identity) -> bool:
    try:
        return bool(wire_of(url, shown))
    except OperationalError:
        return False


def test_new_certificates_and_another_authority_open_new_connections_and_old_ones_none(
    servers: LocalServers, authority: Authority, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "LOOK_EVERY", 0.0)
    database = authority.identity("attendance", Wire.DATABASE)
    relay = authority.identity("attendance-relay", Wire.KAFKA)
    before = {wire: shown.current() for wire, shown in (("database", database), ("kafka", relay))}
    kept = open_database(url, identity=database)
    with closing(kept.connect()) as connection:
        for step in (
            authority.issue_anew,
            authority.replace,
            authority.issue_anew,
            authority.withdraw,
        ):
            step()
            servers.reload_certificates()
            assert send(servers, relay, OWN) > 0
            assert wire_of(url, database)[0] == "TLSv1.3"
        assert connection.execute(text("SELECT 1")).scalar_one() == 1, "established ones stay"
    kept.dispose()
    monkeypatch.setattr(database, "current", lambda: before["database"])
    monkeypatch.setattr(relay, "current", lambda: before["kafka"])
    # Both forget in their own time whom they believed.
    until(lambda: bool(brokers(servers, relay).refusal()))
    until(lambda: not lets_in(url, database))

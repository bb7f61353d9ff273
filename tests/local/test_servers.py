"""Embedded PostgreSQL and Kafka: closed, durable, quiet, back after kill -9. (Slow: 15 s.)"""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient

from kernel.services import SERVICES
from kernel.store.privileges import MIGRATIONS, OWNER
from ninehours.local import leftovers
from ninehours.local.databases import Logins, plain
from ninehours.local.folder import DataFolder
from ninehours.local.kafka import WrongPartitions, declare_topics
from ninehours.local.postgres import Postgres
from ninehours.local.probes import free_ports
from ninehours.local.servers import LocalServers
from ninehours.local.supervisor import Supervisor
from ninehours.local.unprivileged import CAPABILITY, NAMESPACE

CANARY = "Wilhelmina Canary"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    # Under a folder that is closed to everybody else, as /root is.
    closed = tmp_path_factory.mktemp("closed")
    closed.chmod(0o700)
    with LocalServers(closed / "data") as servers:
        yield servers


@pytest.fixture(scope="module")
def logins(servers: LocalServers) -> dict[str, Logins]:
    return servers.create_databases(*SERVICES, "intake_keys")


@pytest.fixture(scope="module")
def urls(logins: dict[str, Logins]) -> dict[str, str]:
    """For whoever migrates."""
    return {name: login.migrations.url for name, login in logins.items()}


def ask(url: str, statement: str) -> object:
    with psycopg.connect(plain(url), autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
        return row[0] if row else None


def send(servers: LocalServers, value: bytes) -> None:
    # A client a call: kafka-python leaves a socket behind for every attempt at a dead broker.
    producer = KafkaProducer(bootstrap_servers=servers.bootstrap)
    producer.send("kept", value).get(300)
    producer.close()


def received(servers: LocalServers, count: int) -> set[bytes]:
    consumer = KafkaConsumer(
        "kept",
        bootstrap_servers=servers.bootstrap,
        auto_offset_reset="earliest",
        consumer_timeout_ms=300_000,
    )
    found = {next(consumer).value for _ in range(count)}
    consumer.close()
    return found


def test_each_database_is_entered_by_its_own_roles_and_they_enter_no_other(
    logins: dict[str, Logins],
) -> None:
    names = [*logins, "postgres", "template1"]
    for own, each in logins.items():
        for login in (each.migrations, each.processes):
            assert ask(login.url, "select current_user") == login.role
            assert (
                ask(login.url, f"select rolsuper from pg_roles where rolname = '{login.role}'")
                is False
            )
            for name in names:
                if name != own:
                    with pytest.raises(psycopg.OperationalError, match="permission denied for"):
                        ask(login.url.removesuffix(own) + name, "select 1")
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                ask(replace(login, password="x").url, "select 1")


def test_who_serves_may_not_act_as_who_owns(logins: dict[str, Logins]) -> None:
    for each in logins.values():
        owner = each.migrations.role.replace(MIGRATIONS, OWNER)
        assert ask(each.migrations.url, f"select set_config('role', '{owner}', false)") == owner
        for role in (owner, each.migrations.role):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ask(each.processes.url, f"set role {role}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(each.processes.url, "create table mine (a int)")


def test_a_database_of_before_gets_its_roles_and_keeps_what_is_in_it(
    servers: LocalServers,
) -> None:
    """One role, of its name, owned it and did all."""
    with psycopg.connect(servers.admin_url, autocommit=True) as admin:
        admin.execute("create role old login password 'x'")
        admin.execute("create database old owner old")
    place = urlsplit(servers.admin_url).netloc.rpartition("@")[2]
    with psycopg.connect(f"postgresql://old:x@{place}/old", autocommit=True) as client:
        client.execute("create table kept as select 5 as n")
    for _ in range(2):
        logins = servers.create_databases("old")["old"]
        assert ask(logins.migrations.url, "update kept set n = n + 1 returning n") in {6, 7}
    assert (
        ask(logins.migrations.url, "select tableowner from pg_tables where tablename = 'kept'")
        == "old_owner"
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(logins.processes.url, "select n from kept")
    for gone in ("old", "old_owner"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"postgresql://{gone}:x@{place}/old")
    servers.drop_database("old")


def test_what_is_kept_is_durable_and_only_for_the_owner(
    servers: LocalServers, urls: dict[str, str]
) -> None:
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        assert ask(servers.admin_url, f"select current_setting('{setting}')") == "on"
    assert ask(urls["intake"], "show server_encoding") == "UTF8"
    folder = servers.folder
    passwords = list(folder.passwords.iterdir())
    assert len(passwords) >= 2 * len(SERVICES) + 1
    private = [*passwords, *folder.logs.iterdir(), folder.path / "kafka.properties"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in private)
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_what_clients_send_is_in_no_log(servers: LocalServers, urls: dict[str, str]) -> None:
    with psycopg.connect(plain(urls["intake"]), autocommit=True) as client:
        client.execute("create table person (name text primary key, born date)")
        client.execute("insert into person values (%s, null)", (CANARY,))
        with pytest.raises(psycopg.errors.UniqueViolation):
            client.execute("insert into person values (%s, null)", (CANARY,))
        with pytest.raises(psycopg.errors.InvalidDatetimeFormat):
            client.execute(f"insert into person values ('x', '{CANARY}')".encode())
        with pytest.raises(psycopg.errors.SyntaxError):
            client.execute(f'selekt "{CANARY}"'.encode())
    logs = list(servers.folder.logs.iterdir())
    assert "postgres.log" in {log.name for log in logs}
    assert not [log.name for log in logs if CANARY in log.read_text()]


def test_a_test_gets_a_fresh_database_or_a_copy(servers: LocalServers) -> None:
    first = servers.create_database("template_one").migrations.url
    with psycopg.connect(plain(first), autocommit=True) as client:
        client.execute("create table kept (n int)")
        client.execute("insert into kept values (7)")
    copy = servers.create_database("copy_one", template="template_one").migrations.url
    assert ask(copy, "update kept set n = n + 1 returning n") == 8
    assert ask(first, "select n from kept") == 7
    servers.drop_database("copy_one")
    servers.drop_database("template_one")
    with pytest.raises(psycopg.OperationalError):
        ask(copy, "select 1")


def test_topics_are_declared_once_with_the_partitions_asked_for(servers: LocalServers) -> None:
    names = [f"ninehours.{service}.v1" for service in SERVICES]
    servers.declare_topics(*names[:2])
    servers.declare_topics(*names)
    with pytest.raises(WrongPartitions, match="has 4 partitions, not 5"):
        declare_topics(servers.brokers, names[:1], partitions=5)
    admin = KafkaAdminClient(bootstrap_servers=servers.bootstrap)
    described = admin.describe_topics(names)
    admin.close()
    assert {topic["name"]: len(topic["partitions"]) for topic in described} == dict.fromkeys(
        names, 4
    )


def test_postgres_killed_is_back_on_its_port_with_what_was_committed(
    servers: LocalServers, urls: dict[str, str]
) -> None:
    with psycopg.connect(plain(urls["plans"]), autocommit=True) as open_one:
        open_one.execute("create table survived (n int)")
        open_one.execute("insert into survived values (9)")
        restarts = servers.supervisor.restarts("postgres")
        # The backend is stopped, so it cannot notice the death: an orphan that holds the memory.
        backend = open_one.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        servers.kill("postgres")
        servers.await_back("postgres", restarts + 1)
    assert ask(urls["plans"], "select n from survived") == 9


def test_kafka_killed_is_back_on_its_port_with_what_was_sent(servers: LocalServers) -> None:
    servers.declare_topics("kept")
    send(servers, b"before")
    restarts = servers.supervisor.restarts("kafka")
    servers.kill("kafka")
    servers.await_back("kafka", restarts + 1)
    send(servers, b"after")
    assert received(servers, 2) == {b"before", b"after"}


def test_state_survives_a_stop_and_a_start_on_other_ports(tmp_path: Path) -> None:
    with LocalServers(tmp_path) as first:
        url = first.create_databases("intake")["intake"].migrations.url
        with psycopg.connect(plain(url), autocommit=True) as client:
            client.execute("create table kept as select 5 as n")
        first.declare_topics("kept")
        send(first, b"fact")
        run = first.folder.run_id
    assert leftovers.of_run(str(first.folder.path), run=lambda other: other == run) == []
    with LocalServers(tmp_path) as second:
        assert second.bootstrap != first.bootstrap
        assert second.admin_url != first.admin_url
        again = second.create_databases("intake")["intake"].migrations.url
        assert ask(again, "select n from kept") == 5
        assert received(second, 1) == {b"fact"}


def test_an_own_server_is_used_instead(
    servers: LocalServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = servers.admin_url.replace("postgresql:", "postgresql+psycopg:")
    monkeypatch.setenv("NINEHOURS_POSTGRES_URL", url)
    monkeypatch.setenv("NINEHOURS_KAFKA", servers.bootstrap)
    with LocalServers(tmp_path) as guests:
        assert guests.supervisor.processes == {}
        assert guests.bootstrap == servers.bootstrap
        assert ask(guests.create_database("guest").processes.url, "select 1") == 1
        guests.drop_database("guest")


@pytest.mark.parametrize("way", [NAMESPACE, CAPABILITY])
def test_root_is_served_below_a_closed_folder_and_opens_nothing(tmp_path: Path, way: str) -> None:
    if os.geteuid() != 0:
        # An ordinary user takes neither way; the other tests have run PostgreSQL for them.
        return
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    folder = DataFolder(closed / "data")
    folder.claim()
    supervisor = Supervisor(folder, lambda _: None)
    try:
        postgres = Postgres(folder, free_ports(1)[0], ways=(way,))
        postgres.initialize(supervisor)
        supervisor.start(postgres.spec(supervisor, 0))
        supervisor.await_ready("postgres")
        assert ask(postgres.admin_url, "select 1") == 1
    finally:
        supervisor.stop()
        folder.release()
    assert closed.stat().st_mode & 0o777 == 0o700
    assert (folder.path / "postgres").stat().st_mode & 0o777 == 0o700

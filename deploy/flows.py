"""Who speaks to whom in one network's cell: the one table, made of what the code says.

Network policies, peers' settings and the listener of Kafka are written from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path

from google.protobuf.descriptor import ServiceDescriptor

from kernel.process import Service
from kernel.rpc.policy import policies_of
from kernel.rpc.tokens import SERVICE_ROLE
from kernel.services import CONSOLE, SERVICES

PROTOS = Path(__file__).resolve().parents[1] / "protos"


class Port(StrEnum):
    """As the ports of pods are called; of what isn't ours, by their numbers."""

    RPC = "rpc"
    WEB = "web"
    HEALTH = "health"
    POSTGRES = "5432"
    POSTGRES_STATUS = "8000"
    POSTGRES_METRICS = "9187"
    KAFKA = "9093"
    TRACES = "4317"
    HTTPS = "443"
    KUBERNETES = "6443"
    DNS = "53"


NUMBERS = {Port.RPC: 8443, Port.WEB: 8444, Port.HEALTH: 9443}


@dataclass(frozen=True, slots=True)
class Pods:
    """Those with these labels: of this cell, or of the `namespace` of that name."""

    name: str
    labels: tuple[tuple[str, str], ...]
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """`source` opens connections to `target`; None is whoever is outside and has no label."""

    source: Pods | None
    target: Pods | None
    ports: tuple[Port, ...]


NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
DATABASES = ("record", "keys")
RECORD = "record"
# Whoever asks as a person does, beside the console: a gateway, an operator's pod.
ENTRY = Pods("entry", (("ninehours-entry", "true"),))
KAFKA = Pods("kafka", (("strimzi.io/cluster", "kafka"),))
PROMETHEUS = Pods("prometheus", (("app.kubernetes.io/name", "prometheus"),), "monitoring")
# What leads browsers into the cluster: deploy/cluster.
GATEWAY = Pods("gateway", (("ninehours-gateway", "true"),), "gateway")
COLLECTOR = Pods(
    "collector", (("app.kubernetes.io/name", "opentelemetry-collector"),), "monitoring"
)
NAMES = Pods("names", (("k8s-app", "kube-dns"),), "kube-system")
DATABASE_OPERATOR = Pods(
    "database-operator", (("app.kubernetes.io/name", "cloudnative-pg"),), "cnpg-system"
)
KAFKA_OPERATOR = Pods("kafka-operator", (("strimzi.io/kind", "cluster-operator"),), "strimzi")
OUTSIDE = None


def databases(service: str) -> tuple[str, ...]:
    """The console's holds nothing that owners' keys are for."""
    return (RECORD,) if service == CONSOLE else DATABASES


def declared(service: str) -> Service:
    """What the service says of itself."""
    found: Service = import_module(f"services.{service}.__main__").SERVICE
    return found


def processes(service: str) -> tuple[str, ...]:
    """Those that stay, and the one that goes first and ends."""
    return ("migrate", "api", "relay", *(["stream"] if declared(service).hears else []))


def asked(service: str) -> tuple[str, ...]:
    """Whom it asks: the owners of what it hears, and those with an RPC for it alone."""
    role = f"{SERVICE_ROLE}{service}"
    owners = {
        owner
        for owner in SERVICES
        if owner in declared(service).hears
        or any(
            role in policy.roles
            for descriptor in _rpcs_of(owner)
            for policy in policies_of(descriptor).values()
        )
    }
    return tuple(owner for owner in SERVICES if owner in owners)


def peers(service: str) -> str:
    """NINEHOURS_PEERS, of its api and its stream; the console asks all."""
    theirs = SERVICES if service == CONSOLE else asked(service)
    return ",".join(f"{name}={name}-api:{NUMBERS[Port.RPC]}" for name in theirs)


def pods(service: str, process: str) -> Pods:
    """One process's."""
    return Pods(f"{service}-{process}", ((NAME, service), (COMPONENT, process)))


def database(service: str, name: str) -> Pods:
    """One database's instances."""
    return Pods(f"{service}-{name}", (("cnpg.io/cluster", f"{service}-{name}"),))


def flows() -> Iterator[Flow]:
    """Every connection that is opened in a cell. What isn't here is refused on both sides."""
    for service in SERVICES:
        yield from _of_service(service)
        for name in databases(service):
            yield from _of_database(database(service, name))
    yield from _of_console()
    yield from _of_database(database(CONSOLE, RECORD))
    yield Flow(KAFKA, KAFKA, ())
    yield Flow(KAFKA_OPERATOR, KAFKA, ())
    yield Flow(KAFKA, OUTSIDE, (Port.HTTPS, Port.KUBERNETES))  # the entity operator asks Kubernetes
    yield Flow(ENTRY, NAMES, (Port.DNS,))
    yield Flow(KAFKA, NAMES, (Port.DNS,))


def _of_service(service: str) -> Iterator[Flow]:
    for process in processes(service):
        own = pods(service, process)
        yield Flow(own, NAMES, (Port.DNS,))
        for name in DATABASES if process != "relay" else ("record",):  # it opens nothing sealed
            yield Flow(own, database(service, name), (Port.POSTGRES,))
        if process == "migrate":
            continue
        yield Flow(own, KAFKA, (Port.KAFKA,))
        yield Flow(PROMETHEUS, own, (Port.HEALTH,))
        yield Flow(own, COLLECTOR, (Port.TRACES,))  # where there is one: components/tracing
        if process in ("api", "stream"):
            for owner in asked(service):
                yield Flow(own, pods(owner, "api"), (Port.RPC,))
    yield Flow(ENTRY, pods(service, "api"), (Port.RPC,))
    yield Flow(pods(service, "api"), OUTSIDE, (Port.HTTPS,))  # the identity provider's keys


def _of_console() -> Iterator[Flow]:
    web = pods(CONSOLE, "web")
    for own in (web, pods(CONSOLE, "migrate")):
        yield Flow(own, NAMES, (Port.DNS,))
        yield Flow(own, database(CONSOLE, RECORD), (Port.POSTGRES,))
    yield Flow(GATEWAY, web, (Port.WEB,))
    yield Flow(PROMETHEUS, web, (Port.HEALTH,))
    for service in SERVICES:
        yield Flow(web, pods(service, "api"), (Port.RPC,))
    yield Flow(web, OUTSIDE, (Port.HTTPS,))  # the identity provider


def _of_database(own: Pods) -> Iterator[Flow]:
    yield Flow(own, NAMES, (Port.DNS,))
    yield Flow(own, own, (Port.POSTGRES, Port.POSTGRES_STATUS))
    yield Flow(DATABASE_OPERATOR, own, (Port.POSTGRES, Port.POSTGRES_STATUS))
    yield Flow(PROMETHEUS, own, (Port.POSTGRES_METRICS,))
    yield Flow(own, OUTSIDE, (Port.HTTPS, Port.KUBERNETES))  # backups; its own state


def _rpcs_of(service: str) -> Iterator[ServiceDescriptor]:
    """Its own, as its protos say; what every service answers isn't among them."""
    for path in sorted(PROTOS.glob(f"ninehours/{service}/v1/*_service.proto")):
        module = path.relative_to(PROTOS).with_suffix("").as_posix().replace("/", ".")
        yield from import_module(f"{module}_pb2").DESCRIPTOR.services_by_name.values()

"""Writes what of deploy/ follows from the code, so that nobody maintains it: `make manifests`.

Of each service its name and whom it asks; who may speak to whom; what each process may do on Kafka,
and the topics; certificates by the names that are verified. The rest of deploy/ is written by hand.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from deploy.flows import (
    KAFKA,
    NUMBERS,
    Flow,
    Pods,
    Port,
    databases,
    declared,
    flows,
    peers,
    processes,
)
from kernel.access import Grant, grants_of
from kernel.services import CONSOLE, SERVICES, topic_of

HERE = Path(__file__).resolve().parent
# So many streams of a service can hear at once. Never changed: facts' order rests on it.
PARTITIONS = 12
ALL = (*SERVICES, CONSOLE)
WRITTEN = "# Written by `make manifests`; deploy/manifests.py says what of.\n"
# Components with a folder `service` that holds for each of them, and where in it a name is theirs.
OF_EACH = {
    "base": (
        "spec/template/spec/volumes/secret/secretName",
        "spec/template/spec/volumes/projected/sources/secret/name",
    ),
    "components/cloudnative-pg": (
        "spec/certificates/serverCASecret",
        "spec/certificates/serverTLSSecret",
        "spec/certificates/replicationTLSSecret",
        "spec/managed/roles/passwordSecret/name",
        "spec/plugins/parameters/barmanObjectName",
        "spec/cluster/name",
    ),
    "components/external-secrets": ("spec/dataFrom/extract/key",),
}

Object = Mapping[str, Any]
# Sessions: kilobytes, and worth nothing a day later.
_SMALL: Sequence[tuple[str, Object]] = (
    ("Cluster", {"path": "/spec/storage/size", "value": "5Gi"}),
    ("Cluster", {"path": "/spec/walStorage/size", "value": "5Gi"}),
    ("Cluster", {"path": "/spec/resources/requests/cpu", "value": "200m"}),
    ("Cluster", {"path": "/spec/resources/requests/memory", "value": "512Mi"}),
    ("Cluster", {"path": "/spec/resources/limits/memory", "value": "512Mi"}),
    ("Cluster", {"path": "/spec/postgresql/parameters/max_connections", "value": "80"}),
    ("ObjectStore", {"path": "/spec/retentionPolicy", "value": "7d"}),
)


def written() -> dict[Path, str]:
    """Path under deploy/ → what stands there."""
    return (
        {
            Path(path) / service / "kustomization.yaml": _yaml([_of_service(path, service)])
            for path in OF_EACH
            for service in ALL
        }
        | {
            Path("base") / CONSOLE / name: _yaml([_of_console(name)])
            for name in ("pod.yaml", "running.yaml")
        }
        | {
            Path("components") / path: _yaml(objects)
            for path, objects in {
                "network-policies/flows.yaml": _policies(list(flows())),
                "strimzi/topics.yaml": _topics(),
                "strimzi/users.yaml": _users(),
                "strimzi/peers.yaml": [_peers_of_kafka()],
                "cert-manager/certificates.yaml": _certificates(),
                "monitoring/monitors.yaml": _monitors(),
                "monitoring/rules.yaml": [_rules_of_alerts()],
                "autoscaling/scaling.yaml": _scaling(),
            }.items()
        }
    )


def _of_service(path: str, service: str) -> Object:
    """The folder `service` beside it, by this service's names."""
    prefixed = {
        "apiVersion": "builtin",
        "kind": "PrefixTransformer",
        "metadata": {"name": "secrets"},
        "prefix": f"{service}-",
        "fieldSpecs": [{"path": field} for field in OF_EACH[path]],
    }
    named = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["../service"],
        "namePrefix": f"{service}-",
        "labels": [
            {"pairs": {"app.kubernetes.io/name": service}, "includeSelectors": path == "base"}
        ],
        "transformers": [yaml.safe_dump(prefixed, sort_keys=False)],
    }
    if service == CONSOLE:
        named |= _of_console_alone(path)
    if path != "base":
        return named
    settings = {"NINEHOURS_SERVICE": service, "NINEHOURS_PEERS": peers(service)}
    literals = [f"{name}={value}" for name, value in settings.items()]
    return {**named, "configMapGenerator": [{"name": "service", "literals": literals}]}


def _of_console_alone(path: str) -> Object:
    """It has processes of its own shape, beside; of the rest it lacks what keys take."""
    if path == "base":
        whom = {"pod.yaml": "Deployment|Job", "running.yaml": "Deployment"}
        patches = [{"path": name, "target": {"kind": kind}} for name, kind in whom.items()]
        return {"resources": ["web.yaml", "migrate.yaml"], "patches": patches[::-1]}
    gone = yaml.safe_dump({"$patch": "delete", **_object("any", "any", "any", {})})
    patches = [{"target": {"name": "keys.*"}, "patch": gone}]
    if path == "components/cloudnative-pg":
        patches += [
            {"target": {"kind": kind}, "patch": yaml.safe_dump([{"op": "replace", **changed}])}
            for kind, changed in _SMALL
        ]
    return {"patches": patches}


def _of_console(name: str) -> Object:
    """The services' own shape, without Kafka and owners' keys."""
    shape: dict[str, Any] = yaml.safe_load((HERE / "base" / "service" / name).read_text())
    pod = shape["spec"]["template"]["spec"]
    [container] = pod["containers"]
    container["env"] = [each for each in container["env"] if not _is_of_services(each["name"])]
    mounts = container.get("volumeMounts", [])
    container["volumeMounts"] = [each for each in mounts if each["name"] != "kafka"]
    for volume in pod["volumes"]:
        if volume["name"] == "passwords":
            del volume["projected"]["sources"][1:]
    return shape


def _is_of_services(variable: str) -> bool:
    return "_KEYS_" in variable or "_KAFKA_" in variable


def _policies(table: Sequence[Flow]) -> Iterator[Object]:
    """One of each that speaks or is spoken to, with all that it may."""
    theirs = [pods for flow in table for pods in (flow.source, flow.target)]
    ours = [pods for pods in dict.fromkeys(theirs) if pods is not None and not pods.namespace]
    for pods in ours:
        heard = [flow for flow in table if flow.target == pods]
        asks = [flow for flow in table if flow.source == pods]
        spec: dict[str, Any] = {
            "podSelector": {"matchLabels": dict(pods.labels)},
            "policyTypes": ["Ingress", "Egress"],
        }
        if heard:
            spec["ingress"] = [_allowed("from", flow.source, flow.ports) for flow in heard]
        if asks:
            spec["egress"] = [_allowed("to", flow.target, flow.ports) for flow in asks]
        yield _object("networking.k8s.io/v1", "NetworkPolicy", pods.name, spec)


def _allowed(direction: str, other: Pods | None, ports: Iterable[Port]) -> Object:
    rule: dict[str, Any] = {direction: [_peer(other)]}
    if listed := [each for port in ports for each in _ports(port)]:
        rule["ports"] = listed
    return rule


def _peer(pods: Pods | None) -> Object:
    if pods is None:
        return {"ipBlock": {"cidr": "0.0.0.0/0"}}
    peer: dict[str, Any] = {"podSelector": {"matchLabels": dict(pods.labels)}}
    if pods.namespace:
        peer["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": pods.namespace}}
    return peer


def _ports(port: Port) -> Iterator[Object]:
    if port is Port.DNS:
        yield {"port": 53, "protocol": "UDP"}
    yield {"port": NUMBERS.get(port) or int(port), "protocol": "TCP"}


def _peers_of_kafka() -> Object:
    """The listener's own list, of which Strimzi makes the brokers' policy."""
    theirs = [flow for flow in flows() if flow.target == KAFKA and Port.KAFKA in flow.ports]
    listener = {
        "name": "tls",
        "port": int(Port.KAFKA),
        "type": "internal",
        "tls": True,
        "authentication": {"type": "tls"},
        "networkPolicyPeers": [_peer(flow.source) for flow in theirs],
    }
    return _object(
        "kafka.strimzi.io/v1", "Kafka", KAFKA.labels[0][1], {"kafka": {"listeners": [listener]}}
    )


def _topics() -> Iterator[Object]:
    for service in SERVICES:
        spec = {
            "partitions": PARTITIONS,
            "replicas": 3,
            "config": {
                "compression.type": "uncompressed",
                "max.message.bytes": 1048576,
                "min.insync.replicas": 2,
                "retention.ms": 30 * 24 * 3600 * 1000,
            },
        }
        yield _of_kafka("KafkaTopic", topic_of(service), spec)


def _users() -> Iterator[Object]:
    """Every process that stays, with what it may by what the code publishes and hears."""
    for service in SERVICES:
        granted = list(grants_of(declared(service)))
        for process in processes(service)[1:]:
            name = f"{service}-{process}"
            spec = {
                "authentication": {"type": "tls"},
                "authorization": {
                    "type": "simple",
                    "acls": list(_rules([grant for grant in granted if grant.principal == name])),
                },
            }
            yield _of_kafka("KafkaUser", name, spec)


def _rules(granted: Sequence[Grant]) -> Iterator[Object]:
    for kind, name in dict.fromkeys((grant.resource, grant.name) for grant in granted):
        operations = [
            grant.permission.capitalize()
            for grant in granted
            if (grant.resource, grant.name) == (kind, name)
        ]
        yield {
            "type": "allow",
            "resource": {"type": kind.lower(), "name": name, "patternType": "literal"},
            "operations": operations,
            "host": "*",
        }


def _of_kafka(kind: str, name: str, spec: Object) -> Object:
    return _object("kafka.strimzi.io/v1", kind, name, spec, dict(KAFKA.labels))


def _certificates() -> Iterator[Object]:
    """Names are those that are verified: a service's own, a database's where it is asked."""
    yield _certificate("entry-tls", "rpc", "entry", ["client auth"])
    for service in ALL:
        yield _certificate(f"{service}-rpc-tls", "rpc", service, ["client auth", "server auth"])
        yield _certificate(f"{service}-database-tls", "databases", service, ["client auth"])
        for name in databases(service):
            cluster = f"{service}-{name}"
            yield _certificate(
                f"{cluster}-server", "databases", f"{cluster}-rw", ["server auth"], also="-r -ro"
            )
            yield _certificate(
                f"{cluster}-replication", "databases", "streaming_replica", ["client auth"]
            )


def _certificate(
    name: str, issuer: str, common: str, usages: Sequence[str], also: str = ""
) -> Object:
    spec: dict[str, Any] = {
        "secretName": name,
        "commonName": common,
        "issuerRef": {"name": issuer, "kind": "Issuer", "group": "cert-manager.io"},
        "duration": "2160h",
        "renewBefore": "720h",
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": ["digital signature", *usages],
    }
    if issuer == "databases":  # its operator looks at the secrets with this label again
        spec["secretTemplate"] = {"labels": {"cnpg.io/reload": ""}}
    if "server auth" in usages:
        others = [common.removesuffix("-rw") + ending for ending in also.split()]
        spec["dnsNames"] = [common, *others]
    return _object("cert-manager.io/v1", "Certificate", name, spec)


def _monitors() -> Iterator[Object]:
    """Each process is asked under its service's name, which its certificate has."""
    for service in ALL:
        endpoint = {
            "port": Port.HEALTH.value,
            "path": "/metrics",
            "scheme": "https",
            "interval": "15s",
            "tlsConfig": {
                "serverName": service,
                "ca": {"secret": {"name": f"{service}-rpc-tls", "key": "ca.crt"}},
            },
        }
        spec = {
            "selector": {"matchLabels": {"app.kubernetes.io/name": service}},
            "podMetricsEndpoints": [endpoint],
        }
        yield _object("monitoring.coreos.com/v1", "PodMonitor", service, spec)


def _rules_of_alerts() -> Object:
    """The rules that Prometheus' own tools read too, as its operator takes them."""
    alerts = yaml.safe_load((HERE / "components" / "monitoring" / "alerts.yaml").read_text())
    return _object("monitoring.coreos.com/v1", "PrometheusRule", "ninehours", alerts)


def _scaling() -> Iterator[Object]:
    """An api is full when its threads are: seconds of calls in a second are threads at work."""
    for service in SERVICES:
        # The overlay says which namespace: one Prometheus may see several networks.
        theirs = f'namespace="",service="{service}",process="api"'
        busy = f"sum(rate(grpc_server_handling_seconds_sum{{{theirs}}}[2m]))"
        spec = {
            "scaleTargetRef": {"kind": "Deployment", "name": f"{service}-api"},
            "minReplicaCount": 2,
            "maxReplicaCount": 6,
            "cooldownPeriod": 600,
            # Whoever can't be asked says nothing: as many as there are stay.
            "fallback": {"failureThreshold": 3, "replicas": 3, "behavior": "currentReplicas"},
            "triggers": [
                {
                    "type": "prometheus",
                    "metricType": "AverageValue",
                    "metadata": {
                        "serverAddress": "http://prometheus-operated.monitoring.svc:9090",
                        "query": busy,
                        "threshold": "6",
                    },
                }
            ],
        }
        yield _object("keda.sh/v1alpha1", "ScaledObject", f"{service}-api", spec)


def _object(
    version: str, kind: str, name: str, spec: Object, labels: Mapping[str, str] | None = None
) -> Object:
    metadata: dict[str, Any] = {"name": name} | ({"labels": labels} if labels else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


class _Plain(yaml.SafeDumper):
    """As people write it: no anchors, texts of several lines as they are."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's own
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Plain.add_representer(str, _text)


def _yaml(objects: Iterable[Object]) -> str:
    return WRITTEN + yaml.dump_all(objects, Dumper=_Plain, sort_keys=False, width=100)


def main() -> None:
    """Write what differs, and say what."""
    for path, text in written().items():
        target = HERE / path
        if not target.exists() or target.read_text() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            sys.stdout.write(f"deploy/{path}\n")


if __name__ == "__main__":
    main()

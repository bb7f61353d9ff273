"""What an overlay renders to, as tests ask of it: objects, workloads, and who may speak to whom."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.harness.deploy.kubectl import ROOT, rendered

Object = dict[str, Any]
OVERLAYS = ROOT / "deploy" / "overlays"
WORKLOADS = ("Deployment", "StatefulSet", "Job")


@dataclass(frozen=True, slots=True)
class Workload:
    """One that makes pods."""

    whole: Object

    @property
    def kind(self) -> str:
        return str(self.whole["kind"])

    @property
    def name(self) -> str:
        return str(self.whole["metadata"]["name"])

    @property
    def spec(self) -> Object:
        found: Object = self.whole["spec"]
        return found

    @property
    def labels(self) -> Mapping[str, str]:
        """Of its pods."""
        found: Mapping[str, str] = self.spec["template"]["metadata"]["labels"]
        return found

    @property
    def service(self) -> str:
        return self.labels["app.kubernetes.io/name"]

    @property
    def process(self) -> str:
        return self.labels["app.kubernetes.io/component"]

    @property
    def pod(self) -> Object:
        found: Object = self.spec["template"]["spec"]
        return found

    @property
    def container(self) -> Object:
        [found] = self.pod["containers"]
        return dict(found)


@dataclass(frozen=True, slots=True)
class Cell:
    """All objects of one network."""

    objects: tuple[Object, ...]

    @classmethod
    def of(cls, overlay: str | Path) -> "Cell":
        """As it is rendered."""
        return cls.read(rendered(OVERLAYS / overlay))

    @classmethod
    def read(cls, text: str) -> "Cell":
        return cls(tuple(each for each in yaml.load_all(text, yaml.CSafeLoader) if each))

    def copy(self) -> "Cell":
        """One to plant a wrong in."""
        return Cell(tuple(deepcopy(self.objects)))

    def without(self, kind: str, name: str) -> "Cell":
        """All but that one."""
        kept = tuple(
            each
            for each in self.objects
            if (each["kind"], each["metadata"]["name"]) != (kind, name)
        )
        assert len(kept) == len(self.objects) - 1, f"there is no {kind} {name}"
        return Cell(kept)

    def all(self, *kinds: str) -> list[Object]:
        return [each for each in self.objects if each["kind"] in kinds]

    def one(self, kind: str, name: str) -> Object:
        [found] = [each for each in self.all(kind) if each["metadata"]["name"] == name]
        return found

    def names(self, kind: str) -> set[str]:
        return {each["metadata"]["name"] for each in self.all(kind)}

    @property
    def workloads(self) -> list[Workload]:
        return [Workload(each) for each in self.all(*WORKLOADS)]

    @property
    def running(self) -> list[Workload]:
        """Those that stay."""
        return [each for each in self.workloads if each.kind != "Job"]

    def workload(self, name: str) -> Workload:
        [found] = [each for each in self.workloads if each.name == name]
        return found

    def environment(
        self, workload: Workload, pod: str = "", address: str = "127.0.0.1"
    ) -> dict[str, str]:
        """As kubelet makes them: envFrom, then env, each knowing those before; of the pod of that
        name, else of the first."""
        made: dict[str, str] = {}
        for source in workload.container.get("envFrom", []):
            made |= self.one("ConfigMap", source["configMapRef"]["name"])["data"]
        fields = {"status.podIP": address, "metadata.name": pod or f"{workload.name}-0"}
        for each in workload.container["env"]:
            if "value" in each:
                made[each["name"]] = expanded(each["value"], made)
            elif "fieldRef" in each["valueFrom"]:
                made[each["name"]] = fields[each["valueFrom"]["fieldRef"]["fieldPath"]]
            else:
                key = each["valueFrom"]["configMapKeyRef"]
                made[each["name"]] = self.one("ConfigMap", key["name"])["data"][key["key"]]
        return made

    def command(self, workload: Workload, pod: str = "", address: str = "127.0.0.1") -> list[str]:
        """As kubelet starts it."""
        made, container = self.environment(workload, pod, address), workload.container
        return [expanded(word, made) for word in container["command"] + container.get("args", [])]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Pods of this cell by their labels, or those of another namespace."""

    labels: Mapping[str, str]
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class _Guard:
    """What policies say of one endpoint: who may come to which ports, whom it may go to."""

    rules: Mapping[str, Sequence[Object]]
    guarded: frozenset[str]
    ports: Mapping[str, int]


class Policies:
    """Whether a connection gets through, by the policies at both of its ends."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._policies = [each["spec"] for each in cell.all("NetworkPolicy")]
        self._guards: dict[tuple[tuple[str, str], ...], _Guard] = {}

    def allow(self, source: Endpoint | None, target: Endpoint | None, port: int) -> bool:
        """None: whoever is outside."""
        return self.lets_out(source, target, port) and self.lets_in(source, target, port)

    def lets_out(self, source: Endpoint | None, target: Endpoint | None, port: int) -> bool:
        """By the policies at its beginning alone."""
        return source is None or self._lets(source, target, port, "Egress")

    def lets_in(self, source: Endpoint | None, target: Endpoint | None, port: int) -> bool:
        """By the policies at its end alone."""
        return target is None or self._lets(target, source, port, "Ingress")

    def _lets(self, own: Endpoint, other: Endpoint | None, port: int, direction: str) -> bool:
        if own.namespace:
            return True  # whose policies they are is none of ours
        guard = self._guard(own)
        called = guard if direction == "Ingress" else other and self._guard(other)
        names = called.ports if called else {}
        side = "to" if direction == "Egress" else "from"
        return direction not in guard.guarded or any(
            _of_port(rule.get("ports"), port, names)
            and any(_is(peer, other) for peer in rule[side])
            for rule in guard.rules[direction]
        )

    def _guard(self, endpoint: Endpoint) -> _Guard:
        key = tuple(sorted(endpoint.labels.items()))
        if key not in self._guards:
            theirs = [
                each for each in self._policies if matches(each["podSelector"], endpoint.labels)
            ]
            self._guards[key] = _Guard(
                rules={
                    direction: [
                        rule
                        for policy in theirs
                        if direction in policy["policyTypes"]
                        for rule in policy.get(direction.lower(), [])
                    ]
                    for direction in ("Ingress", "Egress")
                },
                guarded=frozenset(kind for policy in theirs for kind in policy["policyTypes"]),
                ports={
                    each["name"]: each["containerPort"]
                    for workload in self._cell.workloads
                    if workload.labels.items() <= endpoint.labels.items()
                    for each in workload.container.get("ports", [])
                },
            )
        return self._guards[key]


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """As kubelet does it; a name that isn't known stays as it is."""
    return re.sub(r"\$\((\w+)\)", lambda found: variables.get(found[1], found[0]), text)


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """By labels alone: nothing here selects by expressions."""
    assert not set(selector) - {"matchLabels"}, selector
    return dict(selector.get("matchLabels", {})).items() <= labels.items()


def _is(peer: Mapping[str, Any], other: Endpoint | None) -> bool:
    if other is None:
        return "ipBlock" in peer
    named = peer.get("namespaceSelector", {}).get("matchLabels", {})
    return (
        "podSelector" in peer
        and named.get("kubernetes.io/metadata.name", "") == other.namespace
        and matches(peer["podSelector"], other.labels)
    )


def _of_port(listed: Sequence[Any] | None, port: int, names: Mapping[str, int]) -> bool:
    return listed is None or any(
        each["protocol"] == "TCP" and names.get(each["port"], each["port"]) == port
        for each in listed
    )


def secrets_of(workload: Workload) -> Iterator[tuple[str, Sequence[str]]]:
    """Each Secret that its pods mount, and the keys that are named of it; none named is all."""
    for volume in workload.pod["volumes"]:
        if "secret" in volume:
            yield volume["secret"]["secretName"], ()
        for source in volume.get("projected", {}).get("sources", []):
            if "secret" in source:
                items = source["secret"].get("items", [])
                yield source["secret"]["name"], [each["key"] for each in items]

"""What each overlay renders to: strict by Kubernetes' own schemas, and true of every cell."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from deploy.manifests import HERE, written
from kernel.services import CONSOLE
from kernel.tracing.setting import COLLECTOR
from tests.harness.deploy import invariants, wires
from tests.harness.deploy.cell import Cell, Object
from tests.harness.deploy.invariants import EVERYWHERE, IN_PRODUCTION, MOUNTED, Rule

ROOT = HERE.parent
PRODUCTION = ("production", "riverside")
OVERLAYS = ("local", *PRODUCTION)
KUBERNETES = "1.37"
BUILT_IN = re.compile(r"v1|(apps|batch|policy|autoscaling|networking\.k8s\.io)/v\d")
CASES = [
    *((overlay, rule) for overlay in OVERLAYS for rule in EVERYWHERE),
    *((overlay, rule) for overlay in PRODUCTION for rule in IN_PRODUCTION),
]


@pytest.fixture(scope="module")
def cells() -> dict[str, Cell]:
    return {overlay: Cell.of(overlay) for overlay in OVERLAYS}


@pytest.mark.parametrize(
    ("overlay", "rule"), CASES, ids=lambda each: getattr(each, "__name__", each)
)
def test_it_holds_of_the_overlay(cells: dict[str, Cell], overlay: str, rule: Rule) -> None:
    assert list(rule(cells[overlay])) == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_takes_its_own_kinds(cells: dict[str, Cell], overlay: str) -> None:
    own = [each for each in cells[overlay].objects if BUILT_IN.fullmatch(each["apiVersion"])]
    assert len(own) > 70
    for each in own:
        kubernetes_validate.validate(each, KUBERNETES, strict=True)


@pytest.mark.parametrize(
    "plant",
    [
        lambda pod: pod.update(restartpolicy="Always"),
        lambda pod: pod.update(containers="process"),
        lambda pod: pod["containers"][0].pop("name"),
    ],
    ids=["an unknown field", "another type", "without what is required"],
)
def test_kubernetes_refuses_what_is_wrong(
    cells: dict[str, Cell], plant: Callable[[Object], None]
) -> None:
    wrong = cells["local"].copy().workload("intake-api")
    plant(wrong.pod)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong.whole, KUBERNETES, strict=True)


def test_two_networks_have_nothing_in_common(cells: dict[str, Cell]) -> None:
    one, other = cells["production"], cells["riverside"]
    assert list(invariants.shared(one, other)) == []
    assert len(list(invariants.shared(one, one))) >= 5
    kinds = [(each["kind"], each["metadata"]["name"]) for each in one.objects]
    assert len(kinds) == len(other.objects)


def test_what_follows_from_the_code_stands_as_it_is_written() -> None:
    """Otherwise: make manifests."""
    made = written()
    assert len(made) > 15
    assert [str(path) for path, text in made.items() if (HERE / path).read_text() != text] == []


def test_the_committed_image_can_not_be_pulled(cells: dict[str, Cell]) -> None:
    used = {each.container["image"] for each in cells["production"].workloads}
    assert used == {f"registry.example.org/ninehours@sha256:{'0' * 64}"}


def test_an_image_is_named_by_its_digest_or_not_at_all(tmp_path: Path) -> None:
    overlay = tmp_path / "kustomization.yaml"
    committed = (HERE / "overlays" / "production" / "kustomization.yaml").read_text()
    overlay.write_text(committed)

    def deployable(image: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["make", "-s", "deployable", f"IMAGE={image}", f"OVERLAY={overlay}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    digest = "sha256:" + "ab" * 32
    for wrong in ("ninehours:latest", f"ninehours:1.0@{digest[:-1]}", f"@{digest}", ""):
        assert deployable(wrong).returncode != 0
        assert overlay.read_text() == committed
    assert deployable(f"registry.internal:5000/team/ninehours@{digest}").returncode == 0
    changed = set(overlay.read_text().splitlines()) - set(committed.splitlines())
    assert changed == {
        "    newName: registry.internal:5000/team/ninehours",
        f"    digest: {digest}",
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_code_takes_every_process_s_settings(
    cells: dict[str, Cell], overlay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "passwords").mkdir()
    for name in ("record", "keys"):
        (tmp_path / "passwords" / name).write_text("a password\n")
    for workload in cells[overlay].workloads:
        with monkeypatch.context() as patched:
            for name, value in cells[overlay].environment(workload).items():
                patched.setenv(name, value.replace(MOUNTED, f"{tmp_path}/"))
            settings = invariants.settings_of(workload).from_environment()
        assert settings.service == workload.service
        assert settings.environment == ("local" if overlay == "local" else "production")
        assert (settings.oidc is None) == (overlay == "local")


def test_traces_are_switched_on_by_a_component_for_all_that_stays(
    cells: dict[str, Cell], tmp_path: Path
) -> None:
    def beside(place: str) -> str:
        return os.path.relpath(HERE / place, tmp_path.resolve())

    overlay = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [beside("overlays/production")],
        "components": [beside("components/tracing")],
    }
    (tmp_path / "kustomization.yaml").write_text(json.dumps(overlay))
    traced = Cell.of(tmp_path)
    for rule in (*EVERYWHERE, *IN_PRODUCTION):
        assert list(rule(traced)) == []
    told = {each.name: traced.environment(each) for each in traced.workloads}
    staying = {each.name for each in traced.running if each.service != CONSOLE}
    assert len(staying) == 12
    assert {name for name in told if told[name].get("NINEHOURS_TRACING") == "true"} == staying
    assert all(told[name][COLLECTOR[-1]].startswith("https://") for name in staying)
    for each in cells["production"].workloads:
        assert not [name for name in cells["production"].environment(each) if "OTEL" in name]


def test_what_operators_are_told_to_name_is_there(cells: dict[str, Cell]) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    page = page.partition("## A cluster, from empty")[2].partition("## Who may list")[0]
    metadata = [each["metadata"].get("labels", {}) for each in cells["production"].objects]
    labels = set(re.findall(r"-l ([\w./-]+)=([\w-]+)", page))
    assert len(labels) >= 4
    for name, value in labels:
        assert any(each.get(name) == value for each in metadata), f"{name}={value}"
    rpcs = set(re.findall(r"`([A-Z][a-z]+[A-Z]\w+)`", page)) - {"DatabaseAway", "StorageClass"}
    assert len(rpcs) >= 12
    protos = "".join(
        path.read_text() for path in ROOT.glob("protos/ninehours/*/v1/*_service.proto")
    )
    assert {name for name in rpcs if f"rpc {name}(" not in protos} == set()


def a_container(cell: Cell, name: str = "billing-api") -> Any:
    return cell.workload(name).pod["containers"][0]


def a_cluster(cell: Cell, name: str = "billing-record") -> Any:
    return cell.one("Cluster", name)["spec"]


def a_policy(cell: Cell, name: str) -> Any:
    return cell.one("NetworkPolicy", name)["spec"]


def a_route(cell: Cell) -> Any:
    return cell.one("HTTPRoute", "console")["spec"]


def variable(cell: Cell, name: str, value: str) -> None:
    [found] = [each for each in a_container(cell)["env"] if each["name"] == name]
    found["value"] = value


# Of each rule what it is there for, done wrongly.
PLANTS: list[tuple[Rule, Callable[[Cell], object]]] = [
    (invariants.images_are_pinned, lambda c: a_container(c).update(image="ninehours:latest")),
    (invariants.pods_are_restricted, lambda c: a_container(c)["securityContext"].update(readOnlyRootFilesystem=False)),
    (invariants.pods_are_restricted, lambda c: c.workload("plans-relay").pod.update(hostNetwork=True)),
    (invariants.pods_are_restricted, lambda c: c.workload("plans-relay").pod.update(automountServiceAccountToken=True)),
    (invariants.pods_are_restricted, lambda c: c.workload("plans-migrate").pod["securityContext"].pop("seccompProfile")),
    (invariants.pods_are_restricted, lambda c: c.all("Namespace")[0]["metadata"]["labels"].pop("pod-security.kubernetes.io/enforce")),
    (invariants.processes_are_probed, lambda c: a_container(c, "plans-relay").pop("livenessProbe")),
    (invariants.processes_are_probed, lambda c: a_container(c)["livenessProbe"]["httpGet"].update(path="/readyz")),
    (invariants.resources_are_said, lambda c: a_container(c)["resources"].pop("limits")),
    (invariants.graces_suffice, lambda c: c.workload("billing-api").pod.update(terminationGracePeriodSeconds=14)),
    (invariants.graces_suffice, lambda c: a_container(c).pop("lifecycle")),
    (invariants.graces_suffice, lambda c: c.workload("billing-relay").pod.update(terminationGracePeriodSeconds=30)),
    (invariants.graces_suffice, lambda c: a_container(c, "console-web").pop("lifecycle")),
    (invariants.roll_outs_take_nobody_away, lambda c: c.workload("billing-api").spec["strategy"]["rollingUpdate"].update(maxUnavailable=1)),
    (invariants.roll_outs_take_nobody_away, lambda c: c.workload("billing-stream").spec.update(updateStrategy={"type": "OnDelete"})),
    (invariants.disruptions_take_one_at_a_time, lambda c: c.one("PodDisruptionBudget", "billing-api")["spec"].update(maxUnavailable=2)),
    (invariants.disruptions_take_one_at_a_time, lambda c: c.one("PodDisruptionBudget", "billing-api")["spec"]["selector"].update(matchLabels={})),
    (invariants.pods_are_spread_over_zones, lambda c: c.workload("billing-stream").pod.pop("topologySpreadConstraints")),
    (invariants.pods_are_spread_over_zones, lambda c: a_cluster(c)["affinity"].update(podAntiAffinityType="preferred")),
    (invariants.selectors_find_their_own, lambda c: c.one("Service", "billing-api")["spec"]["selector"].pop("app.kubernetes.io/name")),
    (invariants.selectors_find_their_own, lambda c: c.one("Service", "billing-api")["spec"]["ports"][0].update(port=443)),
    (invariants.selectors_find_their_own, lambda c: c.workload("plans-api").spec["selector"]["matchLabels"].pop("app.kubernetes.io/component")),
    (invariants.accounts_are_their_own, lambda c: c.workload("plans-api").pod.update(serviceAccountName="plans-relay")),
    (invariants.what_is_mounted_is_made, lambda c: c.one("Certificate", "plans-rpc-tls")["spec"].update(secretName="plans-tls")),
    (invariants.what_is_mounted_is_made, lambda c: c.one("ExternalSecret", "plans-keys-processes")["spec"]["target"]["template"]["data"].pop("password")),
    (invariants.what_is_mounted_is_made, lambda c: c.one("ExternalSecret", "plans-secrets")["metadata"].update(name="plans")),
    (invariants.nobody_mounts_what_is_anothers, lambda c: c.workload("plans-api").pod["volumes"][0]["projected"]["sources"][0]["secret"].update(name="intake-secrets")),
    (invariants.nobody_mounts_what_is_anothers, lambda c: c.workload("plans-api").pod["volumes"][4]["projected"]["sources"][0]["secret"].update(name="plans-record-migrations")),
    (invariants.variables_are_settings, lambda c: a_container(c)["env"].append({"name": "NINEHOURS_LISTENS", "value": "x"})),
    (invariants.nobody_mounts_what_is_anothers, lambda c: c.workload("console-web").pod["volumes"][0]["projected"]["sources"][0]["secret"].update(name="intake-secrets")),
    (invariants.variables_are_settings, lambda c: a_container(c)["env"].append({"name": "NINEHOURS_CLIENT_ID", "value": "x"})),
    (invariants.variables_are_settings, lambda c: a_container(c)["env"].sort(key=lambda each: each["name"] == "POD_IP")),
    (invariants.variables_are_settings, lambda c: a_container(c)["volumeMounts"].pop(0)),
    (wires.who_is_asked_is_there, lambda c: variable(c, "NINEHOURS_KEYS_DATABASE_URL", "postgresql+psycopg://keys_processes@keys-rw:5432/keys")),
    (wires.who_is_asked_is_there, lambda c: c.one("Certificate", "billing-record-server")["spec"].update(dnsNames=["billing-record"])),
    (wires.who_is_asked_is_there, lambda c: c.one("Certificate", "intake-rpc-tls")["spec"].update(dnsNames=["intake-api"])),
    (wires.who_is_asked_is_there, lambda c: a_policy(c, "intake-api").pop("ingress")),
    (wires.who_is_asked_is_there, lambda c: a_policy(c, "console-web").pop("egress")),
    (wires.nobody_else_gets_through, lambda c: a_policy(c, "console-web")["ingress"].append({"from": [{"podSelector": {}}]})),
    (wires.who_is_asked_is_there, lambda c: a_policy(c, "plans-stream").pop("egress")),
    (wires.nobody_else_gets_through, lambda c: a_policy(c, "intake-record")["ingress"].append({"from": [{"podSelector": {}}]})),
    (wires.nobody_else_gets_through, lambda c: a_policy(c, "plans-relay")["egress"].append({"to": [{"podSelector": {}}]})),
    (wires.nobody_else_gets_through, lambda c: a_policy(c, "nobody").update(policyTypes=["Ingress"])),
    (wires.browsers_are_led_to_the_console, lambda c: a_route(c).update(hostnames=["riverside.example.org"])),
    (wires.browsers_are_led_to_the_console, lambda c: a_route(c)["parentRefs"][0].update(namespace="gateways")),
    (wires.browsers_are_led_to_the_console, lambda c: a_route(c)["rules"][0].pop("timeouts")),
    (wires.browsers_are_led_to_the_console, lambda c: a_route(c)["rules"][0]["backendRefs"][0].update(name="intake-api")),
    (wires.browsers_are_led_to_the_console, lambda c: a_route(c)["rules"][0]["backendRefs"][0].update(port=443)),
    (wires.browsers_are_led_to_the_console, lambda c: c.one("BackendTLSPolicy", "console")["spec"]["validation"].update(hostname="console-web")),
    (wires.browsers_are_led_to_the_console, lambda c: c.one("BackendTLSPolicy", "console")["spec"]["targetRefs"][0].update(name="console")),
    (wires.browsers_are_led_to_the_console, lambda c: a_policy(c, "console-web").pop("ingress")),
    (wires.topics_are_those_of_the_code, lambda c: c.workload("plans-stream").spec.update(replicas=13)),
    (wires.topics_are_those_of_the_code, lambda c: c.all("KafkaTopic")[0]["spec"].update(partitions=3)),
    (wires.topics_are_those_of_the_code, lambda c: c.all("KafkaTopic")[0]["metadata"].update(name="ninehours.intakes.v1")),
    (wires.kafka_lets_each_do_its_own, lambda c: c.one("KafkaUser", "plans-relay")["spec"]["authorization"]["acls"].pop()),
    (wires.kafka_lets_each_do_its_own, lambda c: c.one("KafkaUser", "plans-stream")["spec"]["authorization"]["acls"][0]["operations"].append("Write")),
    (invariants.databases_forget_nothing_acknowledged, lambda c: a_cluster(c)["postgresql"]["synchronous"].update(dataDurability="preferred")),
    (invariants.databases_forget_nothing_acknowledged, lambda c: a_cluster(c).update(instances=1)),
    (invariants.databases_forget_nothing_acknowledged, lambda c: c.one("ScheduledBackup", "billing-keys")["spec"]["cluster"].update(name="billing-record")),
    (invariants.databases_forget_nothing_acknowledged, lambda c: c.one("ObjectStore", "billing-keys")["spec"].update(retentionPolicy="35d")),
    (invariants.databases_forget_nothing_acknowledged, lambda c: c.one("ObjectStore", "billing-keys")["spec"]["configuration"].update(destinationPath="s3://lakeside-backups/")),
    (invariants.databases_have_room_for_all, lambda c: a_cluster(c)["postgresql"]["parameters"].update(max_connections="100")),
    (invariants.databases_have_room_for_all, lambda c: c.workload("console-web").spec.update(replicas=9)),
    (invariants.databases_have_room_for_all, lambda c: c.one("ScaledObject", "billing-api")["spec"].update(maxReplicaCount=20)),
    (invariants.who_scales_says_how_many, lambda c: c.workload("billing-api").spec.update(replicas=2)),
    (invariants.who_scales_says_how_many, lambda c: c.one("ScaledObject", "billing-api")["spec"]["triggers"][0]["metadata"].update(query="sum(rate(x[2m]))")),
    (invariants.everything_is_in_its_namespace, lambda c: c.one("Service", "billing-api")["metadata"].update(namespace="default")),
]  # fmt: skip


def test_every_rule_is_tried() -> None:
    assert {rule for rule, _ in PLANTS} == {*EVERYWHERE, *IN_PRODUCTION}


@pytest.mark.parametrize(
    ("rule", "plant"),
    PLANTS,
    ids=[f"{place}-{rule.__name__}" for place, (rule, _) in enumerate(PLANTS)],
)
def test_what_is_planted_is_found(
    cells: dict[str, Cell], rule: Rule, plant: Callable[[Cell], object]
) -> None:
    wrong = cells["production"].copy()
    plant(wrong)
    assert list(rule(wrong)) != []

"""`make test-crds`: custom kinds, strictly, against the operators' own definitions."""

import io
import zipfile
from collections.abc import Callable

import pytest

from deploy.manifests import HERE
from tests.harness.deploy.cell import Cell, Object
from tests.harness.deploy.definitions import Definitions
from tests.harness.deploy.operators import definitions, modules, sum_of

OVERLAYS = ("local", "production", "riverside")
# Its definitions are no module that is served; these kinds were held against them by hand.
UNDEFINED = "postgresql.cnpg.io"
KUBERNETES_OWN = ("", "apps", "batch", "policy", "networking.k8s.io")


@pytest.fixture(scope="module")
def operators() -> Definitions:
    return Definitions(definitions())


@pytest.fixture(scope="module")
def cells() -> dict[str, Cell]:
    return {overlay: Cell.of(overlay) for overlay in OVERLAYS}


def custom(cell: Cell) -> list[Object]:
    return [
        each for each in cell.objects if each["apiVersion"].rpartition("/")[0] not in KUBERNETES_OWN
    ]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_operators_take_what_they_are_given(
    operators: Definitions, cells: dict[str, Cell], overlay: str
) -> None:
    ours = [each for each in custom(cells[overlay]) if not each["apiVersion"].startswith(UNDEFINED)]
    assert len(ours) > 40
    wrongs = {
        f"{each['kind']} {each['metadata']['name']}: {wrong}"
        for each in ours
        for wrong in operators.wrongs(each)
    }
    assert wrongs == set()


def test_the_clusters_gateway_is_one(operators: Definitions) -> None:
    [gateway] = Cell.of(HERE / "cluster").all("Gateway")
    assert list(operators.wrongs(gateway)) == []
    for wrong in (
        gateway | {"apiVersion": "gateway.networking.k8s.io/v2"},
        {**gateway, "spec": {}},
    ):
        assert list(operators.wrongs(wrong)) != []


def test_every_operator_is_asked_about_a_kind_of_its_own(
    operators: Definitions, cells: dict[str, Cell]
) -> None:
    asked = {each["apiVersion"].partition("/")[0] for each in custom(cells["production"])}
    assert asked - {UNDEFINED} == {
        "barmancloud.cnpg.io",
        "cert-manager.io",
        "external-secrets.io",
        "gateway.networking.k8s.io",
        "kafka.strimzi.io",
        "keda.sh",
        "monitoring.coreos.com",
    }
    assert asked - {UNDEFINED} <= {group for group, _ in operators.kinds}


KINDS = (
    "BackendTLSPolicy",
    "Certificate",
    "ExternalSecret",
    "HTTPRoute",
    "Issuer",
    "Kafka",
    "KafkaNodePool",
    "KafkaTopic",
    "KafkaUser",
    "ObjectStore",
    "PodMonitor",
    "PrometheusRule",
    "ScaledObject",
    "SecretStore",
)
REQUIRED: dict[str, tuple[str | int, ...]] = {
    "BackendTLSPolicy": ("validation", "hostname"),
    "Certificate": ("issuerRef",),
    "ExternalSecret": ("dataFrom", 0, "extract", "key"),
    "HTTPRoute": ("rules", 0, "backendRefs", 0, "name"),
    "Issuer": (),
    "Kafka": ("kafka",),
    "KafkaNodePool": ("replicas",),
    "KafkaTopic": (),
    "KafkaUser": ("authentication", "type"),
    "ObjectStore": ("configuration",),
    "PodMonitor": ("selector",),
    "PrometheusRule": ("groups", 0, "name"),
    "ScaledObject": ("triggers",),
    "SecretStore": ("provider",),
}


def unknown(each: Object) -> None:
    each["spec"]["nonsense"] = True


def outdated(each: Object) -> None:
    group = each["apiVersion"].partition("/")[0]
    each["apiVersion"] = f"{group}/v1alpha0"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plant", [unknown, outdated])
def test_what_no_operator_knows_is_refused(
    operators: Definitions, cells: dict[str, Cell], kind: str, plant: Callable[[Object], None]
) -> None:
    wrong = cells["production"].copy().all(kind)[0]
    assert list(operators.wrongs(wrong)) == []
    plant(wrong)
    assert list(operators.wrongs(wrong)) != []


@pytest.mark.parametrize("kind", [kind for kind, path in REQUIRED.items() if path])
def test_what_an_operator_needs_is_missed(
    operators: Definitions, cells: dict[str, Cell], kind: str
) -> None:
    wrong = cells["production"].copy().all(kind)[0]
    *path, field = REQUIRED[kind]
    place = wrong["spec"]
    for step in path:
        place = place[step]
    del place[field]
    assert list(operators.wrongs(wrong)) != []


def test_a_module_with_other_files_has_another_sum() -> None:
    sums = set()
    for text in ("a", "b"):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as files:
            files.writestr("m@v1/x", text)
        sums.add(sum_of(content.getvalue()))
    assert len(sums) == 2
    assert len(modules()) == 6

"""What holds of every cell: each rule yields what is wrong, and nothing where all is well."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product

from kernel.config import Settings
from kernel.messaging.consumer import STOP_WITHIN
from kernel.process import KEY_CONNECTIONS, KEY_CONNECTIONS_OF_API, WATCHING_CONNECTIONS
from kernel.rpc.server import CONNECTIONS, Server
from kernel.services import CONSOLE, SERVICES
from ninehours.console.serving import CONNECTIONS as WEB_CONNECTIONS
from ninehours.console.serving import ENDS_WITHIN as WEB_ENDS_WITHIN
from ninehours.console.settings import ConsoleSettings
from tests.harness.deploy.cell import Cell, Object, Workload, matches, secrets_of
from tests.harness.deploy.wires import (
    browsers_are_led_to_the_console,
    kafka_lets_each_do_its_own,
    nobody_else_gets_through,
    topics_are_those_of_the_code,
    who_is_asked_is_there,
)

Rule = Callable[[Cell], Iterator[str]]
DIGEST = re.compile(r"[^@:]+@sha256:[0-9a-f]{64}")
MOUNTED = "/etc/ninehours/"
DRAINED = 5  # seconds from a pod's end until nobody is sent there any more
# Seconds that a process takes to end at most, once it is told.
ENDS_WITHIN = {
    "api": float(inspect.signature(Server.stop).parameters["grace"].default),
    "relay": 35.0,  # a record that waits for its broker, and the producer's farewell
    "stream": STOP_WITHIN,
    "migrate": 0.0,
    "web": float(WEB_ENDS_WITHIN),
}
RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def images_are_pinned(cell: Cell) -> Iterator[str]:
    """By their content: what runs is what was tried."""
    for workload in cell.workloads:
        if not DIGEST.fullmatch(workload.container["image"]):
            yield f"{workload.name}: {workload.container['image']}"


def pods_are_restricted(cell: Cell) -> Iterator[str]:
    """As Pod Security `restricted` demands it, and the root read-only besides."""
    for space in cell.all("Namespace"):
        if space["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
            yield f"Namespace {space['metadata']['name']}"
    for workload in cell.workloads:
        pod, own = workload.pod["securityContext"], workload.container["securityContext"]
        if not pod["runAsNonRoot"] or pod["runAsUser"] < 10000:
            yield f"{workload.name}: root"
        if pod.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{workload.name}: seccomp"
        if not RESTRICTED.items() <= own.items() or not own.get("readOnlyRootFilesystem"):
            yield f"{workload.name}: {own}"
        if workload.pod["automountServiceAccountToken"]:
            yield f"{workload.name}: is given a token of Kubernetes"
        if set(workload.pod) & {"hostNetwork", "hostPID", "hostIPC"}:
            yield f"{workload.name}: the host's"


def processes_are_probed(cell: Cell) -> Iterator[str]:
    """Over HTTPS on the port of health; alive and ready are two questions."""
    for workload in cell.running:
        for probe, path in (
            ("startup", "/livez"),
            ("liveness", "/livez"),
            ("readiness", "/readyz"),
        ):
            asked = workload.container.get(f"{probe}Probe", {}).get("httpGet")
            if asked != {"path": path, "port": "health", "scheme": "HTTPS"}:
                yield f"{workload.name}: {probe} {asked}"


def resources_are_said(cell: Cell) -> Iterator[str]:
    """What each asks for, and how much memory it gets at most."""
    for workload in cell.workloads:
        said = workload.container.get("resources", {})
        if set(said.get("requests", {})) != {"cpu", "memory"} or "memory" not in said.get(
            "limits", {}
        ):
            yield workload.name


def graces_suffice(cell: Cell) -> Iterator[str]:
    """For the wait before SIGTERM, and what the process does on it."""
    for workload in cell.workloads:
        hook = workload.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {})
        waited = hook.get("seconds", 0)
        if workload.process in ("api", "web") and waited < DRAINED:
            yield f"{workload.name}: new calls come while it ends"
        if workload.pod["terminationGracePeriodSeconds"] < waited + ENDS_WITHIN[workload.process]:
            yield f"{workload.name}: is killed before it ends"


def roll_outs_take_nobody_away(cell: Cell) -> Iterator[str]:
    """One more before one less; a stream's place is its own, one after the other."""
    for workload in cell.all("Deployment"):
        update = workload["spec"]["strategy"]["rollingUpdate"]
        if update["maxUnavailable"] != 0 or update["maxSurge"] < 1:
            yield workload["metadata"]["name"]
    for workload in cell.all("StatefulSet"):
        if (
            workload["spec"].get("updateStrategy", {}).get("type", "RollingUpdate")
            != "RollingUpdate"
        ):
            yield workload["metadata"]["name"]


def disruptions_take_one_at_a_time(cell: Cell) -> Iterator[str]:
    """Each that stays has a budget of its own."""
    for workload in cell.running:
        budgets = [
            each["spec"]
            for each in cell.all("PodDisruptionBudget")
            if matches(each["spec"]["selector"], workload.labels)
        ]
        if [budget.get("maxUnavailable") for budget in budgets] != [1]:
            yield workload.name


def pods_are_spread_over_zones(cell: Cell) -> Iterator[str]:
    """Or not started."""
    for workload in cell.running:
        spread = workload.pod.get("topologySpreadConstraints", [])
        if not [
            each
            for each in spread
            if each["topologyKey"] == "topology.kubernetes.io/zone"
            and each["whenUnsatisfiable"] == "DoNotSchedule"
            and matches(each["labelSelector"], workload.labels)
            and len(each["labelSelector"]["matchLabels"]) > 1
        ]:
            yield workload.name
    for cluster in cell.all("Cluster"):
        affinity = cluster["spec"]["affinity"]
        if affinity != {
            "enablePodAntiAffinity": True,
            "podAntiAffinityType": "required",
            "topologyKey": "topology.kubernetes.io/zone",
        }:
            yield cluster["metadata"]["name"]


def selectors_find_their_own(cell: Cell) -> Iterator[str]:
    """Each workload its own pods, each Service one workload's, by a port that it has."""
    for one, other in product(cell.running, cell.workloads):
        if matches(one.spec["selector"], other.labels) != (one.name == other.name):
            yield f"{one.name} selects {other.name}"
    for service in cell.all("Service"):
        found = [
            each
            for each in cell.workloads
            if service["spec"]["selector"].items() <= each.labels.items()
        ]
        if len(found) != 1:
            yield f"Service {service['metadata']['name']} selects {len(found)}"
            continue
        ports = {port["name"]: port["containerPort"] for port in found[0].container["ports"]}
        for port in service["spec"]["ports"]:
            if ports.get(port["targetPort"]) != port["port"]:
                yield f"Service {service['metadata']['name']}: {port}"
    for workload in cell.all("StatefulSet"):
        if workload["spec"]["serviceName"] not in cell.names("Service"):
            yield f"{workload['metadata']['name']}: {workload['spec']['serviceName']}"


def accounts_are_their_own(cell: Cell) -> Iterator[str]:
    """One a workload."""
    used = [each.pod["serviceAccountName"] for each in cell.workloads]
    if len(set(used)) < len(used) or set(used) != cell.names("ServiceAccount"):
        yield f"{sorted(used)}"


def what_is_mounted_is_made(cell: Cell) -> Iterator[str]:
    """By an object of the cell, with the keys that are named."""
    made = _made_secrets(cell)
    for workload in cell.workloads:
        for name, keys in secrets_of(workload):
            if name not in made:
                yield f"{workload.name}: Secret {name}"
            elif made[name] and not set(keys) <= made[name]:
                yield f"{workload.name}: {keys} of Secret {name}"
        for volume in workload.pod["volumes"]:
            if "configMap" in volume and volume["configMap"]["name"] not in cell.names("ConfigMap"):
                yield f"{workload.name}: ConfigMap {volume['configMap']['name']}"
    for cluster in cell.all("Cluster"):
        spec = cluster["spec"]
        used = {*spec["certificates"].values()}
        used |= {role["passwordSecret"]["name"] for role in spec["managed"]["roles"]}
        yield from (f"{cluster['metadata']['name']}: {name}" for name in used - set(made))
    if secrets := cell.names("Secret"):
        yield f"secrets lie in the manifests: {secrets}"


def nobody_mounts_what_is_anothers(cell: Cell) -> Iterator[str]:
    """A service's keys and passwords go to its own pods, the owner's role to `migrate` alone."""
    for workload in cell.workloads:
        for name, _ in secrets_of(workload):
            if name.partition("-")[0] in {*SERVICES, CONSOLE} - {workload.service}:
                yield f"{workload.name}: {name}"
            if name.endswith("-migrations") != (workload.process == "migrate") and name.endswith(
                ("-migrations", "-processes")
            ):
                yield f"{workload.name}: {name}"


def variables_are_settings(cell: Cell) -> Iterator[str]:
    """Each name is one that the code knows; the service's name is its pods' own."""
    for workload in cell.workloads:
        known = {f"NINEHOURS_{name}".upper() for name in settings_of(workload).model_fields}
        made = cell.environment(workload)
        for name, value in made.items():
            ours = name.startswith("NINEHOURS_") and not name.startswith("NINEHOURS_OIDC_")
            if (ours and name not in known) or "$(" in value:
                yield f"{workload.name}: {name}={value}"
        if made["NINEHOURS_SERVICE"] != workload.service:
            yield f"{workload.name}: is told to be {made['NINEHOURS_SERVICE']}"
        for name, value in made.items():
            if value.startswith(MOUNTED) and not any(
                f"{value}/".startswith(f"{mount['mountPath']}/")
                for mount in workload.container["volumeMounts"]
            ):
                yield f"{workload.name}: {name}={value}, where nothing is mounted"


def databases_forget_nothing_acknowledged(cell: Cell) -> Iterator[str]:
    """Writes wait for a standby; each database is backed up; keys' backups are kept for days."""
    if len(cell.all("Cluster")) != 2 * len(SERVICES) + 1:
        yield "a service has two databases, and the console one"
    for cluster in cell.all("Cluster"):
        name, spec = cluster["metadata"]["name"], cluster["spec"]
        waits = spec["postgresql"].get("synchronous", {})
        if waits.get("dataDurability") != "required" or not 0 < waits["number"] < spec["instances"]:
            yield f"{name}: {waits}"
        [plugin] = spec.get("plugins", [{}]) or [{}]
        store = plugin.get("parameters", {}).get("barmanObjectName")
        if store not in cell.names("ObjectStore") or not plugin.get("isWALArchiver"):
            yield f"{name}: keeps no log of changes"
        if [
            each["spec"]["method"]
            for each in cell.all("ScheduledBackup")
            if each["spec"]["cluster"]["name"] == name
        ] != ["plugin"]:
            yield f"{name}: isn't backed up"
    stores = {each["metadata"]["name"]: each["spec"] for each in cell.all("ObjectStore")}
    for name, spec in stores.items():
        if name.endswith("-keys") and int(spec["retentionPolicy"].removesuffix("d")) > 14:
            yield f"{name}: outlives a forgetting"
    buckets = {
        kind: {s["configuration"]["destinationPath"] for n, s in stores.items() if n.endswith(kind)}
        for kind in ("-record", "-keys")
    }
    if buckets["-record"] & buckets["-keys"]:
        yield f"keys lie beside what they open: {buckets}"


def databases_have_room_for_all(cell: Cell) -> Iterator[str]:
    """Connections of every process at its most, while a release is rolled out."""
    pool = Settings.model_fields["database_pool"].default
    for cluster in cell.all("Cluster"):
        service, _, kind = cluster["metadata"]["name"].partition("-")
        needed = 10  # the operator's, replication, an administrator's
        for workload in cell.workloads:
            if workload.service == service:
                api, web = workload.process == "api", workload.process == "web"
                asked = CONNECTIONS if api else WEB_CONNECTIONS if web else pool
                own = {
                    "record": asked + WATCHING_CONNECTIONS,
                    "keys": KEY_CONNECTIONS_OF_API if api else KEY_CONNECTIONS,
                }
                needed += (_most(cell, workload) + 1) * own[kind]
        room = int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])
        if room < needed:
            yield f"{cluster['metadata']['name']}: {room} connections, and {needed} are needed"


def who_scales_says_how_many(cell: Cell) -> Iterator[str]:
    """Nobody beside it; and by what is measured in this cell alone."""
    [space] = cell.names("Namespace")
    for scaled in cell.all("ScaledObject"):
        target = scaled["spec"]["scaleTargetRef"]
        found = cell.one(target["kind"], target["name"])
        if "replicas" in found["spec"] or scaled["spec"]["minReplicaCount"] < 2:
            yield target["name"]
        [trigger] = scaled["spec"]["triggers"]
        if f'namespace="{space}"' not in trigger["metadata"]["query"]:
            yield f"{target['name']}: {trigger['metadata']['query']}"


def everything_is_in_its_namespace(cell: Cell) -> Iterator[str]:
    """One, and nothing besides it that isn't in one."""
    [space] = cell.names("Namespace")
    for each in cell.objects:
        if each["kind"] != "Namespace" and each["metadata"].get("namespace") != space:
            yield f"{each['kind']} {each['metadata']['name']}"


def settings_of(workload: Workload) -> type[Settings]:
    """What its processes are told by."""
    return ConsoleSettings if workload.service == CONSOLE else Settings


def _most(cell: Cell, workload: Workload) -> int:
    scaled = [
        each["spec"]["maxReplicaCount"]
        for each in cell.all("ScaledObject")
        if each["spec"]["scaleTargetRef"]["name"] == workload.name
    ]
    return int(scaled[0] if scaled else workload.spec.get("replicas", 1))


def _made_secrets(cell: Cell) -> Mapping[str, set[str]]:
    """Name → its keys; none: whoever fills it says which."""
    made: dict[str, set[str]] = {}
    for each in cell.all("Certificate"):
        made[each["spec"]["secretName"]] = {"tls.crt", "tls.key", "ca.crt"}
    for name in cell.names("KafkaUser"):
        made[name] = {"user.crt", "user.key", "ca.crt"}
    for name in cell.names("Kafka"):
        made[f"{name}-cluster-ca-cert"] = {"ca.crt"}
    for each in cell.all("ExternalSecret"):
        template = each["spec"].get("target", {}).get("template", {})
        made[each["metadata"]["name"]] = set(template.get("data", {}))
    return made


EVERYWHERE: tuple[Rule, ...] = (
    pods_are_restricted,
    processes_are_probed,
    resources_are_said,
    graces_suffice,
    roll_outs_take_nobody_away,
    disruptions_take_one_at_a_time,
    selectors_find_their_own,
    accounts_are_their_own,
    nobody_mounts_what_is_anothers,
    variables_are_settings,
    who_is_asked_is_there,
    nobody_else_gets_through,
    topics_are_those_of_the_code,
    kafka_lets_each_do_its_own,
    databases_have_room_for_all,
    everything_is_in_its_namespace,
)
IN_PRODUCTION: tuple[Rule, ...] = (
    images_are_pinned,
    pods_are_spread_over_zones,
    what_is_mounted_is_made,
    databases_forget_nothing_acknowledged,
    who_scales_says_how_many,
    browsers_are_led_to_the_console,
)


def shared(one: Cell, other: Cell) -> Iterator[str]:
    """What two networks have in common and must not."""
    [space], [another] = one.names("Namespace"), other.names("Namespace")
    if space == another:
        yield f"namespace {space}"
    for name, (own, theirs) in {
        "NINEHOURS_NETWORK": (_network(one), _network(other)),
        "buckets": (_buckets(one), _buckets(other)),
        "secrets": (_paths(one), _paths(other)),
        "addresses": (_addresses(one), _addresses(other)),
    }.items():
        yield from (f"{name}: {each}" for each in own & theirs)


def _network(cell: Cell) -> set[str]:
    return {cell.environment(each)["NINEHOURS_NETWORK"] for each in cell.workloads}


def _buckets(cell: Cell) -> set[str]:
    return {each["spec"]["configuration"]["destinationPath"] for each in cell.all("ObjectStore")}


def _addresses(cell: Cell) -> set[str]:
    return {name for each in cell.all("HTTPRoute") for name in each["spec"]["hostnames"]}


def _paths(cell: Cell) -> set[str]:
    stores: list[Object] = cell.all("SecretStore")
    return {each["spec"]["provider"]["vault"]["path"] for each in stores}

"""Who may speak to whom, as rules of every cell: each yields what is wrong, by name."""

from collections.abc import Iterator
from functools import cache
from itertools import product
from urllib.parse import urlsplit

from deploy import flows as table
from deploy.manifests import HERE, PARTITIONS
from kernel.access import grants_of
from kernel.services import CONSOLE, SERVICES, topic_of
from tests.harness.deploy.cell import Cell, Endpoint, Object, Policies, Workload

HTTPS = 443
PARENT = ("browsers", table.GATEWAY.namespace)


def who_is_asked_is_there(cell: Cell) -> Iterator[str]:
    """What a process is told leads to what the cell has, under the name verified there."""
    policies = Policies(cell)
    for workload in cell.workloads:
        for name, host, port in _addresses(cell, workload):
            target = _behind(cell, host)
            if target is None:
                yield f"{workload.name}: nothing answers at {host}"
                continue
            if not policies.allow(Endpoint(workload.labels), target, port):
                yield f"{workload.name}: policies keep it from {host}:{port}"
            if name not in _verified_names(cell, host):
                yield f"{workload.name}: {host} has no certificate for {name}"


def nobody_else_gets_through(cell: Cell) -> Iterator[str]:
    """At both ends, on any port, what isn't in the table of flows is refused."""
    flows = list(table.flows())
    allowed = {
        (flow.source, flow.target, table.NUMBERS.get(port) or int(port))
        for flow in flows
        for port in flow.ports
    }
    ports = {number for _, _, number in allowed}
    allowed |= {
        (flow.source, flow.target, port) for flow in flows if not flow.ports for port in ports
    }
    stranger = table.Pods("a stranger", (("app", "stranger"),))
    pods = {pods for flow in flows for pods in (flow.source, flow.target) if pods} | {stranger}
    ends = {each: Endpoint(dict(each.labels), each.namespace) for each in pods}
    policies = Policies(cell)
    for source, target, port in product(pods, pods, ports):
        told = (source, target, port) in allowed
        for end, let in (
            (source, policies.lets_out(ends[source], ends[target], port)),
            (target, policies.lets_in(ends[source], ends[target], port)),
        ):
            if not end.namespace and let != told:
                yield f"{source.name} to {target.name}:{port}, by policies of {end.name}"


def browsers_are_led_to_the_console(cell: Cell) -> Iterator[str]:
    """By its public address alone, through the cluster's gateway, which verifies what answers."""
    web = cell.workload(f"{CONSOLE}-web")
    address = urlsplit(cell.environment(web)["NINEHOURS_PUBLIC_ADDRESS"])
    routes = [each["spec"] for each in cell.all("HTTPRoute")]
    if [route["hostnames"] for route in routes] != [[address.hostname]]:
        yield f"{address.hostname}: {[route['hostnames'] for route in routes]}"
    for route in routes:
        if not any(_takes(listener, route, cell) for listener in _listeners()):
            yield f"{route['hostnames']}: no listener of the gateway's takes it"
        for rule in route["rules"]:
            if rule.get("timeouts") != {"request": "0s"}:
                yield "what browsers listen to is cut"
            for backend in rule["backendRefs"]:
                yield from _wrongs_of_backend(cell, web, backend)


def topics_are_those_of_the_code(cell: Cell) -> Iterator[str]:
    """With enough partitions for every stream to hear, and copies that outlive a broker."""
    if cell.names("KafkaTopic") != {topic_of(service) for service in SERVICES}:
        yield f"{cell.names('KafkaTopic')}"
    [brokers] = [each["spec"]["replicas"] for each in cell.all("KafkaNodePool")]
    for topic in cell.all("KafkaTopic"):
        spec = topic["spec"]
        if spec["partitions"] != PARTITIONS or spec["config"]["compression.type"] != "uncompressed":
            yield topic["metadata"]["name"]
        if spec["replicas"] > brokers:
            yield f"{topic['metadata']['name']}: more copies than brokers"
    for workload in cell.all("StatefulSet"):
        if workload["spec"]["replicas"] > PARTITIONS:
            yield f"{workload['metadata']['name']}: more than have something to hear"


def kafka_lets_each_do_its_own(cell: Cell) -> Iterator[str]:
    """Neither more nor less than what the code publishes and hears."""
    wanted = {
        (grant.principal, grant.permission.value, grant.resource.value, grant.name)
        for service in SERVICES
        for grant in grants_of(table.declared(service))
    }
    given = {
        (
            user["metadata"]["name"],
            operation.upper(),
            rule["resource"]["type"].upper(),
            rule["resource"]["name"],
        )
        for user in cell.all("KafkaUser")
        for rule in user["spec"]["authorization"]["acls"]
        for operation in rule["operations"]
    }
    yield from (f"{each}" for each in wanted ^ given)
    theirs = {each.name for each in cell.running if each.service != CONSOLE}
    if cell.names("KafkaUser") != theirs:
        yield "users aren't the processes"


def _addresses(cell: Cell, workload: Workload) -> Iterator[tuple[str, str, int]]:
    """What a process is told of others: the name that it verifies, host and port."""
    made = cell.environment(workload)
    settings, console = ["NINEHOURS_DATABASE_URL"], workload.service == CONSOLE
    if workload.process != "relay" and not console:  # it is told, and opens nothing sealed
        settings.append("NINEHOURS_KEYS_DATABASE_URL")
    for setting in settings:
        parts = urlsplit(made[setting])
        yield parts.hostname or "", parts.hostname or "", parts.port or 0
    if workload.process == "migrate":
        return
    if not console:
        host, _, port = made["NINEHOURS_KAFKA"].partition(":")
        yield host, host, int(port)
    if workload.process != "relay":
        for peer in made["NINEHOURS_PEERS"].split(","):
            name, _, address = peer.partition("=")
            host, _, port = address.partition(":")
            yield name, host, int(port)


@cache
def _listeners() -> tuple[Object, ...]:
    """Of the gateway that is one for all networks."""
    [gateway] = Cell.of(HERE / "cluster").all("Gateway")
    assert (gateway["metadata"]["name"], gateway["metadata"]["namespace"]) == PARENT
    assert gateway["spec"]["infrastructure"]["labels"] == dict(table.GATEWAY.labels)
    return tuple(gateway["spec"]["listeners"])


def _takes(listener: Object, route: Object, cell: Cell) -> bool:
    [space] = cell.names("Namespace")
    from_where = listener["allowedRoutes"]["namespaces"]["selector"]["matchLabels"]
    return (
        [(each["name"], each["namespace"]) for each in route["parentRefs"]] == [PARENT]
        and (listener["protocol"], listener["port"]) == ("HTTPS", HTTPS)
        and route["hostnames"] == [listener["hostname"]]
        and from_where == {"kubernetes.io/metadata.name": space}
    )


def _wrongs_of_backend(cell: Cell, web: Workload, backend: Object) -> Iterator[str]:
    host, gateway = backend["name"], table.GATEWAY
    target = _behind(cell, host)
    if target is None or not target.labels.items() <= web.labels.items():
        yield f"{host} is not the console"
        return
    came_from = Endpoint(dict(gateway.labels), gateway.namespace)
    if not Policies(cell).allow(came_from, Endpoint(web.labels), backend["port"]):
        yield f"policies keep the gateway from {host}:{backend['port']}"
    verified = {
        policy["spec"]["validation"]["hostname"]
        for policy in cell.all("BackendTLSPolicy")
        for aimed in policy["spec"]["targetRefs"]
        if (aimed["kind"], aimed["name"]) == ("Service", host)
    }
    if len(verified & _verified_names(cell, host)) != 1 or len(verified) != 1:
        yield f"{host} is verified as {verified or 'nobody'}"


def _behind(cell: Cell, host: str) -> Endpoint | None:
    if host in cell.names("Service"):
        return Endpoint(cell.one("Service", host)["spec"]["selector"])
    if host.removesuffix("-rw") in cell.names("Cluster"):
        return Endpoint({"cnpg.io/cluster": host.removesuffix("-rw")})
    if host.removesuffix("-kafka-bootstrap") in cell.names("Kafka"):
        return Endpoint({"strimzi.io/cluster": host.removesuffix("-kafka-bootstrap")})
    return None


def _verified_names(cell: Cell, host: str) -> set[str]:
    """What the certificate shown there is good for."""
    if host.endswith("-kafka-bootstrap"):
        return {host}  # Strimzi's own
    secret = f"{host.removesuffix('-rw')}-server"
    if host in cell.names("Service"):
        secret = f"{host.rpartition('-')[0]}-rpc-tls"
    found = [
        each["spec"] for each in cell.all("Certificate") if each["spec"]["secretName"] == secret
    ]
    return {name for spec in found for name in spec.get("dnsNames", [])}

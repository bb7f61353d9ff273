"""What leads browsers into a cluster, as a cell's HTTPRoutes and BackendTLSPolicies say."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from tests.harness.deploy.cell import Cell, Object
from tests.harness.deploy.machine.verified import VerifiedAs

ANSWERED_WITHIN = 60  # seconds
AUTHORITY = "ca.crt"


@dataclass(frozen=True, slots=True)
class Answered:
    """What a browser is shown."""

    status: int
    body: str


def led(cell: Cell, config_maps: Mapping[str, Mapping[str, str]], host: str, path: str) -> Answered:
    """A browser's GET, where it leads. `config_maps`: those that aren't among a cell's objects."""
    [route] = [each["spec"] for each in cell.all("HTTPRoute") if host in each["spec"]["hostnames"]]
    [rule] = route["rules"]
    assert {*rule} <= {"backendRefs", "timeouts"}, rule
    [backend] = rule["backendRefs"]
    assert {*backend} == {"name", "port"}, backend
    verified = _verified(cell, backend["name"])
    [authority] = verified["caCertificateRefs"]
    assert (authority["group"], authority["kind"]) == ("", "ConfigMap"), authority
    asked = VerifiedAs(
        backend["name"],
        backend["port"],
        verified["hostname"],
        config_maps[authority["name"]][AUTHORITY],
        timeout=ANSWERED_WITHIN,
    )
    with closing(asked):
        asked.request("GET", path, headers={"Host": host})
        answer = asked.getresponse()
        return Answered(answer.status, answer.read().decode())


def _verified(cell: Cell, service: str) -> Object:
    """How the Service is; one that nothing is said of would be asked in plain text."""
    [found] = [
        each["spec"]["validation"]
        for each in cell.all("BackendTLSPolicy")
        for target in each["spec"]["targetRefs"]
        if (target["kind"], target["name"]) == ("Service", service)
    ]
    assert {*found} == {"hostname", "caCertificateRefs"}, found
    return dict(found)

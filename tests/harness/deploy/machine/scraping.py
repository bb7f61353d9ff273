"""What Prometheus is told of a pod, asked as a cell's PodMonitors say."""

import http.client
from contextlib import closing

from prometheus_client.parser import text_string_to_metric_families

from tests.harness.deploy.cell import Cell, Object, matches
from tests.harness.deploy.machine.pod import Pod, Secrets
from tests.harness.deploy.machine.verified import VerifiedAs

SCRAPED_WITHIN = 10  # seconds, as by default


def scraped(cell: Cell, secrets: Secrets, pod: Pod) -> set[str]:
    """The names of all samples; the pod has to be asked by one of them."""
    endpoints = [
        endpoint
        for monitor in cell.all("PodMonitor")
        if matches(monitor["spec"]["selector"], pod.workload.labels)
        for endpoint in monitor["spec"]["podMetricsEndpoints"]
    ]
    assert endpoints, f"nobody looks at {pod.name}"
    return {name for endpoint in endpoints for name in _names(endpoint, secrets, pod)}


def _names(endpoint: Object, secrets: Secrets, pod: Pod) -> set[str]:
    told = endpoint["tlsConfig"]
    authority = told["ca"]["secret"]
    assert endpoint["scheme"] == "https"
    asked = VerifiedAs(
        pod.address,
        pod.port(endpoint["port"]),
        told["serverName"],
        secrets[authority["name"]][authority["key"]].decode(),
        timeout=SCRAPED_WITHIN,
    )
    with closing(asked):
        asked.request("GET", endpoint["path"])
        answer = asked.getresponse()
        text = answer.read().decode()
    assert answer.status == http.client.OK, f"{pod.name}: {text}"
    return {
        sample.name for family in text_string_to_metric_families(text) for sample in family.samples
    }

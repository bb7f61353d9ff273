"""What Prometheus is told of a pod, asked as a cell's PodMonitors say."""

import http.client
import ssl
from contextlib import closing

from prometheus_client.parser import text_string_to_metric_families

from tests.harness.deploy.cell import Cell, Object, matches
from tests.harness.deploy.machine.pod import Pod, Secrets

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
    context = ssl.create_default_context(
        cadata=secrets[authority["name"]][authority["key"]].decode()
    )
    asked = _Named(pod, endpoint, told["serverName"], context)
    with closing(asked):
        asked.request("GET", endpoint["path"])
        answer = asked.getresponse()
        text = answer.read().decode()
    assert answer.status == http.client.OK, f"{pod.name}: {text}"
    return {
        sample.name for family in text_string_to_metric_families(text) for sample in family.samples
    }


class _Named(http.client.HTTPSConnection):
    """Verified by another name than it is asked by."""

    def __init__(self, pod: Pod, endpoint: Object, name: str, context: ssl.SSLContext) -> None:
        assert endpoint["scheme"] == "https"
        super().__init__(pod.address, pod.port(endpoint["port"]), timeout=SCRAPED_WITHIN)
        self._name, self._trusted = name, context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._trusted.wrap_socket(self.sock, server_hostname=self._name)

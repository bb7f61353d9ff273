"""What a process tells of itself, asked as kubelet and Prometheus ask."""

import http.client
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from prometheus_client.parser import text_string_to_metric_families

from kernel.rpc.server import Server
from kernel.watching.metrics import METRICS
from kernel.watching.port import HealthPort
from ninehours.local.probes import LOOPBACK

DEADLINE = 600.0  # seconds: no test fails for being slow
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def told(
    port: int, path: str, context: ssl.SSLContext | None = None, *, method: str = "GET"
) -> tuple[int, str]:
    """The status, and what is said."""
    asked: http.client.HTTPConnection
    if context is None:
        asked = http.client.HTTPConnection(LOOPBACK, port, timeout=DEADLINE)
    else:
        asked = http.client.HTTPSConnection(LOOPBACK, port, timeout=DEADLINE, context=context)
    with closing(asked):
        asked.request(method, path)
        answer = asked.getresponse()
        return answer.status, answer.read().decode()


def scraped(port: int, context: ssl.SSLContext | None = None) -> Samples:
    """Every sample, by its name and labels."""
    status, text = told(port, "/metrics", context)
    assert status == http.client.OK, text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@contextmanager
def assert_counts(*expected: tuple[str, Mapping[str, str], float]) -> Iterator[None]:
    """In here each of these samples of this process grows by so much."""

    def values() -> list[float]:
        return [METRICS.get_sample_value(name, dict(of)) or 0.0 for name, of, _ in expected]

    before = values()
    yield
    grown = [now - then for now, then in zip(values(), before, strict=True)]
    assert grown == [number for _, _, number in expected]


def assert_healthy(server: Server) -> None:
    """It is alive, and ready to answer."""
    with HealthPort(f"{LOOPBACK}:0", server.health) as health:
        assert told(health.port, "/livez") == (http.client.OK, "alive\n")
        assert told(health.port, "/readyz") == (http.client.OK, "ready\n")

"""Every metric of a process, by name: what it counts, in which unit, and from which closed sets its
labels are.

Nothing here says anything about anybody: no label holds an id or a name.
"""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

METRICS = CollectorRegistry()
ProcessCollector(registry=METRICS)
PlatformCollector(registry=METRICS)
GCCollector(registry=METRICS)


class Exported(Collector):
    """All that these collectors give, each sample with the labels of the process beside its own."""

    def __init__(self, collectors: Sequence[Collector], labels: Mapping[str, str]) -> None:
        self._collectors = collectors
        self._labels = labels

    def collect(self) -> Iterator[Metric]:
        for collector in self._collectors:
            for metric in collector.collect():
                metric.samples = [
                    sample._replace(labels={**self._labels, **sample.labels})
                    for sample in metric.samples
                ]
                yield metric

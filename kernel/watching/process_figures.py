"""What a process holds: connections to its databases, and certificates."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, QueuePool

from kernel.tls.identity import Identity


@dataclass(frozen=True, slots=True)
class ProcessFigures(Collector):
    """`pools` by what they open (`record`, `keys`), `identities` by wire."""

    pools: Mapping[str, Engine]
    identities: Mapping[str, Identity]

    def describe(self) -> Iterable[Metric]:
        """Every metric, without a sample."""
        return ProcessFigures({}, {}).collect()

    def collect(self) -> Iterator[Metric]:
        in_use = GaugeMetricFamily(
            "ninehours_pool_in_use", "Connections to a database in use.", labels=["pool"]
        )
        most = GaugeMetricFamily(
            "ninehours_pool_size", "Connections that may be in use at most.", labels=["pool"]
        )
        for name, engine in self.pools.items():
            if isinstance(engine.pool, QueuePool):
                in_use.add_metric([name], engine.pool.checkedout())
                most.add_metric([name], engine.pool.size())
        not_before = GaugeMetricFamily(
            "ninehours_certificate_not_before_timestamp_seconds",
            "From when the certificate in use is good.",
            labels=["wire"],
        )
        not_after = GaugeMetricFamily(
            "ninehours_certificate_not_after_timestamp_seconds",
            "Until when the certificate in use is good.",
            labels=["wire"],
        )
        for wire, identity in self.identities.items():
            material = identity.current()
            not_before.add_metric([wire], material.valid_from.timestamp())
            not_after.add_metric([wire], material.valid_until.timestamp())
        yield from (in_use, most, not_before, not_after)

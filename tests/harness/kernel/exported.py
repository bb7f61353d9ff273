"""Every metric that a process of a service exports, by name, whether it has a sample yet or not."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

import kernel.messaging.pending_work
import kernel.rpc.counting  # noqa: F401 - what counts is there once it is imported
from kernel.store.database import open_database
from kernel.watching.database_figures import DatabaseFigures
from kernel.watching.metrics import METRICS
from kernel.watching.process_figures import ProcessFigures
from kernel.watching.work import Watch

SAMPLES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}


def exported() -> Iterator[Metric]:
    """Metrics of the process, of its database, of what it holds and of its work."""
    nowhere = open_database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    yield from METRICS.collect()
    for collector in (DatabaseFigures(nowhere), ProcessFigures({}, {}), Watch(1)):
        yield from collector.describe()


def documented_name(metric: Metric) -> str:
    """As a page lists it."""
    return f"{metric.name}_total" if metric.type == "counter" else metric.name


def sample_names(metric: Metric) -> set[str]:
    """What a rule can ask for."""
    return {f"{metric.name}{suffix}" for suffix in SAMPLES.get(metric.type, ("",))}

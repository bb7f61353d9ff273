"""Every metric of a process, by name: what it counts, in which unit, and from which closed sets its
labels are.

Nothing here says anything about anybody: no label holds an id or a name.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

METRICS = CollectorRegistry()
ProcessCollector(registry=METRICS)
PlatformCollector(registry=METRICS)
GCCollector(registry=METRICS)
# A series more for each, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]

# Calls, under the names that the community gives them, and its words for codes (`NotFound`).
OF_RPC = ("grpc_type", "grpc_service", "grpc_method")
RPCS_STARTED = Counter(
    "grpc_server_started", "Calls of declared RPCs that began.", OF_RPC, registry=METRICS
)
RPCS_HANDLED = Counter(
    "grpc_server_handled", "Calls that ended, by code.", (*OF_RPC, "grpc_code"), registry=METRICS
)
RPC_SECONDS = Histogram(
    "grpc_server_handling_seconds", "From a call's headers to its end.", OF_RPC, registry=METRICS
)

# Commands: of callers, and of reactions.
COMMANDS = Counter(
    "ninehours_commands", "Commands, by what became of them.", ["outcome"], registry=METRICS
)
CONFLICTS = Counter(
    "ninehours_conflicts",
    "Decisions made again, since others had changed meanwhile what they rested on.",
    registry=METRICS,
)

# The exchange. Topics are those of services that are heard.
SENT = Counter("ninehours_sent_facts", "Published facts that Kafka took.", registry=METRICS)
HEARD = Counter(
    "ninehours_heard_records", "Records that came by Kafka.", ["topic"], registry=METRICS
)
REPAIRED = Counter(
    "ninehours_repaired_facts",
    "Facts that were missing, and were fetched of their owner.",
    ["topic"],
    registry=METRICS,
)
HEAD_FACTS = Gauge(
    "ninehours_head_facts",
    "Facts that the owner had published, at the last comparison.",
    ["topic"],
    registry=METRICS,
)
HEARD_FACTS = Gauge(
    "ninehours_heard_facts",
    "Those of them that had been heard.",
    ["topic"],
    registry=METRICS,
)
BEHIND_SECONDS = Gauge(
    "ninehours_behind_seconds",
    "Age of the oldest fact that had not been heard, at the last comparison.",
    ["topic"],
    registry=METRICS,
)
COMPARED_AT = Gauge(
    "ninehours_compared_timestamp_seconds",
    "When what was heard was compared last with what the owner has.",
    ["topic"],
    registry=METRICS,
)

# Projections are of a service's code; what became of one: `changed`, `unchanged`, `parked`.
PROJECTIONS = Counter(
    "ninehours_projections",
    "Clients projected, by whether rows changed.",
    ["projection", "outcome"],
    registry=METRICS,
)
PROJECTION_SECONDS = Histogram(
    "ninehours_projection_seconds",
    "Projecting one client, reading and writing included.",
    ["projection"],
    registry=METRICS,
)
REACTIONS = Counter(
    "ninehours_reactions",
    "Reactions whose command was given (`given`), or that were parked (`parked`).",
    ["reaction", "outcome"],
    registry=METRICS,
)

# Of traces, where there are any.
SPANS = Counter(
    "ninehours_spans",
    "Spans that the collector took (`sent`), or that nobody did (`lost`).",
    ["outcome"],
    registry=METRICS,
)
for outcome in ("sent", "lost"):
    SPANS.labels(outcome)  # told from the beginning, at 0


class Exported(Collector):
    """All that these collectors give, each sample with the labels of the process beside its own."""

    def __init__(self, collectors: Sequence[Collector], labels: Mapping[str, str]) -> None:
        self._collectors = collectors
        self._labels = labels

    def collect(self) -> Iterator[Metric]:
        for collector in self._collectors:
            for given in collector.collect():
                metric = copy(given)  # some collectors give the same one each time
                metric.samples = [
                    sample._replace(labels={**self._labels, **sample.labels})
                    for sample in given.samples
                ]
                yield metric

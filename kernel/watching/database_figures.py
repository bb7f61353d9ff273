"""What a service's database tells of how it is doing, asked when somebody scrapes.

By each process of the service alike, so that whichever is left tells it. A database that doesn't
answer in a moment hides nothing else: then it is not up, and nothing of it is told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from kernel.messaging.checkpoints import (
    BEYOND_OWNER,
    EPOCH_LOWERED,
    EPOCH_RAISED,
    OTHER_HISTORY,
    PARKED,
)
from kernel.store.statements import text
from kernel.watching.asked import WITHIN, Asked
from kernel.watching.waiting import (
    Waiting,
    failed_by_class,
    parked_by_class,
    relay_is_active,
    stopped_by_reason,
    stream_ordinals,
    waiting,
)

OTHER = "other"  # a class of error that has no name below
# Classes of errors that have a name of their own; labels are of closed sets.
PARKED_FOR = (
    *("NoEnvelope", "ForeignNetwork", "UnknownType", "DecodeError", "Unfetchable"),
    *("Unsigned", "FalselySigned", "UnknownKey", OTHER),
)
FAILED_FOR = ("UnreadableFact", "TookTooLong", OTHER)
STOPPED_FOR = (
    *(("subject", reason) for reason in (PARKED, OTHER_HISTORY, BEYOND_OWNER)),
    *(("topic", reason) for reason in (EPOCH_RAISED, EPOCH_LOWERED)),
)

DATABASE_UP = ("ninehours_database_up", "Whether the service's database answers in a moment.")
GAUGES: Mapping[str, tuple[str, Sequence[str]]] = {
    "ninehours_relay_active": ("Whether some process is the active relay.", ()),
    "ninehours_streams_active": ("Stream workers that hold an ordinal.", ()),
    "ninehours_unsent_facts": ("Published facts that Kafka wasn't given yet.", ()),
    "ninehours_unsent_oldest_seconds": ("Age of the oldest of them.", ()),
    "ninehours_behind_subjects": ("Subjects whose facts are being fetched of their owner.", ()),
    "ninehours_due_keys": ("Keys to be projected, or reacted to.", ()),
    "ninehours_due_oldest_seconds": ("Since when the one that waits longest does.", ()),
    "ninehours_parked_records": ("Records set aside, by class of error.", ("cause",)),
    "ninehours_failed_keys": ("Projections and reactions parked, by class of error.", ("cause",)),
    "ninehours_stopped": ("Subjects and topics that wait for a person.", ("what", "cause")),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database told, at one moment."""

    waiting: Waiting
    relay_active: bool
    streams: int
    parked: Mapping[str, int]
    failed: Mapping[str, int]
    stopped: Mapping[tuple[str, str], int]


class DatabaseFigures(Collector):
    """By connections that are for nothing else."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._figures = Asked(self._ask)

    def describe(self) -> Iterable[Metric]:
        """Every metric, without a sample."""
        yield GaugeMetricFamily(*DATABASE_UP)
        for name in GAUGES:
            yield _gauge(name)

    def collect(self) -> Iterator[Metric]:
        figures = self._figures.answer()
        yield GaugeMetricFamily(*DATABASE_UP, value=figures is not None)
        if figures is not None:
            yield from _told(figures)

    def _ask(self) -> Figures:
        with self._engine.begin() as connection:
            connection.execute(text(f"SET LOCAL statement_timeout = {int(WITHIN * 1000)}"))
            return Figures(
                waiting=waiting(connection),
                relay_active=relay_is_active(connection),
                streams=len(stream_ordinals(connection)),
                parked=parked_by_class(connection),
                failed=failed_by_class(connection),
                stopped=stopped_by_reason(connection),
            )


def _told(figures: Figures) -> Iterator[Metric]:
    waits = figures.waiting
    values = {
        "relay_active": figures.relay_active,
        "streams_active": figures.streams,
        "unsent_facts": waits.unsent,
        "unsent_oldest_seconds": waits.unsent_seconds,
        "behind_subjects": waits.behind,
        "due_keys": waits.due,
        "due_oldest_seconds": waits.due_seconds,
    }
    for name, value in values.items():
        gauge = _gauge(f"ninehours_{name}")
        gauge.add_metric((), value)
        yield gauge
    yield _by_cause("ninehours_parked_records", PARKED_FOR, figures.parked)
    yield _by_cause("ninehours_failed_keys", FAILED_FOR, figures.failed)
    stopped = _gauge("ninehours_stopped")
    for what, why in STOPPED_FOR:
        stopped.add_metric((what, why), figures.stopped.get((what, why), 0))
    yield stopped


def _by_cause(name: str, causes: Sequence[str], found: Mapping[str, int]) -> GaugeMetricFamily:
    gauge = _gauge(name)
    for cause in causes:
        other = sum(number for known, number in found.items() if known not in causes)
        gauge.add_metric((cause,), other if cause == OTHER else found.get(cause, 0))
    return gauge


def _gauge(name: str) -> GaugeMetricFamily:
    documentation, labels = GAUGES[name]
    return GaugeMetricFamily(name, documentation, labels=labels)

"""What the console tells whoever watches it: whether its database answers."""

from collections.abc import Callable, Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kernel.watching.asked import Asked
from kernel.watching.database_figures import DATABASE_UP


class SessionsUp(Collector):
    """Under the services' own name, so that the same alerts tell of it."""

    def __init__(self, answers: Callable[[], bool]) -> None:
        self._asked = Asked(answers)

    def collect(self) -> Iterable[Metric]:
        """Asked each time."""
        yield GaugeMetricFamily(*DATABASE_UP, value=float(self._asked.answer() is True))

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked for that."""
        yield GaugeMetricFamily(*DATABASE_UP)

"""What a process answers whoever watches it: `/livez`, `/readyz`, `/metrics`."""

import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from prometheus_client import make_wsgi_app
from prometheus_client.registry import Collector

from kernel.watching.asked import Asked
from kernel.watching.metrics import METRICS, Exported
from kernel.watching.work import Watch

if TYPE_CHECKING:
    from wsgiref.types import StartResponse

NEVER = math.inf


class Health:
    """A process's own word, as a WSGI application.

    It is alive while nothing of `watch` hangs. It is ready between `serves` and `stops` while
    `ready` says so: an answer that doesn't come in a moment is no. `labels` tell which process's
    metrics these are; `collectors`: what is told beside those that it counts.
    """

    def __init__(
        self,
        ready: Callable[[], bool],
        *,
        watch: Watch | None = None,
        labels: Mapping[str, str] | None = None,
        collectors: Sequence[Collector] = (),
    ) -> None:
        self._ready = Asked(ready)
        self._serving = threading.Event()
        self.watch = watch or Watch(NEVER)
        self._metrics: Any = make_wsgi_app(
            Exported((METRICS, self.watch, *collectors), labels or {})
        )

    def serves(self) -> None:
        """From now on the process does what it is there for."""
        self._serving.set()

    def stops(self) -> None:
        """From now on it isn't ready, and will not be again."""
        self._serving.clear()

    def is_ready(self) -> bool:
        """Whether the process does its work now, as far as its database lets it."""
        return self._serving.is_set() and self._ready.answer() is True

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        """One of the three pages."""
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] != "GET":
            return _say(start_response, HTTPStatus.METHOD_NOT_ALLOWED, "these pages are read")
        match path:
            case "/livez":
                if hanging := self.watch.hanging():
                    told = f"hangs: {', '.join(work.name for work in hanging)}"
                    return _say(start_response, HTTPStatus.SERVICE_UNAVAILABLE, told)
                return _say(start_response, HTTPStatus.OK, "alive")
            case "/readyz":
                ready = self.is_ready()
                status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
                return _say(start_response, status, "ready" if ready else "not ready")
            case "/metrics":
                answer: Iterable[bytes] = self._metrics(
                    {**environ, "QUERY_STRING": ""}, start_response
                )
                return answer
        return _say(start_response, HTTPStatus.NOT_FOUND, "there are /livez, /readyz, /metrics")


def _say(start_response: "StartResponse", status: HTTPStatus, what: str) -> Iterable[bytes]:
    start_response(
        f"{status.value} {status.phrase}", [("Content-Type", "text/plain; charset=utf-8")]
    )
    return [f"{what}\n".encode()]

"""Calls, counted under the names that the community of gRPC gives such metrics."""

from google.protobuf.descriptor import MethodDescriptor
from grpc import StatusCode

from kernel.watching.metrics import RPC_SECONDS, RPCS_HANDLED, RPCS_STARTED

# As the first of these metrics, Go's, write them, and dashboards read them.
CODES = {code.name: code.name.title().replace("_", "") for code in StatusCode} | {
    "OK": "OK",
    "CANCELLED": "Canceled",
}


class CountedRpc:
    """One declared RPC's: there from the beginning, at 0."""

    def __init__(self, method: MethodDescriptor) -> None:
        kind = "server_stream" if method.server_streaming else "unary"
        self._labels = (kind, method.containing_service.full_name, method.name)
        self._began = RPCS_STARTED.labels(*self._labels)
        self._seconds = RPC_SECONDS.labels(*self._labels)
        RPCS_HANDLED.labels(*self._labels, CODES["OK"])

    def began(self) -> None:
        """A call's headers came."""
        self._began.inc()

    def ended(self, code: str, seconds: float) -> None:
        """With a code, by gRPC's name of it."""
        RPCS_HANDLED.labels(*self._labels, CODES[code]).inc()
        self._seconds.observe(seconds)

"""What is told of traces: spans of this process, and a collector that other processes send to."""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch
from uuid import uuid4

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kernel.tracing import spans
from kernel.tracing.otlp import OtlpTracer
from tests.harness.kernel.counters import until

LABELS = {"service": "counting", "process": "tests", "network": "local"}
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "20"}  # milliseconds


def traceparent(*, trace: str = "", sampled: bool = True) -> str:
    """A caller's own, of this trace or a new one."""
    return f"00-{trace or uuid4().hex}-{uuid4().hex[:16]}-{'01' if sampled else '00'}"


def trace_of(of: str) -> str:
    """The trace's id."""
    return of.split("-")[1]


class Spans:
    """Those that this process ended."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def ended(self) -> Sequence[ReadableSpan]:
        """All so far: they are sent in the order in which they ended."""
        last = uuid4().hex
        spans.call(last, "last", "", begins=True).end()
        told = self._exporter.get_finished_spans
        until(lambda: any(span.name == f"{last}/last" for span in told()))
        return [span for span in told() if not span.name.endswith("/last")]


@contextmanager
def spans_of_this_process() -> Iterator[Spans]:
    """In here it has traces."""
    exporter = InMemorySpanExporter()
    with patch.dict(os.environ, SOON):
        spans.open_tracer(OtlpTracer(LABELS, exporter))
    try:
        yield Spans(exporter)
    finally:
        spans.close_tracer()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSpan:
    """A span as the collector is told it; ids in hexadecimal."""

    process: str
    name: str
    trace: str
    id: str
    parent: str
    attributes: Mapping[str, str]


@dataclass(slots=True)
class Collector(TraceServiceServicer):
    """Takes what it is sent."""

    requests: list[ExportTraceServiceRequest] = field(default_factory=list)

    def Export(
        self, request: ExportTraceServiceRequest, context: grpc.ServicerContext
    ) -> ExportTraceServiceResponse:
        """As OTLP says."""
        self.requests.append(request)
        return ExportTraceServiceResponse()

    def spans(self, trace: str) -> list[ToldSpan]:
        """Of one trace."""
        return [
            ToldSpan(
                process=_texts(of_process.resource.attributes)["ninehours.process"],
                name=span.name,
                trace=span.trace_id.hex(),
                id=span.span_id.hex(),
                parent=span.parent_span_id.hex(),
                attributes=_texts(span.attributes),
            )
            for request in [*self.requests]
            for of_process in request.resource_spans
            for scope in of_process.scope_spans
            for span in scope.spans
            if span.trace_id.hex() == trace
        ]


@contextmanager
def collector() -> Iterator[tuple[Collector, dict[str, str]]]:
    """One at work, and the variables by which processes send to it."""
    taking = Collector()
    server = grpc.server(ThreadPoolExecutor(4))
    add_TraceServiceServicer_to_server(taking, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    endpoint = f"http://127.0.0.1:{port}"
    try:
        yield taking, {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "NINEHOURS_TRACING": "true", **SOON}
    finally:
        server.stop(0).wait()


def _texts(attributes: Sequence[KeyValue]) -> dict[str, str]:
    return {each.key: each.value.string_value for each in attributes}

"""Spans by OpenTelemetry's SDK, sent as OTLP over gRPC; its own variables, `OTEL_…`, say whither.

They are sent by a thread of its own, out of a queue of bounded length: nothing that is traced waits
for a collector. What doesn't fit, or isn't taken, is lost and counted.
"""

import os
import threading
from collections.abc import Callable, Mapping, Sequence

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.environment_variables import OTEL_BSP_MAX_QUEUE_SIZE, OTEL_SERVICE_NAME
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from kernel.tracing.spans import Attributes, Kind, Step
from kernel.watching.metrics import SPANS

LEFT = 1.0  # seconds that a process which ends gives what is left
QUEUE = 2048  # spans, where OTEL_BSP_MAX_QUEUE_SIZE says nothing


class OtlpTracer:
    """The tracer of one process. `labels`: its `service`, `process` and `network`."""

    def __init__(self, labels: Mapping[str, str], exporter: SpanExporter | None = None) -> None:
        """Raises what OpenTelemetry does of variables that it can't use."""
        told = {
            "service.name": os.environ.get(OTEL_SERVICE_NAME) or labels["service"],
            "service.namespace": labels["network"],
            "ninehours.process": labels["process"],
        }
        self._provider = TracerProvider(
            resource=Resource.create(told),
            shutdown_on_exit=False,  # it would wait for a collector that is away
        )
        self._provider.add_span_processor(_Queue(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("ninehours")

    def start(
        self,
        kind: Kind,
        name: str,
        traceparents: Sequence[str],
        attributes: Attributes,
        since: int | None,
    ) -> Step:
        """As kernel.tracing.spans.Tracer says."""
        contexts = [_context_of(each) for each in traceparents]
        within = set_span_in_context(NonRecordingSpan(contexts[0])) if contexts else None
        links = [Link(context) for context in contexts[1:]]
        return _OtlpStep(
            self._tracer.start_span(
                name,
                context=within,
                kind=SpanKind[kind],
                attributes=attributes,
                links=links,
                start_time=since,
            )
        )

    def close(self) -> None:
        """Send what is left, within a moment: the SDK would wait for half a minute."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(LEFT)


class _OtlpStep:
    def __init__(self, span: Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        context = self._span.get_span_context()
        flags = int(context.trace_flags)
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags:02x}"

    def end(self, *, failed: bool = False, **attributes: str) -> None:
        self._span.set_attributes(attributes)
        if failed:
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


def _context_of(traceparent: str) -> SpanContext:
    _, trace, span, flags = traceparent.split("-")
    return SpanContext(
        int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16) & 1)
    )


class _Queue(SpanProcessor):
    """The SDK's own, which counts nothing: what is more than it holds is lost here, and counted."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._most = int(os.environ.get(OTEL_BSP_MAX_QUEUE_SIZE) or QUEUE)
        self._waiting = 0
        self._lock = threading.Lock()
        self._batches = BatchSpanProcessor(
            _CountingExporter(exporter, self._left), max_queue_size=self._most
        )

    def on_end(self, span: ReadableSpan) -> None:
        """In the thread of whoever ends it."""
        if span.context is None or not span.context.trace_flags.sampled:
            return
        with self._lock:
            fits = self._waiting < self._most
            self._waiting += fits
        if fits:
            self._batches.on_end(span)
        else:
            SPANS.labels("lost").inc()

    def shutdown(self) -> None:
        """Send what waits; for as long as that takes."""
        self._batches.shutdown()  # type: ignore[no-untyped-call]

    def _left(self, number: int) -> None:
        with self._lock:
            self._waiting -= number


class _CountingExporter(SpanExporter):
    """Says what became of the spans that left the queue."""

    def __init__(self, exporter: SpanExporter, left: Callable[[int], None]) -> None:
        self._exporter = exporter
        self._left = left

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """In the queue's own thread."""
        self._left(len(spans))
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:
            outcome = "sent" if result is SpanExportResult.SUCCESS else "lost"
            SPANS.labels(outcome).inc(len(spans))
        return result

    def shutdown(self) -> None:
        """Give the connection back."""
        self._exporter.shutdown()

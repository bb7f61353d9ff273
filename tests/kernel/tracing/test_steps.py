"""Which steps are told of a trace, and by which of them it goes on, on a real PostgreSQL."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import grpc
import pytest
from ninehours.attendance.v1.attendance_events_pb2 import SessionAttended
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from kernel.messaging.subscriptions import Reaction, Subscriptions
from kernel.refusal import AgainstTheRules
from kernel.store.published import envelope_of
from kernel.store.statements import text
from kernel.store.store import Store
from kernel.tracing import otlp, spans
from kernel.tracing.otlp import OtlpTracer
from kernel.tracing.spans import MOST
from kernel.watching.metrics import METRICS
from tests.harness.kernel.counters import (
    ADA,
    BOB,
    BROKEN,
    COUNTER,
    INPUTS,
    PATIENCE,
    SITE,
    TALLYING,
    Count,
    Gate,
    Listener,
    Log,
    SiteOpened,
    ask,
    attended,
    context,
    executor_of,
    until,
)
from tests.harness.kernel.tracing import (
    LABELS,
    Spans,
    spans_of_this_process,
    trace_of,
    traceparent,
)


@pytest.fixture
def traced() -> Iterator[Spans]:
    with spans_of_this_process() as found:
        yield found


@pytest.fixture
def log() -> Log:
    return Log()


def named(found: Spans, name: str) -> list[ReadableSpan]:
    return [span for span in found.ended() if span.name == name]


def goes_on_with(span: ReadableSpan) -> str:
    assert span.parent is not None and span.context is not None
    assert span.parent.trace_id == span.context.trace_id
    return f"{span.parent.trace_id:032x}-{span.parent.span_id:016x}"


def place(of: str) -> str:
    """Trace and span of a `traceparent`."""
    return of[3:-3]


def carried(store: Store) -> list[str]:
    rows = ask(store, "SELECT * FROM published ORDER BY position")
    return [envelope_of(row, source="/services/x", epoch=1).traceparent for row in rows]


def test_what_a_command_publishes_goes_on_from_its_append(traced: Spans, counting: Store) -> None:
    asked = traceparent()
    executor_of(counting).execute(COUNTER, ADA, Count(ADA, 1), context(traceparent=asked))
    [append] = named(traced, "append")
    assert goes_on_with(append) == place(asked)
    assert append.context is not None
    [told] = carried(counting)
    assert place(told) == f"{append.context.trace_id:032x}-{append.context.span_id:016x}"


def test_a_refusal_is_told_by_its_class_and_is_no_failure(traced: Spans, counting: Store) -> None:
    with pytest.raises(AgainstTheRules):
        executor_of(counting).execute(
            COUNTER, ADA, Count(ADA, 101), context(traceparent=traceparent())
        )
    [append] = named(traced, "append")
    assert append.attributes == {"error.type": "AgainstTheRules"}
    assert append.status.status_code is StatusCode.UNSET
    assert append.events == ()


def test_a_derivation_goes_on_with_the_newest_of_its_traces_and_is_linked_to_the_others(
    traced: Spans, tallying: Store, log: Log
) -> None:
    listener = Listener(tallying, log)
    asked = [traceparent() for _ in range(MOST + 2)]
    first, *later = (
        log.tell(ADA, attended(f"s{n}", 1), traceparent=each) for n, each in enumerate(asked)
    )
    listener.hear(first)
    listener.hear(*later[:4])
    for record in later[4:]:
        listener.hear(record)
    [row] = listener.ask("SELECT traces FROM due")
    assert row.traces.split() == asked[: -MOST - 1 : -1]
    listener.pending_work.drain()
    [derive] = named(traced, "derive")
    assert goes_on_with(derive) == place(asked[-1])
    assert [f"{link.context.trace_id:032x}" for link in derive.links] == [
        trace_of(each) for each in asked[-2 : -MOST - 1 : -1]
    ]
    assert derive.attributes == {"ninehours.projection": "tally"}
    assert {trace_of(told) for told in carried(tallying)} == {trace_of(asked[-1])}
    heard = named(traced, "hear")
    assert [goes_on_with(span) for span in heard] == [place(each) for each in asked]


def test_what_is_heard_while_a_client_is_derived_is_not_lost_of_its_trace(
    traced: Spans, tallying: Store, log: Log
) -> None:
    gate = Gate("read")
    listener = Listener(tallying, log, barrier=gate)
    asked = [traceparent(), traceparent()]
    listener.hear(log.tell(ADA, attended("s", 1), traceparent=asked[0]))
    pending = listener.pending_work._projections.pending()
    listener.hear(log.tell(ADA, attended("t", 1), traceparent=asked[1]))
    gate.open()
    assert [listener.pending_work._projections.work(each) for each in pending] == [True]
    [derive] = named(traced, "derive")
    assert goes_on_with(derive) == place(asked[1])


def test_a_reference_takes_no_trace_to_all_its_clients(
    traced: Spans, tallying: Store, log: Log
) -> None:
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, attended("s", 1, site=SITE)))
    listener.pending_work.drain()
    listener.hear(log.tell(SITE, SiteOpened(name="there"), traceparent=traceparent()))
    assert listener.ask("SELECT key, traces FROM due") == [(ADA, None)]
    listener.pending_work.drain()
    assert [span.name for span in traced.ended()] == ["hear"]


@pytest.mark.parametrize(
    "untraced",
    ["", "Jane Doe", traceparent(sampled=False)],
    ids=["none", "no trace", "not sampled"],
)
def test_what_nobody_samples_leaves_nothing(
    traced: Spans, tallying: Store, log: Log, untraced: str
) -> None:
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, attended("s", 1), traceparent=untraced))
    assert listener.ask("SELECT key, traces FROM due") == [(ADA, None)]
    listener.pending_work.drain()
    assert listener.tallies().keys() == {f"{ADA}|s"}
    assert traced.ended() == []


def test_a_derivation_that_fails_is_told_as_failed_by_its_class_alone(
    traced: Spans, tallying: Store, log: Log
) -> None:
    listener = Listener(tallying, log)
    listener.hear(log.tell(ADA, attended("s", BROKEN), traceparent=traceparent()))
    listener.pending_work.drain()
    [derive] = named(traced, "derive")
    assert derive.attributes == {"ninehours.projection": "tally", "error.type": "Broken"}
    assert derive.status.status_code is StatusCode.ERROR
    assert (derive.status.description, derive.events) == (None, ())


def test_a_reaction_goes_on_with_the_trace_of_its_fact(
    traced: Spans, tallying: Store, log: Log
) -> None:
    def count_up(store: Store, fact: SessionAttended, given: Any) -> None:
        executor = executor_of(store, publish=lambda _: ())
        executor.execute(COUNTER, f"counter/{fact.session_id}", Count(ADA, 1), given)

    reaction = Reaction(name="count_up", to=SessionAttended, react=count_up)
    listener = Listener(
        tallying, log, subscriptions=Subscriptions(INPUTS.by_type.values(), reactions=[reaction])
    )
    asked = traceparent()
    listener.hear(
        log.tell(ADA, attended("s", 1), traceparent=asked),
        log.tell(BOB, attended("t", 1, client=BOB)),
    )
    listener.pending_work.drain()
    [append] = named(traced, "append")
    assert goes_on_with(append) == place(asked)
    assert len(listener.ask("SELECT FROM fact")) == 2


def test_a_service_that_hears_itself_goes_on_with_the_trace_of_its_own_command(
    traced: Spans, tallying: Store
) -> None:
    executor = executor_of(tallying, subscriptions=TALLYING)
    listener = Listener(tallying)
    executor.execute(COUNTER, ADA, Count(ADA, 1), context(traceparent=traceparent()), locks=[ADA])
    listener.pending_work.drain()
    append, derive = traced.ended()
    assert (append.name, derive.name) == ("append", "derive")
    assert append.context is not None
    assert goes_on_with(derive) == f"{append.context.trace_id:032x}-{append.context.span_id:016x}"


def test_a_worker_of_the_release_before_leaves_the_traces_that_it_does_not_know(
    tallying: Store, log: Log
) -> None:
    listener = Listener(tallying, log)
    asked = traceparent()
    listener.hear(log.tell(ADA, attended("s", 1), traceparent=asked))
    with tallying.transaction() as tx:  # the statement of the release before
        tx.connection.execute(
            text(
                "INSERT INTO due (derivation, key) SELECT * FROM unnest("
                " CAST(:names AS text[]), CAST(:keys AS text[]))"
                " ON CONFLICT (derivation, key) DO UPDATE"
                " SET mark = nextval('due_mark'), error = NULL"
            ),
            {"names": ["tally", "tally"], "keys": [ADA, BOB]},
        )
    assert listener.ask("SELECT key, traces FROM due ORDER BY key") == [(ADA, asked), (BOB, None)]


# A collector that is away


class Away(SpanExporter):
    """Takes nothing until it is told to go on, and then refuses all of it."""

    def __init__(self) -> None:
        self.gate = Gate()

    def export(self, _: Any) -> SpanExportResult:
        self.gate()
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        return None


def lost() -> float:
    return METRICS.get_sample_value("ninehours_spans_total", {"outcome": "lost"}) or 0.0


def test_nobody_waits_for_a_collector_that_hangs_and_each_span_that_is_lost_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "4")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")
    away, before = Away(), lost()
    spans.open_tracer(OtlpTracer(LABELS, away))

    def do() -> None:
        spans.call("a.Service", "Do", traceparent(), begins=True).end()

    do()
    assert away.gate.reached.wait(PATIENCE)
    for _ in range(10):  # four of them wait, and nobody for them
        do()
    assert lost() - before == 6
    spans.close_tracer()  # it is over though the collector still hangs
    away.gate.open()
    until(lambda: lost() - before >= 7)


def test_what_waits_is_sent_before_a_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")
    monkeypatch.setattr(otlp, "LEFT", PATIENCE)
    exporter = InMemorySpanExporter()
    spans.open_tracer(OtlpTracer(LABELS, exporter))
    spans.call("a.Service", "Do", "", begins=True).end()
    assert exporter.get_finished_spans() == ()
    spans.close_tracer()
    assert len(exporter.get_finished_spans()) == 1


# Calls


def test_a_call_tells_its_rpc_and_its_code_and_nothing_else(traced: Spans) -> None:
    asked = traceparent()
    call = spans.call("a.Service", "Do", asked, begins=False)
    call.end(**{"rpc.response.status_code": grpc.StatusCode.OK.name})
    [span] = traced.ended()
    assert goes_on_with(span) == place(asked)
    assert span.attributes == {
        "rpc.system": "grpc",
        "rpc.service": "a.Service",
        "rpc.method": "Do",
        "rpc.response.status_code": "OK",
    }


def test_a_trace_begins_with_a_command_and_with_no_question(traced: Spans) -> None:
    question = spans.call("a.Service", "Ask", "", begins=False)
    unsampled = spans.call("a.Service", "Do", traceparent(sampled=False), begins=True)
    command = spans.call("a.Service", "Do", str(uuid4()), begins=True)
    for call in (question, unsampled, command):
        call.end()
    [begun] = traced.ended()
    assert begun.name == "a.Service/Do"
    assert begun.parent is None
    assert spans.is_sampled(command.traceparent)

"""What travels of a trace, and what is taken from a caller."""

import sys
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.tracing import spans
from kernel.tracing.spans import LONGEST, MOST, is_sampled, pending_for, well_formed

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"


@dataclass(frozen=True)
class Fact:
    subject: str
    traceparent: str


def of(number: int) -> str:
    return f"00-{number:032x}-{SPAN}-01"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Jane Doe",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"01-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}",
        f"{SAMPLED}-more",
        f"{SAMPLED}\n",
        f" {SAMPLED}",
    ],
)
def test_what_is_not_written_as_w3c_writes_it_is_no_trace_and_a_call_has_one_all_the_same(
    given: str,
) -> None:
    assert well_formed(given) == ""
    assert not is_sampled(given)
    call = spans.call("a.Service", "Do", given, begins=True)
    assert well_formed(call.traceparent) and not is_sampled(call.traceparent)


@given(st.text())
def test_any_text_is_taken_or_left_and_nothing_fails(given: str) -> None:
    assert well_formed(given) in ("", given)
    assert not is_sampled(given) or well_formed(given)


def test_without_a_tracer_what_came_travels_on() -> None:
    assert spans.call("a.Service", "Do", SAMPLED, begins=True).traceparent == SAMPLED
    assert spans.call("a.Service", "Do", UNSAMPLED, begins=True).traceparent == UNSAMPLED
    with spans.appending(SAMPLED) as traceparent:
        assert traceparent == SAMPLED
    with spans.deriving("claims", f"{of(2)} {of(1)}", spans.now()) as traceparent:
        assert traceparent == of(2)
    with spans.deriving("claims", "", spans.now()) as traceparent:
        assert traceparent == ""


def test_what_is_pending_is_of_the_sampled_traces_of_its_facts_newest_first() -> None:
    facts = [Fact("client/1", of(1)), Fact("client/2", UNSAMPLED), Fact("client/1", of(2))]
    facts += [Fact("client/1", of(1)), Fact("client/1", ""), Fact("client/3", of(3))]
    assert pending_for(facts) == {"client/1": f"{of(1)} {of(2)}", "client/3": of(3)}


def test_no_more_than_the_newest_few_are_kept() -> None:
    kept = pending_for(Fact("client/1", of(n)) for n in range(1, 100))["client/1"]
    assert kept.split() == [of(n) for n in range(99, 99 - MOST, -1)]
    assert len(kept) == LONGEST


def test_who_traces_nothing_imports_nothing_for_it() -> None:
    assert "kernel.tracing.spans" in sys.modules
    taken = {name for name in vars(spans) if "opentelemetry" in str(vars(spans)[name])}
    assert taken == set()

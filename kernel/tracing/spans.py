"""Steps of a trace. Without a tracer none is made, and a W3C `traceparent` travels on as it came.

A trace begins with a command, or with its caller. Every other step goes on with a trace that came
to it, if that one is sampled, and begins none: what nobody traces leaves nothing anywhere.

Attributes have the values that labels of metrics have, and no others: no id, no name, no text.
"""

import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from kernel.refusal import Refusal

Kind = Literal["SERVER", "INTERNAL", "PRODUCER", "CONSUMER"]
Attributes = Mapping[str, str]

MOST = 8  # traces that one key is pending for: the newest
LENGTH = 55  # characters of a `traceparent`
LONGEST = MOST * (LENGTH + 1) - 1  # of as many, with a space between them

# Version 00, and no id of zeros alone; what a later version says is as good as nothing.
_WELL_FORMED = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_SAMPLED = 1


class Step(Protocol):
    """One step, until it ends."""

    @property
    def traceparent(self) -> str:
        """What goes on from here."""
        ...

    def end(self, *, failed: bool = False, **attributes: str) -> None:
        """It is over."""
        ...


class Tracer(Protocol):
    """Makes spans, and sends them. Neither raises, nor waits for anybody."""

    def start(
        self,
        kind: Kind,
        name: str,
        traceparents: Sequence[str],
        attributes: Attributes,
        since: int | None,
    ) -> Step:
        """A step that goes on with the first of these, and is linked to the others; with none it
        begins a trace. `since`: nanoseconds, where it began earlier."""
        ...

    def close(self) -> None:
        """Send what is left, within a moment."""
        ...


class _Process:
    """This one. Each step looks once, and goes on with what it saw: others may close meanwhile."""

    tracer: Tracer | None = None


def open_tracer(tracer: Tracer) -> None:
    """From now on there are traces in this process."""
    _Process.tracer = tracer


def close_tracer() -> None:
    """There are none any more."""
    tracer, _Process.tracer = _Process.tracer, None
    if tracer is not None:
        tracer.close()


def now() -> int:
    """Nanoseconds: since when a step is told."""
    return time.time_ns()


# What travels


def well_formed(traceparent: str) -> str:
    """The caller's `traceparent`; empty, if it isn't one as W3C writes it."""
    return traceparent if _WELL_FORMED.fullmatch(traceparent) else ""


def is_sampled(traceparent: str) -> bool:
    """Whether somebody wants to see that trace."""
    return bool(well_formed(traceparent)) and bool(int(traceparent[-2:], 16) & _SAMPLED)


def sampled(traceparents: Iterable[str]) -> list[str]:
    """Those that somebody wants to see, each once."""
    return [each for each in dict.fromkeys(traceparents) if is_sampled(each)]


def pending_for(facts: Iterable["Traced"]) -> dict[str, str]:
    """By subject the traces that these facts, oldest first, are part of: newest first, with spaces
    between them. A subject whose facts nobody traces is left out."""
    found: dict[str, list[str]] = {}
    for fact in facts:
        if is_sampled(fact.traceparent):
            found.setdefault(fact.subject, []).insert(0, fact.traceparent)
    return {subject: " ".join(sampled(traces)[:MOST]) for subject, traces in found.items()}


class Traced(Protocol):
    """A fact, as far as it is of interest here."""

    @property
    def subject(self) -> str: ...
    @property
    def traceparent(self) -> str: ...


# Steps


def call(service: str, method: str, given: str, *, begins: bool) -> Step:
    """A call of a declared RPC; `begins`: it begins a trace where its caller gave none.

    Its `traceparent` is always one: of a trace that nobody samples, where there is no other.
    """
    parent, tracer = well_formed(given), _Process.tracer
    if tracer and (is_sampled(parent) or (begins and not parent)):
        attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method}
        parents = [parent] if parent else []
        return tracer.start("SERVER", f"{service}/{method}", parents, attributes, None)
    return _Untraced(parent or f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00")


@contextmanager
def appending(traceparent: str) -> Iterator[str]:
    """One attempt to decide and append; gives the `traceparent` of what it appends."""
    with _step("append", [traceparent], {}, None) as span:
        yield span.traceparent


def sent(traceparents: Iterable[str], topic: str, since: int) -> None:
    """Kafka took facts of these traces."""
    _over("PRODUCER", "send", traceparents, topic, since)


def heard(traceparents: Iterable[str], topic: str, since: int) -> None:
    """Facts of these traces were heard."""
    _over("CONSUMER", "hear", traceparents, topic, since)


@contextmanager
def deriving(projection: str, traces: str, since: int) -> Iterator[str]:
    """One client's projection, `traces` being what it is pending for; gives the `traceparent` of
    what it publishes."""
    with _step("derive", traces.split(), {"ninehours.projection": projection}, since) as span:
        yield span.traceparent


@dataclass(frozen=True, slots=True)
class _Untraced:
    """A step that nobody sees."""

    traceparent: str

    def end(self, *, failed: bool = False, **attributes: str) -> None:
        """It leaves nothing."""


@contextmanager
def _step(
    name: str, traceparents: Sequence[str], attributes: Attributes, since: int | None
) -> Iterator[Step]:
    tracer, found = _Process.tracer, sampled(traceparents)
    if tracer is None or not found:
        yield _Untraced(traceparents[0] if traceparents else "")
        return
    span = tracer.start("INTERNAL", name, found, attributes, since)
    try:
        yield span
    except BaseException as error:
        # A class is code; its text may hold anything.
        failed = not isinstance(error, Refusal)
        span.end(failed=failed, **{"error.type": type(error).__qualname__})
        raise
    span.end()


def _over(kind: Kind, name: str, traceparents: Iterable[str], topic: str, since: int) -> None:
    tracer = _Process.tracer
    if tracer is None:
        return
    attributes = {"messaging.system": "kafka", "messaging.destination.name": topic}
    for traceparent in sampled(traceparents):
        tracer.start(kind, name, [traceparent], attributes, since).end()

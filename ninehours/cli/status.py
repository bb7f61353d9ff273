"""`status`: how every process of every service is doing, and what to do about what isn't well."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from ninehours.exchange.v1 import operating_service_pb2 as pb
from rich.console import Console

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.secrets import SERVICES
from ninehours.cli.connection import Services
from ninehours.cli.ending import FAILED, UNAVAILABLE
from ninehours.cli.output import as_dict, print_json, screen, table
from ninehours.cli.roles import OPERATOR

LATE = 60.0  # seconds from which what waits is late: heads are compared once a minute
DEADLINE = 10.0


def run_status(services: Services, *, as_json: bool, watch: float | None) -> None:
    """Prints it, once or again and again; ends with 1 or 6 when all isn't well."""
    while True:
        found, away = _ask(services)
        problems = [f"{name} does not answer ({why})" for name, why in away.items()]
        problems += [line for status in found for line in problems_of(status)]
        if as_json:
            print_json(
                {
                    "services": [as_dict(status) for status in found],
                    "away": away,
                    "problems": problems,
                }
            )
        else:
            _show(found, away, problems)
        if watch is None:
            break
        time.sleep(watch)
    if away:
        raise typer.Exit(UNAVAILABLE)
    if problems:
        raise typer.Exit(FAILED)


def problems_of(status: pb.GetStatusResponse) -> Iterator[str]:
    """What isn't well with one service, and what to do next."""
    name = status.service
    yield from _of_processes(status)
    if not status.kafka:
        yield f"{name} gets no answer from Kafka, or {name}'s topic isn't there"
    for lag in status.lags:
        if lag.stopped:
            yield (
                f"{name} hears nothing of {lag.topic} ({lag.stopped}): "
                f"`ninehours resync {lag.topic} --service {name}`"
            )
        elif lag.owner_away:
            yield f"{name} can't ask the owner of {lag.topic} ({lag.owner_away})"
        elif lag.contradicted:
            yield (
                f"{name} heard of {lag.contradicted} subjects of {lag.topic} what its owner doesn't"
                f" have: `ninehours parked list --service {name}`"
            )
        elif lag.seconds > LATE:
            yield f"{name} is {lag.facts} facts behind {lag.topic}: look at {name}-stream's log"
    if status.outbox.oldest_seconds > LATE:
        yield f"{status.outbox.unsent} facts of {name} wait to be sent: look at {name}-relay's log"
    if status.oldest_due_seconds > LATE:
        yield f"{status.due} keys of {name} wait to be derived: look at {name}-stream's log"
    if status.parked or status.stopped or status.failed:
        yield (
            f"{name} waits for a person: {status.parked} records parked, {status.stopped} stopped, "
            f"{status.failed} derivations failed: `ninehours parked list --service {name}`"
        )


def _of_processes(status: pb.GetStatusResponse) -> Iterator[str]:
    name = status.service
    for process in status.processes:
        if not process.up:
            yield f"no {name}-{process.name} is at work: start it; its log says why it ended"
        elif status.no_write and process.name == "api":
            continue  # its own heartbeat is what wasn't taken
        elif not process.HasField("beat_seconds"):
            yield f"{name}-{process.name} committed no heartbeat yet: look at its log"
        elif process.beat_seconds > LATE:
            yield (
                f"{name}-{process.name}'s last heartbeat is {process.beat_seconds:.0f} s old: it"
                f" hangs, or {name}'s database takes no write; look at its log"
            )
    if status.no_write:
        yield (
            f"{name}'s database takes no write ({status.no_write}): make room on its disk, or mend"
            " what its log says"
        )


def _ask(services: Services) -> tuple[list[pb.GetStatusResponse], dict[str, str]]:
    found: list[pb.GetStatusResponse] = []
    away: dict[str, str] = {}
    for name in SERVICES:
        try:
            found.append(
                services.ask(OPERATOR, pb.GetStatusRequest(), service=name, deadline=DEADLINE)
            )
        except RemoteRefusal as refusal:
            if refusal.code.name not in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
                raise
            away[name] = refusal.reason
    return found, away


def _show(
    found: Sequence[pb.GetStatusResponse], away: dict[str, str], problems: Sequence[str]
) -> None:
    out = screen()
    rows: list[Sequence[object]] = [
        (
            status.service,
            *(_process(status, kind) for kind in ("api", "relay", "stream")),
            "yes" if status.kafka else "NO",
            status.outbox.unsent,
            status.behind,
            status.stopped,
            status.due,
            status.failed,
            status.parked,
        )
        for status in found
    ]
    rows += [(name, "DOWN", *["?"] * 9) for name in away]
    numbers = ("unsent", "behind", "stopped", "due", "failed", "parked")
    columns = ("service", "api", "relay", "stream", "kafka", *numbers)
    out.print(table(columns, rows, right=numbers))
    lags: list[Sequence[object]] = [
        (status.service, lag.topic, *_lag(lag)) for status in found for lag in status.lags
    ]
    if lags:
        out.print()
        heading = ("listener", "hears", "facts behind", "seconds", "")
        out.print(table(heading, lags, right=("facts behind", "seconds")))
    _ages(out, found)
    out.print()
    out.print("all is well" if not problems else "to do:")
    for problem in problems:
        out.print(f"  {problem}")


def _ages(out: Console, found: Sequence[pb.GetStatusResponse]) -> None:
    for status in found:
        if status.outbox.unsent:
            out.print(f"{status.service}: the oldest unsent fact is {_age(status.outbox)} s old")
        if status.due:
            seconds = f"{status.oldest_due_seconds:.1f}"
            out.print(f"{status.service}: the oldest due key is {seconds} s old")


def _age(outbox: Any) -> str:
    return f"{outbox.oldest_seconds:.1f}"


def _process(status: pb.GetStatusResponse, kind: str) -> str:
    for process in status.processes:
        if process.name == kind:
            several = f" ({len(process.ordinals)})" if len(process.ordinals) > 1 else ""
            beat = f" {process.beat_seconds:3.0f} s" if process.HasField("beat_seconds") else ""
            return f"up{several}{beat}" if process.up else "DOWN"
    return "-"


def _lag(lag: pb.Lag) -> tuple[str, str, str]:
    if lag.owner_away:
        return "?", "?", f"its owner is away ({lag.owner_away})"
    return str(lag.facts), f"{lag.seconds:.1f}", lag.stopped

"""`status`: how every process of every service is doing, and what to do about what isn't well."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import typer
from ninehours.exchange.v1 import operating_service_pb2 as pb
from rich.console import Console

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.services import SERVICES
from ninehours.cli.connection import Services, on_system
from ninehours.cli.ending import FAILED, UNAVAILABLE
from ninehours.cli.lists.column import Column, ColumnKind
from ninehours.cli.lists.screen_presenter import table_of
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import OPERATOR
from ninehours.told.status import DAY, Held, age, certificates_of, problems_of

DEADLINE = 10.0


def _process(kind: str) -> Column[pb.GetStatusResponse]:
    """How the processes of a kind are doing, and the age of their last heartbeat."""

    def shown(status: pb.GetStatusResponse) -> str:
        for process in status.processes:
            if process.name == kind:
                several = f" ({len(process.ordinals)})" if len(process.ordinals) > 1 else ""
                beat = f" {process.beat_seconds:3.0f} s" if process.HasField("beat_seconds") else ""
                return f"up{several}{beat}" if process.up else "DOWN"
        return "-"

    return Column(kind, value=shown)


STATUSES: Sequence[Column[pb.GetStatusResponse]] = (
    Column("service"),
    _process("api"),
    _process("relay"),
    _process("stream"),
    Column("kafka", value=lambda status: "yes" if status.kafka else "NO"),
    Column("unsent", ColumnKind.COUNT, lambda status: status.outbox.unsent),
    *(Column(name, ColumnKind.COUNT) for name in ("behind", "stopped", "due", "failed", "parked")),
)


@dataclass(frozen=True, slots=True)
class ListenerLag:
    """How far a service is behind one that it hears; None: nobody knows."""

    listener: str
    lag: pb.Lag

    def facts(self) -> int | None:
        return None if self.lag.owner_away else self.lag.facts

    def seconds(self) -> float | None:
        return None if self.lag.owner_away else self.lag.seconds

    def why(self) -> str:
        """It doesn't get on."""
        away = self.lag.owner_away
        return f"its owner is away ({away})" if away else self.lag.stopped


LAGS: Sequence[Column[ListenerLag]] = (
    Column("listener"),
    Column("hears", value=lambda listener: listener.lag.topic),
    Column("facts behind", ColumnKind.COUNT, ListenerLag.facts),
    Column("seconds", ColumnKind.SECONDS, ListenerLag.seconds),
    Column("", value=ListenerLag.why),
)


@dataclass(frozen=True, slots=True)
class MasterKey:
    """What a service's owners' keys are wrapped under."""

    service: str
    key: pb.MasterKey

    def days(self) -> int | None:
        return int(self.key.seconds // DAY) if self.key.HasField("seconds") else None

    def says(self) -> str:
        if self.key.missing:
            return "MISSING"
        return "in use" if self.key.in_use else ""


MASTER_KEYS: Sequence[Column[MasterKey]] = (
    Column("service"),
    Column("master key", value=lambda master: master.key.id),
    Column("days old", ColumnKind.COUNT, MasterKey.days),
    Column("wraps", ColumnKind.COUNT, lambda master: master.key.wraps),
    Column("", value=MasterKey.says),
)


CERTIFICATES: Sequence[Column[Held]] = (
    Column("service"),
    Column("wire", value=lambda held: held.certificate.wire),
    Column("certificate", value=lambda held: held.certificate.name),
    Column("shown by", value=lambda held: ", ".join(held.shown_by)),
    Column("age", value=lambda held: age(held.certificate.seconds)),
    Column("ends in", value=Held.left),
)


@dataclass(frozen=True, slots=True)
class Signing:
    """What a service signs with, or did."""

    service: str
    key: pb.SigningKey

    def made(self) -> str:
        return age(self.key.seconds) if self.key.HasField("seconds") else "?"

    def says(self) -> str:
        if self.key.unpublished:
            return "NOT PUBLISHED"
        return "signs" if self.key.signs else "still believed"


SIGNING_KEYS: Sequence[Column[Signing]] = (
    Column("service"),
    Column("of", value=lambda signing: signing.key.use),
    Column("signing key", value=lambda signing: signing.key.id),
    Column("age", value=Signing.made),
    Column("", value=Signing.says),
)


@on_system
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
    statuses = table_of(STATUSES, found)
    for name in away:
        statuses.add_row(name, "DOWN", *"?" * (len(STATUSES) - 2))
    out.print(statuses)
    if lags := [ListenerLag(status.service, lag) for status in found for lag in status.lags]:
        out.print()
        out.print(table_of(LAGS, lags))
    if keys := [MasterKey(status.service, key) for status in found for key in status.master_keys]:
        out.print()
        out.print(table_of(MASTER_KEYS, keys))
    if shown := [held for status in found for held in certificates_of(status)]:
        out.print()
        out.print(table_of(CERTIFICATES, shown))
    if signing := [Signing(status.service, key) for status in found for key in status.signing_keys]:
        out.print()
        out.print(table_of(SIGNING_KEYS, signing))
    _ages(out, found)
    out.print()
    out.print("all is well" if not problems else "to do:")
    for problem in problems:
        out.print(f"  {problem}")


def _ages(out: Console, found: Sequence[pb.GetStatusResponse]) -> None:
    for status in found:
        if status.outbox.unsent:
            seconds = f"{status.outbox.oldest_seconds:.1f}"
            out.print(f"{status.service}: the oldest unsent fact is {seconds} s old")
        if status.due:
            seconds = f"{status.oldest_due_seconds:.1f}"
            out.print(f"{status.service}: the oldest due key is {seconds} s old")

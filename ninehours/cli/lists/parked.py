"""`parked` and `resync`: what waits for a person, and what a person does about it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from ninehours.exchange.v1 import listener_service_pb2 as listener
from ninehours.exchange.v1 import operating_service_pb2 as pb

from ninehours.cli.connection import Services, chosen, on_system
from ninehours.cli.lists.column import Column, ColumnKind
from ninehours.cli.lists.screen_presenter import table_of
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import OPERATOR


@dataclass(frozen=True, slots=True)
class ParkedItem:
    """What a service parked."""

    service: str
    parked: listener.Parked


PARKED: Sequence[Column[ParkedItem]] = (
    Column("service"),
    Column("id", ColumnKind.ID, lambda item: item.parked.id),
    Column("type", value=lambda item: item.parked.type.rpartition(".")[2]),
    Column("error", value=lambda item: item.parked.error),
)


@on_system
def run_list(services: Services, *, only: str | None, as_json: bool) -> None:
    """Every service's, by id."""
    found = [
        ParkedItem(name, parked)
        for name in chosen(only)
        for parked in services.ask(OPERATOR, listener.ListParkedRequest(), service=name).parked
    ]
    if as_json:
        items = [{"service": item.service, **as_dict(item.parked)} for item in found]
        print_json({"parked": items})
    else:
        screen().print(table_of(PARKED, found) if found else "nothing waits for a person")


@on_system
def run_show(services: Services, service: str, parked_id: str, *, as_json: bool) -> None:
    """One, without its content."""
    _operate(services, service, pb.GetParkedRequest(id=parked_id), _shown, as_json)


@on_system
def run_release(services: Services, service: str, parked_id: str, *, as_json: bool) -> None:
    """Try it again."""
    request = pb.ReleaseParkedRequest(id=parked_id)
    _operate(services, service, request, lambda answer: f"released: {answer.does}", as_json)


@on_system
def run_give_up(
    services: Services, service: str, parked_id: str, reason: str, *, as_json: bool
) -> None:
    """Go past it for good."""
    _operate(
        services,
        service,
        pb.GiveUpParkedRequest(id=parked_id, reason=reason),
        lambda answer: (
            f"given up by {answer.given_up_by} at {answer.given_up_at.ToJsonString()}:"
            " gone past for good"
        ),
        as_json,
    )


@on_system
def run_resync(services: Services, service: str, topic: str, *, as_json: bool) -> None:
    """Hear a topic again."""
    _operate(
        services,
        service,
        pb.ResyncTopicRequest(topic=topic),
        lambda answer: (
            f"{service} hears {answer.subjects} subjects of {topic} again, in epoch {answer.epoch};"
            " `ninehours status` shows how far it is"
        ),
        as_json,
    )


def _operate(
    services: Services, service: str, request: Message, told: Callable[[Any], str], as_json: bool
) -> None:
    """What the service answers an operator, as JSON or in the words of `told`."""
    [name] = chosen(service)
    answer = services.ask(OPERATOR, request, service=name)
    if as_json:
        print_json(as_dict(answer))
    else:
        screen().print(told(answer))


def _shown(parked: pb.GetParkedResponse) -> str:
    """A line for each thing that is told."""
    rows = [
        ("kind", parked.kind),
        ("topic", parked.topic),
        ("subject", parked.subject or "none: it holds up nobody"),
        ("type", parked.type),
        ("error", parked.error),
        ("since", parked.at.ToJsonString() if parked.HasField("at") else ""),
    ]
    if parked.kind == "record":
        where = f"partition {parked.partition}, offset {parked.offset}"
        rows += [
            ("from", "its owner" if parked.partition < 0 else where),
            ("body", f"{parked.body_bytes} bytes, not shown"),
            *sorted(parked.headers.items()),
        ]
    rows = [*((label, value) for label, value in rows if value), ("release", parked.release)]
    return "\n".join(f"{label:<16} {value}" for label, value in rows)

"""`tail`: public facts as they travel, one a line; no value of theirs unless it is asked for."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import islice
from typing import Any

import typer
from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass
from ninehours.exchange.v1 import published_log_service_pb2 as pb

from ninehours.cli.connection import Services, chosen, on_system
from ninehours.cli.ending import INTERRUPTED, USAGE, Failure
from ninehours.cli.output import as_dict
from ninehours.cli.roles import OPERATOR

LOOK = 0.3  # seconds between two looks at what came
SHOWN = ("ce_time", "ce_type", "ce_label", "ce_id", "ce_causationid", "ce_correlationid")


@on_system
def run_tail(
    services: Services,
    *,
    service: str | None,
    kind: str,
    client_id: str,
    from_start: bool,
    payload: bool,
    number: int | None,
    as_json: bool,
) -> None:
    """Prints facts until as many as wanted were shown, or Ctrl-C."""
    requests = {
        name: pb.FollowRequest(
            type=_type(name, kind),
            subject=f"client/{client_id}" if client_id else "",
            from_now=not from_start,
        )
        for name in chosen(service or _service_of(kind))
    }
    try:
        for name, fact in islice(_facts(services, requests), number):
            _print(name, fact, payload=payload, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        sys.stderr.close()  # whoever read has seen enough


def _facts(
    services: Services, requests: Mapping[str, pb.FollowRequest]
) -> Iterator[tuple[str, pb.PublishedFact]]:
    """Each service's in the order of its log; between services, as they are found."""
    while True:
        more = False
        for name, request in requests.items():
            answer = services.ask(OPERATOR, request, service=name)
            request.cursor = answer.cursor
            more = more or answer.more
            for fact in answer.facts:
                yield name, fact
        if not more:
            time.sleep(LOOK)


def _service_of(kind: str) -> str | None:
    """Of a whole name, `ninehours.billing.v1.ClaimIssued`."""
    parts = kind.split(".")
    return parts[1] if len(parts) == 4 else None


def _type(service: str, kind: str) -> str:
    if not kind or "." in kind:
        return kind
    return f"ninehours.{service}.v1.{kind}"


def _print(service: str, fact: pb.PublishedFact, *, payload: bool, as_json: bool) -> None:
    headers = {name: fact.headers[name].decode() for name in SHOWN}
    kind = headers["ce_type"]
    line: dict[str, Any] = {
        "time": headers["ce_time"],
        "service": service,
        "type": kind.rpartition(".")[2],
        "subject": fact.subject,
        "sequence": fact.sequence,
        "label": headers["ce_label"],
        "id": headers["ce_id"],
        "causation_id": headers["ce_causationid"],
        "correlation_id": headers["ce_correlationid"],
    }
    if payload:
        line["payload"] = as_dict(_message(kind, fact.body))
    if as_json:
        print(json.dumps(line, ensure_ascii=False), flush=True)
        return
    text = (
        f"{line['time'][:23]}  {service:<10}  {line['type']:<24}  {fact.subject}  "
        f"{fact.sequence:>5}  {line['label']:<5}  {line['id']}"
    )
    if payload:
        text += f"  {json.dumps(line['payload'], ensure_ascii=False)}"
    print(text, flush=True)


def _message(kind: str, body: bytes) -> Any:
    _, service, *_ = kind.split(".")
    try:
        import_module(f"ninehours.{service}.v1.{service}_events_pb2")
        return GetMessageClass(Default().FindMessageTypeByName(kind)).FromString(body)
    except (KeyError, ImportError):
        raise Failure(USAGE, f"this release doesn't know {kind}: leave --payload out") from None

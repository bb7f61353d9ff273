"""What operators have services do: look at what is parked, hear again, check, derive, wrap keys."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from ninehours.exchange.v1 import listener_service_pb2 as listener
from ninehours.exchange.v1 import operating_service_pb2 as pb
from ninehours.intake.v1 import search_service_pb2 as search

from ninehours.cli.connection import Services, chosen, connected, on_system
from ninehours.cli.ending import FAILED, UNAVAILABLE, Failure, say
from ninehours.cli.lists.column import Column, ColumnKind
from ninehours.cli.lists.screen_presenter import table_of
from ninehours.cli.output import as_dict, print_json, screen
from ninehours.cli.roles import OPERATOR
from ninehours.story.catching_up import NotCaughtUp, wait_until_caught_up
from ninehours.told.amounts import plural

LONGEST = 3600.0  # seconds that one service's checks may take
AT_LEAST = 5  # seconds a service waits for what came after the system had settled
LOOK = 0.5  # seconds between two looks
SAY = 5.0  # seconds between two lines of progress


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


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operator asks of one service; `says`: of answer, request and service, in words."""

    request: type[Message]
    says: Callable[[Any, Any, str], str]

    def run(self, data: Path | None, service: str, *, as_json: bool, **asked: str) -> None:
        """Prints what is answered. `asked`: by the names of the request's fields."""
        with connected(data) as services:
            [name] = chosen(service)
            request = self.request(**asked)
            answer = services.ask(OPERATOR, request, service=name)
            if as_json:
                print_json(as_dict(answer))
            else:
                screen().print(self.says(answer, request, service))


def _shown(parked: pb.GetParkedResponse, *_: object) -> str:
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
    rows += [
        (
            "released before",
            f"by {each.released_by} at {each.released_at.ToJsonString()}: {each.reason}",
        )
        for each in parked.earlier_releases
    ]
    return "\n".join(f"{label:<16} {value}" for label, value in rows)


SHOW_PARKED = Operation(pb.GetParkedRequest, _shown)
RELEASE = Operation(pb.ReleaseParkedRequest, lambda answer, *_: f"released: {answer.does}")
GIVE_UP = Operation(
    pb.GiveUpParkedRequest,
    lambda answer, *_: (
        f"given up by {answer.given_up_by} at {answer.given_up_at.ToJsonString()}:"
        " gone past for good"
    ),
)
RESYNC = Operation(
    pb.ResyncTopicRequest,
    lambda answer, request, service: (
        f"{service} hears {answer.subjects} subjects of {request.topic} again, in epoch"
        f" {answer.epoch}; `ninehours status` shows how far it is"
    ),
)


@on_system
def run_verify(services: Services, *, as_json: bool, only: str | None, timeout: int) -> None:
    """Prints what was checked; a problem when anything was found."""
    names = chosen(only)
    _catch_up(services, timeout)
    found = 0
    answers: dict[str, list[dict[str, Any]]] = {}
    for name in names:
        if not as_json:
            screen().print(name)
        answers[name] = []
        for answer in _checks(services, name, min(timeout, AT_LEAST)):
            found += answer.findings_total
            answers[name].append(as_dict(answer))
            if not as_json:
                _show(answer)
    if as_json:
        print_json({"services": answers, "findings": found})
    if found:
        what = "thing is" if found == 1 else "things are"
        raise Failure(FAILED, f"{found} {what} not as it must be; see above")
    if not as_json:
        checks = sum(map(len, answers.values()))
        screen().print(
            f"{plural(checks, 'check')} in {plural(len(answers), 'service')}: nothing found"
        )


def _catch_up(services: Services, timeout: int) -> None:
    def ask(service: str, request: Any, *, deadline: float = 30.0) -> Any:
        return services.ask(OPERATOR, request, service=service, deadline=deadline)

    say("waiting until everything published is heard, and nothing is due")
    try:
        wait_until_caught_up(ask, timeout)
    except NotCaughtUp as late:
        say(f"not settled within {timeout} s: {late}; checking what is there")


def _checks(services: Services, name: str, wait: int) -> Iterator[pb.VerifyResponse]:
    request = pb.VerifyRequest(wait_seconds=wait)
    for answer in services.ask(OPERATOR, request, service=name, deadline=LONGEST):
        if answer.in_progress:
            say(f"{name}: {answer.check} …")
        else:
            yield answer


def _show(answer: pb.VerifyResponse) -> None:
    verdict = "ok" if not answer.findings_total else f"{answer.findings_total} FOUND"
    looked = f"{answer.looked_at} {answer.unit}" if answer.looked_at else "nothing to look at"
    out = screen()
    out.print(f"  {answer.check:<40} {looked:<20} {verdict}")
    for finding in answer.findings:
        out.print(f"    {finding.reason}  {finding.about}")
        out.print(f"      {finding.says}")
    if (more := answer.findings_total - len(answer.findings)) > 0:
        out.print(f"    and {more} more")


@on_system
def run_rebuild(services: Services, *, as_json: bool, only: str | None, timeout: int) -> None:
    """Prints how many keys were derived and how many rows changed; 0 is expected."""
    until = time.monotonic() + timeout
    begun = {
        name: services.ask(OPERATOR, pb.RebuildRequest(), service=name) for name in chosen(only)
    }
    by_service: dict[str, dict[str, int]] = {}
    for name, begin in begun.items():
        end = _until_derived(services, name, until)
        by_service[name] = {
            "keys": begin.due,
            "changed": end.revisions - begin.revisions,
            "failed": end.failed,
        }
    if as_json:
        print_json(by_service)
    else:
        for name, numbers in by_service.items():
            derives = f"{numbers['keys']} keys derived again, {numbers['changed']} rows changed"
            screen().print(f"{name:<12} {derives if numbers['keys'] else 'derives nothing'}")
    if failed := [name for name, numbers in by_service.items() if numbers["failed"]]:
        raise Failure(FAILED, f"derivations failed in {', '.join(failed)}: `ninehours parked list`")


def _until_derived(services: Services, name: str, until: float) -> pb.CountDerivedResponse:
    said = time.monotonic()
    while True:
        now: pb.CountDerivedResponse = services.ask(
            OPERATOR, pb.CountDerivedRequest(), service=name
        )
        if not now.due:
            return now
        if time.monotonic() > until:
            raise Failure(
                UNAVAILABLE,
                f"{now.due} keys of {name} are still due; they go on. Is {name}-stream at work? "
                "`ninehours status` says",
            )
        if time.monotonic() - said > SAY:
            said = time.monotonic()
            say(f"{name}: {now.due} keys to go")
        time.sleep(LOOK)


@on_system
def run_rewrap(services: Services, *, as_json: bool, only: str | None) -> None:
    """Prints, of each service, how many keys were wrapped anew and under which master key."""
    by_service = {name: _until_rewrapped(services, name) for name in chosen(only)}
    if as_json:
        print_json(by_service)
    else:
        for name, numbers in by_service.items():
            says = f"{numbers['rewrapped']} keys wrapped anew under {numbers['master_key']}"
            screen().print(f"{name:<12} {says}")
    if left := [name for name, numbers in by_service.items() if numbers["left"]]:
        raise Failure(
            FAILED,
            f"some keys of {', '.join(left)} were wrapped under another master key meanwhile, or"
            " are being wrapped by somebody else: say it again in a minute",
        )


def _until_rewrapped(services: Services, name: str) -> dict[str, int | str]:
    rewrapped, said = 0, time.monotonic()
    while True:
        now: pb.RewrapKeysResponse = services.ask(OPERATOR, pb.RewrapKeysRequest(), service=name)
        rewrapped += now.rewrapped
        if not now.left or not now.rewrapped:
            return {"rewrapped": rewrapped, "left": now.left, "master_key": now.master_key}
        if time.monotonic() - said > SAY:
            said = time.monotonic()
            say(f"{name}: {now.left} keys to go")


@on_system
def run_rebuild_search(services: Services, *, as_json: bool) -> None:
    """Prints how many clients were looked at, and of how many the tokens were made anew."""
    numbers = dict.fromkeys(("looked_at", "mended", "unopened"), 0)
    after, said = "", time.monotonic()
    while True:
        now: search.RebuildSearchResponse = services.ask(
            OPERATOR, search.RebuildSearchRequest(after_client_id=after)
        )
        for name in numbers:
            numbers[name] += getattr(now, name)
        if not (after := now.last_client_id):
            break
        if time.monotonic() - said > SAY:
            said = time.monotonic()
            say(f"{numbers['looked_at']} clients so far")
    if as_json:
        print_json(numbers)
    else:
        looked_at = plural(numbers["looked_at"], "client")
        screen().print(f"{looked_at} looked at, of {numbers['mended']} the tokens made anew")
    if numbers["unopened"]:
        raise Failure(
            FAILED,
            f"of {plural(numbers['unopened'], 'client')} something doesn't open: their tokens are"
            " as they were, and `ninehours verify` names the documents",
        )

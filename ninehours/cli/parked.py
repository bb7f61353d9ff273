"""`parked` and `resync`: what waits for a person, and what a person does about it."""

from ninehours.exchange.v1 import listener_service_pb2 as listener
from ninehours.exchange.v1 import operating_service_pb2 as pb

from ninehours.cli.connection import Services
from ninehours.cli.output import as_dict, print_json, screen, table
from ninehours.cli.roles import OPERATOR
from ninehours.cli.verify import chosen


def run_list(services: Services, *, only: str | None, as_json: bool) -> None:
    """Every service's, by id."""
    found = [
        (name, each)
        for name in chosen(only)
        for each in services.ask(OPERATOR, listener.ListParkedRequest(), service=name).parked
    ]
    if as_json:
        print_json({"parked": [{"service": name, **as_dict(each)} for name, each in found]})
        return
    if not found:
        screen().print("nothing waits for a person")
        return
    rows = [(name, each.id, each.type.rpartition(".")[2], each.error) for name, each in found]
    screen().print(table(("service", "id", "type", "error"), rows))


def run_show(services: Services, service: str, parked_id: str, *, as_json: bool) -> None:
    """One, without its content."""
    [name] = chosen(service)
    shown = services.ask(OPERATOR, pb.GetParkedRequest(id=parked_id), service=name)
    if as_json:
        print_json(as_dict(shown))
        return
    rows = [
        ("kind", shown.kind),
        ("topic", shown.topic),
        ("subject", shown.subject or "none: it holds up nobody"),
        ("type", shown.type),
        ("error", shown.error),
        ("since", shown.at.ToJsonString() if shown.HasField("at") else ""),
    ]
    if shown.kind == "record":
        where = f"partition {shown.partition}, offset {shown.offset}"
        rows += [
            ("from", "its owner" if shown.partition < 0 else where),
            ("body", f"{shown.body_bytes} bytes, not shown"),
            *((header, value) for header, value in sorted(shown.headers.items())),
        ]
    out = screen()
    for key, value in rows:
        if value:
            out.print(f"{key:<16} {value}")
    out.print(f"{'release':<16} {shown.release}")


def run_release(services: Services, service: str, parked_id: str, *, as_json: bool) -> None:
    """Try it again."""
    [name] = chosen(service)
    answer = services.ask(OPERATOR, pb.ReleaseParkedRequest(id=parked_id), service=name)
    if as_json:
        print_json(as_dict(answer))
    else:
        screen().print(f"released: {answer.does}")


def run_give_up(
    services: Services, service: str, parked_id: str, reason: str, *, as_json: bool
) -> None:
    """Go past it for good."""
    [name] = chosen(service)
    request = pb.GiveUpParkedRequest(id=parked_id, reason=reason)
    answer = services.ask(OPERATOR, request, service=name)
    if as_json:
        print_json(as_dict(answer))
    else:
        at = answer.given_up_at.ToJsonString()
        screen().print(f"given up by {answer.given_up_by} at {at}: gone past for good")


def run_resync(services: Services, service: str, topic: str, *, as_json: bool) -> None:
    """Hear a topic again."""
    [name] = chosen(service)
    answer = services.ask(OPERATOR, pb.ResyncTopicRequest(topic=topic), service=name)
    if as_json:
        print_json(as_dict(answer))
    else:
        screen().print(
            f"{name} hears {answer.subjects} subjects of {topic} again, in epoch {answer.epoch}; "
            "`ninehours status` shows how far it is"
        )

"""`forget`: one person asks that a client be forgotten, another one agrees, or it is taken back."""

from typing import Any

from ninehours.intake.v1 import intake_service_pb2 as pb

from kernel.roles import Role
from ninehours.cli.connection import Services, on_system
from ninehours.cli.ending import USAGE, Failure
from ninehours.cli.fields import is_id
from ninehours.cli.issue import command_meta
from ninehours.cli.output import as_dict, print_json


@on_system
def run_forget(
    services: Services,
    client_id: str,
    *,
    agree: bool,
    withdraw: bool,
    subject: str,
    command_id: str,
    as_json: bool,
) -> None:
    """Prints what was done, and what is to follow."""
    if agree and withdraw:
        raise Failure(USAGE, "--agree or --withdraw, one of them")
    if not is_id(client_id):
        raise Failure(USAGE, f"{client_id!r} is no id of a client; `ninehours clients` lists them")
    services.speak_as(Role.ADMINISTRATOR, subject)
    meta = command_meta(command_id)
    request: Any = pb.AskToForgetRequest(meta=meta, client_id=client_id)
    says = "asked; within fourteen days somebody else says `ninehours forget ID --agree`"
    if agree:
        request = pb.AgreeToForgetRequest(meta=meta, client_id=client_id)
        says = "forgotten; every service destroys the client's key as it hears of it"
    elif withdraw:
        request = pb.WithdrawForgettingRequest(meta=meta, client_id=client_id)
        says = "taken back"
    answer = services.ask(Role.ADMINISTRATOR, request)
    if as_json:
        print_json({"command_id": meta.command_id, "client_id": client_id} | as_dict(answer))
    else:
        print(f"client {client_id}: {says}")

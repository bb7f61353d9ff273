"""Commands that call RPCs by name, for those without other tools."""

# ruff: noqa: PLC0415  --help answers at once: what a command needs is loaded when it runs

from typing import Annotated

import typer

from kernel.services import EACH
from ninehours.cli.options import As, Json, System

Service = Annotated[str, typer.Argument(help=f"{EACH}.")]
SomeService = Annotated[str, typer.Argument(help="One of the services. [default: all]")]
Method = Annotated[str, typer.Argument(help="An RPC's name, as `rpc ls` shows it.")]
Body = Annotated[
    str, typer.Option("--json-body", help="The request as JSON; - reads it from stdin.")
]
AsRole = Annotated[str, typer.Option("--role", help="Who asks. [default: the first role that may]")]


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    rpc = typer.Typer(no_args_is_help=True, help="List and call any RPC: JSON in, JSON out.")
    rpc.command()(ls)
    rpc.command()(call)
    app.add_typer(rpc, name="rpc")


def ls(service: SomeService = "", data: System = None, json: Json = False) -> None:
    """Every RPC with the roles that may call it, as the servers describe themselves."""
    from ninehours.cli.connection import connected
    from ninehours.cli.output import print_json, screen
    from ninehours.cli.rpc import list_rpcs, show_rpcs

    with connected(data) as services:
        rpcs = list_rpcs(services, service)
        if json:
            print_json({"rpcs": rpcs})
        else:
            for line in show_rpcs(rpcs):
                screen().print(line)


def call(
    service: Service,
    method: Method,
    *,
    body: Body = "{}",
    role: AsRole = "",
    subject: As = "",
    data: System = None,
) -> None:
    """Call an RPC and print its answer as JSON; of a stream, one object a line.

    A refusal goes to stderr with its reason and what is wrong with each field.
    """
    from ninehours.cli.connection import connected
    from ninehours.cli.rpc import call_rpc

    with connected(data) as services:
        call_rpc(services, service, method, body=body, role=role, subject=subject)

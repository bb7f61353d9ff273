"""Commands about clients: who they are by id, how they fare, what is due, who is in care."""

# ruff: noqa: PLC0415  --help answers at once: what a command needs is loaded when it runs

from datetime import datetime
from typing import Annotated

import typer

from ninehours.cli.options import As, AsOf, Json, System

DAY = ["%Y-%m-%d"]
Client = Annotated[str, typer.Argument(metavar="ID", help="The client's id.")]
On = Annotated[datetime | None, typer.Option("--on", formats=DAY, help="The day. [default: today]")]
Site = Annotated[str, typer.Option("--site", help="Only of the site with this id.")]
Program = Annotated[str, typer.Option("--program", help="Only of the program with this id.")]
Active = Annotated[bool, typer.Option("--active", help="Only who is in care now.")]
Person = Annotated[str, typer.Option("--person", help="Only what this person ought to do.")]
Ahead = Annotated[
    int, typer.Option("--ahead", min=0, max=365, help="Also what is due so many days later.")
]


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (clients, client, due, census):
        app.command()(command)


def clients(
    *,
    site: Site = "",
    program: Program = "",
    active: Active = False,
    data: System = None,
    json: Json = False,
) -> None:
    """List clients by id, with the newest episode of each. No name is shown anywhere."""
    from ninehours.cli.lists.clients import run_clients

    run_clients(data, site=site, program=program, active=active, as_json=json)


def client(
    client_id: Client,
    *,
    subject: As = "",
    as_of: AsOf = None,
    data: System = None,
    json: Json = False,
) -> None:
    """One client's course: levels, hours a week against the band, sessions, scores, claims."""
    from ninehours.cli.client import run_client

    run_client(data, client_id, subject=subject, as_of=as_of, as_json=json)


def due(
    *,
    on: On = None,
    ahead: Ahead = 0,
    site: Site = "",
    person: Person = "",
    data: System = None,
    json: Json = False,
) -> None:
    """What is to be done, as things stood at the end of a day: by site and person.

    Safety tasks, sessions to close, notes to sign, plans to sign, review and certify,
    authorizations that run out, claims before their filing limit.
    """
    from ninehours.cli.lists.due import run_due

    run_due(data, on, ahead=ahead, site=site, person=person, as_json=json)


def census(*, on: On = None, site: Site = "", data: System = None, json: Json = False) -> None:
    """Clients in care by site, program and level on a day; who came and left in the 30 days."""
    from ninehours.cli.lists.clients import run_census

    run_census(data, on, site, as_json=json)

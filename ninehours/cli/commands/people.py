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
    app.command()(clients)
    app.command()(client)
    app.command()(due)
    app.command()(census)


def clients(
    *,
    site: Site = "",
    program: Program = "",
    active: Active = False,
    data: System = None,
    json: Json = False,
) -> None:
    """List clients by id, with the newest episode of each. No name is shown anywhere."""
    from ninehours.cli.clients import ROLE, find_clients, show_clients
    from ninehours.cli.connection import connected
    from ninehours.cli.dates import id_in
    from ninehours.cli.output import as_dict, print_json
    from ninehours.cli.sites import sites_of

    with connected(data) as services:
        found = find_clients(
            services,
            site=site and id_in(site, "site's id"),
            program=program and id_in(program, "program's id"),
            active=active,
        )
        if json:
            print_json({"clients": [as_dict(each) for each in found], "count": len(found)})
        else:
            show_clients(found, sites_of(services, ROLE))


def client(
    client_id: Client,
    *,
    subject: As = "",
    as_of: AsOf = None,
    data: System = None,
    json: Json = False,
) -> None:
    """One client's course: levels, hours a week against the band, sessions, scores, claims."""
    from ninehours.cli.client import CLINICIAN, read_client
    from ninehours.cli.client_screen import show_client
    from ninehours.cli.connection import connected
    from ninehours.cli.dates import id_in, moment_of
    from ninehours.cli.output import print_json
    from ninehours.cli.sites import sites_of

    with connected(data) as services:
        services.speak_as(CLINICIAN, subject)
        told = read_client(services, id_in(client_id, "client's id"), moment_of(as_of))
        if json:
            print_json(told.as_dict())
        else:
            show_client(told, sites_of(services, CLINICIAN))


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
    from ninehours.cli.connection import connected
    from ninehours.cli.dates import id_in, today
    from ninehours.cli.due import find_due, show_due
    from ninehours.cli.output import as_dict, print_json
    from ninehours.cli.sites import sites_of

    with connected(data) as services:
        day = on.date() if on else today()
        where = site and id_in(site, "site's id")
        found, withheld = find_due(services, day, ahead=ahead, site=where, person=person)
        if json:
            items = [as_dict(each) for each in found]
            print_json({"on": str(day), "due": items, "withheld": withheld})
        else:
            show_due(found, withheld, sites_of(services, "clinician"), day)


def census(*, on: On = None, site: Site = "", data: System = None, json: Json = False) -> None:
    """Clients in care by site, program and level on a day; who came and left in the 30 days."""
    from ninehours.cli.census import ROLE, read_census, show_census
    from ninehours.cli.connection import connected
    from ninehours.cli.dates import id_in, today
    from ninehours.cli.output import as_dict, print_json
    from ninehours.cli.sites import sites_of

    with connected(data) as services:
        day = on.date() if on else today()
        found = read_census(services, day, site and id_in(site, "site's id"))
        if json:
            print_json({"on": str(day), **as_dict(found)})
        else:
            show_census(found, sites_of(services, ROLE), day)

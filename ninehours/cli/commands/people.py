"""Commands about clients: who they are by id, how they fare, what is due, who is in care."""

from datetime import datetime
from typing import Annotated

import typer

from ninehours.cli.commands.work import done_by
from ninehours.cli.options import DAY, As, AsOf, CommandId, Json, System

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
    for command in (
        clients,
        find,
        client,
        person,
        chart,
        care,
        ledger,
        roster,
        reads,
        due,
        census,
        forget,
    ):
        app.command()(command)


@done_by("lists.clients:run_clients")
def clients(
    *,
    site: Site = "",
    program: Program = "",
    active: Active = False,
    data: System = None,
    as_json: Json = False,
) -> None:
    """List clients by id, with the newest episode of each. No name is shown anywhere."""


@done_by("lists.found:run_find")
def find(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WORD...",
            help="Names, birth date, member number, phone, in any order: all must be met.",
        ),
    ],
    *,
    site: Site = "",
    most: Annotated[int, typer.Option("--most", min=1, max=50, help="So many at most.")] = 10,
    subject: As = "",
    data: System = None,
    as_json: Json = False,
) -> None:
    """Find clients by names, their beginnings or sound, and numbers. The reading is audited."""


@done_by("client:run_client")
def client(
    client_id: Client,
    *,
    subject: As = "",
    as_of: AsOf = None,
    data: System = None,
    as_json: Json = False,
) -> None:
    """One client's course: levels, hours a week against the band, sessions, scores, claims."""


@done_by("record:run_person")
def person(
    client_id: Client,
    *,
    subject: As = "",
    as_of: AsOf = None,
    data: System = None,
    as_json: Json = False,
) -> None:
    """Who a client is: name, address, coverages with numbers, consents. The reading is audited."""


@done_by("record:run_chart")
def chart(
    client_id: Client,
    *,
    subject: As = "",
    as_of: AsOf = None,
    data: System = None,
    as_json: Json = False,
) -> None:
    """What clinicians found of a client, in their words. The reading is audited.

    Screenings, diagnoses, areas, ratings, admissions; assessments, answer by answer, to a clinician
    with a credential that sees scores.
    """


@done_by("record:run_care")
def care(
    client_id: Client,
    *,
    subject: As = "",
    as_of: AsOf = None,
    data: System = None,
    as_json: Json = False,
) -> None:
    """A client's plans in all versions, in words, and what was decided. The reading is audited."""


@done_by("record:run_ledger")
def ledger(
    client_id: Client,
    *,
    subject: As = "",
    as_of: AsOf = None,
    data: System = None,
    as_json: Json = False,
) -> None:
    """A client's authorizations with numbers, and claims with payers' answers. It is audited."""


@done_by("record:run_roster")
def roster(
    site_id: Annotated[str, typer.Argument(metavar="SITE", help="The site's id.")],
    *,
    on: On = None,
    subject: As = "",
    as_of: AsOf = None,
    data: System = None,
    as_json: Json = False,
) -> None:
    """A site's sessions of a day: who was expected, who came, their notes. It is audited."""


@done_by("record:run_reads")
def reads(
    client_id: Client, *, subject: As = "", data: System = None, as_json: Json = False
) -> None:
    """Who read of a client, from which service, for what, and who was refused: newest first."""


@done_by("forgetting:run_forget")
def forget(
    client_id: Client,
    *,
    agree: Annotated[
        bool, typer.Option("--agree", help="Agree to what somebody else asked: for good.")
    ] = False,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take back what was asked, before anybody agreed.")
    ] = False,
    subject: As = "",
    command_id: CommandId = "",
    data: System = None,
    as_json: Json = False,
) -> None:
    """Ask, as an administrator, that a client be forgotten: somebody else must agree.

    When retention allows, every service then destroys the client's key: nothing that is sealed of
    the client opens any more, in no backup either. Facts, days and claims stand.
    """


@done_by("lists.due:run_due")
def due(
    *,
    on: On = None,
    ahead: Ahead = 0,
    site: Site = "",
    person: Person = "",
    data: System = None,
    as_json: Json = False,
) -> None:
    """What is to be done, as things stood at the end of a day: by site and person.

    Safety tasks, sessions to close, notes to sign, plans to sign, review and certify,
    authorizations that run out, claims before their filing limit.
    """


@done_by("lists.clients:run_census")
def census(*, on: On = None, site: Site = "", data: System = None, as_json: Json = False) -> None:
    """Clients in care by site, program and level on a day; who came and left in the 30 days."""
